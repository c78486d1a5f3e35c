"""Rules on which départements a month covers."""

from __future__ import annotations

import numpy as np

from acv_pipeline.gate.case import MonthCase
from acv_pipeline.gate.rule import Alarm, Limits, rule, table
from acv_pipeline.gate.trajectory import has_figures
from acv_pipeline.language import both, both_plural, marked, together

QUARANTINED = marked("quarantined")
ABSENT = marked("absent")
UNREADABLE = marked("absent or unreadable")
"""What became of the row of a département without a figure."""


@rule(
    blocking=True,
    title=marked("A département of the panel has no figure"),
    what_to_do=marked(
        "Ask {contact} for the missing départements. If some rows were quarantined, correct them "
        "at the source and have the file sent again."
    ),
    rationale=(
        "The list of départements with a city in the programme is known and has not changed since "
        "2018; a file without one of them is cut, filtered or badly keyed. Absent is never zero. "
        "An indicator whose départements come late, or have no figure now and then, says which."
    ),
)
def panel_department_missing(case: MonthCase, limits: Limits) -> Alarm | None:
    """Expected départements without a figure; quarantined rows and small figures may only warn."""
    missing = case.missing
    if not missing.any():
        return None
    panel, absent = int(case.in_panel.sum()), int(missing.sum())
    previous = case.trajectory.previous if case.trajectory else np.full(len(case.codes), np.nan)
    small = missing & (previous < limits["small_figure"])
    known = missing & case.quarantined
    # each of the others may be a row whose code could not be read, while there are as many
    unknown = int((missing & ~known & ~small).sum())
    tolerable = unknown <= case.unreadable + limits["max_missing"] and (
        int((missing & ~small).sum()) <= limits["max_quarantined_share"] * panel
    )
    summary = both(
        "{absent} of {panel} expected départements have no figure, {known} of them because their "
        "row was quarantined",
        absent=absent,
        panel=panel,
        known=int(known.sum()),
    )
    if case.unreadable and unknown:
        unreadable = both_plural(
            "{count} quarantined row names no known département and may be among the other "
            "{others}",
            "{count} quarantined rows name no known département and may be among the other "
            "{others}",
            case.unreadable,
            others=unknown,
        )
        summary = together([summary, unreadable])
    return Alarm(
        summary=summary,
        evidence=table(
            case.codes,
            missing,
            np.nan_to_num(previous, nan=0),
            previous=previous,
            delivered=case.delivered,
            row=np.where(known, QUARANTINED, UNREADABLE if case.unreadable else ABSENT),
        ),
        blocking=not tolerable,
    )


@rule(
    blocking=True,
    title=marked("A département outside the panel has a figure above zero"),
    what_to_do=marked(
        "Ask {contact} whether the file is of another programme, keyed by region, or whether a "
        "city has joined the programme (then change the panel in the contract)."
    ),
    rationale=(
        "Départements without a city in the programme cannot have dwellings in it; figures there "
        "mean another indicator, another geography, or shifted rows."
    ),
)
def figure_outside_panel(case: MonthCase, limits: Limits) -> Alarm | None:
    """Figures above zero where the indicator expects none."""
    outside = ~case.in_panel & (case.delivered > 0)
    if not outside.any():
        return None
    dwellings = case.delivered[outside].sum()
    return Alarm(
        summary=both_plural(
            "{count} département without a city in the programme has {dwellings:,.0f} {unit}",
            "{count} départements without a city in the programme have {dwellings:,.0f} {unit}",
            int(outside.sum()),
            dwellings=dwellings,
            unit=case.indicator.units(dwellings),
        ),
        evidence=table(
            case.codes,
            outside,
            case.delivered,
            delivered=case.delivered,
            expected=np.zeros(len(case.codes)),
        ),
    )


@rule(
    blocking=False,
    title=marked("Every figure of the month is zero"),
    what_to_do=marked(
        "Nothing, when the month is the declared starting point of the series; else ask {contact} "
        "for the figures."
    ),
    rationale=(
        "A baseline of zeros is published in front of some series. It is a convention and no "
        "measurement: no increment and no pace is ever counted from it."
    ),
)
def all_figures_zero(case: MonthCase, limits: Limits) -> Alarm | None:
    """A month in which départements were delivered, all at zero."""
    given = ~np.isnan(case.delivered)
    if not given.any() or has_figures(case.delivered):
        return None
    return Alarm(
        summary=both("all {count} delivered figures are zero", count=int(given.sum())),
        evidence=table(case.codes, given, case.delivered, delivered=case.delivered),
        probable_cause=both("a declared starting point, or an export of an empty table"),
    )
