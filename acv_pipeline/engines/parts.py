"""Tables kept as Parquet files, a part for each delivery or family; the warehouse has views.

A file is written once, under a name of its own, and never changed. Which files make a table now is
a table of the warehouse, and changes in its transactions: whoever reads the warehouse, or a copy of
it, sees one state and never a mixture.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from acv_pipeline.contract.tables import tables
from acv_pipeline.models import Model
from acv_pipeline.warehouse import FILES, reach

# Files that nothing names any more go after so long: a reader may still hold an old copy.
KEPT = dt.timedelta(days=1)


@dataclass(frozen=True)
class Store:
    """The place of the files, as ``file:///…``, ``s3://…`` or a folder that all machines see."""

    address: str

    @property
    def place(self) -> str:
        """The place, however it was written: a whole path, or an address."""
        files, root = self._files
        return root if "file" in files.protocol else files.unstrip_protocol(root)

    @property
    def _files(self) -> tuple[Any, str]:
        """The file system, and the place in it."""
        import fsspec  # takes a while, and one machine needs none

        files, root = fsspec.url_to_fs(self.address, use_listings_cache=False)
        return files, root

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
        files, root = self._files
        folder = f"{root}/{table}"
        files.makedirs(folder, exist_ok=True)
        path = f"{folder}/{attempt}-{uuid.uuid4().hex[:12]}.parquet"
        path = path if "file" in files.protocol else files.unstrip_protocol(path)
        connection.execute(
            f"copy ({select}) to '{quoted(path)}' (format parquet, compression zstd)"
        )
        return path

    def remove(self, paths: Iterable[str]) -> None:
        """Remove files that were never on record."""
        files, _ = self._files
        for path in paths:
            files.rm_file(path)

    def sweep(self, named: Collection[str]) -> None:
        """Remove files that nothing names and that are older than ``KEPT``.

        What cannot be removed stays: the figures are right without.
        """
        files, root = self._files
        kept = {Path(path.partition("://")[2] or path).name for path in named}
        before = dt.datetime.now(dt.UTC) - KEPT
        left = [
            path
            for path in (files.find(root) if files.exists(root) else [])
            if path.endswith(".parquet") and Path(path).name not in kept
            if _aware(files.modified(path)) < before
        ]
        for path in left:
            with suppress(OSError):
                files.rm_file(path)


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
    show(connection, table)


def show(connection: duckdb.DuckDBPyConnection, table: str | Model) -> None:
    """Make the view that stands for a table."""
    name = table if isinstance(table, str) else table.table
    found = connection.execute(
        f"select path from {FILES} where table_name = ? order by part", [name]
    ).fetchall()
    connection.execute(f"create schema if not exists {name.partition('.')[0]}")
    connection.execute(
        f"create or replace view {name} as {reading([path for (path,) in found], table)}"
    )


def reading(files: Collection[str], table: str | Model) -> str:
    """A SELECT of what files of a table hold."""
    if isinstance(table, str):
        columns = [(column.name, column.type) for column in tables()[table].columns]
    else:
        columns = [(column.name, column.data_type) for column in table.columns]
    if not files:
        empty = ", ".join(f'cast(null as {kind}) as "{name}"' for name, kind in columns)
        return f"select {empty} where false"
    listed = ", ".join(f"'{quoted(path)}'" for path in files)
    wanted = ", ".join(f'"{name}"' for name, _ in columns)
    # deliveries that were read by an earlier version may lack a column
    lacking = ", ".join(f'cast(null as {kind}) as "{name}"' for name, kind in columns)
    return (
        f"select {wanted} from (from read_parquet([{listed}], union_by_name = true)"
        f" union all by name select {lacking} where false)"
    )


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC).replace(tzinfo=None)


def _aware(moment: dt.datetime) -> dt.datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)


def quoted(path: str) -> str:
    """A path as SQL has it between quotes."""
    return path.replace("'", "''")
