"""What the report says of data quality: files, rows, checks, refusals."""

from __future__ import annotations

from dataclasses import dataclass

import duckdb

from acv_pipeline.publishing.report.queries import (
    CheckCount,
    Failure,
    Refusal,
    SourceAccount,
    fetch,
)


@dataclass(frozen=True)
class Accounts:
    """Files and rows per source, checks per severity, and what failed."""

    sources: list[SourceAccount]
    checks: list[CheckCount]
    failures: list[Failure]
    refusals: list[Refusal]

    def summed(self, column: str) -> int:
        """A count of ``SourceAccount``, over all sources."""
        return sum(getattr(account, column) for account in self.sources)

    @property
    def has_waiting(self) -> bool:
        """Whether rows wait for a run to judge their month."""
        return self.summed("waiting") > 0


def accounts(connection: duckdb.DuckDBPyConnection) -> Accounts:
    """What the tables say of everything received so far."""
    return Accounts(
        sources=fetch(connection, "deliveries", SourceAccount),
        checks=fetch(connection, "checks", CheckCount),
        failures=fetch(connection, "failures", Failure),
        refusals=fetch(connection, "refusals", Refusal),
    )
