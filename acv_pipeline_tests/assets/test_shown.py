"""What the UI shows of an asset beside its months: rows, columns' lineage, the code."""

from __future__ import annotations

from pathlib import Path

import dagster as dg
import pytest
from dagster import DagsterInstance

from acv_pipeline.definitions import build_definitions
from acv_pipeline.flow.pipeline import Pipeline
from acv_pipeline.warehouse import read_published


def last_recorded(instance: DagsterInstance, asset: str) -> dg.AssetMaterialization:
    event = instance.get_latest_materialization_event(dg.AssetKey(asset))
    assert event and event.asset_materialization
    return event.asset_materialization


@pytest.mark.usefixtures("ran")
def test_the_last_month_recorded_shows_the_whole_table(
    pipeline: Pipeline, instance: DagsterInstance
) -> None:
    with read_published(pipeline.home) as connection:
        for asset in ["validated_dwellings", *pipeline.project.models]:
            shown = last_recorded(instance, asset)
            assert shown.partition == "2018-12-01"
            table = pipeline.table_of(asset)
            rows = connection.execute(f"select count(*) from {table}").fetchall()
            assert [(shown.metadata["dagster/row_count"].value,)] == rows, asset
            ((of_month,),) = connection.execute(
                f"select count(*) from {table} where month = '2018-12-01'"
            ).fetchall()
            assert ("preview" in shown.metadata) == bool(of_month), asset
        ((top, dwellings),) = connection.execute(
            "select department_name, cumulative_dwellings from marts.department_rankings"
            " where month = '2018-12-01' and series = 'total' and rank_cumulative = 1"
        ).fetchall()
    first = last_recorded(instance, "department_rankings").metadata["preview"].records[0]
    assert (first.data["department_name"], first.data["cumulative_dwellings"]) == (top, dwellings)
    received = last_recorded(instance, "anah_extract").metadata["preview"].records[0].data
    assert received["row_number"] and received["cells"]
    of = last_recorded(instance, "anah_extract").metadata["preview of"].value
    assert "2018-12" in str(of)
    drawn = last_recorded(instance, "indicator_report").metadata
    for plot in ("national", "movers", "map"):
        assert str(drawn[plot].value).startswith(f"![{plot}](data:image/svg+xml;base64,")


@pytest.mark.usefixtures("ran")
def test_columns_are_traced_back_to_the_received_cells(
    pipeline: Pipeline, instance: DagsterInstance
) -> None:
    def origins(asset: str, column: str) -> set[tuple[str, str]]:
        lineage = last_recorded(instance, asset).metadata["dagster/column_lineage"].value
        assert isinstance(lineage, dg.TableColumnLineage)
        return {
            (dep.asset_key.to_user_string(), dep.column_name)
            for dep in lineage.deps_by_column[column]
        }

    assert ("monthly_increments", "cumulative_dwellings") in origins(
        "department_rankings", "rank_cumulative"
    )
    assert origins("series", "cumulative_dwellings") >= {
        ("validated_dwellings", "cumulative_dwellings")
    }
    assert origins("validated_dwellings", "cumulative_dwellings") == {
        (extract, "cells") for extract in pipeline.extracts()
    }
    # and every column that lineage names is one that its asset has
    columns = {
        spec.key.to_user_string(): {
            column.name for column in spec.metadata["dagster/column_schema"].columns
        }
        for spec in build_definitions(pipeline).resolve_all_asset_specs()
        if "dagster/column_schema" in spec.metadata
    }
    for asset in ["validated_dwellings", "quarantined_rows", *pipeline.project.models]:
        lineage = last_recorded(instance, asset).metadata["dagster/column_lineage"].value
        for column, deps in lineage.deps_by_column.items():  # type: ignore[union-attr]
            assert column in columns[asset]
            for dep in deps:
                assert dep.column_name in columns[dep.asset_key.to_user_string()], (asset, dep)
        as_table = last_recorded(instance, asset).metadata["column lineage"].records
        assert {record.data["column"] for record in as_table} == columns[asset]


def test_every_asset_links_to_files_that_exist(pipeline: Pipeline) -> None:
    for spec in build_definitions(pipeline).resolve_all_asset_specs():
        references = spec.metadata["dagster/code_references"].code_references
        assert references, spec.key
        for reference in references:
            assert Path(reference.file_path).is_file(), reference
