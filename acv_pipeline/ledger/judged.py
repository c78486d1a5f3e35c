"""What judging everything on record said, kept while nothing is committed.

Here: that memory, so that finding the months to run and running them judge once. Not here: judging.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import duckdb

from acv_pipeline.contract import Contract

if TYPE_CHECKING:
    import pandas as pd

    Tables = dict[str, pd.DataFrame]


class Judged:
    """Remembers the tables that follow from what is on record in one warehouse."""

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """Let go of it: it may be big."""
        self._at: tuple[str, int] | None = None
        self._tables: Tables = {}

    def taken(self) -> Tables:
        """What ``tables`` gave, which is not kept here any longer."""
        tables = self._tables
        self.forget()
        return tables

    def tables(self, connection: duckdb.DuckDBPyConnection, contract: Contract) -> Tables:
        """The tables of schema ``validated`` that judging everything gives; not in a transaction.

        Args:
            contract: always the same.
        """
        from acv_pipeline.ledger.store import read_tables

        at = connection.execute(
            "select (select path from duckdb_databases() where database_name = current_database()),"
            " (select count from raw.commits)"
        ).fetchall()[0]
        if at != self._at:
            self._tables = read_tables(connection, contract)
            self._at = at
        return self._tables
