"""What every asset shows in the UI: description, group, kinds, owner, columns, table.

Here: the one way an asset spec is made. Not here: any asset.
"""

from __future__ import annotations

import dagster as dg

from acv_pipeline.contract.tables import tables
from acv_pipeline.orchestration.automation import follows

OWNER = "team:data-engineering"


def spec(
    name: str,
    *,
    description: str,
    deps: list[str],
    group: str,
    kinds: set[str],
    table: str,
    columns: dg.TableSchema,
    partitions: dg.PartitionsDefinition[str],
) -> dg.AssetSpec:
    """An asset spec with everything the UI can show before the first run."""
    return dg.AssetSpec(
        name,
        description=description,
        deps=deps,
        group_name=group,
        kinds=kinds,
        owners=[OWNER],
        partitions_def=partitions,
        # what is fed by an asset follows it; the extracts are fed by the landing zone
        automation_condition=follows() if deps else None,
        metadata={"dagster/table_name": table, "dagster/column_schema": columns},
    )


def table_schema(table: str) -> dg.TableSchema:
    """The columns of one of the warehouse's own tables, as the contract describes them."""
    return dg.TableSchema(
        columns=[
            dg.TableColumn(
                column.name,
                column.type,
                column.description + (f" ({column.unit})" if column.unit else ""),
                constraints=dg.TableColumnConstraints(
                    nullable=column.name not in tables()[table].key
                ),
            )
            for column in tables()[table].columns
        ]
    )
