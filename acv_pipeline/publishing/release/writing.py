"""From the warehouse to CSV and Parquet: the rows of every table, in a fixed order."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import duckdb

from acv_pipeline.contract import Contract, Month
from acv_pipeline.contract.months import first_day
from acv_pipeline.language import _
from acv_pipeline.models.headline import headline_series
from acv_pipeline.publishing.release.declared import SQL_TYPES, Column, ReleaseFile, release_files
from acv_pipeline.publishing.release.rendering import literal, rendered

# Wherever a spreadsheet may start a cell: at the beginning, and behind what some settings take for
# a separator. There, what would begin a formula gets an apostrophe in front; so does an apostrophe
# itself, so that taking one away gives the text back.
_CELL_STARTS = """(^|[;,|"\\t\\r\\n])"""
_FORMULA_STARTS = "(['=+\\-@＝＋－＠])"


class ReleaseError(Exception):
    """The release cannot be made; the message says why."""


@dataclass(frozen=True)
class Rows:
    """What a file holds: the temporary table, and how many rows."""

    file: ReleaseFile
    table: str
    count: int


def query(contract: Contract, file: ReleaseFile, headline: str | None) -> str:
    """The SELECT behind a file."""
    words: dict[str, object] = {}
    if file.indicator:
        words = {
            "indicator": file.indicator.id,
            "headline": headline,
            "names": contract.dataset.official_names[file.indicator.id],
            "partners": list(contract.components(file.indicator.id)),
            "sources": sorted(contract.sources),
        }
    return rendered(f"{file.table.name}.sql", **words)


@contextmanager
def collected(connection: duckdb.DuckDBPyConnection, contract: Contract) -> Iterator[list[Rows]]:
    """The rows of every file, in temporary tables that are gone afterwards; none without figures.

    Raises:
        ReleaseError: rows contradict what ``tables.yml`` declares.
    """
    series = headline_series(connection, contract)
    collection: list[Rows] = []
    try:
        for number, file in enumerate(release_files(contract, list(series)) if series else []):
            headline = series[file.indicator.id] if file.indicator else None
            table = f"temp.release_{number}"
            collection.append(
                Rows(file, table, _fill(connection, table, file, query(contract, file, headline)))
            )
        yield collection
    finally:
        # where an error aborted the caller's transaction, the tables go with it
        with suppress(duckdb.TransactionException):
            for rows in collection:
                connection.execute(f"drop table if exists {rows.table}")


def _fill(connection: duckdb.DuckDBPyConnection, table: str, file: ReleaseFile, select: str) -> int:
    """Make the table as declared and fill it, ordered by its key; how many rows."""
    declared = ", ".join(
        f'"{column.name}" {SQL_TYPES[column.type]}{"" if column.empty else " not null"}'
        for column in file.columns
    )
    key = ", ".join(f'"{name}"' for name in file.table.key)
    chosen = ", ".join(map(_rounded, file.columns))
    connection.execute(f"create or replace temp table {table} ({declared}, unique ({key}))")
    try:
        connection.execute(f"insert into {table} select {chosen} from ({select}) order by {key}")
    except (duckdb.ConstraintException, duckdb.ConversionException) as error:
        reason = str(error).partition("\n")[0]
        raise ReleaseError(
            _("{file} is not what its columns promise: {reason}", file=file.csv, reason=reason)
        ) from error
    (count,) = connection.execute(f"select count(*) from {table}").fetchall()[0]
    return int(count)


def write_csv(connection: duckdb.DuckDBPyConnection, rows: Rows, folder: Path) -> None:
    """UTF-8, comma, header, empty for no value; texts harmless for spreadsheets."""
    chosen = ", ".join(
        f'{harmless(column.name)} as "{column.name}"'
        if column.type == "string"
        else f'"{column.name}"'
        for column in rows.file.columns
    )
    target = literal(str(folder / rows.file.csv))
    connection.execute(
        f"copy (select {chosen} from {rows.table}) to {target} (format csv, header, delimiter ',')"
    )


def write_parquet(connection: duckdb.DuckDBPyConnection, rows: Rows, folder: Path) -> None:
    """The same rows with their types; texts as received."""
    target = literal(str(folder / rows.file.parquet))
    connection.execute(f"copy {rows.table} to {target} (format parquet, compression zstd)")


def months_of(connection: duckdb.DuckDBPyConnection, rows: Rows) -> list[Month]:
    """The months of the table's figures, in order."""
    found = connection.execute(f"select distinct date from {rows.table} order by date").fetchall()
    return [first_day(day) for (day,) in found]


def first_provenance(connection: duckdb.DuckDBPyConnection, rows: Rows) -> str:
    """Where the table's first figure comes from, as an example."""
    found = connection.execute(f"select provenance from {rows.table} limit 1").fetchall()
    return str(found[0][0])


def harmless(column: str) -> str:
    """The SQL expression for ``column`` without anything that a spreadsheet would run."""
    return (
        f"""regexp_replace(regexp_replace("{column}", {literal(_CELL_STARTS + _FORMULA_STARTS)},"""
        """ '\\1''\\2', 'g'), '^([\\t\\r\\n])', '''\\1')"""
    )


def _rounded(column: Column) -> str:
    if column.decimals is None:
        return f'"{column.name}"'
    return f'round("{column.name}", {column.decimals})'
