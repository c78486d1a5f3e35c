"""Rules that call for a human look at a month that may well be right.

Events that readers will ask about; signs of error are other rules'.
"""

from __future__ import annotations

import numpy as np

from acv_pipeline.gate.case import MonthCase
from acv_pipeline.gate.rule import NATIONAL, Alarm, Limits, moved, of_one, rule
from acv_pipeline.gate.trajectory import Figures
from acv_pipeline.language import both, marked


@rule(
    blocking=False,
    title=marked("The national total crosses the announced target"),
    what_to_do=marked("Read the month once more before it is quoted; confirm it with {contact}."),
    rationale=(
        "The first figure above an announced target is the one the press quotes; a mistake in it "
        "costs more than in any other month."
    ),
)
def target_crossed(case: MonthCase, limits: Limits) -> Alarm | None:
    """National total at or above the target for the first time."""
    trajectory, target = case.trajectory, case.indicator.target
    if target is None or trajectory is None:
        return None
    before, after = float(np.nansum(trajectory.previous)), float(np.nansum(case.figures))
    if not before < target.value <= after:
        return None
    return Alarm(
        summary=both(
            "the national total reaches {total:,.0f}; the target is {target:,.0f}",
            total=after,
            target=target.value,
        ),
        evidence=of_one(NATIONAL, previous=before, delivered=after, target=target.value),
    )


@rule(
    blocking=False,
    title=marked("The three leading départements are not those of the previous month"),
    what_to_do=marked(
        "Look at the newcomer's increment before the ranking is quoted; ask {contact} when it is "
        "out of proportion."
    ),
    rationale=(
        "The head of the ranking is what readers remember. It changes in one good month out of "
        "four, so this is a reminder to read the month, not a sign of error."
    ),
)
def top_three_changed(case: MonthCase, limits: Limits) -> Alarm | None:
    """The set of the three largest cumulatives differs from the previous month's."""
    trajectory = case.trajectory
    if trajectory is None or trajectory.common.sum() < 4:
        return None
    codes, common = case.codes, trajectory.common

    def top(figures: Figures) -> set[int]:
        known = np.where(common, figures, -np.inf)
        leading = np.flatnonzero(known >= np.partition(known, -3)[-3])
        order = np.argsort(-known[leading], kind="stable")
        return {int(i) for i in leading[order[:3]]}

    before, after = top(trajectory.previous), top(case.figures)
    least_after = min(case.figures[i] for i in after)
    gone = [i for i in before - after if case.figures[i] < least_after]
    if not gone:
        return None
    return Alarm(
        summary=both(
            "{newcomers} in the leading three in place of {gone}",
            newcomers=", ".join(sorted(codes[i] for i in after - before)),
            gone=", ".join(sorted(codes[i] for i in gone)),
        ),
        evidence=moved(
            case,
            np.isin(np.arange(len(codes)), sorted(before | after)),
            case.figures,
            increment=trajectory.increments,
        ),
    )
