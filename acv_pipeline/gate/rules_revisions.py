"""Rules on months that were accepted before and are delivered again."""

from __future__ import annotations

import numpy as np

from acv_pipeline.gate.case import MonthCase
from acv_pipeline.gate.rule import Alarm, Limits, rule, table
from acv_pipeline.gate.trajectory import has_figures


@rule(
    blocking=True,
    title="A published month is revised by more than a correction",
    what_to_do=(
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
    return Alarm(
        summary=(
            f"{int(changed.sum())} of {int(common.sum())} figures in force change ({cells:.0%}), "
            f"the national total by {moved:+,.0f} ({moved / total if total else 0:+.1%})"
            + (", a routine revision of this indicator" if routine else "")
        ),
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
    title="Figures that were already replaced come back",
    what_to_do=(
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
                summary=(
                    f"the figures are those replaced earlier; {int(changed.sum())} départements "
                    f"would go back"
                ),
                evidence=table(
                    case.codes,
                    changed,
                    np.abs(current - delivered),
                    previous=current,
                    delivered=delivered,
                    expected=current,
                ),
                probable_cause="an older delivery after a newer one",
            )
    return None


@rule(
    blocking=True,
    title="The month exceeds a later month that was accepted before",
    what_to_do=(
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
    later = [(m, case.panel(f)) for m, f in case.later if has_figures(case.panel(f))]
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
        summary=(
            f"{count} départements are above their accepted figure of {month:%Y-%m}, "
            f"by {excess:,.0f} {case.indicator.unit} in all"
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
