"""The pipeline: where, with what contract, of which SQL project; and which months are due."""

from __future__ import annotations

import datetime as dt
import hashlib
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from acv_pipeline.contract import Contract, Month, load_contract
from acv_pipeline.contract.months import first_day, shift
from acv_pipeline.engines.chosen import engine_of
from acv_pipeline.engines.duckdb import DuckDb
from acv_pipeline.engines.engine import Engine, Log, Progress
from acv_pipeline.landing import Zone, scan
from acv_pipeline.ledger import months_on_record
from acv_pipeline.ledger.corrections import load_register, read_register, record_register
from acv_pipeline.ledger.lateness import Late, late_months
from acv_pipeline.models import Project
from acv_pipeline.models.freshness import changed_models, outdated
from acv_pipeline.publishing.published_copy import COPY, RELEASE, REPORT, is_behind
from acv_pipeline.quality.check import Check
from acv_pipeline.quality.everything import all_checks
from acv_pipeline.warehouse import (
    deliveries_lost,
    first_received,
    has_fingerprint,
    mended_of,
    open_warehouse,
    set_fingerprint,
    set_lost,
    transaction,
)
from acv_pipeline.warehouse.home import Home

if TYPE_CHECKING:
    # made with libraries that take a while to import: loading the definitions goes without
    from acv_pipeline.ledger.load import LoadReport

VALIDATED = "validated_dwellings"
QUARANTINED = "quarantined_rows"


@dataclass(frozen=True)
class Pipeline:
    """All that a run needs to know: where, what is true of the data, and the SQL project.

    Attributes:
        settle_seconds: leave files alone that were touched more recently.
        engine: what works on the tables.
        has_turn: this process took its turn (``Home.at_work``) before the run, and keeps it.
    """

    home: Home
    landing: Zone
    contract: Contract
    project: Project
    settle_seconds: float = 0
    has_turn: bool = False
    engine: Engine = field(default_factory=DuckDb)

    @classmethod
    def configured(
        cls, home: Home | None = None, landing: Zone | None = None, settle_seconds: float = 0
    ) -> Pipeline:
        """From the environment, except for what is given.

        Args:
            settle_seconds: leave files alone that were touched more recently; whoever started
                the pipeline by hand means the files as they are.

        Raises:
            ContractError, SqlProjectError: the contract or the SQL project cannot be used.
            WarehouseError: the engine cannot.
        """
        home = home or Home.from_environment()
        contract, project, engine = load_contract(), Project.load(), engine_of(os.environ, home)
        return cls(home, landing or home.landing, contract, project, settle_seconds, engine=engine)

    def checks(self) -> list[Check]:
        """Every check, in the order of the flow."""
        return all_checks(self.contract, self.project)

    def extracts(self) -> dict[str, str]:
        """Source by the name of its extract asset."""
        return {source.asset: source.id for source in self.contract.sources.values()}

    def monthly_assets(self) -> list[str]:
        """Every asset that has a month for its part, in the order of the flow."""
        return [*self.extracts(), VALIDATED, QUARANTINED, *self.project.models]

    def assets(self) -> list[str]:
        """Every asset of a run, in the order of the flow."""
        return [*self.monthly_assets(), COPY, RELEASE, REPORT]

    def table_of(self, asset: str) -> str:
        """The table that an asset of the layers raw, validated and marts writes."""
        if asset in self.extracts():
            return "raw.extract_rows"
        own = {VALIDATED: "validated.dwellings", QUARANTINED: "validated.quarantined_rows"}
        return own.get(asset) or self.project.models[asset].table

    def last_month(self, today: dt.date | None = None) -> Month:
        """The last complete month."""
        return shift(first_day(today or self.contract.today()), -1)

    @contextmanager
    def warehouse(self, log: Log | None = None) -> Iterator[duckdb.DuckDBPyConnection]:
        """The warehouse, for writing, with the reference tables and the register in place.

        Raises:
            CorrectionsError: the corrections register cannot be used.
            WarehouseError: it cannot be opened or written.
        """
        register = load_register(self.home.corrections, self.contract)
        with open_warehouse(self.home, self.contract, log=log) as connection:
            self.engine.prepare(connection)
            seeds = Path(os.environ.get("ACV_SEEDS") or self.project.path / "seeds")
            wanted = _content(sorted(seeds.glob("*.csv")))
            if not has_fingerprint(connection, "seeds", wanted):
                self.project.load_seeds(connection, seeds)
                set_fingerprint(connection, "seeds", wanted)
            if read_register(connection) != list(register):
                with transaction(connection):
                    changed = record_register(connection, register)
                    months_on_record.add_due(connection, changed)
            yield connection

    def receive_due(
        self,
        *,
        log: Log | None = None,
        progress: Progress | None = None,
        run_follows: bool = False,
    ) -> tuple[list[Month], LoadReport]:
        """Receive what is new, and tell which months a run has work for.

        Months that an earlier run changed without getting to record them are among these, so
        whatever a run that died left undone is made up for; and all months, when a model is new
        or its SQL changed, or readers have no copy.

        Args:
            run_follows: keep what was judged for a run in this process.

        Raises:
            LandingError, WarehouseError: the landing zone or the warehouse cannot be used.
        """
        with self.warehouse(log) as connection:
            tell: Log = log or (lambda _: None)
            report = self.receive(connection, self.contract.sources, progress, tell)
            months = self.engine.months_to_judge(connection, self.contract, tell)
            months |= months_on_record.due_months(connection)
            # of a new or changed model, or for readers whose copy was damaged
            if changed_models(connection, self.project) or not self.home.published.exists():
                months |= months_on_record.in_force(connection)
        if not run_follows:
            self.engine.forget()
        last = self.last_month()
        return sorted(m for m in months if self.contract.first_month <= m <= last), report

    def is_published(self) -> bool:
        """Whether readers have what the marts hold; marts that are out of date are for a run."""
        with self.warehouse() as connection:
            return bool(outdated(connection, self.project)) or not is_behind(
                connection, self.home, self.project
            )

    def receive(
        self,
        connection: duckdb.DuckDBPyConnection,
        sources: Iterable[str],
        progress: Progress | None = None,
        log: Log = lambda _: None,
    ) -> LoadReport:
        """Take in what is new; months that nothing else tells of wait to be recorded."""
        report = self.engine.receive(
            connection,
            self.landing,
            self.contract,
            sources=sources,
            settle_seconds=self.settle_seconds,
            progress=progress,
            log=log,
            received_before=first_received(self.home),
        )
        if mended_of(self.home) and {*self.contract.sources} <= {*sources}:
            set_lost(self.home, deliveries_lost(connection, self.home))
        months_on_record.add_of_lately_received(connection, self.contract)
        return report

    def fingerprint(self) -> tuple[str, str]:
        """Changes whenever a run might have something to do; cheap, opens no file.

        Returns:
            Of what arrives (landing zone, corrections, the calendar), and of the warehouse.

        Raises:
            LandingError: the landing zone cannot be read.
        """
        found = scan(
            self.landing,
            self.contract.sources,
            today=self.contract.today(),
            settle_seconds=self.settle_seconds,
        )
        register, last = _modified(self.home.corrections), self.last_month().isoformat()
        arrived = hashlib.sha256(f"{found.fingerprint} {register} {last}".encode()).hexdigest()
        is_published = "" if self.home.published.exists() else " unpublished"
        return arrived, _modified(self.home.warehouse) + is_published

    def late(self, connection: duckdb.DuckDBPyConnection) -> list[Late]:
        """Months that should have come by today and have not."""
        return late_months(connection, self.contract, self.contract.today())


def _content(paths: Iterable[Path]) -> str:
    return hashlib.sha256(b"".join(path.read_bytes() for path in paths)).hexdigest()


def _modified(path: Path) -> str:
    return str(path.stat().st_mtime_ns) if path.exists() else ""
