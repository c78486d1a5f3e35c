"""Tables that an engine keeps in Parquet files, wherever these lie: how they are reached and read.

The warehouse has a view of each. Which files it is made of stands in ``FILES``.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import duckdb

from acv_pipeline.language import _
from acv_pipeline.warehouse.trouble import WarehouseError

FILES = "engine.parts"


@contextmanager
def place(address: str) -> Iterator[tuple[Any, str]]:
    """The file system of an address (``s3://…``, ``file:///…``, a folder), and the place in it.

    Raises:
        WarehouseError: it cannot be used, or what was done there failed.
    """
    import fsspec  # takes a while, and one machine needs none

    try:
        yield fsspec.url_to_fs(address, use_listings_cache=False)  # others write too
    except (WarehouseError, duckdb.Error):
        raise
    except Exception as error:  # each kind of server has its own
        raise WarehouseError(
            _(
                "the place of the tables, {address}, cannot be used ({error}): check "
                "ACV_WAREHOUSE, what it takes to get in, and that the place is there",
                address=address,
                error=str(error) or type(error).__name__,
            )
        ) from error


def is_local(files: Any) -> bool:
    """Whether a file system is that of this machine, or mounted there."""
    return "file" in files.protocol


def reach(connection: duckdb.DuckDBPyConnection, address: str) -> None:
    """Let a connection read and write at an address.

    Raises:
        WarehouseError: it cannot be used.
    """
    if "://" not in address:
        return
    with place(address) as (files, _root):
        names = [files.protocol] if isinstance(files.protocol, str) else files.protocol
        if not is_local(files) and not {*names} & {*connection.list_filesystems()}:
            connection.register_filesystem(files)


def show(connection: duckdb.DuckDBPyConnection, table: str, columns: Mapping[str, str]) -> None:
    """Make the view that stands for a table, with types by column."""
    found = connection.execute(
        f"select path from {FILES} where table_name = ? order by part", [table]
    ).fetchall()
    connection.execute(f"create schema if not exists {table.partition('.')[0]}")
    connection.execute(
        f"create or replace view {table} as {reading([path for (path,) in found], columns)}"
    )


def reading(files: Collection[str], columns: Mapping[str, str]) -> str:
    """A SELECT of what files of a table hold; a column that a file lacks is null there."""
    empty = ", ".join(f'cast(null as {kind}) as "{name}"' for name, kind in columns.items())
    if not files:
        return f"select {empty} where false"
    wanted = ", ".join(f'"{name}"' for name in columns)
    return (
        f"select {wanted} from (from {stored(*files)} union all by name select {empty} where false)"
    )


def stored(*files: str) -> str:
    """What stands for files in SQL: their own columns, whatever the folders are called."""
    listed = ", ".join("'" + path.replace("'", "''") + "'" for path in files)
    return f"read_parquet([{listed}], union_by_name = true, hive_partitioning = false)"
