"""How a series has moved up to the month judged, and how it moves in it.

The increments and paces that every rule on movement compares with.
"""

from __future__ import annotations

import itertools
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from acv_pipeline.contract import Month
from acv_pipeline.contract.months import elapsed

Figures: TypeAlias = npt.NDArray[np.float64]
"""Cumulative dwellings per département, in the order of ``MonthCase.codes``; NaN: no figure."""


@dataclass(frozen=True)
class Trajectory:
    """The movement of one case, in dwellings; NaN where a figure is missing on either side.

    Paces are per month elapsed, and are taken between figures that differ: a series republished
    unchanged for three months and then updated has moved once in four months, not never three
    times and then four times as fast. A baseline of zeros is no figure and gives no increment. A
    step across a break teaches no pace.

    Attributes:
        month: the month judged.
        previous_month: the last accepted earlier month with a figure above zero.
        increments: delivered minus previous, per département.
        months: months elapsed since the figures last moved.
        pace: national increment per month since the figures last moved.
        paces: earlier national increments per month, oldest first.
        rates: the same steps as compound growth per month (0.02: 2 % a month).
        ends: the month in which each step ends.
        gaps: how many months each step took.
        steps: the figures on both sides of each step.
        department_pace: increments per month since the figures last moved, per département.
        unchanged_shares: for each earlier pair of neighbouring months, the share of the
            départements above zero whose figure did not move.
    """

    month: Month
    previous_month: Month
    previous: Figures
    increments: Figures
    months: int
    pace: float
    paces: npt.NDArray[np.float64]
    rates: npt.NDArray[np.float64]
    ends: Sequence[Month]
    gaps: npt.NDArray[np.float64]
    steps: Sequence[tuple[Figures, Figures]]
    department_pace: Figures
    unchanged_shares: npt.NDArray[np.float64]

    @cached_property
    def common(self) -> npt.NDArray[np.bool_]:
        """Départements with a figure in both months."""
        return ~np.isnan(self.increments)

    @cached_property
    def department_paces(self) -> npt.NDArray[np.float64]:
        """Earlier increments per month, one row per step, one column per département."""
        paces = np.empty((len(self.steps), len(self.increments)))
        for pace, (earlier, later), gap in zip(paces, self.steps, self.gaps, strict=True):
            np.subtract(later, earlier, out=pace)
            pace /= gap
        return paces

    @cached_property
    def usual_paces(self) -> Figures:
        """Median earlier pace per département; NaN where none is known."""
        # of each département in a row, those not known last: the median is found by its place
        paces = np.array(self.department_paces.T, order="C")
        paces.sort(axis=1)
        known = (~np.isnan(paces)).sum(axis=1)
        if not paces.shape[1]:
            return np.full(len(paces), np.nan)
        rows = np.arange(len(paces))
        middle = paces[rows, np.maximum(known - 1, 0) // 2], paces[rows, known // 2 - (known == 0)]
        return np.asarray((middle[0] + middle[1]) / 2, dtype=np.float64)

    @cached_property
    def fastest_paces(self) -> Figures:
        """Fastest earlier pace per département; 0 where none is above."""
        return np.asarray(np.fmax.reduce(self.department_paces, axis=0, initial=0.0))

    @cached_property
    def seasonal_pace(self) -> float:
        """What the pace would be as a year ago, grown as much as the latest step did in a year.

        0 where a step of a year ago is not known, or was none.
        """
        before = self._pace_before(self.month)
        if not before > 0:
            return 0.0
        reference = self._pace_before(self.ends[-1])
        growth = float(self.paces[-1]) / reference if reference > 0 else 1.0
        return before * max(growth, 1.0)

    def _pace_before(self, month: Month) -> float:
        """The pace of the step that ended a year before ``month``; 0 where none did."""
        year_ago = [elapsed(end, month) == 12 for end in self.ends]
        return float(self.paces[year_ago].max(initial=0.0))

    @property
    def previous_total(self) -> float:
        """The previous national total over the départements both months have."""
        return float(self.previous[self.common].sum())

    @property
    def increment(self) -> float:
        """The national increment over the départements both months have."""
        return float(np.nansum(self.increments))

    @property
    def gross_increment(self) -> float:
        """The sum of the increments above zero."""
        return float(np.nansum(np.maximum(self.increments, 0)))


def has_figures(figures: Figures) -> bool:
    """Whether any figure is above zero (an empty or all-zero month says nothing)."""
    return bool((figures > 0).any())


def unchanged_share(earlier: Figures, later: Figures) -> float:
    """Share of the départements above zero in ``earlier`` whose figure is the same in ``later``."""
    counted = (earlier > 0) & ~np.isnan(later)
    return float((earlier == later)[counted].mean()) if counted.any() else 0.0


def _moving(history: list[tuple[Month, Figures]]) -> list[tuple[Month, Figures]]:
    """The months whose figures differ from the month before them."""
    kept = history[:1]
    for month, figures in history[1:]:
        if not np.array_equal(figures, kept[-1][1], equal_nan=True):
            kept.append((month, figures))
    return kept


def _growth_rates(
    steps: Sequence[tuple[Figures, Figures]], gaps: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """Compound growth per month of each step, over the départements known at both its ends."""
    ratio = np.ones(len(gaps))
    for i, (earlier, later) in enumerate(steps):
        common = ~np.isnan(earlier) & ~np.isnan(later)
        before, after = earlier[common].sum(), later[common].sum()
        if before > 0 and after > 0:
            ratio[i] = after / before
    return np.asarray(ratio ** (1 / gaps) - 1, dtype=np.float64)


def trajectory_of(
    month: Month,
    delivered: Figures,
    accepted: Sequence[tuple[Month, Figures]],
    breaks: Collection[Month] = (),
) -> Trajectory | None:
    """The movement up to ``month``; None when nothing above zero was accepted before.

    Args:
        accepted: the accepted earlier months, oldest first.
        breaks: months from which something else is counted.
    """
    history = [(month, figures) for month, figures in accepted if has_figures(figures)]
    if not history:
        return None
    previous_month, previous = history[-1]
    moving = _moving(history)
    moves_to = [
        (start, end)
        for start, end in itertools.pairwise(moving)
        if not any(start[0] < month <= end[0] for month in breaks)
    ]
    gaps = np.array([elapsed(start, end) for (start, _), (end, _) in moves_to], dtype=np.float64)
    steps = [(earlier, later) for (_, earlier), (_, later) in moves_to]
    pairs = itertools.pairwise(figures for _, figures in history)
    moves = [np.nansum(later - earlier) for earlier, later in steps]
    months = elapsed(moving[-1][0], month)
    increments = delivered - previous
    return Trajectory(
        month=month,
        previous_month=previous_month,
        previous=previous,
        increments=increments,
        months=months,
        pace=float(np.nansum(increments)) / months,
        paces=np.array(moves, dtype=np.float64) / gaps,
        rates=_growth_rates(steps, gaps),
        ends=[end for _, (end, _) in moves_to],
        gaps=gaps,
        steps=steps,
        department_pace=increments / months,
        unchanged_shares=np.array([unchanged_share(*pair) for pair in pairs]),
    )
