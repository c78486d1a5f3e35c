"""Layer ``marts``: one asset per SQL model of ``dbt_like_sql``.

Here: what Dagster shows of the models. Names, dependencies, columns: all from the SQL project.
"""

from __future__ import annotations

import dagster as dg

from acv_pipeline.assets.shown import spec
from acv_pipeline.flow import VALIDATED, Pipeline
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
        )
        for model in pipeline.project.models.values()
    ]


def _deps(model: Model) -> list[str]:
    """The models it reads, and the figures in force where it reads a validated table."""
    reads_validated = any(source.startswith("validated.") for source in model.sources)
    return [*model.depends_on, *([VALIDATED] if reads_validated else [])]
