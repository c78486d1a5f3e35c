"""Layer ``raw``: one extract per source, everything received, as received."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import dagster as dg

from acv_pipeline.assets.shown import CODE, spec, table_schema
from acv_pipeline.assets.step import Event, Step, Steps
from acv_pipeline.flow.pipeline import Pipeline
from acv_pipeline.language import _
from acv_pipeline.quality import validator

if TYPE_CHECKING:
    from acv_pipeline.ledger.load import LoadReport

GROUP = "raw"


def specs(pipeline: Pipeline, partitions: dg.PartitionsDefinition[str]) -> list[dg.AssetSpec]:
    """One asset per source of the contract."""
    return [
        spec(
            source.asset,
            description=(
                f"Everything that {source.label} delivered, as received: each file once "
                "(sha256), each row with its sheet and number, and what it was understood as."
            ),
            deps=[],
            group=GROUP,
            kinds={"duckdb", "csv"},
            table="raw.extract_rows",
            columns=table_schema("raw.extract_rows"),
            partitions=partitions,
            code=[CODE / "reading" / "file.py", CODE / "tidying" / "tidy.py"],
        )
        for source in pipeline.contract.sources.values()
    ]


def receive(steps: Steps) -> dg.OpDefinition:
    """The step that takes in what is new."""
    extracts = steps.pipeline.extracts()

    def work(step: Step) -> Iterator[Event]:
        validator.started()
        if assets := step.asked(extracts):
            _log(step, step.turn.receive([extracts[asset] for asset in assets]))
            yield from step.record(assets)

    return steps.op("receive", "Take in what is new, as it is.", extracts, [], work, is_first=True)


def _log(step: Step, report: LoadReport) -> None:
    """A line per source, and one for each thing that somebody should look at."""
    log, new = step.context.log, step.turn.received(report.new)
    for source, (files, refused) in new.items():
        label = step.pipeline.contract.source(source).label
        log.info(f"{label}: {files} new files" + (f", {refused} refused" if refused else ""))
    for line in report.misplaced:
        log.warning(line)
    for line in report.unread:
        log.error(line)
    for file, reason in report.refused:
        log.error(_("refused {file}: {reason}", file=file, reason=reason))
