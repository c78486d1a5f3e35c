"""What an engine does: the verbs by which all else asks it, whichever it is."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import duckdb

from acv_pipeline.contract import Contract, Month
from acv_pipeline.landing import Zone
from acv_pipeline.models import Project
from acv_pipeline.quality.check import Check, CheckResult
from acv_pipeline.warehouse.home import Home

if TYPE_CHECKING:
    # made with libraries that take a while to import: loading the definitions goes without
    from acv_pipeline.ledger.load import LoadReport
    from acv_pipeline.ledger.store import JudgeReport

Log = Callable[[str], None]
Progress = Callable[[int, int, str], None]


class Engine(Protocol):
    """Reads, judges, builds and checks; what it writes is asked of the warehouse in SQL.

    Every verb is given the warehouse, open for writing. Errors of the surroundings come out as
    ``WarehouseError``.
    """

    def at(self, home: Home) -> Engine:
        """The same engine for another home."""

    def prepare(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Make sure that the warehouse is one of this engine's.

        Raises:
            WarehouseError: another engine made it.
        """

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
        """Take in what is new.

        Args:
            received_before: when deliveries were received that are not on record any more.

        Raises:
            LandingError: the landing zone cannot be read.
        """

    def months_to_judge(
        self, connection: duckdb.DuckDBPyConnection, contract: Contract, log: Log
    ) -> set[Month]:
        """The months that bringing everything into force would change."""

    def judge(
        self,
        connection: duckdb.DuckDBPyConnection,
        contract: Contract,
        months: Sequence[Month],
        log: Log,
    ) -> JudgeReport:
        """Bring the given months into force, but what a rule stops; in a transaction of its own."""

    def build(
        self,
        connection: duckdb.DuckDBPyConnection,
        contract: Contract,
        project: Project,
        models: Sequence[str],
        log: Log,
    ) -> dict[str, frozenset[Month]]:
        """Build models, in build order and in a transaction; by model, the months that moved.

        Raises:
            SqlProjectError: one reads what isn't there, or gives other columns than documented.
        """

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
        """What some of the checks say of each month; see ``quality.everything.evaluate_all``."""

    def forget(self) -> None:
        """Let go of what was judged and not asked for yet: it may be big."""

    def swept(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Remove what no table is made of any more."""
