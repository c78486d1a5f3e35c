"""What to expect of learned thresholds: good months held, errors caught.

Every month is judged with what is learned from the others; errors are made in it on purpose.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from acv_pipeline.calibration.habits import MIN_STEPS, Evidence
from acv_pipeline.calibration.past import Past
from acv_pipeline.contract import Indicator, Month
from acv_pipeline.gate.case import MonthCase, Totals
from acv_pipeline.gate.rules import judge
from acv_pipeline.gate.trajectory import Figures
from acv_pipeline.language import marked

Random = np.random.Generator
Others = Sequence[dict[Month, Figures]]

MAX_MONTHS = 24  # in which errors are made
DRAWS = 3  # per month of errors that depend on chance


def _given(case: MonthCase) -> np.ndarray:
    return np.flatnonzero(~np.isnan(case.figures))


def missing_department(case: MonthCase, random: Random) -> Figures:
    """One département without a figure, which had one before."""
    figures = case.figures.copy()
    figures[random.choice(np.flatnonzero(case.figures > 0))] = np.nan
    return figures


def truncated(case: MonthCase, random: Random) -> Figures:
    """The file is cut somewhere in its second half."""
    figures, given = case.figures.copy(), _given(case)
    figures[given[random.integers(len(given) // 2, len(given) - 1) :]] = np.nan
    return figures


def shifted_rows(case: MonthCase, random: Random) -> Figures:
    """From some row on, every figure stands one row below its département."""
    figures, given = case.figures.copy(), _given(case)
    start = random.integers(0, len(given) // 2)
    figures[given[start:]] = np.roll(figures[given[start:]], 1)
    return figures


def ten_times(case: MonthCase, random: Random) -> Figures:
    """A lost decimal sign."""
    return case.figures * 10


def _previous(case: MonthCase) -> Figures:
    assert case.trajectory is not None
    return case.trajectory.previous


def stale_copy(case: MonthCase, random: Random) -> Figures:
    """The figures of the month before."""
    return _previous(case)


def monthly_flow(case: MonthCase, random: Random) -> Figures:
    """What was added this month alone."""
    return case.figures - _previous(case)


def doubled(case: MonthCase, random: Random) -> Figures:
    """This month's cumulative on top of the last one's."""
    return case.figures + _previous(case)


ERRORS: dict[str, tuple[Callable[[MonthCase, Random], Figures], int]] = {
    marked("a département is missing"): (missing_department, DRAWS),
    marked("the file is cut"): (truncated, DRAWS),
    marked("all figures × 10"): (ten_times, 1),
    marked("rows shifted by one"): (shifted_rows, DRAWS),
    marked("last month's file again"): (stale_copy, 1),
    marked("the month's flow instead of the cumulative"): (monthly_flow, 1),
    marked("cumulative of the cumulative"): (doubled, 1),
}
OTHER = marked("another indicator's figures")


@dataclass(frozen=True)
class Expected:
    """How a gate with learned thresholds does on months it did not learn from.

    Attributes:
        judged: good months.
        held: those of them that are held, with the rules.
        caught: by kind of error, how many were made and how many held.
    """

    judged: int
    held: dict[Month, list[str]]
    caught: dict[str, tuple[int, int]]


def with_habits(case: MonthCase, indicator: Indicator) -> MonthCase:
    """The case as the gate sees it once the contract says this of the indicator."""
    in_panel = ~np.isin(case.codes, indicator.panel_excludes)
    return replace(case, indicator=indicator, in_panel=in_panel)


def expected(evidence: Evidence) -> Expected:
    """Judge every month, and errors made in it, with what the other months teach."""
    past = evidence.past
    cases = [
        _with_in_force(with_habits(case, evidence.habits(without=case.month).indicator), past)
        for case in evidence.cases[1:]  # beside nothing, hardly anything is held
    ]
    return rates(cases, list(past.others.values()))


def _with_in_force(case: MonthCase, past: Past) -> MonthCase:
    """The case beside the last earlier version of its month that would have been accepted."""
    for version in reversed(past.versions[case.month][:-1]):
        if not blocking(with_error(case, version.figures)):
            return replace(case, in_force=version.figures)
    return replace(case, in_force=None)


def rates(cases: list[MonthCase], others: Others) -> Expected:
    """Good months held, and errors caught, in cases that carry the thresholds to judge by."""
    held = {case.month: rules for case in cases if (rules := blocking(case))}
    clean = [case for case in cases if case.month not in held and moves(case)]
    chosen = {int(at) for at in np.linspace(0, len(clean) - 1, MAX_MONTHS)} if clean else set()
    caught = dict.fromkeys([*ERRORS, OTHER], (0, 0))
    for at in sorted(chosen):
        for kind, figures in errors(clean[at], others):
            made, found = caught[kind]
            caught[kind] = made + 1, found + bool(blocking(with_error(clean[at], figures)))
    return Expected(len(cases), held, {kind: n for kind, n in caught.items() if n[0]})


def moves(case: MonthCase) -> bool:
    """Whether there is something to get wrong: figures that grew, and a history to tell by."""
    trajectory = case.trajectory
    return (
        trajectory is not None and len(trajectory.paces) >= MIN_STEPS and trajectory.increment > 0
    )


def errors(case: MonthCase, others: Others) -> Iterable[tuple[str, Figures]]:
    """The month as it would come with each kind of error."""
    random = np.random.default_rng([case.month.year, case.month.month])
    for kind, (make, draws) in ERRORS.items():
        for _ in range(draws):
            yield kind, make(case, random)
    for other in others:
        if case.month in other:
            yield OTHER, other[case.month]


def with_error(case: MonthCase, figures: Figures) -> MonthCase:
    """The month as its first delivery, with an error in it and nothing that contradicts it."""
    return replace(case, delivered=figures, in_force=None, totals=Totals())


def blocking(case: MonthCase) -> list[str]:
    """The rules that hold a month."""
    return [finding.rule for finding in judge(case) if finding.blocking]
