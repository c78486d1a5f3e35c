"""The ledger: what is in force, as a pure function of deliveries and sign-offs.

Here: putting deliveries in the order of their day, judging each month against what was accepted
before it, and keeping what was replaced. The order in which files reached this machine has no
influence. Not here: the rules (``gate``), tables (``store``), Dagster.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pandas as pd

from acv_pipeline.contract import Contract, Month
from acv_pipeline.gate.case import Finding, MonthCase, Totals
from acv_pipeline.gate.course import Figures
from acv_pipeline.gate.rules import judge as judge_month
from acv_pipeline.ledger.blocks import Block, DeliveryFigures
from acv_pipeline.ledger.state import Observations, SeriesState

Judge = Callable[[MonthCase], list[Finding]]


@dataclass(frozen=True)
class SignOff:
    """A person's written reason to release a held month of one delivery."""

    delivery_id: str
    indicator_id: str
    month: Month
    signed_by: str
    reason: str
    signed_on: dt.date


@dataclass
class Verdict:
    """What the gate said of one month of one delivery.

    Attributes:
        verdict: ``accepted``, ``held`` or ``unchanged`` (equal to what is in force).
        is_repeat: held, and equal to figures held before.
        status: for a held month ``held``, ``signed_off`` or ``superseded``; else None.
    """

    delivery_id: str
    source: str
    indicator_id: str
    month: Month
    delivered_on: dt.date
    verdict: str
    findings: list[Finding] = field(default_factory=list)
    is_repeat: bool = False
    status: str | None = None
    signoff: SignOff | None = None


@dataclass(frozen=True)
class Ledger:
    """The outcome of a fold.

    Attributes:
        observations: every figure ever accepted, columns as ``validated.observations``.
        verdicts: one per (delivery, indicator, month) that carries département figures, or
            published totals to compare with those in force.
    """

    observations: pd.DataFrame
    verdicts: list[Verdict]


def fold(
    deliveries: Sequence[DeliveryFigures],
    signoffs: Iterable[SignOff],
    contract: Contract,
    *,
    judge: Judge = judge_month,
    progress: Callable[[int, int], None] | None = None,
) -> Ledger:
    """Accept or hold every month of every delivery, in the order of their days.

    Args:
        deliveries: what was received, in any order.
        signoffs: releases of held months; each takes effect on the day it was signed.
        progress: called with (deliveries done, deliveries in all).
    """
    return _Fold(deliveries, signoffs, contract, judge).run(progress)


class _Fold:
    def __init__(
        self,
        deliveries: Sequence[DeliveryFigures],
        signoffs: Iterable[SignOff],
        contract: Contract,
        judge: Judge,
    ) -> None:
        self.contract = contract
        self.judge = judge
        rank = {source: i for i, source in enumerate(contract.sources)}
        self.deliveries = sorted(
            deliveries, key=lambda d: (d.delivered_on, rank[d.source], d.file_name, d.delivery_id)
        )
        self.signoffs = list(signoffs)
        territories = contract.territories
        self.codes = np.array(list(territories.departments))
        self.regions = np.array([territories.region_of[code] for code in self.codes])
        self.in_panel = {
            indicator: np.isin(self.codes, contract.panel(indicator))
            for indicator in contract.indicators
        }
        self.observations = Observations(self.codes)
        self.states: dict[tuple[str, str], SeriesState] = defaultdict(
            lambda: SeriesState(len(self.codes))
        )
        self.verdicts: dict[tuple[str, str, Month], Verdict] = {}

    def run(self, progress: Callable[[int, int], None] | None) -> Ledger:
        done = 0
        for event in self._events():
            if isinstance(event, SignOff):
                self._sign_off(event)
            else:
                self._receive(event)
                done += len(event)
                if progress:
                    progress(done, len(self.deliveries))
        for (source, indicator), state in self.states.items():
            for month, current in state.in_force.items():
                self.observations.still_in_force(source, indicator, month, current)
        ids = [delivery.delivery_id for delivery in self.deliveries]
        return Ledger(self.observations.frame(ids), list(self.verdicts.values()))

    def _events(self) -> Iterator[list[DeliveryFigures] | SignOff]:
        """Batches (what one source sent on one day) and sign-offs, by day; sign-offs come last."""
        day_of = {delivery.delivery_id: delivery.delivered_on for delivery in self.deliveries}
        self.ordinal = {d.delivery_id: i for i, d in enumerate(self.deliveries)}
        batches: dict[tuple[dt.date, str], list[DeliveryFigures]] = defaultdict(list)
        for delivery in self.deliveries:
            batches[delivery.delivered_on, delivery.source].append(delivery)
        events: list[tuple[dt.date, int, list[DeliveryFigures] | SignOff]] = [
            (day, 0, batch) for (day, _), batch in batches.items()
        ]
        for signoff in self.signoffs:
            if signoff.delivery_id in day_of:
                day = max(signoff.signed_on, day_of[signoff.delivery_id])
                events.append((day, 1, signoff))
        events.sort(key=lambda event: event[:2])
        yield from (event for _, _, event in events)

    def _receive(self, batch: list[DeliveryFigures]) -> None:
        published = _published_totals(batch)
        by_indicator: dict[str, list[tuple[Month, DeliveryFigures, Block | None]]] = defaultdict(
            list
        )
        for delivery in batch:
            for (indicator, month), figures in delivery.blocks.items():
                by_indicator[indicator].append((month, delivery, figures))
            for indicator, month in delivery.totals_only():
                by_indicator[indicator].append((month, delivery, None))
        batch_figures = {
            (indicator, month): block.values
            for delivery in batch
            for (indicator, month), block in delivery.blocks.items()
        }
        for indicator in self.contract.indicators:
            entries = by_indicator.get(indicator, [])
            with_departments = {month for month, _, block in entries if block is not None}
            # months ascending over all files of the day, so that a month is judged after the
            # one before it even if they came in two files
            totals_judged: set[Month] = set()
            for month, delivery, block in sorted(entries, key=lambda entry: entry[0]):
                totals = published.get((indicator, month), Totals())
                if block is not None:
                    self._judge_block(delivery, indicator, month, block, totals, batch_figures)
                elif month not in with_departments | totals_judged:
                    totals_judged.add(month)
                    self._judge_totals(delivery, indicator, month, totals)
            for delivery in batch:
                if self.contract.sources[delivery.source].full_history:
                    self._withdraw(delivery, indicator)

    def _judge_block(
        self,
        delivery: DeliveryFigures,
        indicator: str,
        month: Month,
        block: Block,
        published: Totals,
        batch_figures: dict[tuple[str, Month], Figures],
    ) -> None:
        state = self.states[delivery.source, indicator]
        totals = delivery.with_stated(published, indicator, month)
        current = state.in_force.get(month)
        verdict = Verdict(
            delivery.delivery_id, delivery.source, indicator, month, delivery.delivered_on, ""
        )
        self.verdicts[delivery.delivery_id, indicator, month] = verdict
        if (
            current is not None
            and _confirms(block, current.values)
            and state.published.get(month, Totals()) == published
        ):
            # what is in force was confirmed: an older hold of the month is settled with it
            verdict.verdict = "unchanged"
            state.settle(month)
            return
        case = self._case(delivery, indicator, month, block, totals, batch_figures)
        state.published[month] = published
        verdict.findings = self.judge(case)
        before = state.held.get(month)
        if any(finding.blocking for finding in verdict.findings):
            verdict.verdict = verdict.status = "held"
            if before is not None:
                verdict.is_repeat = np.array_equal(before[0].values, block.values, equal_nan=True)
            state.settle(month)
            state.held[month] = (block, verdict)
            return
        verdict.verdict = "accepted"
        state.settle(month)
        self._accept(delivery, indicator, month, block, delivery.delivered_on)

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
            in_force = Block(current.values, current.rows, np.zeros(len(self.codes), dtype=bool))
            case = self._case(delivery, indicator, month, in_force, totals, {})
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
    ) -> MonthCase:
        contract, source = self.contract, delivery.source
        state = self.states[source, indicator]
        current = state.in_force.get(month)
        accepted = sorted(state.in_force.items())
        sister_id = contract.indicators[indicator].sister
        sister: dict[Month, Figures] = {}
        if sister_id:
            known = self.states.get((source, sister_id))
            if known is not None:
                sister |= {m: figures.values for m, figures in known.in_force.items()}
                # a mix-up shows against the sister's figures even if those were held
                sister |= {m: held.values for m, (held, _) in known.held.items()}
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
        )

    def _accept(
        self, delivery: DeliveryFigures, indicator: str, month: Month, block: Block, day: dt.date
    ) -> None:
        state = self.states[delivery.source, indicator]
        ordinal = self.ordinal[delivery.delivery_id]
        closed = state.accept(month, block, ordinal, day)
        if closed is not None:
            self.observations.closed(
                delivery.source, indicator, month, closed, day, ordinal, "replaced"
            )
        if self.contract.sources[delivery.source].full_history:
            missing = np.isnan(block.values) & ~block.quarantined
            self._close(delivery, indicator, month, missing)

    def _withdraw(self, delivery: DeliveryFigures, indicator: str) -> None:
        """A full-history delivery that no longer carries a month withdraws it."""
        if not any(i == indicator for i, _ in delivery.blocks):
            return
        carried = {m for i, m in delivery.blocks if i == indicator}
        state = self.states[delivery.source, indicator]
        for month in [month for month in state.in_force if month not in carried]:
            self._close(delivery, indicator, month, np.ones(len(self.codes), dtype=bool))

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
                delivery.source,
                indicator,
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
        held = state.held.get(signoff.month)
        delivery = self.deliveries[self.ordinal[signoff.delivery_id]]
        block = delivery.blocks.get((signoff.indicator_id, signoff.month))
        if held is None or block is None:
            return
        if not np.array_equal(held[0].values, block.values, equal_nan=True):
            return
        for verdict in {id(v): v for v in (signed, held[1])}.values():
            verdict.status, verdict.signoff = "signed_off", signoff
        del state.held[signoff.month]
        day = max(signoff.signed_on, delivery.delivered_on)
        self._accept(delivery, signoff.indicator_id, signoff.month, block, day)


def _confirms(block: Block, in_force: Figures) -> bool:
    """Whether a delivered month equals what is in force (rows in quarantine say nothing)."""
    same = (block.values == in_force) | (np.isnan(block.values) & np.isnan(in_force))
    return bool(np.all(same | block.quarantined))


def _published_totals(batch: list[DeliveryFigures]) -> dict[tuple[str, Month], Totals]:
    """Regional and national rows of all files that one source sent on one day."""
    national: dict[tuple[str, Month], float] = {}
    regions: dict[tuple[str, Month], dict[str, float]] = defaultdict(dict)
    for delivery in batch:
        for (indicator, month, level, territory), value in delivery.published.items():
            if level == "national":
                national[indicator, month] = value
            else:
                regions[indicator, month][territory] = value
    return {
        key: Totals(national=national.get(key), regions=regions.get(key, {}))
        for key in {*national, *regions}
    }
