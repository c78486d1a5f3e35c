"""The warehouse's tables: made from the contract, kept equal to it."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from acv_pipeline.contract import Contract
from acv_pipeline.contract.tables import Table, tables
from acv_pipeline.warehouse.file_tables import FILES, reach, reading, show

if TYPE_CHECKING:
    import pandas as pd  # readers of the published copy needn't wait for it

SCHEMAS = ("contract", "raw", "validated")
# what changes whenever a validated table that models read does (``figures_moved``)
FIGURES = "figures"
# of the number of commits, those below count; those above say of which file
FILE_BITS = 32


def create_commit_counter(connection: duckdb.DuckDBPyConnection) -> None:
    """The counter by which ``transaction`` knows that a commit took place.

    It begins with a number that no other file has, so that it tells files apart too.
    """
    connection.execute("create schema if not exists raw")
    connection.execute("create table if not exists raw.commits (count bigint)")
    connection.execute(
        "insert into raw.commits select 0 where not exists (select 1 from raw.commits)"
    )
    if is_unnumbered(commits(connection)):
        number_apart(connection)


def number_apart(connection: duckdb.DuckDBPyConnection) -> None:
    """Let the counter go on as that of another file; not in a transaction."""
    file = random.SystemRandom().randint(1, 2**30)
    count = file << FILE_BITS | _within_file(commits(connection))
    connection.execute("update raw.commits set count = ?", [count])


def is_unnumbered(count: int) -> bool:
    """Whether an earlier version of the program made the file: it began with 0."""
    return count >> FILE_BITS == 0


def _within_file(count: int) -> int:
    return count % (1 << FILE_BITS)


def commits(connection: duckdb.DuckDBPyConnection) -> int:
    """A number that grows with each transaction that is committed."""
    ((count,),) = connection.execute("select count from raw.commits").fetchall()
    return int(count)


def has_fingerprint(connection: duckdb.DuckDBPyConnection, what: str, fingerprint: str) -> bool:
    """Whether ``what`` was brought in line with this fingerprint; then nothing needs writing.

    Opening the warehouse must leave the file as it was: watchers look at when it changed.
    """
    return fingerprints(connection).get(what) == fingerprint


def fingerprints(connection: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """All that was brought in line with something, by what; also of a copy that is only read."""
    if "raw.fingerprints" not in own_tables(connection):
        return {}
    return dict(connection.execute("from raw.fingerprints").fetchall())


def set_fingerprint(connection: duckdb.DuckDBPyConnection, what: str, fingerprint: str) -> None:
    """Remember what ``has_fingerprint`` asks for."""
    connection.execute(
        "create table if not exists raw.fingerprints (what varchar, fingerprint varchar)"
    )
    connection.execute("delete from raw.fingerprints where what = ?", [what])
    connection.execute("insert into raw.fingerprints values (?, ?)", [what, fingerprint])


def figures_moved(connection: duckdb.DuckDBPyConnection) -> None:
    """Say that tables which models read changed; call in the transaction that changes them."""
    set_fingerprint(connection, FIGURES, str(_within_file(commits(connection))))


def layout(contract: Contract) -> str:
    """Changes with the tables' definitions and with what the contract says."""
    ddl = [_ddl(table) for table in tables().values()]
    return hashlib.sha256("\n".join([*ddl, contract.model_dump_json()]).encode()).hexdigest()


def create_tables(connection: duckdb.DuckDBPyConnection) -> None:
    """Create what is missing; leave alone what is there."""
    for schema in SCHEMAS:
        connection.execute(f"create schema if not exists {schema}")
    there = own_tables(connection)
    for table in tables().values():
        if not table.view and table.name not in there:
            connection.execute(_ddl(table))
    _add_columns(connection)
    create_views(connection)


def create_views(connection: duckdb.DuckDBPyConnection) -> None:
    """Create the views; one whose rows an engine keeps, in its schema, is a view of these."""
    there = tables_within(connection)
    for table in tables().values():
        if table.view:
            kept = f"engine.{table.name.partition('.')[2]}"
            ddl = f"create or replace view {table.name} as from {kept}"
            connection.execute(ddl if kept in there else _ddl(table))


def view_or_sql(connection: duckdb.DuckDBPyConnection, name: str) -> str:
    """A view, or its SQL where it is not: in a copy that an earlier version published."""
    found = connection.execute(
        "select 1 from duckdb_views() where database_name = current_database()"
        " and schema_name || '.' || view_name = ?",
        [name],
    ).fetchall()
    return name if found else f"({_sql(tables()[name])})"


def tables_within(connection: duckdb.DuckDBPyConnection) -> set[str]:
    """Every ``schema.name`` whose rows lie in the database's own file."""
    found = connection.execute(
        "select schema_name || '.' || table_name from duckdb_tables()"
        " where database_name = current_database() and not temporary"
    ).fetchall()
    return {name for (name,) in found}


def own_tables(connection: duckdb.DuckDBPyConnection) -> set[str]:
    """Every ``schema.name`` that is a table, or a view that stands for one kept in files."""
    there = tables_within(connection)
    if FILES in there:
        shown = connection.execute(
            "select schema_name || '.' || view_name from duckdb_views()"
            " where database_name = current_database() and not temporary and not internal"
        ).fetchall()
        there |= {name for (name,) in shown} - {t.name for t in tables().values() if t.view}
    return there


def reach_files(connection: duckdb.DuckDBPyConnection) -> None:
    """Let a warehouse, or a copy of one, read the tables that an engine keeps in files.

    Raises:
        WarehouseError: the place they lie in cannot be used.
    """
    if FILES in tables_within(connection):
        for (path,) in connection.execute(f"select path from {FILES} limit 1").fetchall():
            reach(connection, path)


def of_deliveries(
    connection: duckdb.DuckDBPyConnection, table: str, deliveries: Collection[str]
) -> str:
    """A SELECT of a raw table that has the rows of these deliveries, if not only theirs.

    Where it is kept in files, no others are opened.
    """
    if FILES not in tables_within(connection):
        return f"from {table}"
    found = connection.execute(
        f"select path from {FILES} where table_name = ? and list_contains(?, part) order by part",
        [table, list(deliveries)],
    ).fetchall()
    return reading([path for (path,) in found], tables()[table].types)


def _add_columns(connection: duckdb.DuckDBPyConnection) -> None:
    """Columns that a warehouse made by an earlier version lacks; the next run fills them."""
    there = set(
        connection.execute(
            "select schema_name || '.' || table_name, column_name from duckdb_columns()"
            " where database_name = current_database()"
        ).fetchall()
    )
    shown = connection.execute(
        "select schema_name || '.' || view_name from duckdb_views()"
        " where database_name = current_database() and not internal"
    ).fetchall()
    for table in tables().values():
        if not table.view and (table.name,) in shown:  # its rows lie in files
            show(connection, table.name, table.types)
        elif not table.view:
            for column in table.columns:
                if (table.name, column.name) not in there:
                    added = f'add "{column.name}" {column.type}'
                    connection.execute(f"alter table {table.name} {added}")


def _ddl(table: Table) -> str:
    if table.view:
        return f"create or replace view {table.name} as {_sql(table)}"
    columns = ", ".join(f'"{column.name}" {column.type}' for column in table.columns)
    return f"create table if not exists {table.name} ({columns})"


def _sql(table: Table) -> str:
    assert table.view
    return Path(__file__).with_name(table.view).read_text(encoding="utf-8")


def write_contract(connection: duckdb.DuckDBPyConnection, contract: Contract) -> None:
    """Bring the tables of schema ``contract`` in line with the contract."""
    indicators = contract.indicators.values()
    content: dict[str, list[tuple[object, ...]]] = {
        "sources": [(s.id, s.label, s.role, s.series) for s in contract.sources.values()],
        "indicators": [(i.id, i.short_name, i.label, i.first_month) for i in indicators],
        "panel": [
            (i.id, code)
            for i in indicators
            for code in contract.panel(i.id)
            if code not in {*i.panel_sometimes, *i.panel_joins}
        ],
        "breaks": [(i.id, b.month, b.fr, b.en) for i in indicators for b in i.breaks],
        "components": [(i.id, *p) for i in indicators for p in contract.components(i.id).items()],
    }
    for name, rows in content.items():
        replace(connection, f"contract.{name}", rows)


def replace(
    connection: duckdb.DuckDBPyConnection, table: str, rows: list[tuple[object, ...]]
) -> None:
    """Make ``rows`` (in column order) the whole content of ``table``."""
    import pandas as pd

    connection.execute(f"delete from {table}")
    append(connection, table, pd.DataFrame(rows, columns=tables()[table].column_names))


def put(connection: duckdb.DuckDBPyConnection, table: str, rows: list[dict[str, Any]]) -> None:
    """Append ``rows``, whose keys differ, to ``table``, each in place of the one with its key."""
    import pandas as pd

    key = tables()[table].key
    types = {column.name: column.type for column in tables()[table].columns}
    same = " and ".join(f"{name} = cast(? as {types[name]})" for name in key)
    for row in rows:
        connection.execute(f"delete from {table} where {same}", [row[name] for name in key])
    append(connection, table, pd.DataFrame(rows))


def append(connection: duckdb.DuckDBPyConnection, table: str, frame: pd.DataFrame) -> None:
    """Append ``frame`` (columns by name; absent ones become null) to ``table``."""
    if frame.empty:
        return
    named = [column for column in tables()[table].columns if column.name in frame.columns]
    names = ", ".join(f'"{column.name}"' for column in named)
    casts = ", ".join(f'cast("{column.name}" as {column.type})' for column in named)
    connection.register("appended", frame)
    try:
        connection.execute(f"insert into {table} ({names}) select {casts} from appended")
    finally:
        connection.unregister("appended")
