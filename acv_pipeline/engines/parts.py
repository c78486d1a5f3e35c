"""Tables kept as Parquet files, a part for each delivery or family; the warehouse has views.

A file is written once, under a name of its own, and never changed. Which files make a table now is
a table of the warehouse, and changes in its transactions: whoever reads the warehouse, or a copy of
it, sees one state and never a mixture.
"""

from __future__ import annotations

import datetime as dt
import os
import uuid
from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import PurePath

import duckdb

from acv_pipeline.contract.tables import tables
from acv_pipeline.models import Model
from acv_pipeline.warehouse import FILES, WarehouseError
from acv_pipeline.warehouse.file_tables import is_local, place, reach, show

# Files that nothing names any more go after so long: a reader may still hold an old copy.
KEPT = dt.timedelta(days=1)


@dataclass(frozen=True)
class Store:
    """The place of the files, as ``file:///…``, ``s3://…`` or a folder that all machines see."""

    address: str

    @property
    def place(self) -> str:
        """The place, however it was written: a whole path, or an address.

        Raises:
            WarehouseError: it cannot be used; so do all that follow.
        """
        with place(self.address) as (files, root):
            return root if is_local(files) else str(files.unstrip_protocol(root))

    def attach(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Let a connection read and write there."""
        reach(connection, self.address)

    def write(
        self, connection: duckdb.DuckDBPyConnection, table: str, select: str, attempt: str
    ) -> str:
        """Write what a SELECT gives as a part of ``table``; the file's path.

        Args:
            attempt: goes into the name: of a task that ran twice there are two files.
        """
        with place(self.address) as (files, root):
            folder = f"{root}/{table}"
            files.makedirs(folder, exist_ok=True)
            path = f"{folder}/{attempt}-{uuid.uuid4().hex[:12]}.parquet"
            path = path if is_local(files) else files.unstrip_protocol(path)
            quoted = path.replace("'", "''")
            connection.execute(f"copy ({select}) to '{quoted}' (format parquet, compression zstd)")
            if is_local(files):  # what names it will be on the disk too
                for written in (path, folder):
                    _onto_disk(written)
        return path

    def remove(self, paths: Iterable[str]) -> None:
        """Remove files that were never on record; what cannot be removed is swept one day."""
        with suppress(WarehouseError), place(self.address) as (files, _root):
            for path in paths:
                files.rm_file(path)

    def sweep(self, named: Collection[str]) -> None:
        """Remove files that nothing names and that are older than ``KEPT``.

        What cannot be removed stays: the figures are right without.
        """
        kept = {PurePath(path).name for path in named}
        before = dt.datetime.now(dt.UTC) - KEPT
        with suppress(WarehouseError), place(self.address) as (files, root):
            for path in files.find(root) if files.exists(root) else []:
                is_ours = path.endswith(".parquet") and PurePath(path).name not in kept
                if is_ours and _aware(files.modified(path)) < before:
                    files.rm_file(path)


def _onto_disk(path: str) -> None:
    opened = os.open(path, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def create(connection: duckdb.DuckDBPyConnection) -> None:
    """The list of parts, empty, and that of files which were parts until a moment (UTC)."""
    connection.execute("create schema if not exists engine")
    connection.execute(
        f"create table if not exists {FILES} (table_name varchar, part varchar, path varchar)"
    )
    connection.execute("create table if not exists engine.let_go (path varchar, since timestamp)")


def named(connection: duckdb.DuckDBPyConnection) -> set[str]:
    """The files that are parts."""
    return {path for (path,) in connection.execute(f"select path from {FILES}").fetchall()}


def let_go(connection: duckdb.DuckDBPyConnection) -> set[str]:
    """The files that were parts until less than ``KEPT`` ago."""
    found = connection.execute(
        "select path from engine.let_go where since > ?", [_now() - KEPT]
    ).fetchall()
    return {path for (path,) in found}


def paths(connection: duckdb.DuckDBPyConnection, *of: str) -> dict[str, dict[str, str]]:
    """By part, the path of its file of each of the given tables."""
    found: dict[str, dict[str, str]] = {}
    for table, part, path in connection.execute(
        f"select table_name, part, path from {FILES} where list_contains(?, table_name)",
        [list(of)],
    ).fetchall():
        found.setdefault(part, {})[table] = path
    return found


def put(
    connection: duckdb.DuckDBPyConnection, table: str | Model, changed: Mapping[str, str | None]
) -> None:
    """Put parts in the place of those of their names; None takes one away. In a transaction."""
    name = table if isinstance(table, str) else table.table
    these = "table_name = ? and list_contains(?, part)"
    connection.execute("delete from engine.let_go where since <= ?", [_now() - KEPT])
    connection.execute(
        f"insert into engine.let_go select path, ? from {FILES} where {these}",
        [_now(), name, list(changed)],
    )
    connection.execute(f"delete from {FILES} where {these}", [name, list(changed)])
    rows = [(name, part, path) for part, path in changed.items() if path]
    if rows:
        connection.executemany(f"insert into {FILES} values (?, ?, ?)", rows)
    show(connection, name, types_of(table))


def types_of(table: str | Model) -> dict[str, str]:
    """The columns of a table, or of a mart, with their types."""
    if isinstance(table, str):
        return tables()[table].types
    return {column.name: column.data_type for column in table.columns}


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC).replace(tzinfo=None)


def _aware(moment: dt.datetime) -> dt.datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)
