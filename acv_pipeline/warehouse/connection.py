"""The one place that opens DuckDB.

Here: opening the warehouse for writing (waiting for whoever holds it) and for reading,
transactions that really commit, and the published copy.
Not here: tables (``schema``) and what is written to them.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from acv_pipeline.contract import Contract
from acv_pipeline.home import Home
from acv_pipeline.warehouse.schema import (
    create_commit_counter,
    create_tables,
    is_fitted,
    layout,
    set_fitted,
    write_contract,
)

# Readable by DuckDB 1.0 and later, so by the drivers that BI tools bring today.
STORAGE_VERSION = "v1.0.0"
WAIT_SECONDS = 120.0


class WarehouseError(Exception):
    """The warehouse cannot be used; the message says why and what to do."""


def _open(
    path: Path, *, read_only: bool, wait_seconds: float, say: Callable[[str], None] | None
) -> duckdb.DuckDBPyConnection:
    """Open the file, waiting while another process holds it."""
    deadline = time.monotonic() + wait_seconds
    pause, told = 0.05, False
    while True:
        try:
            # timezone and threads are left alone; the storage version only counts at creation
            config: dict[str, str | bool | int | float | list[str]] = {}
            if not read_only:
                config["storage_compatibility_version"] = STORAGE_VERSION
            return duckdb.connect(str(path), read_only=read_only, config=config)
        except duckdb.IOException as error:
            holder = re.search(r"Conflicting lock is held in (.*?PID \d+\)?)", str(error))
            if "lock" not in str(error).lower():
                raise WarehouseError(f"cannot open {path}: {error}") from error
            who = holder.group(1) if holder else "another process"
            if time.monotonic() > deadline:
                raise WarehouseError(
                    f"{path} is held by {who} since {wait_seconds:.0f} s: wait for it to end, or "
                    "stop it, then run this again"
                ) from error
            if not told and say:
                say(f"waiting for {who}, which holds {path.name}")
                told = True
            time.sleep(pause)
            pause = min(pause * 1.5, 1.0)
        except duckdb.Error as error:
            raise WarehouseError(f"cannot open {path}: {error}") from error


@contextmanager
def open_warehouse(
    home: Home,
    contract: Contract,
    *,
    wait_seconds: float = WAIT_SECONDS,
    say: Callable[[str], None] | None = None,
) -> Iterator[duckdb.DuckDBPyConnection]:
    """The warehouse, for writing; made when it isn't there.

    Args:
        wait_seconds: how long to wait for another process that holds it.
        say: called once with a line for people when it has to wait.

    Raises:
        WarehouseError: it is held too long, unreadable, or the folder cannot be written.
    """
    try:
        home.root.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise WarehouseError(f"cannot write to {home.root}: {error.strerror}") from error
    connection = _open(home.warehouse, read_only=False, wait_seconds=wait_seconds, say=say)
    try:
        connection.execute("set TimeZone = 'UTC'")
        create_commit_counter(connection)
        if not is_fitted(connection, "tables", wanted := layout(contract)):
            with transaction(connection):
                create_tables(connection)
                write_contract(connection, contract)
                set_fitted(connection, "tables", wanted)
        yield connection
    finally:
        connection.close()


@contextmanager
def read_published(home: Home) -> Iterator[duckdb.DuckDBPyConnection]:
    """The published copy, read only; never waits for a writer.

    Raises:
        WarehouseError: nothing was published yet.
    """
    if not home.published.exists():
        raise WarehouseError(
            f"{home.root} holds no published figures yet: run 'acv run --home {home.root}' first"
        )
    connection = _open(home.published, read_only=True, wait_seconds=5, say=None)
    try:
        yield connection
    finally:
        connection.close()


@contextmanager
def transaction(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """All or nothing. An error inside rolls back and is raised again.

    After an error that the caller swallowed, DuckDB's COMMIT returns as if nothing were wrong
    and rolls back; so a counter moves with the rest and is looked at afterwards.

    Raises:
        WarehouseError: the commit did not take place.
    """
    (before,) = connection.execute("select count from raw.commits").fetchall()[0]
    connection.execute("begin")
    try:
        connection.execute("update raw.commits set count = count + 1")
        yield
        connection.execute("commit")
    except BaseException:
        connection.execute("rollback")
        raise
    (after,) = connection.execute("select count from raw.commits").fetchall()[0]
    if after != before + 1:
        raise WarehouseError("the warehouse rolled back what was written: nothing was changed")


def publish(connection: duckdb.DuckDBPyConnection, home: Home) -> None:
    """Write the read-only copy beside the old one, then swap it in."""
    home.published.parent.mkdir(parents=True, exist_ok=True)
    # whoever holds the warehouse is the only one to publish: what lies there died on the way
    for left in home.published.parent.glob(f".{home.published.name}.*"):
        left.unlink(missing_ok=True)
    fresh = home.published.with_name(f".{home.published.name}.new")
    try:
        connection.execute(f"attach '{fresh}' as published (storage_version '{STORAGE_VERSION}')")
        try:
            connection.execute(f"copy from database {home.warehouse.stem} to published")
        finally:
            connection.execute("detach published")
        fresh.replace(home.published)
    finally:
        fresh.unlink(missing_ok=True)
