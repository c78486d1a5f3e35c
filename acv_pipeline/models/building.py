"""What happens in DuckDB: replacing tables, and asking tests for their offending rows.

Here: statements on a connection that is handed in, inside the caller's transaction; how a mart is
stored (codes as numbers) and shown (a view with their texts).
Not here: which models exist and in what order (``project``), and opening DuckDB.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from duckdb import CatalogException, ConversionException, DuckDBPyConnection

from acv_pipeline.models.definitions import Model, SqlProjectError
from acv_pipeline.warehouse import own_tables

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


def number_codes(connection: DuckDBPyConnection, column: str, selects: Sequence[str]) -> None:
    """Make ``column`` a type of this connection: the texts that any SELECT gives, as numbers.

    Tables that use it keep their own list of them, so that the next list may be another.

    Args:
        selects: each gives a column of that name.

    Raises:
        SqlProjectError: one reads a table that isn't there.
    """
    try:
        connection.execute(
            f"create or replace temp type {column} as enum ("
            f"select distinct {column} from ({' union all '.join(selects)})"
            f" where {column} is not null order by {column})"
        )
    except CatalogException as error:
        raise _missing(f"codes/{column}.sql", error) from error


def is_as_documented(connection: DuckDBPyConnection, model: Model) -> bool:
    """Whether ``model.table`` has the documented columns."""
    return _as_documented(_described(connection, model.table)) == _documented(model)


def adopt(connection: DuckDBPyConnection, model: Model) -> None:
    """Keep the rows of the table ``model.table``, and show them in its place."""
    _create_schemas(connection, model)
    connection.execute(f"create or replace table {model.stored} as from {model.table}")
    _show(connection, model)


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
        SqlProjectError: it reads a table that isn't there, doesn't give those columns, or gives a
            code that isn't listed.
    """
    _create_schemas(connection, model)
    _must_be_documented(connection, model, sql)
    documented = _documented(model)
    numbers = _replaced({name: name for name, _ in documented if name in codes})
    fresh = f"{model.stored}_fresh"
    try:
        connection.execute(f"create or replace table {fresh} as select *{numbers} from ({sql})")
    except ConversionException as error:
        value = str(error).partition(" to ENUM")[0]  # which is followed by all that are listed
        raise SqlProjectError(
            f"{model.table} has a code that no file of codes/ lists ({value}): add it there"
        ) from error
    there = stored_columns(connection, model)
    comparable = _as_documented(there) == documented
    # with nothing to compare, rows are only counted
    compared = [name for name, _ in documented] if comparable else []
    after = _fingerprints(connection, fresh, compared)
    before = _fingerprints(connection, model.stored, compared) if comparable else {}
    changed = {
        month for month in after.keys() | before.keys() if after.get(month) != before.get(month)
    }
    if changed or there != _described(connection, fresh):
        # the new table itself takes the old one's place: writing it again would take as long
        connection.execute(f"drop table if exists {model.stored}")
        connection.execute(f"alter table {fresh} rename to {model.name}")
    else:
        connection.execute(f"drop table {fresh}")
    _show(connection, model)
    return BuildResult({month: rows for month, (rows, _) in after.items()}, frozenset(changed))


def stored_columns(connection: DuckDBPyConnection, model: Model) -> list[tuple[str, str]]:
    """The (name, type) of each column of ``model.stored``; none while it isn't there."""
    if model.stored not in own_tables(connection):
        return []
    return _described(connection, model.stored)


def _documented(model: Model) -> list[tuple[str, str]]:
    return [(column.name, column.data_type) for column in model.columns]


def _create_schemas(connection: DuckDBPyConnection, model: Model) -> None:
    for table in (model.table, model.stored):
        connection.execute(f"create schema if not exists {table.partition('.')[0]}")


def _must_be_documented(connection: DuckDBPyConnection, model: Model, sql: str) -> None:
    """``sql`` must give the columns that the model is documented to have."""
    try:
        selected = _as_documented(_described(connection, f"({sql})"))
    except CatalogException as error:
        raise _missing(model.table, error) from error
    documented = _documented(model)
    if selected != documented:
        raise SqlProjectError(
            f"the SELECT of {model.table} gives {_listed(selected)}, but schema.yml documents "
            f"{_listed(documented)}: make the two agree"
        )


def _missing(who: str, error: CatalogException) -> SqlProjectError:
    missing = str(error).partition("\n")[0]
    return SqlProjectError(
        f"{who} reads a table that isn't there ({missing}): build what it reads first"
    )


def _replaced(types: Mapping[str, str]) -> str:
    """SQL, after a star: some columns as these types."""
    casts = ", ".join(f"cast({name} as {kind}) as {name}" for name, kind in types.items())
    return f" replace ({casts})" if casts else ""


def _show(connection: DuckDBPyConnection, model: Model) -> None:
    """Make the view ``model.table`` show what is stored; a table in its place goes."""
    if model.table in own_tables(connection):
        connection.execute(f"drop table {model.table}")
    connection.execute(
        f"create or replace view {model.table} as {_as_texts(connection, model.stored)}"
    )


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
    names = [name for name, _ in _described(connection, "temp.offending")]
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


def _described(connection: DuckDBPyConnection, table: str) -> list[tuple[str, str]]:
    """The (name, type) of each column."""
    rows = connection.execute(f"describe {table}").fetchall()
    return [(str(name), str(kind)) for name, kind, *_ in rows]


def _is_coded(kind: str) -> bool:
    return kind.startswith("ENUM(")


def _as_documented(columns: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Columns as ``schema.yml`` has them: types in lower case, a code is a text."""
    return [(name, "varchar" if _is_coded(kind) else kind.lower()) for name, kind in columns]


def _as_texts(connection: DuckDBPyConnection, table: str) -> str:
    """The SELECT of all rows with their codes as texts."""
    coded = [name for name, kind in _described(connection, table) if _is_coded(kind)]
    return f"select *{_replaced(dict.fromkeys(coded, 'varchar'))} from {table}"


def _fingerprints(
    connection: DuckDBPyConnection, table: str, columns: list[str]
) -> dict[dt.date, tuple[int, int]]:
    """How many rows each month has, and the sum of the 64-bit hashes of ``columns``.

    Neither the order of the rows nor the numbers of codes make a difference.
    """
    hashed = f"sum(hash({', '.join(columns)}))" if columns else "0"
    rows = connection.execute(
        f"select month, count(*), {hashed} from ({_as_texts(connection, table)})"
        " group by month order by month"
    ).fetchall()
    return {month: (count, fingerprint) for month, count, fingerprint in rows}


def _listed(columns: list[tuple[str, str]]) -> str:
    return "(" + ", ".join(f"{name} {kind}" for name, kind in columns) + ")"
