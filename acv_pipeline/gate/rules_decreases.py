"""Rules on figures that fall from the previous accepted month."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from acv_pipeline.gate.case import MonthCase
from acv_pipeline.gate.rule import Alarm, Evidence, Limits, moved, rule
from acv_pipeline.gate.trajectory import Trajectory
from acv_pipeline.language import both, both_plural, marked


def _decreases(
    case: MonthCase, trajectory: Trajectory, where: npt.NDArray[np.bool_] | None = None
) -> Evidence:
    """The départements that fall, all or those of them in ``where``, the deepest first."""
    return moved(
        case,
        trajectory.increments < 0 if where is None else where,
        -trajectory.increments,
        expected_low=trajectory.previous,
        increment=trajectory.increments,
    )


@rule(
    blocking=True,
    title=marked("The national total is lower than in the previous accepted month"),
    what_to_do=marked(
        "Ask {contact}: is it an older file, a monthly flow, one partner short, or a real "
        "correction downwards? A real one is released by a sign-off."
    ),
    rationale=(
        "Dwellings supported since the start of the programme can't become fewer; corrections of "
        "single dossiers are far smaller than one month's growth over all départements."
    ),
)
def national_total_decreases(case: MonthCase, limits: Limits) -> Alarm | None:
    """National sum over the départements both months have, against the previous month's."""
    trajectory = case.trajectory
    if (
        trajectory is None
        or trajectory.increment >= -limits["max_decrease_share"] * trajectory.previous_total
    ):
        return None
    return Alarm(
        summary=both(
            "the départements both months have sum to {total:,.0f}, {fewer:,.0f} fewer than in "
            "{month:%Y-%m}",
            total=trajectory.previous_total + trajectory.increment,
            fewer=-trajectory.increment,
            month=trajectory.previous_month,
        ),
        evidence=_decreases(case, trajectory),
    )


@rule(
    blocking=False,
    title=marked("A département has fewer dwellings than in the previous accepted month"),
    what_to_do=marked("Look at the figures; ask {contact} if the decrease is no known correction."),
    rationale=(
        "A cumulative cannot fall, but real deliveries carry single corrections: 4 of the 8 "
        "increments of the published series hold one. Worth a look, not a hold."
    ),
)
def department_decreases(case: MonthCase, limits: Limits) -> Alarm | None:
    """Any département below its previous figure."""
    trajectory = case.trajectory
    if trajectory is None or not (trajectory.increments < 0).any():
        return None
    fallen = trajectory.increments < 0
    fall = -trajectory.increments[fallen].sum()
    return Alarm(
        summary=both_plural(
            "{count} département falls, by {fall:,.0f} {unit} in all, since {month:%Y-%m}",
            "{count} départements fall, by {fall:,.0f} {unit} in all, since {month:%Y-%m}",
            int(fallen.sum()),
            fall=fall,
            unit=case.indicator.units(fall),
            month=trajectory.previous_month,
        ),
        evidence=_decreases(case, trajectory),
    )


@rule(
    blocking=True,
    title=marked("Several départements fall, by more than corrections do"),
    what_to_do=marked(
        "Ask {contact} whether the file is an older one, a monthly flow, or has its rows shifted "
        "against the départements."
    ),
    rationale=(
        "Corrections concern a few dossiers in a few départements at a time. When many fall, or "
        "several fall by a visible share of the total, the figures are not of this series."
    ),
)
def several_departments_decrease(case: MonthCase, limits: Limits) -> Alarm | None:
    """At least some départements fall, and these are many or their fall is material."""
    trajectory = case.trajectory
    if trajectory is None:
        return None
    fallen = trajectory.increments < 0
    count, total = int(fallen.sum()), float(-trajectory.increments[fallen].sum())
    many = count > limits["max_share"] * trajectory.common.sum()
    material = total > limits["max_decrease_share"] * trajectory.previous_total
    if count < limits["min_departments"] or not (many or material):
        return None
    return Alarm(
        summary=both(
            "{count} of {known} départements fall since {month:%Y-%m}, by {fall:,.0f} {unit} in "
            "all",
            count=count,
            known=int(trajectory.common.sum()),
            month=trajectory.previous_month,
            fall=total,
            unit=case.indicator.units(total),
        ),
        evidence=_decreases(case, trajectory),
    )


@rule(
    blocking=True,
    title=marked("A département loses most of its figure"),
    what_to_do=marked(
        "Ask {contact}: a lookup that found nothing writes 0, a cut figure lacks a digit, and a "
        "part stands for the whole. A real fall is released by a sign-off."
    ),
    rationale=(
        "Corrections take some dossiers away, never most of a département: no figure of a good "
        "month ever lost half of what it was. The national growth hides such a fall."
    ),
)
def department_collapses(case: MonthCase, limits: Limits) -> Alarm | None:
    """Any département of some size that falls to a small share of its previous figure."""
    trajectory = case.trajectory
    if trajectory is None:
        return None
    previous = trajectory.previous
    collapsed = previous >= limits["min_level"]
    collapsed &= -trajectory.increments > limits["max_decrease_share"] * previous
    if not collapsed.any():
        return None
    evidence = _decreases(case, trajectory, collapsed)
    worst = evidence[0]
    return Alarm(
        summary=both_plural(
            "{count} département loses most of its figure since {month:%Y-%m}: {code} goes from "
            "{before:,.0f} to {now:,.0f}",
            "{count} départements lose most of their figures since {month:%Y-%m}, first of all "
            "{code}: from {before:,.0f} to {now:,.0f}",
            int(collapsed.sum()),
            month=trajectory.previous_month,
            code=worst["department_code"],
            before=worst["previous"],
            now=worst["delivered"],
        ),
        evidence=evidence,
    )
