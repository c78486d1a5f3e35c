"""The flow, in one place: receive, judge, build the marts, check, publish, release, report.

Here: the order of the steps for a set of months, and what came of them. Not here: any of the
steps themselves, and Dagster (``assets`` turns an ``Outcome`` into Dagster's events).
"""

from __future__ import annotations

import datetime as dt
import hashlib
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from acv_pipeline import beside
from acv_pipeline.contract import Contract, Month, load_contract
from acv_pipeline.contract.months import first_day, shift
from acv_pipeline.home import Home
from acv_pipeline.landing import Zone, scan
from acv_pipeline.lateness import Late, late_months
from acv_pipeline.ledger import months as known_months
from acv_pipeline.ledger.corrections import load_register, read_register, record_register
from acv_pipeline.ledger.judged import Judged
from acv_pipeline.models import Project
from acv_pipeline.previews import Preview, preview, preview_of_extract
from acv_pipeline.publication import RELEASE, REPORT, Publication, make_publication
from acv_pipeline.quality import checks as table_checks
from acv_pipeline.quality.check import Check, CheckResult
from acv_pipeline.quality.gate_checks import evaluate_gate_checks, gate_checks
from acv_pipeline.quality.lateness_checks import evaluate_lateness_checks, lateness_checks
from acv_pipeline.quality.sql_tests import evaluate_sql_checks, sql_checks
from acv_pipeline.warehouse import (
    is_fitted,
    open_warehouse,
    own_tables,
    publish,
    row_count,
    set_fitted,
    transaction,
)

if TYPE_CHECKING:
    # made with libraries that take a while to import: loading the definitions goes without
    from acv_pipeline.ledger.load import LoadReport

# rows received, beyond which DuckDB's log of the marts takes long and much memory
MANY_ROWS = 5_000_000
VALIDATED = "validated_dwellings"
QUARANTINED = "quarantined_rows"

Say = Callable[[str], None]
Progress = Callable[[int, int, str], None]


@dataclass
class Outcome:
    """What a run did.

    Attributes:
        row_counts: rows by asset and month, for what was materialised; held months, and months
            without figures, are absent.
        previews: what there is to see of each asset's last month, by asset.
        results: what every check says of every month in scope.
        load: what the landing zone brought, when it was looked at.
        held: months with an open hold.
        broken: checks of the marts that must hold and don't; nothing was published then.
        moved: the months that were asked for, and those beside them that marts moved.
    """

    row_counts: dict[str, dict[Month, int]] = field(default_factory=dict)
    previews: dict[str, Preview] = field(default_factory=dict)
    results: list[CheckResult] = field(default_factory=list)
    load: LoadReport | None = None
    held: set[Month] = field(default_factory=set)
    broken: list[str] = field(default_factory=list)
    moved: set[Month] = field(default_factory=set)


@dataclass(frozen=True)
class Pipeline:
    """All that a run needs to know: where, what is true of the data, and the SQL project."""

    home: Home
    landing: Zone
    contract: Contract
    project: Project
    settle_seconds: float = 0
    judged: Judged = field(default_factory=Judged, compare=False, repr=False)

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
        """
        home = home or Home.from_environment()
        contract, project = load_contract(), Project.load()
        return cls(home, landing or home.landing, contract, project, settle_seconds)

    def checks(self) -> list[Check]:
        """Every check, in the order of the flow."""
        return [
            *lateness_checks(self.contract),
            *table_checks(self.contract),
            *gate_checks(),
            *sql_checks(self.project),
        ]

    def extracts(self) -> dict[str, str]:
        """Source by the name of its extract asset."""
        return {source.asset: source.id for source in self.contract.sources.values()}

    def assets(self) -> list[str]:
        """Every asset of a run, in the order of the flow."""
        return [
            *self.extracts(), VALIDATED, QUARANTINED, *self.project.models, RELEASE, REPORT,
        ]  # fmt: skip

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
    def warehouse(self, say: Say = lambda _: None) -> Iterator[duckdb.DuckDBPyConnection]:
        """The warehouse, for writing, with the reference tables and the register in place.

        Raises:
            CorrectionsError: the corrections register cannot be used.
            WarehouseError: it cannot be opened or written.
        """
        register = load_register(self.home.corrections, self.contract)
        with open_warehouse(self.home, self.contract, say=say) as connection:
            seeds = Path(os.environ.get("ACV_SEEDS") or self.project.path / "seeds")
            wanted = _content(sorted(seeds.glob("*.csv")))
            if not is_fitted(connection, "seeds", wanted):
                self.project.load_seeds(connection, seeds)
                set_fitted(connection, "seeds", wanted)
            if self.project.adoptable(connection):
                with transaction(connection):
                    self.project.adopt(connection)
            if read_register(connection) != list(register):
                with transaction(connection):
                    changed = record_register(connection, register)
                    known_months.add_unrecorded(connection, changed)
            yield connection

    def pending(
        self,
        *,
        say: Say = lambda _: None,
        progress: Progress | None = None,
        run_follows: bool = False,
    ) -> tuple[list[Month], LoadReport]:
        """Receive what is new, and tell which months a run has work for.

        Months that an earlier run changed without getting to record them are among these, so
        whatever a run that died left undone is made up for.

        Args:
            run_follows: keep what was judged for a run in this process.

        Raises:
            LandingError, WarehouseError: the landing zone or the warehouse cannot be used.
        """
        from acv_pipeline.ledger.store import months_to_judge
        from acv_pipeline.quality import answers

        with beside.asking() as ask, self.warehouse(say) as connection:
            helping = ask if run_follows else None
            expect = answers.get_ready if run_follows else None
            report = self._receive(connection, self.contract.sources, progress, helping, expect)
            months = months_to_judge(self.judged.fresh(connection, self.contract))
            months |= known_months.unrecorded(connection)
            if helping and months:
                self.project.read_lineage_beside(helping)
        if not run_follows:
            self.judged.forget()
        last = self.last_month()
        return sorted(m for m in months if self.contract.first_month <= m <= last), report

    def _receive(
        self,
        connection: duckdb.DuckDBPyConnection,
        sources: Iterable[str],
        progress: Progress | None = None,
        ask: beside.Ask | None = None,
        expect: Callable[[], None] | None = None,
    ) -> LoadReport:
        """Take in what is new; months that nothing else tells of wait to be recorded."""
        from acv_pipeline.ledger.load import load

        report = load(
            connection,
            self.landing,
            self.contract,
            sources=sources,
            settle_seconds=self.settle_seconds,
            progress=progress,
            ask=ask,
            expect=expect,
        )
        known_months.add_of_lately_received(connection, self.contract)
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
        return arrived, _modified(self.home.warehouse)

    def late(self, connection: duckdb.DuckDBPyConnection) -> list[Late]:
        """Months that should have come by today and have not."""
        return late_months(connection, self.contract, self.contract.today())

    def recorded(self, assets: Iterable[str], months: Sequence[Month]) -> None:
        """A run of ``assets`` put ``months`` on Dagster's record; only a whole flow counts."""
        if set(assets) >= set(self.assets()):
            with self.warehouse() as connection:
                known_months.remove_unrecorded(connection, months)

    def run(
        self,
        months: Sequence[Month],
        assets: Iterable[str],
        checks: Iterable[tuple[str, str]],
        *,
        only: set[Month] | None = None,
        say: Say = lambda _: None,
    ) -> Outcome:
        """Run the chosen steps for the given months, up to the published copy.

        Args:
            months: the months that may be written.
            assets: names of the assets to materialise.
            checks: (asset, check) pairs to evaluate.
            only: report on these months only; all of ``months`` that have data by default.

        Raises:
            LandingError, WarehouseError: the landing zone or the warehouse cannot be used.
        """
        from acv_pipeline.ledger.store import judge_and_write
        from acv_pipeline.quality import answers
        from acv_pipeline.quality.record import record_results

        asked = set(checks)
        if asked:
            answers.get_ready()
        chosen = set(assets)
        extracts = {asset: source for asset, source in self.extracts().items() if asset in chosen}
        models = [name for name in self.project.models if name in chosen]
        scope = set(months) if only is None else set(months) & only
        changed: dict[str, frozenset[Month]] = {}
        outcome = Outcome()
        with self.warehouse(say) as connection:
            if extracts:
                say(f"receiving from {', '.join(extracts.values())}")
                outcome.load = self._receive(connection, extracts.values())
            fresh = None
            if VALIDATED in chosen:
                say(f"judging what was received for {_span(months)}")
                fresh = self.judged.fresh(connection, self.contract)
                self.judged.forget()
            many = row_count(connection, "raw.tidy_rows") > MANY_ROWS
            with transaction(connection, skips_log=many):
                if VALIDATED in chosen:
                    judged = judge_and_write(connection, self.contract, months, fresh=fresh)
                    fresh = None  # it may be big
                    known_months.add_unrecorded(connection, judged.changed)
                if models:
                    say(f"building {', '.join(models)}")
                    built = self.project.build(connection, models)
                    changed = {name: result.changed_months for name, result in built.items()}
                    if own_tables(connection).issuperset(self.project.stored):
                        self.project.write_as_of_macros(connection)
            outcome.held = known_months.open_holds(connection)
            for asset in self.assets():
                if asset not in chosen or asset in (RELEASE, REPORT):
                    continue
                counts = self._row_counts(connection, asset)
                if asset not in extracts:
                    counts = {m: n for m, n in counts.items() if m not in outcome.held}
                # building a mart may move months beside those asked for: the next one's increment
                wanted = scope | changed.get(asset, frozenset())
                outcome.row_counts[asset] = {m: n for m, n in counts.items() if m in wanted}
                if shown := outcome.row_counts[asset]:
                    outcome.previews[asset] = self._preview(connection, asset, max(shown))
            # what moved is checked again, and must hold before it is published
            moved = scope.union(*changed.values())
            outcome.moved = moved
            outcome.results = self._evaluate(connection, asked, moved, say)
            record_results(connection, outcome.results)
            if VALIDATED in chosen or models:
                outcome.broken = [r.check.name for r in outcome.results if self._is_broken(r)]
                if not outcome.broken:
                    publish(connection, self.home)
        return outcome

    @contextmanager
    def publication(
        self, assets: Iterable[str], outcome: Outcome, say: Say = lambda _: None
    ) -> Iterator[Callable[[], Publication]]:
        """Make the release, the report or both, if they are among the assets, of what a run did.

        They are made by the process beside while this one does what is inside.

        Yields:
            What waits for them. Nothing is made after a run that was not published.

        Raises:
            OSError, ReleaseError, WarehouseError: they cannot be made; raised by what waits.
        """
        asked = {RELEASE, REPORT}.intersection(assets)
        if outcome.broken or not asked:
            yield Publication
            return
        say("writing what leaves the house: " + ", ".join(sorted(asked, reverse=True)))
        shown = {asset: max(counts) for asset, counts in outcome.row_counts.items() if counts}
        with beside.asking() as ask:
            made = ask(
                make_publication, self.home, self.contract, asked, shown, self.contract.today()
            )
            yield made.answer

    def _evaluate(
        self,
        connection: duckdb.DuckDBPyConnection,
        wanted: set[tuple[str, str]],
        scope: set[Month],
        say: Say,
    ) -> list[CheckResult]:
        from acv_pipeline.quality.evaluation import evaluate as evaluate_table_checks

        months = sorted(scope & known_months.on_record(connection, self.contract))
        if not months or not wanted:
            return []
        say(f"checking {_span(months)}")
        # a mart that was never built has nothing to check
        there = own_tables(connection)
        built = {m.name for m in self.project.models.values() if m.stored in there}

        def chosen(checks: list[Check]) -> list[Check]:
            return [
                check
                for check in checks
                if (check.asset, check.name) in wanted
                and (check.asset not in self.project.models or check.asset in built)
            ]

        tests = [
            check
            for check in chosen(sql_checks(self.project))
            if built.issuperset(self.project.tests[check.name].models)
        ]
        return [
            *evaluate_lateness_checks(
                connection, self.contract, chosen(lateness_checks(self.contract)), months
            ),
            *evaluate_table_checks(
                connection, self.contract, chosen(table_checks(self.contract)), months
            ),
            *evaluate_gate_checks(connection, self.contract, chosen(gate_checks()), months),
            *evaluate_sql_checks(connection, self.project, tests, months),
        ]

    def _row_counts(self, connection: duckdb.DuckDBPyConnection, asset: str) -> dict[Month, int]:
        if source := self.extracts().get(asset):
            return known_months.rows_received(connection, source)
        if asset == VALIDATED:
            return known_months.rows_in_force(connection)
        if asset == QUARANTINED:
            return known_months.rows_quarantined(connection)
        return known_months.rows_of_mart(connection, self.project.models[asset].table)

    def _preview(self, connection: duckdb.DuckDBPyConnection, asset: str, month: Month) -> Preview:
        if source := self.extracts().get(asset):
            return preview_of_extract(connection, source, month)
        return preview(connection, self.contract, self.table_of(asset), month)

    def _is_broken(self, result: CheckResult) -> bool:
        """Whether an invariant of the marts is violated; the gate's findings are no such thing."""
        return (
            not result.passed
            and result.check.asset in self.project.models
            and (result.severity or result.check.severity) == "error"
        )


def _content(paths: Iterable[Path]) -> str:
    return hashlib.sha256(b"".join(path.read_bytes() for path in paths)).hexdigest()


def _modified(path: Path) -> str:
    return str(path.stat().st_mtime_ns) if path.exists() else ""


def _span(months: Sequence[Month]) -> str:
    if len(months) == 1:
        return f"{months[0]:%Y-%m}"
    return f"{len(months)} months ({months[0]:%Y-%m} to {months[-1]:%Y-%m})"
