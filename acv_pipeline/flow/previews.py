"""What is worth looking at of each table: rows of a month, and a picture where one says more."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Any

import duckdb

from acv_pipeline.contract import Contract, Month

ROWS = 10

# what to show first of a table; any other shows its rows in the order of its columns
_FIRST = {
    "validated.dwellings": "cumulative_dwellings desc",
    "marts.series": "series = 'total' desc, cumulative_dwellings desc",
    "marts.monthly_increments": "series = 'total' desc, increment desc nulls last",
    "marts.department_rankings": "series = 'total' desc, rank_cumulative",
    "marts.territory_totals": "series = 'total' desc, level, cumulative_dwellings desc",
    "marts.revisions": "revised_on desc, abs(coalesce(new_value, 0) - old_value) desc",
    "marts.published_revisions": "revised_on desc, level",
    "marts.decreases": "explanation = 'unexplained' desc, increment",
    "marts.reconciliation": "abs(difference) desc, level",
}


@dataclass(frozen=True)
class Preview:
    """Of one table and month.

    Attributes:
        total_rows: rows of the whole table, of all months.
        rows: some rows of the month, by column name; dates as ISO text. Columns without anything
            in them are left out.
        common: what is the same in all of the rows, and left out of them.
    """

    total_rows: int
    rows: list[dict[str, Any]] = field(default_factory=list)
    common: dict[str, Any] = field(default_factory=dict)


def preview(
    connection: duckdb.DuckDBPyConnection, contract: Contract, table: str, month: Month
) -> Preview:
    """The rows of ``month`` to show of ``table``, which has a column ``month``."""
    first_indicator = next(iter(contract.indicators))
    order = ["indicator_id = ? desc", _FIRST.get(table, "columns(*)")]
    total = _count(connection, table)
    shown = connection.execute(
        f"select * from {table} where month = ? order by {', '.join(order)} limit {ROWS}",
        [month, first_indicator],
    )
    return _preview(total, shown)


def preview_of_extract(connection: duckdb.DuckDBPyConnection, source: str, month: Month) -> Preview:
    """The first rows, as received, of the source's last delivery about ``month``."""
    total = _count(
        connection,
        "raw.extract_rows where delivery_id in"
        f" (select delivery_id from raw.deliveries where source = '{source}')",
    )
    shown = connection.execute(
        f"""
        select file_name, delivered_on, row_number, sheet, cells
        from raw.extract_rows
        join raw.deliveries using (delivery_id)
        where delivery_id = (
            select delivery_id
            from raw.deliveries
            where source = ?
                and delivery_id in (select delivery_id from raw.tidy_rows where month = ?)
            order by delivered_on desc, received_at desc
            limit 1
        )
        order by row_number
        limit {ROWS}
        """,
        [source, month],
    )
    return _preview(total, shown)


def _count(connection: duckdb.DuckDBPyConnection, of: str) -> int:
    ((total,),) = connection.execute(f"select count(*) from {of}").fetchall()
    return int(total)


def _preview(total: int, shown: duckdb.DuckDBPyConnection) -> Preview:
    names = [column[0] for column in shown.description or []]
    rows = [dict(zip(names, map(_plain, row), strict=True)) for row in shown.fetchall()]
    of = {name: {row[name] for row in rows} for name in names}
    common = {name: values.pop() for name, values in of.items() if len(values) == 1 < len(rows)}
    varying = [name for name in names if name not in common]
    return Preview(
        total,
        [{name: row[name] for name in varying} for row in rows],
        {name: value for name, value in common.items() if value is not None},
    )


def _plain(value: Any) -> Any:
    if isinstance(value, dt.date | dt.datetime):
        return value.isoformat()
    if isinstance(value, list | tuple | dict):
        return str(value)
    return round(value, 4) if isinstance(value, float) else value
