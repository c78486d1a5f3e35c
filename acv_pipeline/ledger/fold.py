"""The ledger: what is in force, as a pure function of deliveries, sign-offs and corrections.

All of them count from their day; the order in which files reached this machine has no influence.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from acv_pipeline.contract import Contract, Month
from acv_pipeline.gate.case import Finding, MonthCase, Rival, Totals
from acv_pipeline.gate.rules import judge as judge_month
from acv_pipeline.gate.rules_files import same_day_files_differ
from acv_pipeline.gate.trajectory import Figures
from acv_pipeline.ledger.blocks import Block, DeliveryFigures, published_totals
from acv_pipeline.ledger.corrections import Correction, Register
from acv_pipeline.ledger.standing import DEFINITIVE, PROVISIONAL, rivals_of
from acv_pipeline.ledger.state import Observations, SeriesState
from acv_pipeline.ledger.verdicts import Ledger, SignOff, Verdict

Judge = Callable[[MonthCase], list[Finding]]


@dataclass(frozen=True)
class _Corrections:
    """The entries of the register dated one day."""

    day: dt.date
    entries: list[Correction]


def fold(
    deliveries: Sequence[DeliveryFigures],
    signoffs: Iterable[SignOff],
    contract: Contract,
    *,
    corrections: Iterable[Correction] = (),
    judge: Judge = judge_month,
    progress: Callable[[int, int], None] | None = None,
) -> Ledger:
    """Accept or hold every month of every delivery, in the order of their days.

    Args:
        deliveries: what was received, in any order.
        signoffs: releases of held months; each takes effect on the day it was signed.
        corrections: entries of the register. From its day on, an entry replaces the figure it
            guards in every delivery of its source, before the gate judges it. What came earlier
            is judged again on that day; until then the figure was believed as delivered.
        progress: called with (deliveries done, deliveries in all).
    """
    return _Fold(deliveries, signoffs, contract, corrections, judge).run(progress)


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
        # of one day in the order they were given: a rebuild reads the table in another
        self.signoffs = sorted(
            signoffs, key=lambda s: (s.signed_at, s.delivery_id, s.indicator_id, s.month)
        )
        self.corrections = list(corrections)
        territories = contract.territories
        self.codes = np.array(list(territories.departments))
        self.regions = np.array([territories.region_of[code] for code in self.codes])
        self.in_panel = {
            indicator: np.isin(self.codes, contract.panel(indicator))
            for indicator in contract.indicators
        }
        self.observations = Observations(
            self.codes.tolist(), list(contract.sources), list(contract.indicators)
        )
        self.positions = {code: i for i, code in enumerate(territories.departments)}
        self.register = Register(self.positions)
        self.states: dict[tuple[str, str], SeriesState] = defaultdict(
            lambda: SeriesState(len(self.codes))
        )
        self.verdicts: dict[tuple[str, str, Month], Verdict] = {}

    def run(self, progress: Callable[[int, int], None] | None) -> Ledger:
        done = 0
        for event in self._events():
            if isinstance(event, SignOff):
                self._sign_off(event)
            elif isinstance(event, _Corrections):
                self._correct(event)
            else:
                self._receive(event)
                done += len(event)
                if progress:
                    progress(done, len(self.deliveries))
        for series, state in self.states.items():
            for month in list(state.in_force):  # each month let go of once its cells are taken
                self.observations.still_in_force(series, month, state.in_force.pop(month))
        ids = [delivery.delivery_id for delivery in self.deliveries]
        return Ledger(
            self.observations.frame(ids), list(self.verdicts.values()), self.register.frame(ids)
        )

    def _events(self) -> Iterator[list[DeliveryFigures] | _Corrections | SignOff]:
        """By day: corrections, then batches (what one source sent on one day), then sign-offs."""
        day_of = {delivery.delivery_id: delivery.delivered_on for delivery in self.deliveries}
        self.ordinal = {d.delivery_id: i for i, d in enumerate(self.deliveries)}
        batches: dict[tuple[dt.date, str], list[DeliveryFigures]] = defaultdict(list)
        for delivery in self.deliveries:
            batches[delivery.delivered_on, delivery.source].append(delivery)
        events: list[tuple[dt.date, int, list[DeliveryFigures] | _Corrections | SignOff]] = [
            (day, 1, batch) for (day, _), batch in batches.items()
        ]
        by_day: dict[dt.date, list[Correction]] = defaultdict(list)
        for correction in self.corrections:
            by_day[correction.corrected_on].append(correction)
        events += [(day, 0, _Corrections(day, entries)) for day, entries in by_day.items()]
        for signoff in self.signoffs:
            if signoff.delivery_id in day_of:
                day = max(signoff.signed_on, day_of[signoff.delivery_id])
                events.append((day, 2, signoff))
        events.sort(key=lambda event: event[:2])
        yield from (event for _, _, event in events)

    def _receive(self, batch: list[DeliveryFigures]) -> None:
        published = published_totals(batch)
        by_month: dict[tuple[str, Month], list[tuple[DeliveryFigures, Block]]] = defaultdict(list)
        totals_only: dict[tuple[str, Month], DeliveryFigures] = {}
        batch_figures: dict[tuple[str, Month], Figures] = {}
        for delivery in batch:
            for indicator, month in delivery.blocks:
                figures = self._as_corrected(delivery, indicator, month)
                by_month[indicator, month].append((delivery, figures))
                batch_figures[indicator, month] = figures.values
            for key in delivery.totals_only():
                totals_only.setdefault(key, delivery)
        for indicator in self.contract.indicators:
            # months ascending over all files of the day, so that a month is judged after the
            # one before it even if they came in two files
            months = {month for i, month in [*by_month, *totals_only] if i == indicator}
            for month in sorted(months):
                totals = published.get((indicator, month), Totals())
                if files := by_month.get((indicator, month)):
                    for delivery, block, rivals in self._in_turn(indicator, month, files):
                        self._judge_block(
                            delivery, indicator, month, block, totals, batch_figures, rivals
                        )
                else:
                    self._judge_totals(totals_only[indicator, month], indicator, month, totals)
            if self.contract.sources[batch[0].source].full_history:
                self._withdraw(batch, indicator)

    def _in_turn(
        self, indicator: str, month: Month, files: list[tuple[DeliveryFigures, Block]]
    ) -> list[tuple[DeliveryFigures, Block, tuple[Rival, ...]]]:
        """Files of one day with figures of one month, each with its rivals, in order.

        Those come first that may be accepted, so that nothing settles what is held beside them.
        A file that another of its name took the place of is nobody's rival.
        """
        state = self.states[files[0][0].source, indicator]
        current = state.in_force.get(month)

        def place(entry: tuple[DeliveryFigures, Block, tuple[Rival, ...]]) -> int:
            _, block, rivals = entry
            if all(rival.outcome == "gives way" for rival in rivals):
                return 0
            same = np.isnan(block.values)
            same = same if current is None else same | (block.values == current.values)
            return 1 if same.all() else 2

        # rows in quarantine alone say nothing, and settle nothing
        files = [(file, block) for file, block in files if not np.isnan(block.values).all()]
        there = [(file, block) for file, block in files if not file.is_replaced]
        rivals = rivals_of([(file.file_name, file.standing, block) for file, block in there])
        replaced = [(file, block, ()) for file, block in files if file.is_replaced]
        present = [(*entry, found) for entry, found in zip(there, rivals, strict=True)]
        return [*replaced, *sorted(present, key=place)]

    def _judge_block(
        self,
        delivery: DeliveryFigures,
        indicator: str,
        month: Month,
        block: Block,
        published: Totals,
        batch_figures: dict[tuple[str, Month], Figures],
        rivals: tuple[Rival, ...],
    ) -> None:
        state = self.states[delivery.source, indicator]
        totals = delivery.with_stated(published, indicator, month)
        current = state.in_force.get(month)
        verdict = Verdict(
            delivery.delivery_id, delivery.source, indicator, month, delivery.delivered_on, ""
        )
        self.verdicts[delivery.delivery_id, indicator, month] = verdict
        gives_way = any(rival.outcome == "counts" for rival in rivals)
        if (
            current is not None
            and all(rival.outcome == "gives way" for rival in rivals)
            and self._confirms(block, current.block(), indicator)
            and state.published.get(month, Totals()) == published
        ):
            # what is in force was confirmed: an older hold of the month is settled with it
            verdict.verdict = "unchanged"
            state.settle(month)
            self._remember_definitive(delivery, indicator, month, block)
            return
        case = self._case(delivery, indicator, month, block, totals, batch_figures, rivals)
        if gives_way:
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
        self._accept(delivery, indicator, month, block, delivery.delivered_on)

    def _confirms(self, block: Block, in_force: Block, indicator: str) -> bool:
        """Whether a delivered month equals what is in force, but for a few rows in quarantine."""
        limits = self.contract.indicators[indicator].limits("panel_department_missing")
        holes = int(np.sum(block.quarantined)) / max(int(np.sum(self.in_panel[indicator])), 1)
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
        verdict = Verdict(
            delivery.delivery_id,
            delivery.source,
            indicator,
            month,
            delivery.delivered_on,
            "unchanged" if before == totals else "accepted",
        )
        if verdict.verdict == "accepted":
            case = self._case(delivery, indicator, month, current.block(), totals, {})
            verdict.findings = [finding for finding in self.judge(case) if not finding.blocking]
        self.verdicts[delivery.delivery_id, indicator, month] = verdict

    def _case(
        self,
        delivery: DeliveryFigures,
        indicator: str,
        month: Month,
        block: Block,
        totals: Totals,
        batch_figures: dict[tuple[str, Month], Figures],
        rivals: tuple[Rival, ...] = (),
    ) -> MonthCase:
        contract, source = self.contract, delivery.source
        state = self.states[source, indicator]
        current = state.in_force.get(month)
        accepted = sorted(state.in_force.items())
        definitive, definitive_file = state.definitive.get(month, (None, ""))
        standing = delivery.standing
        sister_id = contract.indicators[indicator].sister
        sister: dict[Month, Figures] = {}
        if sister_id:
            known = self.states.get((source, sister_id))
            if known is not None:
                sister |= {m: figures.values for m, figures in known.in_force.items()}
                # a mix-up shows against the sister's figures even if those were held
                sister |= {m: held[-1][0].values for m, held in known.held.items()}
            sister |= {m: v for (i, m), v in batch_figures.items() if i == sister_id}
        return MonthCase(
            source=contract.sources[source],
            indicator=contract.indicators[indicator],
            month=month,
            delivered_on=delivery.delivered_on,
            codes=self.codes,
            regions=self.regions,
            in_panel=self.in_panel[indicator],
            delivered=block.values,
            quarantined=block.quarantined,
            in_force=None if current is None else current.values,
            history=[(m, figures.values) for m, figures in accepted if m < month],
            later=[(m, figures.values) for m, figures in accepted if m > month],
            superseded=state.superseded.get(month, []),
            totals=totals,
            sister=sister,
            sister_label=contract.indicators[sister_id].programme if sister_id else None,
            partners={
                partner: {m: f.values for m, f in self.states[partner, indicator].in_force.items()}
                for partner in contract.components(indicator)
                if partner != source and (partner, indicator) in self.states
            },
            delivered_months=tuple(m for i, m in delivery.blocks if i == indicator),
            rivals=rivals,
            provisional_by=standing.certain_by if standing.certainty == PROVISIONAL else "",
            definitive=definitive,
            definitive_file=definitive_file,
            unreadable=delivery.unreadable.get((indicator, month), 0),
        )

    def _accept(
        self, delivery: DeliveryFigures, indicator: str, month: Month, block: Block, day: dt.date
    ) -> None:
        state = self.states[delivery.source, indicator]
        ordinal = self.ordinal[delivery.delivery_id]
        self._remember_definitive(delivery, indicator, month, block)
        closed = state.accept(month, block, ordinal, day)
        current = state.in_force.get(month)
        if closed is not None:
            self.observations.closed(
                (delivery.source, indicator), month, closed, day, ordinal, "replaced"
            )
        if self.contract.sources[delivery.source].full_history:
            missing = np.isnan(block.values) & ~block.quarantined
            # rows whose code could not be read may be of those that seem to be dropped
            known = 0 if current is None else int((missing & ~np.isnan(current.values)).sum())
            if known > delivery.unreadable.get((indicator, month), 0):
                self._close(delivery, indicator, month, missing)

    def _remember_definitive(
        self, delivery: DeliveryFigures, indicator: str, month: Month, block: Block
    ) -> None:
        """From now on a provisional file may not change these figures."""
        if delivery.standing.certainty == DEFINITIVE:
            definitive = self.states[delivery.source, indicator].definitive
            definitive[month] = (block.values, delivery.file_name)

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
            self._close(carrying[-1], indicator, month, np.ones(len(self.codes), dtype=bool))

    def _close(
        self,
        delivery: DeliveryFigures,
        indicator: str,
        month: Month,
        mask: npt.NDArray[np.bool_],
    ) -> None:
        withdrawn = self.states[delivery.source, indicator].withdraw(month, mask)
        if withdrawn is not None:
            self.observations.closed(
                (delivery.source, indicator),
                month,
                withdrawn,
                delivery.delivered_on,
                self.ordinal[delivery.delivery_id],
                "withdrawn",
            )

    def _sign_off(self, signoff: SignOff) -> None:
        """Release a held month, unless its figure has changed since."""
        key = (signoff.delivery_id, signoff.indicator_id, signoff.month)
        signed = self.verdicts.get(key)
        if signed is None:
            return
        state = self.states[signed.source, signoff.indicator_id]
        delivery = self.deliveries[self.ordinal[signoff.delivery_id]]
        if (signoff.indicator_id, signoff.month) not in delivery.blocks:
            return
        block = self._as_corrected(delivery, signoff.indicator_id, signoff.month)

        def known(delivery_id: str) -> bool:
            received_at = self.deliveries[self.ordinal[delivery_id]].received_at
            return received_at <= signoff.signed_at

        same = state.release(signoff.month, block, known)
        if not same:
            return
        for verdict in (signed, *same):
            verdict.status, verdict.signoff = "signed_off", signoff
        day = max(signoff.signed_on, delivery.delivered_on)
        self._accept(delivery, signoff.indicator_id, signoff.month, block, day)

    def _as_corrected(self, delivery: DeliveryFigures, indicator: str, month: Month) -> Block:
        """A delivered month with the corrections in effect."""
        received = delivery.blocks[indicator, month]
        block, entries = self.register.correct(delivery.source, indicator, month, received)
        self.register.note(entries, block, self.ordinal[delivery.delivery_id])
        return block

    def _correct(self, event: _Corrections) -> None:
        """Put entries into effect: what they guard, and what is held, is judged again."""
        months: dict[tuple[str, str], set[Month]] = defaultdict(set)
        for entry in event.entries:
            self.register.add(entry)
            months[entry.series].add(entry.month)
        for source in self.contract.sources:
            for indicator in self.contract.indicators:
                if (source, indicator) in months and (source, indicator) in self.states:
                    held = self.states[source, indicator].held
                    for month in sorted(months[source, indicator] | set(held)):
                        self._correct_in_force(source, indicator, month, event.day)
                        self._judge_held_again(source, indicator, month, event.day)

    def _correct_in_force(self, source: str, indicator: str, month: Month, day: dt.date) -> None:
        """Replace figures in force, unless a blocking rule finds the corrected ones impossible."""
        state = self.states[source, indicator]
        current = state.in_force.get(month)
        if current is None:
            return
        block, entries = self.register.correct(source, indicator, month, current.block())
        if not entries:
            return
        brought = [
            int(current.deliveries[self.positions[entry.department_code]]) for entry in entries
        ]
        # as far as they are known: what the source stated with its latest figure
        delivery = self.deliveries[max(brought)]
        totals = state.published.get(month, Totals())
        case = self._case(delivery, indicator, month, block, totals, {})
        blocking = [finding.rule for finding in self.judge(case) if finding.blocking]
        for entry, ordinal in zip(entries, brought, strict=True):
            self.register.note([entry], block, ordinal, ", ".join(blocking) or None)
        if blocking:
            return
        replaced = state.correct(month, block, day)
        if replaced is not None:
            self.observations.closed((source, indicator), month, replaced, day, None, "corrected")

    def _judge_held_again(self, source: str, indicator: str, month: Month, day: dt.date) -> None:
        """Release a held month that no blocking rule stops any more."""
        state = self.states[source, indicator]
        verdicts = {verdict.delivery_id: verdict for _, verdict in state.held.get(month, ())}
        files = []
        for received, verdict in state.held.pop(month, ()):
            ordinal = self.ordinal[verdict.delivery_id]
            block, entries = self.register.correct(source, indicator, month, received)
            self.register.note(entries, block, ordinal)
            files.append((self.deliveries[ordinal], block))
        for delivery, block, rivals in self._in_turn(indicator, month, files) if files else ():
            verdict = verdicts[delivery.delivery_id]
            totals = delivery.with_stated(state.published.get(month, Totals()), indicator, month)
            sisters = {key: sister.values for key, sister in delivery.blocks.items()}
            verdict.findings = self.judge(
                self._case(delivery, indicator, month, block, totals, sisters, rivals)
            )
            if any(finding.blocking for finding in verdict.findings):
                state.held.setdefault(month, []).append((block, verdict))
                continue
            verdict.verdict, verdict.status, verdict.is_repeat = "accepted", None, False
            self._accept(delivery, indicator, month, block, day)
