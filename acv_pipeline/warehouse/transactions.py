"""What is written together, or not at all."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import duckdb

from acv_pipeline.language import _
from acv_pipeline.warehouse.home import Home
from acv_pipeline.warehouse.journal import journal_first, write_journal
from acv_pipeline.warehouse.schema import commits
from acv_pipeline.warehouse.trouble import WarehouseError


@contextmanager
def transaction(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """All or nothing. An error inside rolls back and is raised again.

    After an error that the caller swallowed, DuckDB's COMMIT returns as if nothing were wrong
    and rolls back; so a counter moves with the rest and is looked at afterwards.

    Raises:
        WarehouseError: the commit did not take place.
    """
    before = commits(connection)
    connection.execute("begin")
    try:
        connection.execute("update raw.commits set count = count + 1")
        yield
        connection.execute("commit")
    except BaseException:
        with suppress(duckdb.Error):  # a database that cannot go on has rolled back by itself
            connection.execute("rollback")
        raise
    if commits(connection) != before + 1:
        raise WarehouseError(_("the warehouse rolled back what was written: nothing was changed"))


@contextmanager
def said_for_good(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """A transaction with what a person says, which is in the journal before it is committed.

    So a kill at any moment, and damage after it, lose nothing that the person was told is kept.
    """
    ((file,),) = connection.execute(
        "select path from duckdb_databases() where database_name = current_database()"
    ).fetchall()
    if file is None:  # in memory: nobody's
        with transaction(connection):
            yield
        return
    home = Home(Path(file).parent)
    with journal_first(home), transaction(connection):
        yield
        write_journal(connection, home)


@contextmanager
def written_quickly(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """All cores write what is written inside: rows needn't keep the order they are computed in.

    Nor do rows that anything in this process reads meanwhile, from any connection.
    """
    connection.execute("set preserve_insertion_order = false")
    try:
        yield
    finally:
        with suppress(duckdb.TransactionException):  # ended by an error; so is the connection then
            connection.execute("reset preserve_insertion_order")
