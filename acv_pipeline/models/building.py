"""What happens in DuckDB: replacing tables, and asking tests for their offending rows.

Everything runs on a connection that is handed in, inside the caller's transaction.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from duckdb import CatalogException, DuckDBPyConnection

from acv_pipeline.language import _
from acv_pipeline.models.nodes import Model, SqlProjectError
from acv_pipeline.warehouse import own_tables

SAMPLE_ROWS = 20


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

    @classmethod
    def together(cls, parts: Sequence[SqlTestResult]) -> SqlTestResult:
        """The result of a test that was asked of the tables in parts."""
        per_month: Counter[dt.date] = Counter()
        shown: dict[Any, list[dict[str, Any]]] = defaultdict(list)
        for part in parts:
            per_month.update(part.per_month)
            for row in part.sample:
                shown[row.get("month")].append(row)
        rows = [row for of in shown.values() for row in in_order(of)[:SAMPLE_ROWS]]
        return cls(
            sum(part.total for part in parts), dict(sorted(per_month.items())), in_order(rows)
        )


def in_order(rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows of the same columns in the order of their values, as DuckDB sorts them: nulls last."""
    return sorted(rows, key=lambda row: [(value is None, value) for value in row.values()])


def replace_table(connection: DuckDBPyConnection, model: Model, sql: str) -> frozenset[dt.date]:
    """Make ``model.table`` hold what ``sql`` selects.

    Args:
        sql: one SELECT of the documented columns; ``month`` is among them.

    Returns:
        The months whose rows differ from what stood before: all of them the first time; one that
        lost its rows is among them.

    Raises:
        SqlProjectError: it reads a table that isn't there, or doesn't give those columns.
    """
    documented = [(column.name, column.data_type) for column in model.columns]
    _must_select(connection, model, sql, documented)
    schema, _, name = model.table.partition(".")
    fresh = f"{model.table}_fresh"
    connection.execute(f"create schema if not exists {schema}")
    connection.execute(f"create or replace table {fresh} as {sql}")
    after, before = _fingerprints(connection, fresh), dict[dt.date, tuple[int, int]]()
    if model.table in own_tables(connection):
        if _described(connection, model.table) == documented:
            before = _fingerprints(connection, model.table)
        connection.execute(f"drop table {model.table}")
    # the new table itself takes the old one's place: writing it again would take as long
    connection.execute(f"alter table {fresh} rename to {name}")
    months = after.keys() | before.keys()
    return frozenset(month for month in months if after.get(month) != before.get(month))


def _must_select(
    connection: DuckDBPyConnection, model: Model, sql: str, documented: list[tuple[str, str]]
) -> None:
    """``sql`` must give the columns that the model is documented to have."""
    try:
        selected = _described(connection, f"({sql})")
    except CatalogException as error:
        missing = str(error).partition("\n")[0]
        raise SqlProjectError(
            _(
                "{model} reads a table that isn't there ({table}): build what it reads first",
                model=model.table,
                table=missing,
            )
        ) from error
    if selected != documented:
        raise SqlProjectError(
            _(
                "the SELECT of {model} gives {selected}, but schema.yml documents {documented}: "
                "make the two agree",
                model=model.table,
                selected=_listed(selected),
                documented=_listed(documented),
            )
        )


def load_seed(
    connection: DuckDBPyConnection, table: str, file: Path, types: dict[str, str]
) -> None:
    """Make ``table`` hold the rows of the CSV ``file``, with the given column types."""
    connection.execute(f"create schema if not exists {table.partition('.')[0]}")
    connection.execute(
        f"create or replace table {table} as"
        " from read_csv(?, header=true, columns=?, hive_partitioning=false)",
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
    """The (name, type) of each column, types in lower case."""
    rows = connection.execute(f"describe {table}").fetchall()
    return [(str(name), str(kind).lower()) for name, kind, *_ in rows]


def _fingerprints(connection: DuckDBPyConnection, table: str) -> dict[dt.date, tuple[int, int]]:
    """How many rows each month has, and the sum of their 64-bit hashes, whatever their order."""
    rows = connection.execute(
        f"select month, count(*), sum(hash(*columns(*))) from {table} group by month order by month"
    ).fetchall()
    return {month: (count, fingerprint) for month, count, fingerprint in rows}


def _listed(columns: list[tuple[str, str]]) -> str:
    return "(" + ", ".join(f"{name} {kind}" for name, kind in columns) + ")"
