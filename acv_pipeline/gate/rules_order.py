"""Rules on the order of the départements: the ranking as a whole, two of them exchanged."""

from __future__ import annotations

import itertools

import numpy as np

from acv_pipeline.gate.case import MonthCase
from acv_pipeline.gate.rule import Alarm, Limits, moved, rule
from acv_pipeline.gate.trajectory import Figures
from acv_pipeline.language import both, marked, together


def _ranks(figures: Figures) -> Figures:
    """Ranks, the largest first; equal figures share their mean rank."""
    _, which, shared = np.unique(-figures, return_inverse=True, return_counts=True)
    last = np.cumsum(shared)
    return np.asarray((last - (shared - 1) / 2)[which], dtype=np.float64)


def _rank_correlation(before: Figures, after: Figures) -> float:
    """Spearman's correlation over the départements with both figures; NaN where undefined."""
    common = ~np.isnan(before) & ~np.isnan(after)
    if common.sum() < 3 or np.ptp(before[common]) == 0 or np.ptp(after[common]) == 0:
        return float("nan")
    return float(np.corrcoef(_ranks(before[common]), _ranks(after[common]))[0, 1])


@rule(
    blocking=False,
    title=marked("The ranking of the départements is reshuffled"),
    what_to_do=marked(
        "Look at the largest moves; ask {contact} whether rows were sorted or shifted."
    ),
    rationale=(
        "Ranks of a cumulative move slowly once the series has some length. How slowly depends on "
        "its age and on the size of its figures, so a month is compared with the usual reshuffling "
        "of its own series too; and long gaps reshuffle honestly, so it warns only."
    ),
)
def ranking_reshuffled(case: MonthCase, limits: Limits) -> Alarm | None:
    """Rank correlation with the previous accepted month, against a floor and the usual one."""
    trajectory = case.trajectory
    if trajectory is None or len(trajectory.paces) < limits["min_earlier_paces"]:
        return None
    correlation = _rank_correlation(trajectory.previous, case.figures)
    if not correlation < limits["min_correlation"]:
        return None
    usual = np.nanmedian(
        [_rank_correlation(a, b) for a, b in itertools.pairwise(trajectory.levels)]
    )
    if 1 - correlation <= limits["max_ratio_to_usual"] * (1 - usual):
        return None
    common = trajectory.common
    ranks = np.full((2, len(case.codes)), np.nan)
    ranks[:, common] = _ranks(trajectory.previous[common]), _ranks(case.figures[common])
    moves = np.abs(ranks[1] - ranks[0])
    return Alarm(
        summary=both(
            "rank correlation with {month:%Y-%m} is {correlation:.3f}, usually {usual:.3f}; the "
            "largest move is {largest:.0f} ranks",
            month=trajectory.previous_month,
            correlation=correlation,
            usual=usual,
            largest=np.nanmax(moves),
        ),
        evidence=moved(case, moves > 0, moves, previous_rank=ranks[0], delivered_rank=ranks[1]),
    )


@rule(
    blocking=False,
    title=marked("Two départements seem to have exchanged their figures"),
    what_to_do=marked("Compare the two rows with the previous file; ask {contact} which is right."),
    rationale=(
        "When one département falls and another rises, and each figure continues the other's "
        "trajectory, two rows or two names were exchanged. Sums don't change, so no total shows it."
    ),
)
def two_departments_swapped(case: MonthCase, limits: Limits) -> Alarm | None:
    """Pairs, one falling, that both move normally once exchanged."""
    trajectory = case.trajectory
    if trajectory is None:
        return None
    previous, delivered = trajectory.previous, case.figures
    fallen = np.flatnonzero(trajectory.increments < 0)
    if not 0 < len(fallen) <= limits["max_departments"]:
        return None
    total = max(trajectory.previous_total, 1)
    growth = max(trajectory.increment / total, 0)
    found = []
    for low in fallen:
        if previous[low] - delivered[low] <= limits["min_fall"] * previous[low]:
            continue
        # Exchanged, both go on from the other's previous figure, without falling and without
        # growing by more than a few times what all grow by.
        room = limits["max_growth_ratio"] * growth
        step_low, step_high = delivered - previous[low], delivered[low] - previous
        fits = (
            (step_low >= 0)
            & (step_high >= 0)
            & (step_low <= np.maximum(room * previous[low], 1))
            & (step_high <= np.maximum(room * previous, 1))
            & (trajectory.increments > 0)
        )
        found += [(int(low), int(high)) for high in np.flatnonzero(fits)]
    if not found:
        return None
    found.sort(key=lambda pair: trajectory.increments[pair[0]])
    return Alarm(
        summary=together(
            both("{one} and {other} seem exchanged", one=case.codes[a], other=case.codes[b])
            for a, b in found[:3]
        ),
        evidence=[
            row
            for a, b in found[:5]
            for one, other in ((a, b), (b, a))
            for row in moved(
                case,
                np.arange(len(case.codes)) == one,
                np.zeros(len(case.codes)),
                expected=np.full(len(case.codes), delivered[other]),
                increment=trajectory.increments,
            )
        ],
        probable_cause=both("two rows or two names were exchanged"),
    )
