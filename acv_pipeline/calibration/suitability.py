"""Whether the gate is for an indicator at all, and what it may be taken for."""

from __future__ import annotations

import numpy as np

from acv_pipeline.calibration.habits import MIN_STEPS, RARE
from acv_pipeline.calibration.past import Past
from acv_pipeline.gate.rules_repetition import increments_equal_sister
from acv_pipeline.language import _


def sister_of(past: Past) -> str | None:
    """The indicator beside it whose figures are most likely taken for its own.

    The one with the most months in common; none whose increments equal this one's by nature.
    """
    months = set(past.months)
    by_months = sorted(past.others, key=lambda i: (-len(months & set(past.others[i])), i))
    for candidate in by_months:
        if not months & set(past.others[candidate]):
            break
        if not any(increments_equal_sister(case) for case in past.beside(candidate).cases):
            return candidate
    return None


def refusal(past: Past) -> str | None:
    """Why the gate is not for this indicator; None where it is a cumulative count."""
    if past.not_whole > RARE:
        return _(
            "{share:.0%} of its figures have decimals: a share or a mean has no sum over the "
            "départements, and the gate is for cumulative counts",
            share=past.not_whole,
        )
    if "%" in past.unit:
        return _(
            "its unit is “{unit}”: a share, and the gate is for cumulative counts", unit=past.unit
        )
    final = past.final
    averages = [
        totals.national <= np.nanmax(figures) < np.nansum(figures) / 2
        for month, figures in zip(past.months, final, strict=True)
        if (totals := past.versions[month][-1].totals).national is not None
    ]
    if averages and np.mean(averages) > 0.5:
        return _(
            "its national figure lies among those of the départements and is not their sum: "
            "a share or a mean, and the gate is for cumulative counts"
        )
    steps = np.diff(final, axis=0)
    if len(steps) < MIN_STEPS:
        return None
    moves = steps[~np.isnan(steps) & (steps != 0)]
    falls = float((np.nansum(steps, axis=1) < 0).mean())
    falling = float((moves < 0).mean()) if len(moves) else 0.0
    if falls > 0.25 or falling > 0.25:
        return _(
            "its national sum falls in {falls:.0%} of the steps, and {falling:.0%} of the moves "
            "of its départements are downwards: a stock or a level, and the gate is for cumulative "
            "counts, which only grow",
            falls=falls,
            falling=falling,
        )
    return None
