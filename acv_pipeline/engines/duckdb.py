"""One machine: tables lie in the warehouse's own file, and DuckDB does all of it there."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from acv_pipeline.contract import Contract, Month
from acv_pipeline.engines.engine import Log, Progress
from acv_pipeline.landing import Zone
from acv_pipeline.language import _
from acv_pipeline.ledger import months_on_record
from acv_pipeline.models import Project, freshness
from acv_pipeline.quality.check import Check, CheckResult
from acv_pipeline.quality.everything import evaluate_all
from acv_pipeline.warehouse import FILES, WarehouseError, own_tables, transaction
from acv_pipeline.warehouse.home import Home

if TYPE_CHECKING:
    # made with libraries that take a while to import: loading the definitions goes without
    from acv_pipeline.ledger.load import LoadReport
    from acv_pipeline.ledger.store import Fresh, JudgeReport


class Judged:
    """Remembers what judging everything on record in one warehouse said, until a commit."""

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """Let go of it: it may be big."""
        self._kept: tuple[tuple[str, int], Fresh] | None = None

    def fresh(self, connection: duckdb.DuckDBPyConnection, contract: Contract) -> Fresh:
        """What judging gives, by a contract that is always the same; not in a transaction."""
        from acv_pipeline.ledger.store import read_fresh

        at = connection.execute(
            "select (select path from duckdb_databases() where database_name = current_database()),"
            " (select count from raw.commits)"
        ).fetchall()[0]
        if self._kept is None or self._kept[0] != at:
            self._kept = at, read_fresh(connection, contract)
        return self._kept[1]


@dataclass(frozen=True)
class DuckDb:
    """The engine of one machine; see ``Engine`` for what it does."""

    judged: Judged = field(default_factory=Judged, compare=False, repr=False)

    def at(self, home: Home) -> DuckDb:
        """This: it keeps nothing of a home."""
        return self

    def prepare(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Make sure that the tables are tables."""
        if FILES in own_tables(connection):
            raise WarehouseError(
                _(
                    "the tables of this home were made by Spark and lie in files: set "
                    "ACV_ENGINE=spark, or give another ACV_HOME and receive the deliveries there"
                )
            )

    def receive(
        self,
        connection: duckdb.DuckDBPyConnection,
        landing: Zone,
        contract: Contract,
        *,
        sources: Iterable[str],
        settle_seconds: float,
        progress: Progress | None,
        received_before: Mapping[str, dt.datetime],
        log: Log,
    ) -> LoadReport:
        """Take in what is new, one file after the other."""
        from acv_pipeline.ledger.load import load

        return load(
            connection,
            landing,
            contract,
            sources=sources,
            settle_seconds=settle_seconds,
            progress=progress,
            received_before=received_before,
        )

    def months_to_judge(
        self, connection: duckdb.DuckDBPyConnection, contract: Contract, log: Log
    ) -> set[Month]:
        """The months that bringing everything into force would change."""
        from acv_pipeline.ledger.store import months_to_judge

        return months_to_judge(self.judged.fresh(connection, contract))

    def judge(
        self,
        connection: duckdb.DuckDBPyConnection,
        contract: Contract,
        months: Sequence[Month],
        log: Log,
    ) -> JudgeReport:
        """Judge all that is on record together."""
        from acv_pipeline.ledger.store import judge_and_write

        fresh = self.judged.fresh(connection, contract)
        self.judged.forget()
        with transaction(connection):
            report = judge_and_write(connection, contract, months, fresh=fresh)
            months_on_record.add_due(connection, report.changed)
        return report

    def build(
        self,
        connection: duckdb.DuckDBPyConnection,
        contract: Contract,
        project: Project,
        models: Sequence[str],
        log: Log,
    ) -> dict[str, frozenset[Month]]:
        """Build whole tables."""
        with transaction(connection):
            moved = project.build(connection, models)
            was_built(connection, project, models)
        return moved

    def evaluate(
        self,
        connection: duckdb.DuckDBPyConnection,
        contract: Contract,
        project: Project,
        checks: Sequence[Check],
        months: Sequence[Month],
        results: Path | None = None,
        log: Log = lambda _: None,
    ) -> list[CheckResult]:
        """Ask whole tables."""
        return evaluate_all(connection, contract, project, checks, months, results)

    def forget(self) -> None:
        """Let go of what was judged."""
        self.judged.forget()

    def swept(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Nothing is left over."""


def was_built(
    connection: duckdb.DuckDBPyConnection, project: Project, models: Sequence[str]
) -> None:
    """Put on record what models were made from; call in the transaction that builds them."""
    freshness.was_built(connection, project, models)
    if own_tables(connection).issuperset(model.table for model in project.models.values()):
        project.write_as_of_macros(connection)
