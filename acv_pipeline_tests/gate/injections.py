"""Known kinds of error, made on purpose in clean months, to measure what the gate sees."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from acv_pipeline.gate.case import Figures, MonthCase, Totals
from acv_pipeline.gate.rules import judge
from acv_pipeline.gate.rules_totals import control_row_count_differs, control_total_differs

Random = np.random.Generator
Injection = Callable[[MonthCase, Random], Figures | None]
"""The month as it would be delivered with the error; None where the error cannot be made."""


def _given(case: MonthCase) -> np.ndarray:
    return np.flatnonzero(~np.isnan(case.figures))


def missing_department(case: MonthCase, random: Random) -> Figures:
    figures = case.figures.copy()
    figures[random.choice(_given(case))] = np.nan
    return figures


def truncated(case: MonthCase, random: Random) -> Figures:
    figures = case.figures.copy()
    given = _given(case)
    figures[given[random.integers(len(given) // 2, len(given) - 1) :]] = np.nan
    return figures


def ten_times(case: MonthCase, random: Random) -> Figures:
    return case.figures * 10


def shifted_rows(case: MonthCase, random: Random) -> Figures:
    figures = case.figures.copy()
    given = _given(case)
    start = random.integers(0, len(given) // 2)
    figures[given[start:]] = np.roll(figures[given[start:]], 1)
    return figures


def stale_copy(case: MonthCase, random: Random) -> Figures:
    return np.where(np.isnan(case.figures), np.nan, case.trajectory.previous)


def monthly_flow(case: MonthCase, random: Random) -> Figures:
    return case.trajectory.increments


def cumulative_of_cumulative(case: MonthCase, random: Random) -> Figures:
    return case.trajectory.previous + case.figures


def sister_added(case: MonthCase, random: Random) -> Figures | None:
    """The sister's increments of the same months on top of the previous figures."""
    before = [m for m in case.sister if m <= case.trajectory.previous_month]
    upto = [m for m in case.sister if m <= case.month]
    if not before or max(before) == max(upto):
        return None
    increments = case.sister[max(upto)] - case.sister[max(before)]
    if not (case.panel(increments) >= 5).sum() >= 10:
        return None
    return case.trajectory.previous + np.nan_to_num(increments)


def old_file(case: MonthCase, random: Random) -> Figures | None:
    older = [case.panel(figures) for _, figures in case.history[:-1]]
    return older[random.integers(len(older))] if older else None


def partner_missing(case: MonthCase, random: Random) -> Figures:
    """The sum without one partner, who has 20 to 60 % of each département."""
    return np.rint(case.figures * (1 - random.uniform(0.2, 0.6, len(case.codes))))


def partner_twice(case: MonthCase, random: Random) -> Figures | None:
    """Both partners' figures in the file of one of them."""
    others = [f[case.month] for f in case.partners.values() if case.month in f]
    return case.figures + np.nan_to_num(others[0]) if others else None


def other_partners_file(case: MonthCase, random: Random) -> Figures | None:
    others = [f[case.month] for f in case.partners.values() if case.month in f]
    return others[0] if others else None


def department_doubled(case: MonthCase, random: Random) -> Figures:
    figures = case.figures.copy()
    figures[random.choice(np.flatnonzero(figures > 0))] *= 2
    return figures


def digit_typo(case: MonthCase, random: Random) -> Figures:
    figures = case.figures.copy()
    at = random.choice(np.flatnonzero(figures > 0))
    digits = list(str(int(figures[at])))
    place = random.integers(len(digits))
    digits[place] = random.choice([d for d in "0123456789" if d != digits[place]])
    figures[at] = int("".join(digits))
    return figures


def plus_3_percent(case: MonthCase, random: Random) -> Figures:
    return np.rint(case.figures * 1.03)


def plus_10_percent(case: MonthCase, random: Random) -> Figures:
    return np.rint(case.figures * 1.10)


def two_swapped(case: MonthCase, random: Random) -> Figures:
    figures = case.figures.copy()
    one = random.choice(np.flatnonzero(figures > 0))
    other = random.choice(np.flatnonzero((figures > 0) & (figures != figures[one])))
    figures[[one, other]] = figures[[other, one]]
    return figures


RANDOM = 4
"""Draws per month for errors that depend on chance (which département, which digit)."""


@dataclass(frozen=True)
class Error:
    """A kind of error.

    Attributes:
        name: what happened, as the documentation calls it.
        inject: how it is made.
        draws: how often per month.
    """

    name: str
    inject: Injection
    draws: int = 1


ERRORS = (
    Error("a département is missing", missing_department, RANDOM),
    Error("the file is cut", truncated, RANDOM),
    Error("all figures × 10", ten_times),
    Error("rows shifted by one", shifted_rows, RANDOM),
    Error("last month's file again", stale_copy),
    Error("the month's flow instead of the cumulative", monthly_flow),
    Error("cumulative of the cumulative", cumulative_of_cumulative),
    Error("increments of the sister indicator", sister_added),
    Error("an older file", old_file, RANDOM),
    Error("one partner missing from the sum", partner_missing, RANDOM),
    Error("both partners in one partner's file", partner_twice),
    Error("the other partner's file", other_partners_file),
    Error("one département doubled", department_doubled, RANDOM),
    Error("one digit wrong", digit_typo, RANDOM),
    Error("all figures + 3 %", plus_3_percent),
    Error("all figures + 10 %", plus_10_percent),
    Error("two départements exchanged", two_swapped, RANDOM),
)


@dataclass(frozen=True)
class Rates:
    """How many errors were made, and what became of them.

    Attributes:
        made: errors injected.
        held: held by the rules on the figures alone.
        seen: held, or warned of by a rule that is silent on the clean month.
        held_with_control: held when the source also states its control total.
    """

    made: int
    held: int
    seen: int
    held_with_control: int


def _controlled(true: Figures, bad: MonthCase) -> bool:
    """Whether the source's own count and sum of the true figures hold the bad month."""
    totals = Totals(
        stated_sum=float(np.nansum(true)),
        stated_rows=int((~np.isnan(true)).sum()),
        covered_sum=float(np.nansum(bad.delivered)),
        covered_rows=int((~np.isnan(bad.delivered)).sum()),
    )
    case = dataclasses.replace(bad, totals=totals)
    findings = control_total_differs(case), control_row_count_differs(case)
    return any(finding is not None and finding.blocking for finding in findings)


def measure(cases: list[MonthCase], error: Error, seed: int = 1) -> Rates:
    """Make an error in every case and judge the results."""
    made = held = seen = held_with_control = 0
    for number, case in enumerate(cases):
        clean = {finding.rule for finding in judge(case)}
        random = np.random.default_rng([seed, number])
        for _ in range(error.draws):
            delivered = error.inject(case, random)
            if delivered is None:
                break
            bad = dataclasses.replace(case, delivered=delivered)
            findings = judge(bad)
            is_held = any(finding.blocking for finding in findings)
            made += 1
            held += is_held
            seen += is_held or any(finding.rule not in clean for finding in findings)
            held_with_control += is_held or _controlled(case.figures, bad)
    return Rates(made, held, seen, held_with_control)
