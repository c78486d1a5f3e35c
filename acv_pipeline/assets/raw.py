"""Layer ``raw``: one extract per source, everything received, as received.

Here: what Dagster shows of the extracts. A source is an entry of the contract: none is named here.
"""

from __future__ import annotations

import dagster as dg

from acv_pipeline.assets.shown import CODE, spec, table_schema
from acv_pipeline.flow import Pipeline

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
