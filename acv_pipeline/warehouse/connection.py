"""The one place that opens DuckDB: for writing, for reading, and the published copy.

But for copies of a file that may be damaged, which are ``mending``'s to look at.
"""

from __future__ import annotations

import logging
import os
import re
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import duckdb

from acv_pipeline.contract import Contract
from acv_pipeline.language import _
from acv_pipeline.warehouse.home import Home
from acv_pipeline.warehouse.journal import (
    journal_of,
    restore_words,
    words_lacking,
    write_journal,
)
from acv_pipeline.warehouse.mending import mend, opened_here
from acv_pipeline.warehouse.migrations import (
    PROGRAM,
    TABLES,
    is_up_to_date,
    migrate,
    program_version,
)
from acv_pipeline.warehouse.packing import keep_before_taking_over
from acv_pipeline.warehouse.schema import (
    commits,
    create_commit_counter,
    create_tables,
    has_fingerprint,
    layout,
    own_tables,
    reach_files,
    set_fingerprint,
    write_contract,
)
from acv_pipeline.warehouse.transactions import transaction
from acv_pipeline.warehouse.trouble import (
    DamagedError,
    WarehouseError,
    in_plain_words,
    is_damage,
    trouble,
)

# Readable by DuckDB 1.0 and later, so by the drivers that BI tools bring today.
STORAGE_VERSION = "v1.0.0"
# For codes and names that recur, dictionaries are as small as FSST, and trying both takes longer.
DICTIONARIES = "set disabled_compression_methods = 'fsst'"
WAIT_SECONDS = 120.0
# how much memory DuckDB takes, such as 4GB; beyond it, it spills to disk, beside the warehouse
MEMORY_LIMIT = "ACV_MEMORY_LIMIT"
AMOUNT = re.compile(r"\d+(\.\d+)? ?[KMGT]i?B", re.IGNORECASE)
Settings = dict[str, str | bool | int | float | list[str]]
aloud = logging.getLogger("acv_pipeline.warehouse")


def _open(
    path: Path, *, wait_seconds: float, log: Callable[[str], None] | None
) -> duckdb.DuckDBPyConnection:
    """Open the file for writing, waiting while another process holds it.

    Raises:
        duckdb.Error: it is damaged.
        WarehouseError: it is held too long, or something else is in the way.
    """
    deadline = time.monotonic() + wait_seconds
    pause, told = 0.05, False
    while True:
        try:
            # timezone and threads are left alone; the storage version only counts at creation
            config = {"storage_compatibility_version": STORAGE_VERSION, **_memory_limit()}
            before = _inode(path)
            connection = duckdb.connect(str(path), config=config)
            if before in (None, _inode(path)):
                return connection
            connection.close()  # it gave way to another file while we waited
        except duckdb.IOException as error:
            holder = re.search(r"Conflicting lock is held in (.*?PID \d+\)?)", str(error))
            if is_damage(error):
                raise
            if "could not set lock" not in str(error).lower():
                raise _not_opened(path, error) from error
            who = holder.group(1) if holder else _("another process")
            if time.monotonic() > deadline:
                raise WarehouseError(
                    _(
                        "{file} is held by {who} since {seconds:.0f} s: wait for it to end, or "
                        "stop it, then run this again",
                        file=path,
                        who=who,
                        seconds=wait_seconds,
                    )
                ) from error
            if not told and log:
                log(_("waiting for {who}, which holds {file}", who=who, file=path.name))
                told = True
            time.sleep(pause)
            pause = min(pause * 1.5, 1.0)
        except duckdb.Error as error:
            if is_damage(error):
                raise
            raise _not_opened(path, error) from error


def _memory_limit() -> Settings:
    limit = os.environ.get(MEMORY_LIMIT)
    if limit and not AMOUNT.fullmatch(limit):
        raise WarehouseError(
            _(
                "{variable} is '{value}': write an amount of memory, such as 4GB",
                variable=MEMORY_LIMIT,
                value=limit,
            )
        )
    return {"memory_limit": limit} if limit else {}


def _not_opened(path: Path, error: duckdb.Error) -> WarehouseError:
    return WarehouseError(
        _("cannot open {file}: {error}", file=path, error=trouble(error, path.parent) or error)
    )


def _inode(path: Path) -> int | None:
    return path.stat().st_ino if path.exists() else None


def _ready(
    home: Home,
    contract: Contract,
    wait_seconds: float,
    log: Callable[[str], None] | None,
    is_kept: bool,
) -> duckdb.DuckDBPyConnection:
    """The warehouse, sound as far as can be seen, with every table that is wanted."""
    damage: DamagedError | None = None
    while True:
        if not mend(home, log) and damage:
            raise damage
        try:
            with in_plain_words(home.root):
                connection = _open(home.warehouse, wait_seconds=wait_seconds, log=log)
                try:
                    _set_up(connection, home, contract, log, is_kept)
                except BaseException:
                    connection.close()
                    raise
                return connection
        except DamagedError as error:
            damage = error


def _set_up(
    connection: duckdb.DuckDBPyConnection,
    home: Home,
    contract: Contract,
    log: Callable[[str], None] | None,
    is_kept: bool,
) -> None:
    connection.execute("set TimeZone = 'UTC'")
    connection.execute(DICTIONARIES)
    reach_files(connection)
    wanted, is_ours = layout(contract), is_up_to_date(connection)
    is_new = "raw.deliveries" not in own_tables(connection)
    if not (is_ours or is_new or is_kept):
        keep_before_taking_over(connection, home, log or aloud.warning)
    create_commit_counter(connection)
    if not is_ours or not has_fingerprint(connection, TABLES, wanted):
        with transaction(connection):
            migrate(connection)
            create_tables(connection)
            write_contract(connection, contract)
            set_fingerprint(connection, TABLES, wanted)
            set_fingerprint(connection, PROGRAM, program_version())
    # made anew, or put back as it was before they were said
    if lacking := words_lacking(connection, home):
        with transaction(connection):
            restore_words(connection, lacking)


@contextmanager
def open_warehouse(
    home: Home,
    contract: Contract,
    *,
    wait_seconds: float = WAIT_SECONDS,
    log: Callable[[str], None] | None = None,
    is_kept: bool = False,
) -> Iterator[duckdb.DuckDBPyConnection]:
    """The warehouse, for writing; made when it isn't there, put right when it is damaged.

    One that an earlier version wrote is brought up to date, after a backup of the home.

    Args:
        wait_seconds: how long to wait for another process that holds it.
        log: called with a line for people when it has to wait, a damaged file gave way, or a
            backup was made.
        is_kept: there is a backup already, or it is a copy that nobody goes back to.

    Raises:
        DamagedError: reading it shows that it is damaged; the next opening puts it right.
        WarehouseError: it is held too long, the folder cannot be written, or the backup cannot
            be made.
    """
    try:
        home.root.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise WarehouseError(
            _("cannot write to {home}: {error}", home=home.root, error=error.strerror)
        ) from error
    connection = _ready(home, contract, wait_seconds, log, is_kept)
    with closing(connection), in_plain_words(home.root), _opened_here(home.warehouse):
        before = commits(connection)
        yield connection
        if commits(connection) != before or not journal_of(home).exists():
            write_journal(connection, home)


@contextmanager
def _opened_here(path: Path) -> Iterator[None]:
    is_outermost = path not in opened_here
    opened_here.add(path)
    try:
        yield
    finally:
        if is_outermost:
            opened_here.discard(path)


@contextmanager
def scratch_warehouse(contract: Contract, folder: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A warehouse of nobody's, in memory: its tables are there, and the contract's have rows.

    It takes one core. What ``$ACV_MEMORY_LIMIT`` has no room for is spilled to ``folder``.
    """
    config: Settings = {"temp_directory": str(folder), "threads": 1, **_memory_limit()}
    with closing(duckdb.connect(":memory:", config=config)) as connection:
        connection.execute("set TimeZone = 'UTC'")
        create_commit_counter(connection)
        with transaction(connection):
            create_tables(connection)
            write_contract(connection, contract)
        yield connection


@contextmanager
def held_as_it_is(
    home: Home, *, log: Callable[[str], None] | None = None
) -> Iterator[duckdb.DuckDBPyConnection]:
    """The warehouse, whichever version made it, while no other process writes it.

    Raises:
        DamagedError: it is damaged.
        WarehouseError: it is held too long.
    """
    mend(home, log)
    with in_plain_words(home.root):
        connection = _open(home.warehouse, wait_seconds=WAIT_SECONDS, log=log)
        with closing(connection), _opened_here(home.warehouse):
            yield connection


@contextmanager
def read_published(home: Home) -> Iterator[duckdb.DuckDBPyConnection]:
    """The published copy, read only; never waits for a writer.

    It is attached to a database in memory: DuckDB gives everybody in a process who connects to a
    path the file that the first of them opened, also when another has taken its place since.

    Raises:
        DamagedError: it is damaged; the next run publishes it again.
        WarehouseError: nothing was published yet.
    """
    if not home.published.exists():
        raise WarehouseError(
            _(
                "{home} holds no published figures yet: run 'acv run --home {home}' first",
                home=home.root,
            )
        )
    with in_plain_words(home.root):
        config: Settings = {"temp_directory": f"{home.published}.tmp", **_memory_limit()}
        with closing(duckdb.connect(":memory:", config=config)) as connection:
            _attach(connection, home.published)
            reach_files(connection)
            yield connection


def _attach(connection: duckdb.DuckDBPyConnection, path: Path) -> None:
    file, name = str(path).replace("'", "''"), path.stem
    try:
        connection.execute(f"attach '{file}' as {name} (read_only)")
    except duckdb.Error as error:
        if is_damage(error):
            raise
        raise _not_opened(path, error) from error
    connection.execute(f"use {name}")


def put_copy(
    connection: duckdb.DuckDBPyConnection, home: Home, to: Path, *, checked_at: int
) -> None:
    """Write the read-only copy beside the old one, then swap it in; not in a transaction.

    Whoever wants figures published asks ``published_copy.publish``, which checks them first.

    The file is copied as it is, which takes a tenth of writing all tables again. By a process of
    its own: closing a file that DuckDB holds would end the lock on it.

    Args:
        checked_at: ``commits`` when the content was found sound; nothing else may be copied.

    Raises:
        WarehouseError: the home is not there any more, something was written since the content
            was checked, or the copy can't be written.
    """
    if commits(connection) != checked_at:
        raise WarehouseError(_("the warehouse changed after it was checked: nothing is published"))
    if not home.warehouse.exists():
        raise WarehouseError(
            _("{home} was deleted meanwhile: nothing is published", home=home.root)
        )
    to.parent.mkdir(parents=True, exist_ok=True)
    # whoever holds the warehouse is the only one to publish: what lies there died on the way
    for left in to.parent.glob(f".{to.name}.*"):
        left.unlink(missing_ok=True)
    fresh = to.with_name(f".{to.name}.new")
    try:
        connection.execute("checkpoint")
        copied = subprocess.run(
            ["cp", "--", str(home.warehouse), str(fresh)],
            capture_output=True,
            text=True,
            check=False,
        )
        if copied.returncode:
            raise WarehouseError(_("cannot publish: {error}", error=copied.stderr.strip()))
        with fresh.open("rb") as file:  # it is what a damaged warehouse is put back from
            os.fsync(file.fileno())
        fresh.replace(to)
    finally:
        fresh.unlink(missing_ok=True)
