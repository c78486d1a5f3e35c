"""Layer ``validated``: the figures in force, and the rows that could not be used.

Here: what Dagster shows of the two, with column lineage. Not here: the gate that decides between
them.
"""

from __future__ import annotations

import dagster as dg

from acv_pipeline.assets.shown import CODE, spec, table_schema
from acv_pipeline.contract.tables import tables
from acv_pipeline.flow import QUARANTINED, VALIDATED, Pipeline

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
    """Every column is read from the received cells, but for those that say which row it was."""
    table = {VALIDATED: "validated.dwellings", QUARANTINED: "validated.quarantined_rows"}[asset]
    as_received = set(tables()["raw.extract_rows"].column_names)
    return dg.TableColumnLineage(
        {
            column: [
                dg.TableColumnDep(
                    dg.AssetKey(extract), column if column in as_received else "cells"
                )
                for extract in pipeline.extracts()
            ]
            for column in tables()[table].column_names
        }
    )
