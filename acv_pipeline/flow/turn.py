"""One turn at the warehouse: receive, judge, build, publish, for the months of a run."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from acv_pipeline.contract import Month
from acv_pipeline.engines.engine import Log
from acv_pipeline.flow.pipeline import QUARANTINED, VALIDATED, Pipeline
from acv_pipeline.flow.plotted import Numbers, national, stopped
from acv_pipeline.flow.previews import Preview, preview, preview_of_extract
from acv_pipeline.language import _, plural
from acv_pipeline.ledger import months_on_record
from acv_pipeline.publishing.published_copy import publish
from acv_pipeline.quality.acceptance import ACCEPTED
from acv_pipeline.quality.check import Check, CheckResult
from acv_pipeline.quality.everything import Evaluated, invariants
from acv_pipeline.warehouse import commits, own_tables

if TYPE_CHECKING:
    # made with libraries that take a while to import: loading the definitions goes without
    from acv_pipeline.ledger.load import LoadReport
    from acv_pipeline.ledger.store import JudgeReport


@dataclass
class Turn:
    """The warehouse, open for writing, and what this run did to the marts.

    Attributes:
        log: told what goes on, in a line.
        moved: by mart, the months whose rows building it changed.
        evaluated: what the checks that publishing asks said last.
    """

    pipeline: Pipeline
    connection: duckdb.DuckDBPyConnection
    log: Log
    moved: dict[str, frozenset[Month]] = field(default_factory=dict)
    evaluated: Evaluated | None = None

    def receive(self, sources: Collection[str]) -> LoadReport:
        """Take in what is new of some sources.

        Raises:
            LandingError: the landing zone cannot be read.
        """
        self.log(_("receiving from {sources}", sources=", ".join(sources)))
        return self.pipeline.receive(self.connection, sources, log=self.log)

    def judge(self, months: Sequence[Month]) -> JudgeReport:
        """Bring what was received for the given months into force, but what a rule stops."""
        self.log(_("judging what was received for {months}", months=span(months)))
        pipeline = self.pipeline
        return pipeline.engine.judge(self.connection, pipeline.contract, months, self.log)

    def build(self, models: Collection[str]) -> None:
        """Build marts, as they follow from what is in force.

        Raises:
            SqlProjectError: one reads what isn't there, or gives other columns than documented.
        """
        project = self.pipeline.project
        chosen = [name for name in project.models if name in models]
        self.log(_("building {models}", models=", ".join(chosen)))
        self.moved |= self.pipeline.engine.build(
            self.connection, self.pipeline.contract, project, chosen, self.log
        )

    def check(
        self, wanted: set[tuple[str, str]], months: Iterable[Month], *, publishes: bool = False
    ) -> list[CheckResult]:
        """What the (asset, check) pairs say of the months that are on record.

        Args:
            publishes: the run goes on to publish, which asks the marts' checks of all months: they
                are asked of all of them at once, and not again.
        """
        every = sorted(self.on_record())
        months = sorted({*months} & {*every})
        if not wanted or not months:
            return []
        from acv_pipeline.quality.record import record_results

        contract, project = self.pipeline.contract, self.pipeline.project
        checks = [c for c in self.pipeline.checks() if (c.asset, c.name) in wanted]
        sound = invariants(contract, project) if publishes else []

        def said(checks: list[Check], months: Sequence[Month]) -> list[CheckResult]:
            if checks:
                self.log(_("checking {months}", months=span(months)))
            kept = self.pipeline.home.quality
            return self.pipeline.engine.evaluate(
                self.connection, contract, project, checks, months, kept, self.log
            )

        of_all = said([c for c in checks if c in sound], every)
        results = said([c for c in checks if c not in sound], months)
        results += [result for result in of_all if result.month in months]
        # that a month is held, its rules' own checks say already
        record_results(self.connection, [r for r in results if r.check is not ACCEPTED])
        self.evaluated = Evaluated(every, commits(self.connection), of_all)
        return results

    def publish(self, to: Path) -> None:
        """Replace the published copy ``to``, if what is in the warehouse is sound and up to date.

        Raises:
            NotPublishedError: it isn't; readers keep the last copy.
            WarehouseError: the copy cannot be written.
        """
        self.log(_("making sure that everything was checked"))
        pipeline = self.pipeline
        publish(
            self.connection,
            pipeline.home,
            pipeline.contract,
            pipeline.project,
            to,
            self.evaluated,
            pipeline.engine.evaluate,
        )
        pipeline.engine.swept(self.connection)

    def on_record(self) -> set[Month]:
        """Months that any delivery or correction says something about."""
        return months_on_record.on_record(self.connection, self.pipeline.contract)

    def held(self) -> set[Month]:
        """Months with an open hold."""
        return months_on_record.open_holds(self.connection)

    def row_counts(self, asset: str) -> dict[Month, int]:
        """Rows of an asset by month: of every month that counts as materialised."""
        if source := self.pipeline.extracts().get(asset):
            counts = months_on_record.rows_received(self.connection, source)
            if self.pipeline.contract.source(source).publication_lag_days is None:
                # nobody awaits it: of a month that others delivered, it has none
                counts = dict.fromkeys(months_on_record.received(self.connection), 0) | counts
            return counts
        counts = months_on_record.rows_of(self.connection, self.pipeline.table_of(asset))
        if asset == QUARANTINED:
            counts = {month: counts[month] for month in months_on_record.in_force(self.connection)}
        held = self.held()
        return {month: count for month, count in counts.items() if month not in held}

    def numbers(self, asset: str) -> Numbers:
        """What people plot of an asset, by month."""
        if source := self.pipeline.extracts().get(asset):
            return stopped(self.connection, source)
        if asset in (VALIDATED, QUARANTINED):
            return stopped(self.connection)
        there = own_tables(self.connection)
        if self.pipeline.project.models["territory_totals"].table not in there:
            return {}
        return national(self.connection, self.pipeline.contract)

    def preview(self, asset: str, month: Month) -> Preview:
        """What there is to see of an asset's month."""
        if source := self.pipeline.extracts().get(asset):
            return preview_of_extract(self.connection, source, month)
        return preview(
            self.connection, self.pipeline.contract, self.pipeline.table_of(asset), month
        )

    def received(self, deliveries: Sequence[str]) -> dict[str, tuple[int, int]]:
        """By source, how many of these deliveries there are, and how many of them are refused."""
        return {
            source: (files, refused)
            for source, files, refused in self.connection.execute(
                "select source, count(*), count(*) filter (where status = 'refused')"
                " from raw.deliveries where list_contains(?, delivery_id)"
                " group by source order by source",
                [list(deliveries)],
            ).fetchall()
        }

    def recorded(self, months: Collection[Month]) -> None:
        """Months are on Dagster's record in every layer: no run has work for them any more."""
        months_on_record.remove_due(self.connection, months)


def span(months: Sequence[Month]) -> str:
    """Months in a word: the one, or how many and from when to when."""
    if not months:
        return _("no month")
    if len(months) == 1:
        return f"{months[0]:%Y-%m}"
    return plural(
        "{count} months ({first:%Y-%m} to {last:%Y-%m})",
        "{count} months ({first:%Y-%m} to {last:%Y-%m})",
        len(months),
        first=months[0],
        last=months[-1],
    )
