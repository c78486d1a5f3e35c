"""What happens in DuckDB: replacing tables, and asking tests for their offending rows.

Here: statements on a connection that is handed in, inside the caller's transaction.
Not here: which models exist and in what order (``project``), and opening DuckDB.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from duckdb import CatalogException, DuckDBPyConnection

from acv_pipeline.models.definitions import Model, SqlProjectError

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


def number_codes(connection: DuckDBPyConnection, column: str, sql: str) -> None:
    """Make ``column`` a type of this connection: the texts that ``sql`` selects, as numbers.

    Tables that use it keep their own list of them, so that the next list may be another.
    """
    connection.execute(
        f"create or replace temp type {column} as enum ("
        f"select distinct {column} from ({sql}) where {column} is not null order by {column})"
    )


def replace_table(
    connection: DuckDBPyConnection, model: Model, sql: str, codes: Collection[str]
) -> BuildResult:
    """Make ``model.stored`` hold what ``sql`` selects; an unchanged table isn't written to.

    ``model.table`` becomes a view that shows it as documented.

    Args:
        connection: an open connection, in a transaction or not.
        sql: one SELECT of the documented columns; ``month`` is among them.
        codes: columns that are stored as numbers (``number_codes``).

    Raises:
        SqlProjectError: it reads a table that isn't there, or doesn't give those columns.
    """
    for table in (model.table, model.stored):
        connection.execute(f"create schema if not exists {table.partition('.')[0]}")
    _must_be_documented(connection, model, sql)
    coded = {column.name: column.data_type for column in model.columns if column.name in codes}
    numbers = _replaced({name: name for name in coded})
    fresh = f"{model.stored}_fresh"
    connection.execute(f"create or replace table {fresh} as select *{numbers} from ({sql})")
    texts = _replaced(coded)
    names = [column.name for column in model.columns]
    comparable = exists(connection, model.table) and names == [
        name for name, _ in _columns(connection, model.table)
    ]
    # with nothing to compare, rows are only counted
    after = _fingerprints(
        connection, f"(select *{texts} from {fresh})", names if comparable else []
    )
    before = _fingerprints(connection, model.table, names) if comparable else {}
    changed = {
        month for month in after.keys() | before.keys() if after.get(month) != before.get(month)
    }
    if changed or not exists(connection, model.stored):
        # the new table itself takes the old one's place: writing it again would take as long
        connection.execute(f"drop table if exists {model.stored}")
        connection.execute(f"alter table {fresh} rename to {model.name}")
    else:
        connection.execute(f"drop table {fresh}")
    _show(connection, model.table, f"select *{texts} from {model.stored}")
    return BuildResult({month: rows for month, (rows, _) in after.items()}, frozenset(changed))


def _must_be_documented(connection: DuckDBPyConnection, model: Model, sql: str) -> None:
    """``sql`` must give the columns that the model is documented to have."""
    try:
        selected = _columns(connection, f"({sql})")
    except CatalogException as error:
        missing = str(error).partition("\n")[0]
        raise SqlProjectError(
            f"{model.table} reads a table that isn't there ({missing}): build what it reads first"
        ) from error
    documented = [(column.name, column.data_type) for column in model.columns]
    if selected != documented:
        raise SqlProjectError(
            f"the SELECT of {model.table} gives {_listed(selected)}, but schema.yml documents "
            f"{_listed(documented)}: make the two agree"
        )


def _replaced(types: Mapping[str, str]) -> str:
    """SQL, after a star: some columns as these types."""
    casts = ", ".join(f"cast({name} as {kind}) as {name}" for name, kind in types.items())
    return f" replace ({casts})" if casts else ""


def _show(connection: DuckDBPyConnection, view: str, sql: str) -> None:
    """Make ``view`` show what ``sql`` selects; a table in its place is dbt's, or of old."""
    if exists(connection, view, "BASE TABLE"):
        connection.execute(f"drop table {view}")
    connection.execute(f"create or replace view {view} as {sql}")


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
    """The (name, lower-case type) of each column of ``schema.name``; a code is a text."""
    rows = connection.execute(f"describe {table}").fetchall()
    return [
        (str(name), "varchar" if kind.startswith("ENUM(") else str(kind).lower())
        for name, kind, *_ in rows
    ]


def _fingerprints(
    connection: DuckDBPyConnection, table: str, columns: list[str]
) -> dict[dt.date, tuple[int, int]]:
    """How many rows each month has, and the sum of the 64-bit hashes of ``columns``.

    The order of the rows makes no difference.
    """
    hashed = f"sum(hash({', '.join(columns)}))" if columns else "0"
    rows = connection.execute(
        f"select month, count(*), {hashed} from {table} group by month order by month"
    ).fetchall()
    return {month: (count, fingerprint) for month, count, fingerprint in rows}


def exists(connection: DuckDBPyConnection, table: str, kind: str = "") -> bool:
    """Whether there is such a table or view; asked first, since errors end the transaction.

    Args:
        kind: only a ``BASE TABLE``, or only a ``VIEW``.
    """
    found = connection.execute(
        "select 1 from information_schema.tables where table_catalog = current_database()"
        " and table_schema = ? and table_name = ? and table_type like ?",
        [*table.split("."), kind or "%"],
    )
    return bool(found.fetchall())


def _listed(columns: list[tuple[str, str]]) -> str:
    return "(" + ", ".join(f"{name} {kind}" for name, kind in columns) + ")"
