"""The ledger: what is in force, as a pure function of deliveries, sign-offs and corrections.

All of them count from their day; the order in which files reached this machine has no influence.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import partial

import numpy as np
import numpy.typing as npt

from acv_pipeline.contract import Contract, Month
from acv_pipeline.gate.case import Finding, MonthCase, Totals
from acv_pipeline.gate.rules import judge as judge_month
from acv_pipeline.gate.rules_files import same_day_files_differ
from acv_pipeline.gate.trajectory import Figures
from acv_pipeline.ledger.blocks import Block, DeliveryFigures, published_totals
from acv_pipeline.ledger.cases import Cases, File
from acv_pipeline.ledger.corrections import Correction, Register
from acv_pipeline.ledger.standing import DEFINITIVE, rivals_of
from acv_pipeline.ledger.state import MonthInForce, Observations, Series
from acv_pipeline.ledger.verdicts import Ledger, SignOff, Verdict

Judge = Callable[[MonthCase], list[Finding]]


def fold(
    deliveries: Sequence[DeliveryFigures],
    signoffs: Iterable[SignOff],
    contract: Contract,
    *,
    corrections: Iterable[Correction] = (),
    judge: Judge = judge_month,
) -> Ledger:
    """Accept or hold every month of every delivery, in the order of their days.

    Args:
        deliveries: what was received, in any order.
        signoffs: releases of held months; each takes effect on the day it was signed.
        corrections: entries of the register. From its day on, an entry replaces the figure it
            guards in every delivery of its source, before the gate judges it. What came earlier
            is judged again on that day; until then the figure was believed as delivered.
    """
    return _Fold(deliveries, signoffs, contract, corrections, judge).run()


class _Fold:
    def __init__(
        self,
        deliveries: Sequence[DeliveryFigures],
        signoffs: Iterable[SignOff],
        contract: Contract,
        corrections: Iterable[Correction],
        judge: Judge,
    ) -> None:
        self.contract = contract
        self.judge = judge
        rank = {source: i for i, source in enumerate(contract.sources)}
        self.deliveries = sorted(
            deliveries,
            key=lambda d: (
                d.delivered_on,
                rank[d.source],
                # of files that were put in one another's place, the one that is there comes last
                not d.is_replaced,
                d.standing.place,
                d.file_name,
                d.received_at,
                d.delivery_id,
            ),
        )
        self.ordinal = {d.delivery_id: i for i, d in enumerate(self.deliveries)}
        # of one day in the order they were given: a rebuild reads the table in another
        self.signoffs = sorted(
            signoffs, key=lambda s: (s.signed_at, s.delivery_id, s.indicator_id, s.month)
        )
        self.corrections = list(corrections)
        self.cases = Cases(contract)
        self.states = self.cases.states
        codes = list(contract.territories.departments)
        self.observations = Observations(codes, list(contract.sources), list(contract.indicators))
        self.positions = {code: i for i, code in enumerate(codes)}
        self.register = Register(self.positions)
        self.verdicts: dict[tuple[str, str, Month], Verdict] = {}

    def run(self) -> Ledger:
        for _, _, happen in sorted(self._events(), key=lambda event: event[:2]):
            happen()
        for series, state in self.states.items():
            for month in list(state.in_force):  # each month let go of once its cells are taken
                self.observations.add(series, month, state.in_force.pop(month).cells())
        ids = [delivery.delivery_id for delivery in self.deliveries]
        return Ledger(
            self.observations.frame(ids), list(self.verdicts.values()), self.register.frame(ids)
        )

    def _events(self) -> list[tuple[dt.date, int, Callable[[], None]]]:
        """What happens, with its day and its place on that day.

        Corrections come first, then what each source sent, as a batch, then sign-offs.
        """
        batches: dict[tuple[dt.date, str], list[DeliveryFigures]] = defaultdict(list)
        for delivery in self.deliveries:
            batches[delivery.delivered_on, delivery.source].append(delivery)
        entries: dict[dt.date, list[Correction]] = defaultdict(list)
        for correction in self.corrections:
            entries[correction.corrected_on].append(correction)
        return [
            *((day, 0, partial(self._correct, day, of_day)) for day, of_day in entries.items()),
            *((day, 1, partial(self._receive, batch)) for (day, _), batch in batches.items()),
            *(
                (self._day_of(signoff), 2, partial(self._sign_off, signoff))
                for signoff in self.signoffs
                if signoff.delivery_id in self.ordinal
            ),
        ]

    def _delivery(self, delivery_id: str) -> DeliveryFigures:
        return self.deliveries[self.ordinal[delivery_id]]

    def _day_of(self, signoff: SignOff) -> dt.date:
        """The day from which it counts."""
        return max(signoff.signed_on, self._delivery(signoff.delivery_id).delivered_on)

    def _receive(self, batch: list[DeliveryFigures]) -> None:
        published = published_totals(batch)
        by_month: dict[tuple[str, Month], list[File]] = defaultdict(list)
        totals_only: dict[tuple[str, Month], DeliveryFigures] = {}
        figures_of_day: dict[tuple[str, Month], Figures] = {}
        for delivery in batch:
            for key in delivery.blocks:
                file = self._corrected(delivery, *key)
                by_month[key].append(file)
                figures_of_day[key] = file.block.values
            for key in delivery.totals_only():
                totals_only.setdefault(key, delivery)
        for indicator in self.contract.indicators:
            # months ascending over all files of the day, so that a month is judged after the
            # one before it even if they came in two files
            months = {month for i, month in [*by_month, *totals_only] if i == indicator}
            for month in sorted(months):
                totals = published.get((indicator, month), Totals())
                if files := by_month.get((indicator, month)):
                    for file in self._in_turn(files):
                        self._judge_file(file, totals, figures_of_day)
                else:
                    self._judge_totals(totals_only[indicator, month], indicator, month, totals)
            if self.contract.sources[batch[0].source].full_history:
                self._withdraw(batch, indicator)

    def _in_turn(self, files: list[File]) -> list[File]:
        """Files of one day with figures of one month, each with its rivals, in order.

        Those come first that may be accepted, so that nothing settles what is held beside them.
        A file that another of its name took the place of is nobody's rival.
        """

        def place(file: File) -> int:
            if all(rival.outcome == "gives way" for rival in file.rivals):
                return 0
            current = self.states[file.series].in_force.get(file.month)
            same = np.isnan(file.block.values)
            same = same if current is None else same | (file.block.values == current.values)
            return 1 if same.all() else 2

        # rows in quarantine alone say nothing, and settle nothing
        files = [file for file in files if not np.isnan(file.block.values).all()]
        there = [file for file in files if not file.delivery.is_replaced]
        rivals = rivals_of([(f.delivery.file_name, f.delivery.standing, f.block) for f in there])
        present = [replace(file, rivals=of) for file, of in zip(there, rivals, strict=True)]
        return [*(f for f in files if f.delivery.is_replaced), *sorted(present, key=place)]

    def _verdict(self, file: File, said: str = "") -> Verdict:
        delivery = file.delivery
        verdict = Verdict(
            delivery.delivery_id, *file.series, file.month, delivery.delivered_on, said
        )
        self.verdicts[delivery.delivery_id, file.indicator, file.month] = verdict
        return verdict

    def _judge_file(
        self, file: File, published: Totals, figures_of_day: dict[tuple[str, Month], Figures]
    ) -> None:
        month, block = file.month, file.block
        state = self.states[file.series]
        current = state.in_force.get(month)
        verdict = self._verdict(file)
        if (
            current is not None
            and all(rival.outcome == "gives way" for rival in file.rivals)
            and self._confirms(block, current.block(), file.indicator)
            and state.published.get(month, Totals()) == published
        ):
            # what is in force was confirmed: an older hold of the month is settled with it
            verdict.verdict = "unchanged"
            state.settle(month)
            self._remember_definitive(file)
            return
        totals = file.delivery.with_stated(published, file.indicator, month)
        case = self.cases.of(file, totals, figures_of_day)
        if any(rival.outcome == "counts" for rival in file.rivals):
            # settled already, and what else may be wrong with it is of no interest
            finding = same_day_files_differ(case)
            verdict.findings = [finding] if finding else []
            verdict.verdict, verdict.status = "held", "superseded"
            return
        state.published[month] = published
        verdict.findings = self.judge(case)
        if any(finding.blocking for finding in verdict.findings):
            verdict.verdict = verdict.status = "held"
            state.hold(month, block, verdict)
            return
        verdict.verdict = "accepted"
        state.settle(month)
        self._accept(file, file.delivery.delivered_on)

    def _confirms(self, block: Block, in_force: Block, indicator: str) -> bool:
        """Whether a delivered month equals what is in force, but for a few rows in quarantine."""
        limits = self.contract.indicators[indicator].limits("panel_department_missing")
        holes = int(np.sum(block.quarantined)) / max(int(np.sum(self.cases.in_panel[indicator])), 1)
        same = (block.values == in_force.values) & (block.corrected == in_force.corrected)
        same |= np.isnan(block.values) & np.isnan(in_force.values)
        return bool(
            np.any(~np.isnan(block.values))
            and holes <= limits["max_quarantined_share"]
            and np.all(same | block.quarantined)
        )

    def _judge_totals(
        self, delivery: DeliveryFigures, indicator: str, month: Month, totals: Totals
    ) -> None:
        """Published totals that came without départements: compared with those in force."""
        state = self.states[delivery.source, indicator]
        current, before = state.in_force.get(month), state.published.get(month)
        state.published[month] = totals
        if current is None:
            return  # nothing to compare with, and no figure to bring into force
        file = File(delivery, indicator, month, current.block())
        verdict = self._verdict(file, "unchanged" if before == totals else "accepted")
        if verdict.verdict == "accepted":
            found = self.judge(self.cases.of(file, totals, {}))
            verdict.findings = [finding for finding in found if not finding.blocking]

    def _accept(self, file: File, day: dt.date) -> None:
        delivery, month, block = file.delivery, file.month, file.block
        state = self.states[file.series]
        ordinal = self.ordinal[delivery.delivery_id]
        self._remember_definitive(file)
        replaced = state.accept(month, block, day, ordinal)
        current = state.in_force.get(month)
        self.observations.add(file.series, month, replaced, day, ordinal, "replaced")
        if self.contract.sources[delivery.source].full_history:
            missing = np.isnan(block.values) & ~block.quarantined
            # rows whose code could not be read may be of those that seem to be dropped
            known = 0 if current is None else int((missing & ~np.isnan(current.values)).sum())
            if known > delivery.unreadable.get((file.indicator, month), 0):
                self._close(delivery, file.indicator, month, missing)

    def _remember_definitive(self, file: File) -> None:
        """From now on a provisional file may not change these figures."""
        if file.delivery.standing.certainty == DEFINITIVE:
            known = self.states[file.series].definitive
            known[file.month] = (file.block.values, file.delivery.file_name)

    def _withdraw(self, batch: list[DeliveryFigures], indicator: str) -> None:
        """What a source that sends its whole history no longer carries is withdrawn.

        Not by files that were held, or whose rows don't all say their month, or that carry so
        little of what is in force that they are not the whole history.
        """
        carrying = [d for d in batch if any(i == indicator for i, _ in d.blocks)]
        carried = {m for d in carrying for i, m in d.blocks if i == indicator}
        verdicts = (
            self.verdicts.get((d.delivery_id, indicator, m)) for d in carrying for m in carried
        )
        believed = any(verdict and verdict.verdict != "held" for verdict in verdicts)
        if not believed or any(d.has_undated_rows for d in batch):
            return
        in_force = set(self.states[batch[0].source, indicator].in_force)
        if len(in_force & carried) < self.contract.full_history_min_share * len(in_force):
            return
        for month in sorted(in_force - carried):
            self._close(carrying[-1], indicator, month, np.ones(len(self.positions), dtype=bool))

    def _close(
        self, delivery: DeliveryFigures, indicator: str, month: Month, mask: npt.NDArray[np.bool_]
    ) -> None:
        series = delivery.source, indicator
        cells = self.states[series].withdraw(month, mask)
        day, ordinal = delivery.delivered_on, self.ordinal[delivery.delivery_id]
        self.observations.add(series, month, cells, day, ordinal, "withdrawn")

    def _sign_off(self, signoff: SignOff) -> None:
        """Release a held month, unless its figure has changed since."""
        month, key = signoff.month, (signoff.indicator_id, signoff.month)
        signed = self.verdicts.get((signoff.delivery_id, *key))
        delivery = self._delivery(signoff.delivery_id)
        if signed is None or key not in delivery.blocks:
            return
        file = self._corrected(delivery, *key)

        def known(delivery_id: str) -> bool:
            return self._delivery(delivery_id).received_at <= signoff.signed_at

        same = self.states[file.series].release(month, file.block, known)
        if not same:
            return
        for verdict in (signed, *same):
            verdict.status, verdict.signoff = "signed_off", signoff
        self._accept(file, self._day_of(signoff))

    def _corrected(self, delivery: DeliveryFigures, indicator: str, month: Month) -> File:
        """A delivered month with the corrections in effect."""
        received = delivery.blocks[indicator, month]
        block, entries = self.register.correct(delivery.source, indicator, month, received)
        self.register.note(entries, block, self.ordinal[delivery.delivery_id])
        return File(delivery, indicator, month, block)

    def _correct(self, day: dt.date, entries: list[Correction]) -> None:
        """Put entries into effect: what they guard, and what is held, is judged again."""
        months: dict[Series, set[Month]] = defaultdict(set)
        for entry in entries:
            self.register.add(entry)
            months[entry.series].add(entry.month)
        for source in self.contract.sources:
            for indicator in self.contract.indicators:
                series = source, indicator
                if series in months and series in self.states:
                    for month in sorted(months[series] | set(self.states[series].held)):
                        self._correct_in_force(series, month, day)
                        self._judge_held_again(series, month, day)

    def _correct_in_force(self, series: Series, month: Month, day: dt.date) -> None:
        """Replace figures in force, unless a blocking rule finds the corrected ones impossible."""
        state = self.states[series]
        current = state.in_force.get(month)
        if current is None:
            return
        block, entries = self.register.correct(
            *series, month, self._as_brought(series, current, month)
        )
        if not entries:
            return
        brought = [
            int(current.deliveries[self.positions[entry.department_code]]) for entry in entries
        ]
        # as far as they are known: what the source stated with its latest figure
        file = File(self.deliveries[max(brought)], series[1], month, block)
        case = self.cases.of(file, state.published.get(month, Totals()), {})
        blocking = [finding.rule for finding in self.judge(case) if finding.blocking]
        for entry, ordinal in zip(entries, brought, strict=True):
            self.register.note([entry], block, ordinal, ", ".join(blocking) or None)
        if blocking:
            return
        replaced = state.accept(month, block, day)
        self.observations.add(series, month, replaced, day, None, "corrected")

    def _as_brought(self, series: Series, current: MonthInForce, month: Month) -> Block:
        """What is in force of a month, and what is in quarantine of those who brought it."""
        block = current.block()
        there = ~np.isnan(block.values)
        quarantined = block.quarantined
        for ordinal in np.unique(current.deliveries[there]).tolist():
            quarantined = (
                quarantined | self.deliveries[ordinal].blocks[series[1], month].quarantined
            )
        return replace(block, quarantined=quarantined & ~there)

    def _judge_held_again(self, series: Series, month: Month, day: dt.date) -> None:
        """Release a held month that no blocking rule stops any more."""
        state = self.states[series]
        held = state.held.pop(month, [])
        verdicts = {verdict.delivery_id: verdict for _, verdict in held}
        files = []
        for received, verdict in held:
            ordinal = self.ordinal[verdict.delivery_id]
            block, entries = self.register.correct(*series, month, received)
            self.register.note(entries, block, ordinal)
            files.append(File(self.deliveries[ordinal], series[1], month, block))
        for file in self._in_turn(files):
            verdict = verdicts[file.delivery.delivery_id]
            published = state.published.get(month, Totals())
            totals = file.delivery.with_stated(published, file.indicator, month)
            sisters = {key: sister.values for key, sister in file.delivery.blocks.items()}
            verdict.findings = self.judge(self.cases.of(file, totals, sisters))
            if any(finding.blocking for finding in verdict.findings):
                state.held.setdefault(month, []).append((file.block, verdict))
                continue
            verdict.verdict, verdict.status, verdict.is_repeat = "accepted", None, False
            self._accept(file, day)
