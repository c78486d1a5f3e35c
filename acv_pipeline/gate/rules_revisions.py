"""Rules on months that were accepted before and are delivered again."""

from __future__ import annotations

import numpy as np

from acv_pipeline.contract import Month
from acv_pipeline.gate.case import MonthCase
from acv_pipeline.gate.rule import Alarm, Limits, rule, table
from acv_pipeline.gate.trajectory import has_figures
from acv_pipeline.language import both, both_plural, marked


@rule(
    blocking=True,
    title=marked("A published month is revised by more than a correction"),
    what_to_do=marked(
        "Ask {contact} for the reason of the revision; release it with a sign-off that names it."
    ),
    rationale=(
        "Readers already have the earlier figures. Most corrections touch a few cells; one that "
        "touches more, or moves the national total, needs a reason on record. An indicator that is "
        "revised as a habit says how far back and how much: such a revision is told and passes."
    ),
)
def large_revision(case: MonthCase, limits: Limits) -> Alarm | None:
    """Changed cells, and change of the national sum; what is routine of a recent month warns."""
    if case.in_force is None:
        return None
    before, after = case.panel(case.in_force), case.figures
    common = ~np.isnan(before) & ~np.isnan(after)
    changed = common & (before != after)
    if not changed.any():
        return None
    cells = float(changed.sum() / common.sum())
    total = float(before[common].sum())
    moved = float((after - before)[common].sum())
    if cells <= limits["max_cell_share"] and abs(moved) <= limits["max_national_share"] * total:
        return None
    routine = (
        case.age < limits["routine_months"]
        and cells <= limits["routine_cell_share"]
        and abs(moved) <= limits["routine_national_share"] * total
    )
    summary = both(
        "{count} of {known} figures in force change ({share:.0%}), the national total by "
        "{moved:+,.0f} ({moved_share:+.1%})",
        count=int(changed.sum()),
        known=int(common.sum()),
        share=cells,
        moved=moved,
        moved_share=moved / total if total else 0,
    )
    if routine:
        summary = both("{change}, a routine revision of this indicator", change=summary)
    return Alarm(
        summary=summary,
        blocking=not routine,
        evidence=table(
            case.codes,
            changed,
            np.abs(after - before),
            previous=before,
            delivered=after,
            change=after - before,
        ),
    )


@rule(
    blocking=True,
    title=marked("Figures that were already replaced come back"),
    what_to_do=marked(
        "Probably an old file was sent again: ask {contact} for the current one. If the earlier "
        "figures were right after all, release them with a sign-off."
    ),
    rationale=(
        "A correction is hardly ever taken back to the very figures it replaced; an old file sent "
        "again, or read again, is the common case."
    ),
)
def older_version_returns(case: MonthCase, limits: Limits) -> Alarm | None:
    """Delivered figures equal a replaced version and differ from those in force."""
    if case.in_force is None:
        return None
    current, delivered = case.panel(case.in_force), case.figures
    if np.array_equal(current, delivered, equal_nan=True):
        return None
    for version in reversed(case.superseded):
        if np.array_equal(case.panel(version), delivered, equal_nan=True):
            changed = ~np.isnan(current) & ~np.isnan(delivered) & (current != delivered)
            return Alarm(
                summary=both_plural(
                    "the figures are those replaced earlier; {count} département would go back",
                    "the figures are those replaced earlier; {count} départements would go back",
                    int(changed.sum()),
                ),
                evidence=table(
                    case.codes,
                    changed,
                    np.abs(current - delivered),
                    previous=current,
                    delivered=delivered,
                    expected=current,
                ),
                probable_cause=both("an older delivery after a newer one"),
            )
    return None


@rule(
    blocking=True,
    title=marked("The month exceeds a later month that was accepted before"),
    what_to_do=marked(
        "Ask {contact} which of the two months is right; the later one may have to be corrected "
        "too."
    ),
    rationale=(
        "A cumulative delivered late, or revised, must fit under the months that follow it. When "
        "the same delivery also brings the later month anew, that month is judged after this one, "
        "so this only warns."
    ),
)
def exceeds_later_month(case: MonthCase, limits: Limits) -> Alarm | None:
    """Départements above their figure in the next accepted month, by a material sum."""
    until = min((m for m in case.indicator.months_of_breaks if m > case.month), default=Month.max)
    later = [(m, case.panel(f)) for m, f in case.later if m < until and has_figures(case.panel(f))]
    if not later or not has_figures(case.figures):
        return None
    month, after = later[0]
    above = case.figures > after
    count, excess = int(above.sum()), float((case.figures - after)[above].sum())
    common = ~np.isnan(case.figures) & ~np.isnan(after)
    many = count > limits["max_share"] * common.sum()
    material = excess > limits["max_excess_share"] * float(after[common].sum())
    if count < limits["min_departments"] or not (many or material):
        return None
    return Alarm(
        summary=both_plural(
            "{count} département is above its accepted figure of {month:%Y-%m}, by "
            "{excess:,.0f} {unit} in all",
            "{count} départements are above their accepted figure of {month:%Y-%m}, by "
            "{excess:,.0f} {unit} in all",
            count,
            month=month,
            excess=excess,
            unit=case.indicator.units(excess),
        ),
        evidence=table(
            case.codes,
            above,
            case.figures - after,
            delivered=case.figures,
            expected_high=after,
        ),
        blocking=month not in case.delivered_months,
    )
