"""Rules on figures that grow faster than they usually do.

A pace is per month elapsed. Rules on pace stay silent until enough earlier paces are known.
"""

from __future__ import annotations

import numpy as np

from acv_pipeline.gate.case import MonthCase
from acv_pipeline.gate.rule import NATIONAL, Alarm, Evidence, Limits, moved, of_one, rule
from acv_pipeline.gate.trajectory import Trajectory
from acv_pipeline.language import both, both_plural, marked


def _usual_largest_share(trajectory: Trajectory) -> float:
    """Median over earlier steps of the largest département's share of all increments above zero."""
    gains = np.maximum(np.nan_to_num(trajectory.department_paces, nan=0), 0)
    gross = gains.sum(axis=1)
    shares = gains.max(axis=1)[gross > 0] / gross[gross > 0]
    return float(np.median(shares)) if len(shares) else 0.0


def _fastest_departments(case: MonthCase, trajectory: Trajectory, ratio: float) -> Evidence:
    """Départements above ``ratio`` times their own usual pace, by how far above."""
    high = trajectory.previous + ratio * np.maximum(trajectory.usual_paces, 0) * trajectory.months
    return moved(
        case,
        case.figures > high,
        case.figures - high,
        expected_low=trajectory.previous,
        expected_high=high,
        increment=trajectory.increments,
    )


@rule(
    blocking=True,
    title=marked("The national total grows far faster than it ever did"),
    what_to_do=marked(
        "Ask {contact} what was added: another programme, a partner counted twice, or dwellings "
        "of earlier months entered late? Late entries are released by a sign-off."
    ),
    rationale=(
        "The number of dossiers a month is bounded by budgets and staff; it varies with the season "
        "by a factor of about two around its median. A young programme grows in proportion to its "
        "level instead: it is given its latest rates of growth. A campaign comes back: the same "
        "month of the year before counts too, and grows with the programme. Gaps of several months "
        "are spread over the months elapsed."
    ),
)
def national_pace_jumps(case: MonthCase, limits: Limits) -> Alarm | None:
    """National pace above all that earlier paces, the season and the latest growth allow."""
    trajectory = case.trajectory
    if trajectory is None or len(trajectory.paces) < limits["min_earlier_paces"]:
        return None
    usual, fastest = float(np.median(trajectory.paces)), float(trajectory.paces.max())
    rate = float(np.median(trajectory.rates[-int(limits["min_earlier_paces"]) :]))
    growing = (1 + limits["max_ratio_to_rate"] * max(rate, 0)) ** trajectory.months - 1
    high = max(
        limits["max_ratio"] * usual,
        limits["max_ratio_to_fastest"] * fastest,
        limits["max_ratio_to_season"] * trajectory.seasonal_pace,
        trajectory.previous_total * growing / trajectory.months,
    )
    growth = limits["min_growth"] * trajectory.previous_total
    if high <= 0 or trajectory.pace <= high or trajectory.increment <= growth:
        return None
    return Alarm(
        summary=both(
            "{pace:,.0f} {unit} a month since {month:%Y-%m}; the usual pace is {usual:,.0f}, the "
            "fastest so far {fastest:,.0f}, and {high:,.0f} would not surprise",
            pace=trajectory.pace,
            unit=case.indicator.units(trajectory.pace),
            month=trajectory.previous_month,
            usual=usual,
            fastest=fastest,
            high=high,
        ),
        evidence=of_one(
            NATIONAL,
            previous=trajectory.previous_total,
            delivered=trajectory.previous_total + trajectory.increment,
            expected_low=trajectory.previous_total,
            expected_high=trajectory.previous_total + high * trajectory.months,
            increment=trajectory.increment,
        )
        + _fastest_departments(case, trajectory, limits["max_ratio"]),
    )


@rule(
    blocking=True,
    title=marked("One département brings most of the national increase"),
    what_to_do=marked(
        "Ask {contact} for the dossiers behind this département's increase: a typing error, a "
        "batch entered late, or dwellings of another programme?"
    ),
    rationale=(
        "With about a hundred départements, the largest brought 4 to 37 % of the increase in every "
        "good month on record. More than all others together is an error, or one exceptional "
        "operation that somebody should have confirmed. Sparse series, where single operations "
        "usually make the month, are compared with their own habit."
    ),
)
def one_department_dominates(case: MonthCase, limits: Limits) -> Alarm | None:
    """The largest increment against the sum of all increments above zero."""
    trajectory = case.trajectory
    if trajectory is None or trajectory.gross_increment <= 0:
        return None
    largest = int(np.nanargmax(trajectory.increments))
    increment = float(trajectory.increments[largest])
    share = increment / trajectory.gross_increment
    if (
        share <= limits["max_share"]
        or share <= limits["min_ratio_to_usual"] * _usual_largest_share(trajectory)
        or increment <= limits["min_share_of_total"] * trajectory.previous_total
        or increment < limits["min_increment"]
        or len(trajectory.paces) < limits["min_earlier_paces"]
    ):
        return None
    usual = trajectory.usual_paces
    return Alarm(
        summary=both(
            "département {code} brings {increment:,.0f} of {all:,.0f} {unit} ({share:.0%}) since "
            "{month:%Y-%m}",
            code=case.codes[largest],
            increment=increment,
            all=trajectory.gross_increment,
            unit=case.indicator.units(trajectory.gross_increment),
            share=share,
            month=trajectory.previous_month,
        ),
        evidence=moved(
            case,
            trajectory.increments > 0,
            trajectory.increments,
            expected=trajectory.previous + np.maximum(usual, 0) * trajectory.months,
            increment=trajectory.increments,
            share_of_increase=trajectory.increments / trajectory.gross_increment,
        ),
    )


@rule(
    blocking=False,
    title=marked("Many départements grow far faster than they usually do"),
    what_to_do=marked("Compare with the budget year; ask {contact} if nothing explains the rise."),
    rationale=(
        "A good month lifts some départements well above their own pace, not a third of them at "
        "once; a year-end or a late batch can, so this warns and does not hold."
    ),
)
def departments_above_own_pace(case: MonthCase, limits: Limits) -> Alarm | None:
    """Share of the départements above a multiple of their own usual pace."""
    trajectory = case.trajectory
    if trajectory is None or len(trajectory.paces) < limits["min_earlier_paces"]:
        return None
    usual = trajectory.usual_paces
    judged = trajectory.common & (usual > 0)
    if not judged.any():
        return None
    above = judged & (trajectory.department_pace > limits["ratio"] * usual)
    share = float(above.sum() / judged.sum())
    if share <= limits["max_share"]:
        return None
    return Alarm(
        summary=both(
            "{count} of {judged} départements ({share:.0%}) grow more than {ratio:g} times as fast "
            "as they usually do",
            count=int(above.sum()),
            judged=int(judged.sum()),
            share=share,
            ratio=limits["ratio"],
        ),
        evidence=_fastest_departments(case, trajectory, limits["ratio"]),
    )


@rule(
    blocking=False,
    title=marked("A département leaps: far above its own level and pace, alone"),
    what_to_do=marked(
        "Ask {contact} to confirm the figure: a digit typed twice, a figure added twice?"
    ),
    rationale=(
        "A figure entered twice doubles a département; a wrong leading digit moves it further. "
        "Real départements do double now and then after a large operation, so this only warns."
    ),
)
def department_leaps(case: MonthCase, limits: Limits) -> Alarm | None:
    """Départements that gain a large share of their level, of the increase, and of their pace."""
    trajectory = case.trajectory
    if trajectory is None or len(trajectory.paces) < limits["min_earlier_paces"]:
        return None
    fastest = trajectory.fastest_paces
    with np.errstate(invalid="ignore"):
        leaps = (
            (trajectory.increments > limits["min_growth"] * trajectory.previous)
            & (trajectory.increments > limits["min_share_of_increase"] * trajectory.gross_increment)
            & (trajectory.department_pace > limits["min_ratio_to_fastest"] * fastest)
        )
    if not leaps.any():
        return None
    high = trajectory.previous + limits["min_ratio_to_fastest"] * fastest * trajectory.months
    return Alarm(
        summary=both_plural(
            "{count} département grows by more than {growth:.0%} of the level and more than "
            "{ratio:g} times as fast as ever",
            "{count} départements grow by more than {growth:.0%} of the level and more than "
            "{ratio:g} times as fast as ever",
            int(leaps.sum()),
            growth=limits["min_growth"],
            ratio=limits["min_ratio_to_fastest"],
        ),
        evidence=moved(
            case,
            leaps,
            trajectory.increments,
            expected_low=trajectory.previous,
            expected_high=high,
            increment=trajectory.increments,
        ),
    )
