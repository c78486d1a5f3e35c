"""What happens in DuckDB: replacing tables, and asking tests for their offending rows.

Here: statements on a connection that is handed in, inside the caller's transaction.
Not here: which models exist and in what order (``project``), and opening DuckDB.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from duckdb import CatalogException, DuckDBPyConnection

from acv_pipeline.models.definitions import SqlProjectError

SAMPLE_ROWS = 20


@dataclass(frozen=True)
class BuildResult:
    """What building a model did.

    Attributes:
        rows_per_month: how many rows the table now has for each month.
        changed_months: months whose rows differ from what stood before (all of them the first
            time; a month that lost its rows is among them).
    """

    rows_per_month: dict[dt.date, int]
    changed_months: frozenset[dt.date]


@dataclass(frozen=True)
class SqlTestResult:
    """The offending rows of a test; none is a pass.

    Attributes:
        total: how many rows offend.
        per_month: how many per month; empty when the test's rows are not about months.
        sample: the first rows, as column → value, in column order; at most ``SAMPLE_ROWS`` (of
            each month, when the rows are about months).
    """

    total: int
    per_month: dict[dt.date, int]
    sample: list[dict[str, Any]]

    @property
    def passed(self) -> bool:
        """Whether nothing offends."""
        return self.total == 0


def replace_table(
    connection: DuckDBPyConnection, table: str, sql: str, columns: list[tuple[str, str]]
) -> BuildResult:
    """Make ``table`` hold what ``sql`` selects; an unchanged table isn't written to.

    Args:
        connection: an open connection, in a transaction or not.
        table: ``schema.name``; created when absent. It needs a column ``month``.
        sql: one SELECT.
        columns: the (name, lower-case type) the table is documented to have, in order.

    Raises:
        SqlProjectError: it reads a table that isn't there, or doesn't give those columns.
    """
    schema, _, name = table.partition(".")
    fresh = f"{schema}.{name}_fresh"
    connection.execute(f"create schema if not exists {schema}")
    try:
        connection.execute(f"create or replace table {fresh} as {sql}")
    except CatalogException as error:
        missing = str(error).partition("\n")[0]
        raise SqlProjectError(
            f"{table} reads a table that isn't there ({missing}): build what it reads first"
        ) from error
    if (selected := _columns(connection, fresh)) != columns:
        connection.execute(f"drop table {fresh}")
        raise SqlProjectError(
            f"the SELECT of {table} gives {_listed(selected)}, but schema.yml documents "
            f"{_listed(columns)}: make the two agree"
        )
    comparable = _exists(connection, table) and _columns(connection, table) == columns
    compared = columns if comparable else []  # with nothing to compare, rows are only counted
    after = _fingerprints(connection, fresh, compared)
    before = _fingerprints(connection, table, compared) if comparable else {}
    changed = {
        month for month in after.keys() | before.keys() if after.get(month) != before.get(month)
    }
    if changed or not comparable:
        # the new table itself takes the old one's place: writing it again would take as long
        connection.execute(f"drop table if exists {table}")
        connection.execute(f"alter table {fresh} rename to {name}")
    else:
        connection.execute(f"drop table {fresh}")
    return BuildResult({month: rows for month, (rows, _) in after.items()}, frozenset(changed))


def load_seed(
    connection: DuckDBPyConnection, table: str, file: Path, types: dict[str, str]
) -> None:
    """Make ``table`` hold the rows of the CSV ``file``, with the given column types."""
    connection.execute(f"create schema if not exists {table.partition('.')[0]}")
    connection.execute(
        f"create or replace table {table} as from read_csv(?, header=true, columns=?)",
        [str(file), types],
    )


def offending_rows(connection: DuckDBPyConnection, sql: str) -> SqlTestResult:
    """Run a test: the rows ``sql`` selects, counted, per month, and a sample."""
    connection.execute(f"create or replace temp table offending as {sql}")
    names = [name for name, _ in _columns(connection, "temp.offending")]
    per_month = connection.execute(
        "select month, count(*) from offending where month is not null group by all order by 1"
        if "month" in names
        else "select null, 0 limit 0"
    ).fetchall()
    (total,) = connection.execute("select count(*) from offending").fetchall()[0]
    order = ", ".join(f'"{name}"' for name in names)
    group = "partition by month" if "month" in names else ""
    rows = connection.execute(
        f"from offending qualify row_number() over ({group} order by {order})"
        f" <= {SAMPLE_ROWS} order by all"
    ).fetchall()
    connection.execute("drop table temp.offending")
    return SqlTestResult(
        total, dict(per_month), [dict(zip(names, row, strict=True)) for row in rows]
    )


def _columns(connection: DuckDBPyConnection, table: str) -> list[tuple[str, str]]:
    """The (name, lower-case type) of each column of ``schema.name``."""
    rows = connection.execute(f"describe {table}").fetchall()
    return [(str(name), str(kind).lower()) for name, kind, *_ in rows]


def _fingerprints(
    connection: DuckDBPyConnection, table: str, columns: list[tuple[str, str]]
) -> dict[dt.date, tuple[int, int]]:
    """How many rows each month has, and the sum of the 64-bit hashes of ``columns``.

    The order of the rows makes no difference.
    """
    hashed = f"sum(hash({', '.join(name for name, _ in columns)}))" if columns else "0"
    rows = connection.execute(
        f"select month, count(*), {hashed} from {table} group by month order by month"
    ).fetchall()
    return {month: (count, fingerprint) for month, count, fingerprint in rows}


def _exists(connection: DuckDBPyConnection, table: str) -> bool:
    """Whether there is such a table; asked first, since an error would end the transaction."""
    found = connection.execute(
        "select 1 from duckdb_tables() where schema_name = ? and table_name = ?"
        " and database_name = current_database()",
        table.split("."),
    )
    return bool(found.fetchall())


def _listed(columns: list[tuple[str, str]]) -> str:
    return "(" + ", ".join(f"{name} {kind}" for name, kind in columns) + ")"
