"""Layer ``marts``: one asset per SQL model of ``dbt_like_sql``."""

from __future__ import annotations

from collections.abc import Iterator

import dagster as dg

from acv_pipeline.assets.shown import spec
from acv_pipeline.assets.step import Event, Step, Steps
from acv_pipeline.contract.tables import tables
from acv_pipeline.flow.pipeline import VALIDATED, Pipeline
from acv_pipeline.models import Model

GROUP = "marts"


def specs(pipeline: Pipeline, partitions: dg.PartitionsDefinition[str]) -> list[dg.AssetSpec]:
    """One asset per model, in build order."""
    return [
        spec(
            model.name,
            description=model.description,
            deps=_deps(model),
            group=GROUP,
            kinds={"duckdb", "sql"},
            table=model.table,
            columns=dg.TableSchema(
                columns=[
                    dg.TableColumn(column.name, column.data_type, column.description)
                    for column in model.columns
                ]
            ),
            partitions=partitions,
            code=[model.select.path],
        )
        for model in pipeline.project.models.values()
    ]


def column_lineage(pipeline: Pipeline, model: str) -> dg.TableColumnLineage:
    """From which columns of other assets each column of ``model`` is computed."""
    assets = {other.table: other.name for other in pipeline.project.models.values()}
    in_force = set(tables()["validated.dwellings"].column_names)

    def asset_of(table: str, column: str) -> str | None:
        # the validated tables beside it (figures once in force, published totals) are its making
        if table.startswith("validated.") and column in in_force:
            return VALIDATED
        return assets.get(table)

    return dg.TableColumnLineage(
        {
            column: [
                dg.TableColumnDep(dg.AssetKey(asset), origin)
                for asset, origin in dict.fromkeys((asset_of(*pair), pair[1]) for pair in origins)
                if asset
            ]
            for column, origins in pipeline.project.column_lineage[model].items()
        }
    )


def _deps(model: Model) -> list[str]:
    """The models it reads, and the figures in force where it reads a validated table."""
    reads_validated = any(source.startswith("validated.") for source in model.sources)
    return [*model.depends_on, *([VALIDATED] if reads_validated else [])]


def build(steps: Steps) -> dg.OpDefinition:
    """The step that builds the marts, and says what their checks find."""
    marts = list(steps.pipeline.project.models)
    checks = [check for check in steps.pipeline.checks() if check.asset in marts]

    def work(step: Step) -> Iterator[Event]:
        asked, wanted = step.asked(marts), step.checks(checks)
        if asked:
            step.turn.build(asked)
            moved = set().union(*step.turn.moved.values())
            step.context.log.info(f"built {len(asked)} marts, {len(moved)} months of them changed")
        yield from step.record(asked, column_lineage)
        if wanted:
            # what moved beside the run's months is checked again, too
            scope = {*step.scope()}.union(*step.turn.moved.values())
            yield from step.tell(wanted, step.check(wanted, scope))

    description = "Build the marts from what is in force, and check them."
    return steps.op("build", description, marts, checks, work)
