"""Layer ``validated``: the figures in force, and the rows that could not be used."""

from __future__ import annotations

from collections.abc import Iterator

import dagster as dg

from acv_pipeline.assets.shown import CODE, spec, table_schema
from acv_pipeline.assets.step import Event, Step, Steps
from acv_pipeline.contract.tables import tables
from acv_pipeline.flow.datasets import from_received
from acv_pipeline.flow.pipeline import QUARANTINED, VALIDATED, Pipeline
from acv_pipeline.flow.turn import span
from acv_pipeline.quality.acceptance import ACCEPTED

GROUP = "validated"


def specs(pipeline: Pipeline, partitions: dg.PartitionsDefinition[str]) -> list[dg.AssetSpec]:
    """``validated_dwellings`` and ``quarantined_rows``, both fed by every extract."""
    return [
        spec(
            name,
            description=description,
            deps=list(pipeline.extracts()),
            group=GROUP,
            kinds={"duckdb", "python"},
            table=table,
            columns=table_schema(table),
            partitions=partitions,
            code=[CODE / "ledger" / "fold.py", CODE / "gate" / "rules.py"],
        )
        for name, table, description in (
            (
                VALIDATED,
                "validated.dwellings",
                "The figures in force: what the gate accepted, per indicator, source, month and "
                "département. A month that a blocking rule stopped is not written: the earlier "
                "figures stay.",
            ),
            (
                QUARANTINED,
                "validated.quarantined_rows",
                tables()["validated.quarantined_rows"].description,
            ),
        )
    ]


def column_lineage(pipeline: Pipeline, asset: str) -> dg.TableColumnLineage:
    """The same of every source."""
    table = {VALIDATED: "validated.dwellings", QUARANTINED: "validated.quarantined_rows"}[asset]
    return dg.TableColumnLineage(
        {
            column: [
                dg.TableColumnDep(dg.AssetKey(extract), origin)
                for extract in pipeline.extracts()
                for _table, origin in origins
            ]
            for column, origins in from_received(table).items()
        }
    )


def judge(steps: Steps) -> dg.OpDefinition:
    """The step that brings into force what no rule stops, and says what the checks find."""
    assets = [VALIDATED, QUARANTINED]
    about = [*steps.pipeline.extracts(), *assets]
    checks = [c for c in steps.pipeline.checks() if c.asset in about and c is not ACCEPTED]

    def work(step: Step) -> Iterator[Event]:
        asked, wanted = step.asked(assets), step.checks(checks)
        if VALIDATED in asked:
            report = step.turn.judge(step.months)
            held = sorted(report.held & set(step.months))
            accepted = sorted(report.in_force & set(step.months) - set(held))
            step.context.log.info(
                f"accepted {span(accepted)}" + (f", held {span(held)}" if held else "")
            )
        yield from step.record(asked, column_lineage)
        if wanted:
            yield from step.tell(wanted, step.check(wanted, step.scope()))

    description = "Bring into force what no rule stops; check what was received and accepted."
    return steps.op("judge", description, assets, checks, work)
