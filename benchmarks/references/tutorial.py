"""The demo as Dagster's tutorials teach it: a run per month, a step per asset, a step per check.

It reads tidy monthly files (``$TUTORIAL_FIGURES/<source>/<YYYY-MM-DD>.csv``), so it has less to do
than the pipeline: nothing to understand, no gate, no history of revisions. Figures and marts are
kept in ``$TUTORIAL_DATABASE``. Run by ``dagster job execute``.
"""

# no "from __future__ import annotations" here: Dagster reads annotations of decorated functions

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import dagster as dg
import duckdb
import pandas as pd

SOURCES = ("anah", "action_logement", "barometre")
MONTHLY = dg.MonthlyPartitionsDefinition("2018-09-01")


class Warehouse(dg.ConfigurableResource):
    """The DuckDB file."""

    @contextmanager
    def connect(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """An open connection, closed at the end."""
        with duckdb.connect(os.environ["TUTORIAL_DATABASE"]) as connection:
            for schema in ("raw", "validated", "marts"):
                connection.execute(f"create schema if not exists {schema}")
            yield connection


def replace(
    context: dg.AssetExecutionContext, warehouse: Warehouse, table: str, sql: str
) -> dg.MaterializeResult:
    """Make ``table`` hold what ``sql`` selects for the run's month (``$month``)."""
    month = {"month": context.partition_key}
    with warehouse.connect() as connection:
        connection.execute(f"create table if not exists {table} as {sql} limit 0", month)
        connection.execute(f"delete from {table} where month = $month::date", {**month})
        connection.execute(f"insert into {table} {sql}", month)
        (rows,) = connection.execute(
            f"select count(*) from {table} where month = $month::date", month
        ).fetchall()[0]
    return dg.MaterializeResult(metadata={"dagster/row_count": rows})


def extract(source: str) -> dg.AssetsDefinition:
    """The asset that reads one source's file of the month."""

    @dg.asset(name=f"{source}_extract", partitions_def=MONTHLY, group_name="raw")
    def asset(context: dg.AssetExecutionContext, warehouse: Warehouse) -> dg.MaterializeResult:
        file = Path(os.environ["TUTORIAL_FIGURES"]) / source / f"{context.partition_key}.csv"
        rows = pd.read_csv(file, dtype={"department_code": "str"}, parse_dates=["month"])
        with warehouse.connect() as connection:
            connection.execute(
                f"create table if not exists raw.{source} (indicator_id varchar, month date,"
                " department_code varchar, cumulative_dwellings bigint)"
            )
            connection.execute(
                f"delete from raw.{source} where month = ?::date", [context.partition_key]
            )
            connection.execute(f"insert into raw.{source} by name select * from rows")
        return dg.MaterializeResult(metadata={"dagster/row_count": len(rows)})

    return asset


@dg.asset(
    partitions_def=MONTHLY, group_name="validated", deps=[f"{source}_extract" for source in SOURCES]
)
def validated_dwellings(
    context: dg.AssetExecutionContext, warehouse: Warehouse
) -> dg.MaterializeResult:
    """All sources' figures of the month."""
    parts = " union all ".join(
        f"select indicator_id, '{source}' as source, month, department_code, cumulative_dwellings"
        f" from raw.{source} where month = $month::date and cumulative_dwellings >= 0"
        for source in SOURCES
    )
    return replace(context, warehouse, "validated.dwellings", parts)


@dg.asset(partitions_def=MONTHLY, group_name="marts", deps=[validated_dwellings])
def series(context: dg.AssetExecutionContext, warehouse: Warehouse) -> dg.MaterializeResult:
    """Each source's figures, and the partners' sum."""
    sql = """
    select indicator_id, case source when 'barometre' then 'published' else source end as series,
        month, department_code, cumulative_dwellings
    from validated.dwellings where month = $month::date
    union all
    select indicator_id, 'total', month, department_code, sum(cumulative_dwellings)::bigint
    from validated.dwellings where month = $month::date and source <> 'barometre'
    group by all
    having count(*) = case indicator_id when 'nb-logement-accompagnement' then 2 else 1 end
    """
    return replace(context, warehouse, "marts.series", sql)


@dg.asset(partitions_def=MONTHLY, group_name="marts", deps=[series])
def monthly_increments(
    context: dg.AssetExecutionContext, warehouse: Warehouse
) -> dg.MaterializeResult:
    """What the month adds to the last figure before it."""
    sql = """
    with before as (
        select indicator_id, series, department_code, max(month) as previous_month,
            max_by(cumulative_dwellings, month) as previous
        from marts.series where month < $month::date group by all
    )
    select series.*, previous_month, cumulative_dwellings - previous as increment
    from marts.series left join before using (indicator_id, series, department_code)
    where month = $month::date
    """
    return replace(context, warehouse, "marts.monthly_increments", sql)


@dg.asset(partitions_def=MONTHLY, group_name="marts", deps=[monthly_increments])
def department_rankings(
    context: dg.AssetExecutionContext, warehouse: Warehouse
) -> dg.MaterializeResult:
    """Where each département stands."""
    sql = """
    select *,
        rank() over (partition by indicator_id, series order by cumulative_dwellings desc)
            as rank_cumulative,
        case when increment is not null then rank() over (
            partition by indicator_id, series order by increment desc nulls last
        ) end as rank_increment
    from marts.monthly_increments where month = $month::date
    """
    return replace(context, warehouse, "marts.department_rankings", sql)


@dg.asset(partitions_def=MONTHLY, group_name="marts", deps=[monthly_increments])
def territory_totals(
    context: dg.AssetExecutionContext, warehouse: Warehouse
) -> dg.MaterializeResult:
    """The country's sums."""
    sql = """
    select indicator_id, series, month, sum(cumulative_dwellings) as cumulative_dwellings,
        sum(increment) as increment
    from marts.monthly_increments where month = $month::date group by all
    """
    return replace(context, warehouse, "marts.territory_totals", sql)


def check(
    asset: dg.AssetsDefinition, table: str, name: str, condition: str
) -> dg.AssetChecksDefinition:
    """A check that no row of ``table`` meets ``condition``."""

    @dg.asset_check(asset=asset, name=name)
    def no_row(warehouse: Warehouse) -> dg.AssetCheckResult:
        with warehouse.connect() as connection:
            (rows,) = connection.execute(
                f"select count(*) from (from {table} {condition})"
            ).fetchall()[0]
        return dg.AssetCheckResult(passed=rows == 0, metadata={"rows": rows})

    return no_row


KEY = "month, indicator_id, department_code"
EXTRACTS = [extract(source) for source in SOURCES]
CHECKS = [
    *(
        check(asset, f"raw.{source}", f"{source}_{name}", condition)
        for source, asset in zip(SOURCES, EXTRACTS, strict=True)
        for name, condition in (
            ("has_codes", "where department_code is null"),
            ("not_negative", "where cumulative_dwellings < 0"),
            ("unique", f"qualify count(*) over (partition by {KEY}) > 1"),
        )
    ),
    check(
        validated_dwellings,
        "validated.dwellings",
        "dwellings_unique",
        f"qualify count(*) over (partition by {KEY}, source) > 1",
    ),
    *(
        check(asset, f"marts.{table}", f"{table}_{name}", condition)
        for table, asset, name, condition in (
            ("series", series, "unique", f"qualify count(*) over (partition by {KEY}, series) > 1"),
            ("series", series, "not_negative", "where cumulative_dwellings < 0"),
            (
                "monthly_increments",
                monthly_increments,
                "from_earlier",
                "where previous_month >= month",
            ),
            ("department_rankings", department_rankings, "in_range", "where rank_cumulative < 1"),
            ("department_rankings", department_rankings, "ranked", "where rank_cumulative is null"),
            (
                "territory_totals",
                territory_totals,
                "not_negative",
                "where cumulative_dwellings < 0",
            ),
        )
    ),
]
ASSETS = [
    *EXTRACTS, validated_dwellings, series, monthly_increments, department_rankings,
    territory_totals,
]  # fmt: skip

defs = dg.Definitions(
    assets=ASSETS,
    asset_checks=CHECKS,
    jobs=[dg.define_asset_job("monthly", selection="*", partitions_def=MONTHLY)],
    resources={"warehouse": Warehouse()},
)
