"""Layer ``raw``: one extract per source, everything received, as received."""

# no "from __future__ import annotations" here: Dagster reads the step's annotations as classes

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import dagster as dg

from acv_pipeline.assets.resources import LandingZone, Warehouse
from acv_pipeline.assets.shown import CODE, preview_shown, spec, table_schema
from acv_pipeline.assets.step import Event, Step, Steps, outs, plain_failures
from acv_pipeline.contract import Month
from acv_pipeline.flow.pipeline import Pipeline

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

    @dg.op(name="receive", out=outs(extracts, []), description="Take in what is new, as it is.")
    def receive_step(
        context: dg.AssetExecutionContext, warehouse: Warehouse, landing_zone: LandingZone
    ) -> Iterator[Event]:
        with plain_failures(warehouse):
            step = steps.begin(context, warehouse, landing_zone)
            if assets := step.asked(extracts):
                report = step.turn.receive([extracts[asset] for asset in assets])
                _log(step, report)

                def details(asset: str, month: Month) -> dict[str, Any]:
                    return preview_shown(step.turn.preview(asset, month))

                yield from step.record(assets, details)
            yield from step.end()

    return receive_step


def _log(step: Step, report: "LoadReport") -> None:
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
        log.error(f"refused {file}: {reason}")
