"""Which months the warehouse knows something about, and what kind of something."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection

import duckdb

from acv_pipeline.contract import Contract, Month
from acv_pipeline.contract.months import first_day, shift
from acv_pipeline.warehouse import transaction


def in_force(connection: duckdb.DuckDBPyConnection) -> set[Month]:
    """Months with figures in force."""
    return _set(connection, "select distinct month from validated.dwellings")


def received(connection: duckdb.DuckDBPyConnection) -> set[Month]:
    """Months that any source delivered rows with a figure for."""
    return _set(connection, "select distinct month from raw.row_counts where fate = 'figure'")


def open_holds(connection: duckdb.DuckDBPyConnection) -> set[Month]:
    """Months with a hold that nobody signed off and no later delivery settled."""
    return _set(
        connection, "select distinct month from validated.held_months where status = 'held'"
    )


def on_record(connection: duckdb.DuckDBPyConnection, contract: Contract) -> set[Month]:
    """Months that any delivery, unreadable ones included, or correction says something about."""
    rows = _set(connection, "select distinct month from raw.row_counts")
    corrected = _set(connection, "select distinct month from contract.corrections")
    return rows | corrected | _attributed(connection, contract)


def add_of_lately_received(connection: duckdb.DuckDBPyConnection, contract: Contract) -> None:
    """Remember the months of what was received since the last time that nothing else tells of.

    These are the months that unusable deliveries count for, those of rows in quarantine (of which
    the gate says nothing where a month has no others), and those of files in the folder of a second
    source. What a process received that died before this is among them.
    """
    if not connection.execute("from raw.lately_received limit 1").fetchone():
        return
    lately = "delivery_id in (from raw.lately_received)"
    months = _attributed(connection, contract, lately)
    months |= _set(connection, f"select distinct month from raw.shared_deliveries where {lately}")
    months |= _set(
        connection,
        f"select distinct month from raw.row_counts where fate = 'quarantined' and {lately}",
    )
    with transaction(connection):
        add_due(connection, months)
        connection.execute("delete from raw.lately_received")


def due_months(connection: duckdb.DuckDBPyConnection) -> set[Month]:
    """Months that changed and that no complete run has put on record since."""
    return _set(connection, "select month from validated.due_months")


def add_due(connection: duckdb.DuckDBPyConnection, months: Collection[Month]) -> None:
    """Remember months that changed, in the transaction that changes them."""
    for month in sorted(months):
        connection.execute(
            "insert into validated.due_months select ?::date"
            " where ?::date not in (from validated.due_months)",
            [month, month],
        )


def remove_due(connection: duckdb.DuckDBPyConnection, months: Collection[Month]) -> None:
    """Forget months that are on record now."""
    for month in months:
        connection.execute("delete from validated.due_months where month = ?", [month])


def month_counted_for(delivered_on: dt.date, contract: Contract) -> Month:
    """The month of a delivery that names none that is over: the one before the day it came."""
    return max(shift(first_day(delivered_on), -1), contract.first_month)


def rows_received(connection: duckdb.DuckDBPyConnection, source: str) -> dict[Month, int]:
    """How many rows with a figure, or in quarantine, ``source`` delivered for each month."""
    return _counts(
        connection,
        f"""
        select month, cast(sum(rows) as bigint)
        from raw.row_counts join raw.deliveries using (delivery_id)
        where source = '{source}' and fate in ('figure', 'quarantined') group by month
        """,
    )


def rows_of(connection: duckdb.DuckDBPyConnection, table: str) -> dict[Month, int]:
    """How many rows a table has for each month that it has, or that has figures in force."""
    return dict.fromkeys(in_force(connection), 0) | _counts(
        connection, f"select month, count(*) from {table} group by month"
    )


def _attributed(
    connection: duckdb.DuckDBPyConnection, contract: Contract, which: str = "true"
) -> set[Month]:
    """The months that deliveries count for which name none that is over."""
    days = _set(
        connection,
        f"""
        select distinct delivered_on from raw.deliveries
        where {which} and delivery_id not in (
            select distinct delivery_id from raw.row_counts
            where month < date '{first_day(contract.today())}'
                and fate in ('figure', 'quarantined')
        )
        """,
    )
    return {month_counted_for(day, contract) for day in days}


def _counts(connection: duckdb.DuckDBPyConnection, sql: str) -> dict[Month, int]:
    return {m: count for m, count in connection.execute(sql).fetchall() if m is not None}


def _set(connection: duckdb.DuckDBPyConnection, sql: str) -> set[Month]:
    return {value for (value,) in connection.execute(sql).fetchall() if value is not None}
