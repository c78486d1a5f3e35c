"""The demo as Dagster's tutorials teach it: a run per month, a step per asset and per check.

It reads tidy monthly files (``$TUTORIAL_FIGURES``) into ``$TUTORIAL_DATABASE``,
so it has less to do than the pipeline. Run by ``dagster job execute``.
"""

# no "from __future__ import annotations" here: Dagster reads annotations of decorated functions

import os

import dagster as dg
import duckdb

MONTHLY = dg.MonthlyPartitionsDefinition("2018-09-01")
RAW = {
    "raw_anah": "anah",
    "raw_action_logement": "action_logement",
    "raw_barometre": "published",
}
KEY = "indicator_id, series, department_code"
TABLES = {
    **{table: f"from read_csv('$figures/{table}-$month.csv', dateformat = '%Y-%m-%d',"
       " types = {'department_code': 'varchar'}) where month = '$month'" for table in RAW},
    "series": " union all ".join(
        f"select *, '{name}' as series from {table} where month = '$month'"
        for table, name in RAW.items()) + """
        union all
        select indicator_id, month, department_code, sum(cumulative_dwellings)::bigint, 'total'
        from (from raw_anah union all from raw_action_logement) where month = '$month'
        group by all having count(*) = if(indicator_id = 'nb-logement-accompagnement', 2, 1)
    """,
    "monthly_increments": f"""
        select series.*, cumulative_dwellings - previous as increment
        from series left join (
            select {KEY}, max_by(cumulative_dwellings, month) as previous
            from series where month < '$month' group by all
        ) using ({KEY}) where month = '$month'
    """,
    "department_rankings": """
        select *, rank() over (partition by indicator_id, series order by cumulative_dwellings desc)
                as rank_cumulative,
            case when increment is not null then rank() over (
                partition by indicator_id, series order by increment desc nulls last
            ) end as rank_increment
        from monthly_increments where month = '$month'
    """,
    "territory_totals": """
        select indicator_id, series, month, sum(cumulative_dwellings) as cumulative_dwellings
        from monthly_increments where month = '$month' group by all
    """,
}  # fmt: skip
AFTER = {"series": RAW, "monthly_increments": ["series"]} | dict.fromkeys(RAW, ())


def connect() -> duckdb.DuckDBPyConnection:
    """The database, open."""
    connection = duckdb.connect(os.environ["TUTORIAL_DATABASE"])
    connection.execute("create schema if not exists marts; use marts")
    return connection


def table_asset(table: str) -> dg.AssetsDefinition:
    """The asset of one table."""

    @dg.asset(name=table, deps=AFTER.get(table, ["monthly_increments"]), partitions_def=MONTHLY)
    def asset(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
        month = context.partition_key
        sql = TABLES[table].replace("$month", month)
        sql = sql.replace("$figures", os.environ["TUTORIAL_FIGURES"])
        with connect() as connection:
            connection.execute(f"create table if not exists {table} as {sql} limit 0")
            connection.execute(f"delete from {table} where month = '{month}'")
            rows = connection.execute(f"insert into {table} by name {sql}").fetchall()
        return dg.MaterializeResult(metadata={"dagster/row_count": rows[0][0]})

    return asset


def check(table: str, name: str, condition: str) -> dg.AssetChecksDefinition:
    """A check that no row of ``table`` meets ``condition``."""

    @dg.asset_check(asset=table, name=name)
    def no_row() -> dg.AssetCheckResult:
        with connect() as connection:
            rows = connection.execute(f"select count(*) from {table} where {condition}").fetchall()
        return dg.AssetCheckResult(passed=rows[0][0] == 0)

    return no_row


defs = dg.Definitions(
    assets=[table_asset(table) for table in TABLES],
    asset_checks=[
        check(table, f"{table}_{name}", condition)
        for table in TABLES
        for name, condition in (
            ("positive", "cumulative_dwellings < 0"),
            ("dated", "month is null"),
        )
    ],
    jobs=[dg.define_asset_job("monthly", selection="*", partitions_def=MONTHLY)],
)
