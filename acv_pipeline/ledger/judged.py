"""What judging everything on record said, kept while nothing is committed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import duckdb

from acv_pipeline.contract import Contract

if TYPE_CHECKING:
    from acv_pipeline.ledger.store import Fresh


class Judged:
    """Remembers what judging everything on record in one warehouse gave."""

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """Let go of it: it may be big."""
        self._kept: tuple[tuple[str, int], Fresh] | None = None

    def fresh(self, connection: duckdb.DuckDBPyConnection, contract: Contract) -> Fresh:
        """What judging everything gives; not in a transaction.

        Args:
            contract: always the same.
        """
        from acv_pipeline.ledger.store import read_fresh

        at = connection.execute(
            "select (select path from duckdb_databases() where database_name = current_database()),"
            " (select count from raw.commits)"
        ).fetchall()[0]
        if self._kept is None or self._kept[0] != at:
            self._kept = at, read_fresh(connection, contract)
        return self._kept[1]
