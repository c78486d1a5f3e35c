"""Validating a table with Great Expectations, keeping the result, and making Data Docs of it.

The only module beside ``suites`` that imports it: in a process of its own (``validator``).
"""

from __future__ import annotations

import datetime as dt
import logging
import shutil
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import great_expectations as gx
import pandas as pd
from great_expectations.core.run_identifier import RunIdentifier
from great_expectations.data_context import EphemeralDataContext
from great_expectations.data_context.types.base import DataContextConfig, ProgressBarsConfig

from acv_pipeline.contract import Contract
from acv_pipeline.language import _
from acv_pipeline.quality.check import Columns, Failure
from acv_pipeline.quality.suites import suite as suite_of

KEPT = 50
"""Results kept of each suite."""


def expected_columns(names: Iterable[str], contract: Contract) -> dict[str, list[Columns]]:
    """By suite, the columns that each expectation is about; those of one are compared."""
    return {
        name: [_columns_of(each) for each in suite_of(name, contract).expectations]
        for name in names
    }


def validate(
    frame: pd.DataFrame,
    name: str,
    contract: Contract,
    looked_up: int,
    run: str,
    folder: Path | None,
) -> tuple[list[Failure], Path | None]:
    """What does not hold of a table with rows, in the order of its suite.

    Args:
        frame: the table's distinct values.
        name: of its suite.
        looked_up: how many of its first columns say whether a code of another is known.
        run: what Data Docs call this validation.
        folder: where its result is kept; None to keep nothing.

    Returns:
        The failures, and the file of the result.
    """
    context = _context(folder)
    suite = context.suites.add_or_update(suite_of(name, contract))
    definition = context.validation_definitions.add_or_update(
        gx.ValidationDefinition(name=name, data=_batch_definition(folder, name), suite=suite)
    )
    # one for each table: a checkpoint gives all its validation definitions the same frame
    checkpoint = context.checkpoints.add_or_update(
        gx.Checkpoint(name=name, validation_definitions=[definition], result_format="COMPLETE")
    )
    ran = checkpoint.run(
        batch_parameters={"dataframe": frame},
        run_id=RunIdentifier(run_name=run, run_time=dt.datetime.now(dt.UTC)),
    )
    ((key, result),) = ran.run_results.items()
    order = {expectation.id: place for place, expectation in enumerate(suite.expectations)}
    failed = [each for each in result.results if not each.success]
    # they come back in another order than asked
    failed.sort(key=lambda each: order[each.expectation_config.id])
    kept = _kept(folder, name, key.to_tuple()) if folder else None
    return [_failure(each, frame, looked_up) for each in failed], kept


def build_data_docs(folder: Path) -> Path | None:
    """Great Expectations' own pages of the kept results; None if there are none."""
    if not any(folder.glob("validations/*/*/*/*.json")):
        return None
    context = _context(folder)
    context.clean_data_docs()
    context.build_data_docs()
    return folder / "data_docs" / "index.html"


def _columns_of(expectation: Any) -> Columns:
    names = ("column", "column_A", "column_B")
    return tuple(getattr(expectation, name) for name in names if hasattr(expectation, name))


def _failure(result: Any, frame: pd.DataFrame, looked_up: int) -> Failure:
    meta: Mapping[str, str] = result.expectation_config.meta
    arguments = result.expectation_config.kwargs
    columns = [arguments[n] for n in ("column", "column_A", "column_B") if n in arguments]
    shows = meta.get("shows") or next(iter(columns), "")
    values, detail = None, ""
    if absent := [column for column in {*columns, shows} - {""} if column not in frame]:
        detail = _("no column {columns}", columns=", ".join(absent))
    elif raised := _exception(result.exception_info):
        detail = _("could not be evaluated: {error}", error=raised)
    elif (positions := result.result.get("unexpected_index_list")) is not None:
        values = frame.loc[positions, columns].drop_duplicates()
    else:
        detail = _detail(result.result, looked_up)
    return Failure(meta["check"], meta["problem"], shows, values, detail)


def _exception(info: dict[str, Any]) -> str | None:
    """The first error raised; a single entry, or one per metric."""
    entries = [info] if "raised_exception" in info else list(info.values())
    return next((e["exception_message"] for e in entries if e["raised_exception"]), None)


def _detail(result: dict[str, Any], looked_up: int) -> str:
    mismatched = (result.get("details") or {}).get("mismatched", [])
    if mismatched:
        return "; ".join(
            # those that are looked up stand before the table's own
            _(
                "column {number}: expected {expected}, found {found}",
                number=entry["Expected Column Position"] + 1 - looked_up,
                expected=entry["Expected"],
                found=entry["Found"],
            )
            for entry in mismatched
        )
    return _("found {value}", value=result.get("observed_value"))


def _kept(folder: Path, suite: str, key: tuple[Any, ...]) -> Path:
    """The file of a result; of the oldest of its suite, only so many are left."""
    results = folder / "validations"
    for old in sorted((results / suite).glob("*/*"), key=lambda path: path.name)[:-KEPT]:
        shutil.rmtree(old, ignore_errors=True)
    path = results.joinpath(*map(str, key))
    return path.with_name(f"{path.name}.json")


@cache
def _context(folder: Path | None) -> EphemeralDataContext:
    """Sends nothing and draws nothing on the terminal; suites and results go to the folder."""
    logging.getLogger("great_expectations").setLevel(logging.ERROR)

    def store(name: str, subfolder: str = "") -> dict[str, Any]:
        backend = (
            {
                "class_name": "TupleFilesystemStoreBackend",
                "base_directory": str(folder / subfolder),
            }
            if folder and subfolder
            else {"class_name": "InMemoryStoreBackend"}
        )
        return {"class_name": name, "store_backend": backend}

    site = {
        "class_name": "SiteBuilder",
        "show_how_to_buttons": False,
        "store_backend": store("", "data_docs")["store_backend"],
        "site_index_builder": {"class_name": "DefaultSiteIndexBuilder"},
    }
    config = DataContextConfig(
        stores={
            "expectations_store": store("ExpectationsStore", "expectations"),
            "validation_results_store": store("ValidationResultsStore", "validations"),
            "validation_definition_store": store("ValidationDefinitionStore"),
            "checkpoint_store": store("CheckpointStore"),
        },
        expectations_store_name="expectations_store",
        validation_results_store_name="validation_results_store",
        checkpoint_store_name="checkpoint_store",
        data_docs_sites={"data_docs": site} if folder else {},
        analytics_enabled=False,
        progress_bars=ProgressBarsConfig(globally=False),
    )
    return gx.get_context(mode="ephemeral", project_config=config)


@cache
def _batch_definition(folder: Path | None, name: str) -> Any:
    source = _context(folder).data_sources.add_or_update_pandas("warehouse")
    return source.add_dataframe_asset(name).add_batch_definition_whole_dataframe("distinct values")
