"""Rules on the scale of all figures at once: another unit, one factor, flows, sums of sums."""

from __future__ import annotations

import numpy as np

from acv_pipeline.gate.case import MonthCase
from acv_pipeline.gate.rule import Alarm, Limits, moved, rule
from acv_pipeline.gate.trajectory import Figures, Trajectory
from acv_pipeline.language import both, marked


def _ratios(case: MonthCase, trajectory: Trajectory) -> Figures:
    """Delivered over previous, for départements above zero in the previous month."""
    above = trajectory.previous > 0
    ratios: Figures = np.full(len(above), np.nan)
    ratios[above] = case.figures[above] / trajectory.previous[above]
    return ratios


def _slowest_growth(
    before: Figures, after: Figures, min_level: float, min_departments: float, quantile: float
) -> tuple[float, float]:
    """Growth of the slowest départements (a low quantile), and as a share of the national growth.

    NaN when too few départements can be judged; the share is 0 when the nation does not grow.
    """
    judged = (before >= min_level) & ~np.isnan(after)
    if judged.sum() < min_departments:
        return float("nan"), float("nan")
    slowest = float(np.quantile(after[judged] / before[judged] - 1, quantile))
    national = float(after[judged].sum() / before[judged].sum() - 1)
    return slowest, slowest / national if national > 0 else 0.0


@rule(
    blocking=True,
    title=marked("Every département has about twice its previous figure"),
    what_to_do=marked(
        "Ask {contact} whether cumulatives were added up (a cumulative of a cumulative, or a file "
        "concatenated with its predecessor)."
    ),
    rationale=(
        "Adding this month's cumulative to last month's doubles every département at once. Real "
        "growth scatters: when a young series doubles, its départements do so by very different "
        "factors."
    ),
)
def national_total_doubles(case: MonthCase, limits: Limits) -> Alarm | None:
    """National ratio near two, and most départements near two as well."""
    trajectory = case.trajectory
    if trajectory is None or len(trajectory.paces) < limits["min_earlier_paces"]:
        return None
    total = trajectory.previous_total
    if total <= 0:
        return None
    national = 1 + trajectory.increment / total
    ratios = _ratios(case, trajectory)
    low, high = limits["low"], limits["high"]
    near = (ratios >= low) & (ratios <= high)
    share = float(near.sum() / max(1, (~np.isnan(ratios)).sum()))
    if not (low <= national <= high and share > limits["min_share"]):
        return None
    return Alarm(
        summary=both(
            "the national total is {national:.2f} times that of {month:%Y-%m}, and {share:.0%} of "
            "the départements are within {low:g} to {high:g} times theirs",
            national=national,
            month=trajectory.previous_month,
            share=share,
            low=low,
            high=high,
        ),
        evidence=moved(
            case,
            near,
            trajectory.increments,
            expected_low=trajectory.previous,
            ratio=ratios,
        ),
        probable_cause=both("this month's cumulative was added to an earlier one"),
    )


@rule(
    blocking=True,
    title=marked("All figures are multiplied by one factor"),
    what_to_do=marked("Ask {contact} for the unit and the decimal sign of the export."),
    rationale=(
        "A lost decimal sign or a change of unit multiplies all départements alike, by ten or "
        "more, or divides them. No month's growth is that uniform, nor that large."
    ),
)
def figures_scaled(case: MonthCase, limits: Limits) -> Alarm | None:
    """The median ratio to the previous figures is far from one and shared by most."""
    trajectory = case.trajectory
    if trajectory is None or len(trajectory.paces) < limits["min_earlier_paces"]:
        return None
    ratios = _ratios(case, trajectory)
    known = ~np.isnan(ratios) & (ratios > 0)
    if not known.any():
        return None
    factor = float(np.median(ratios[known]))
    spread = limits["spread"]
    alike = known & (ratios >= factor / spread) & (ratios <= factor * spread)
    far = factor >= limits["min_factor"] or factor <= 1 / limits["min_factor"]
    if not far or alike.sum() <= limits["min_share"] * known.sum():
        return None
    return Alarm(
        summary=both(
            "{count} of {known} départements are about {factor:.3g} times their figure of "
            "{month:%Y-%m}",
            count=int(alike.sum()),
            known=int(known.sum()),
            factor=factor,
            month=trajectory.previous_month,
        ),
        evidence=moved(
            case,
            alike,
            np.abs(trajectory.increments),
            expected=case.figures / factor,
            ratio=ratios,
        ),
        probable_cause=both(
            "all figures about {factor:.3g} times: another unit or decimal sign", factor=factor
        ),
    )


@rule(
    blocking=True,
    title=marked("Even the slowest départements grow: all figures seem raised"),
    what_to_do=marked(
        "Ask {contact} whether the counting has changed (another perimeter, another status of "
        "dossiers) or a factor was applied; a new way of counting is released by a sign-off."
    ),
    rationale=(
        "In every month some départements hardly move. When even these gain some per cent, more "
        "than they ever did in a step as long as this one, the same factor was applied to all, "
        "however modest the national increase looks."
    ),
)
def all_figures_raised(case: MonthCase, limits: Limits) -> Alarm | None:
    """Growth of the slowest départements, against earlier steps at least as long."""
    trajectory = case.trajectory
    if trajectory is None:
        return None
    judging = limits["min_level"], limits["min_departments"], limits["quantile"]
    growth, evenness = _slowest_growth(trajectory.previous, case.figures, *judging)
    long_enough = np.flatnonzero(trajectory.gaps >= trajectory.months)[-int(limits["max_steps"]) :]
    steps = [trajectory.steps[step] for step in long_enough]
    earlier = [_slowest_growth(before, after, *judging) for before, after in steps]
    earlier = [known for known in earlier if not np.isnan(known[0])]
    if len(earlier) < limits["min_earlier_paces"] or not growth > limits["min_growth"]:
        return None
    most, most_even = np.maximum(np.max(earlier, axis=0), 0)
    ratio = limits["min_ratio_to_most"]
    if growth <= ratio * most or evenness <= ratio * most_even:
        return None
    ratios = _ratios(case, trajectory)
    return Alarm(
        summary=both(
            "{share:.0%} of the départements grow by more than {growth:.1%} since {month:%Y-%m}; "
            "in earlier steps at most by {most:.1%}",
            share=1 - limits["quantile"],
            growth=growth,
            month=trajectory.previous_month,
            most=most,
        ),
        evidence=moved(
            case,
            trajectory.common & (trajectory.previous > 0),
            -ratios,
            increment=trajectory.increments,
            ratio=ratios,
        ),
        probable_cause=both("one factor applied to all figures, or another way of counting"),
    )


@rule(
    blocking=True,
    title=marked("The figures look like one month's flow, not like a cumulative"),
    what_to_do=marked("Ask {contact} for the cumulative figures since the start of the programme."),
    rationale=(
        "A monthly flow sent in place of the cumulative falls far below the level reached, while "
        "its sum is of the size of the usual monthly increase."
    ),
)
def flow_instead_of_cumulative(case: MonthCase, limits: Limits) -> Alarm | None:
    """National sum well below the level, near the usual monthly pace, most départements below."""
    trajectory = case.trajectory
    if trajectory is None or not len(trajectory.paces):
        return None
    level, total = trajectory.previous_total, trajectory.previous_total + trajectory.increment
    usual = float(np.median(trajectory.paces))
    factor = limits["pace_factor"]
    below = trajectory.increments < 0
    if (
        total <= 0
        or total >= limits["max_share_of_level"] * level
        or not usual / factor <= total <= usual * factor * trajectory.months
        or below.sum() <= trajectory.common.sum() / 2
    ):
        return None
    return Alarm(
        summary=both(
            "the figures sum to {total:,.0f}, against a level of {level:,.0f} and a usual "
            "{usual:,.0f} a month",
            total=total,
            level=level,
            usual=usual,
        ),
        evidence=moved(
            case,
            below,
            -trajectory.increments,
            expected_low=trajectory.previous,
            expected=trajectory.previous + case.figures,
            increment=trajectory.increments,
        ),
        probable_cause=both("a monthly flow delivered as a cumulative"),
    )
