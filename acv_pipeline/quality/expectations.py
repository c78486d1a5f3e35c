"""Great Expectations: the only module that imports it, and only when a table is validated.

Here: from expectations as data to the rows that fail them. Not here: which expectations there
are (``rule`` and the modules that declare), months and results (``evaluation``).
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import pandas as pd

from acv_pipeline.quality.rule import Expectation


@dataclass(frozen=True)
class Failure:
    """An expectation that does not hold.

    Attributes:
        positions: the rows that fail it, by their position in the frame; None when it is the
            table as a whole that does.
        detail: for the table as a whole: what was found.
    """

    expectation: Expectation
    positions: list[int] | None
    detail: str = ""


def failures(frame: pd.DataFrame, expectations: Sequence[Expectation]) -> list[list[Failure]]:
    """Validate ``frame`` once; for each expectation the failure, or nothing.

    Importing Great Expectations costs seconds, so an empty frame is not validated: nothing in it
    can fail.

    Args:
        frame: any columns; the index is ignored.
    """
    found: list[list[Failure]] = [[] for _ in expectations]
    askable = []
    for number, expectation in enumerate(expectations):
        absent = [column for column in expectation.columns if column not in frame.columns]
        if absent:
            found[number].append(Failure(expectation, None, f"no column {', '.join(absent)}"))
        else:
            askable.append(number)
    if frame.empty or not askable:
        return found
    frame = frame.reset_index(drop=True)
    for expectation in expectations:
        if expectation.empty is not None:
            for column in set(expectation.columns) & set(frame.columns):
                frame[column] = frame[column].astype("str").fillna(expectation.empty)
    # nearly always all is well: a bare yes or no costs half of an answer that names the rows
    verdicts = _validate(frame, {n: expectations[n] for n in askable}, "BOOLEAN_ONLY")
    doubtful = {n: expectations[n] for n, result in verdicts.items() if not result.success}
    if doubtful:
        for number, result in _validate(frame, doubtful, "COMPLETE").items():
            found[number].append(_failure(expectations[number], result))
    return found


def _validate(
    frame: pd.DataFrame, expectations: dict[int, Expectation], result_format: str
) -> dict[int, Any]:
    """The result of each expectation, by its number."""
    gx = _great_expectations()
    suite = gx.ExpectationSuite(
        name="checks",
        expectations=[
            # results come in another order than asked: this is how each is known again
            getattr(gx.expectations, f"Expect{expectation.kind}")(
                **expectation.arguments, meta={"check": number}
            )
            for number, expectation in expectations.items()
        ],
    )
    batch = _batch_definition().get_batch({"dataframe": frame})
    validated = batch.validate(suite, result_format={"result_format": result_format})
    return {result.expectation_config.meta["check"]: result for result in validated.results}


@cache
def _great_expectations() -> Any:
    import great_expectations as gx

    return gx


@cache
def _batch_definition() -> Any:
    """One context per process: nothing on disk, nothing sent, nothing drawn on the terminal."""
    gx = _great_expectations()
    from great_expectations.data_context.types.base import ProgressBarsConfig

    logging.getLogger("great_expectations").setLevel(logging.ERROR)
    context = gx.get_context(mode="ephemeral")
    context.variables.analytics_enabled = False
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    source = context.data_sources.add_pandas("tables")
    return source.add_dataframe_asset("table").add_batch_definition_whole_dataframe("all months")


def _failure(expectation: Expectation, result: Any) -> Failure:
    if raised := _exception(result.exception_info):
        return Failure(expectation, None, f"could not be evaluated: {raised}")
    # without index columns, rows are named by the frame's index, which is their position
    positions = result.result.get("unexpected_index_list")
    if positions is None:
        return Failure(expectation, None, _detail(result.result))
    return Failure(expectation, [int(position) for position in positions])


def _exception(info: dict[str, Any]) -> str | None:
    """The first error raised; a single entry, or one per metric."""
    entries = [info] if "raised_exception" in info else list(info.values())
    return next((e["exception_message"] for e in entries if e["raised_exception"]), None)


def _detail(result: dict[str, Any]) -> str:
    mismatched = (result.get("details") or {}).get("mismatched", [])
    if mismatched:
        return "; ".join(
            f"column {entry['Expected Column Position'] + 1}: expected {entry['Expected']}, "
            f"found {entry['Found']}"
            for entry in mismatched
        )
    return f"found {result.get('observed_value')}"
