"""Rules that compare the départements with sums somebody else made of them.

How totals move from month to month is judged elsewhere (``rules_pace``, ``rules_decreases``).
"""

from __future__ import annotations

import numpy as np

from acv_pipeline.gate.case import MonthCase
from acv_pipeline.gate.rule import NATIONAL, Alarm, Limits, of_one, rule, table
from acv_pipeline.language import both, both_plural, listed, marked

ROUNDING = 0.5
"""Sums of whole dwellings may differ by float rounding only."""


@rule(
    blocking=True,
    title=marked("The published national total is not the sum of the départements"),
    what_to_do=marked(
        "Use the sum of the départements; tell {contact} that the published total differs. Held "
        "only when the two cannot be the same quantity: then ask which of them is right."
    ),
    rationale=(
        "Published totals are made apart from the départements and go stale when one of them is "
        "corrected: a flaw of the total, so the month passes with a warning. A total further away "
        "than any correction is another quantity (a cumulative of cumulatives, another date)."
    ),
)
def national_differs_from_departments(case: MonthCase, limits: Limits) -> Alarm | None:
    """National row against the sum of the départements; holds gross differences only."""
    given = ~np.isnan(case.delivered)
    if case.totals.national is None or not given.any():
        return None
    total = float(case.delivered[given].sum())
    difference = case.totals.national - total
    if abs(difference) <= ROUNDING:
        return None
    gross = not case.missing.any() and abs(difference) > limits["gross_share"] * total
    cause = None
    if case.missing.any():
        cause = both("the national total includes départements that are missing here")
    elif case.trajectory and abs(difference + case.trajectory.increment) <= ROUNDING:
        cause = both(
            "the national total is still that of {month:%Y-%m}",
            month=case.trajectory.previous_month,
        )
    return Alarm(
        summary=both(
            "the national total is {national:,.0f}, the départements sum to {total:,.0f} "
            "({difference:+,.0f})",
            national=case.totals.national,
            total=total,
            difference=difference,
        ),
        evidence=of_one(
            NATIONAL, delivered=case.totals.national, expected=total, difference=difference
        ),
        probable_cause=cause,
        blocking=gross,
    )


@rule(
    blocking=True,
    title=marked("A published regional total is not the sum of its départements"),
    what_to_do=marked(
        "Use the sums of the départements; tell {contact} which regional totals differ. Held only "
        "when the regions as a whole cannot be the same quantity as the départements."
    ),
    rationale=(
        "As for the national total. Only the sum of the regions can be gross: between regions, "
        "real releases moved figures about while every département was right."
    ),
)
def region_differs_from_departments(case: MonthCase, limits: Limits) -> Alarm | None:
    """Regional rows against the sums of their départements; holds gross differences only."""
    given = ~np.isnan(case.delivered)
    if not case.totals.regions or not given.any():
        return None
    codes = np.array(sorted(case.totals.regions))
    published = np.array([case.totals.regions[code] for code in codes])
    sums = np.array([case.delivered[given & (case.regions == code)].sum() for code in codes])
    difference = published - sums
    wrong = np.abs(difference) > ROUNDING
    if not wrong.any():
        return None
    apart = float(np.abs(difference).sum())
    return Alarm(
        summary=both_plural(
            "{count} of {regions} regional totals differs from its départements, by {apart:,.0f} "
            "{unit} in all",
            "{count} of {regions} regional totals differ from their départements, by "
            "{apart:,.0f} {unit} in all",
            int(wrong.sum()),
            regions=len(codes),
            apart=apart,
            unit=case.indicator.units(apart),
        ),
        evidence=table(
            codes,
            wrong,
            np.abs(difference),
            key="region_code",
            delivered=published,
            expected=sums,
            difference=difference,
        ),
        blocking=not case.missing.any()
        and abs(float(difference.sum())) > limits["gross_share"] * float(sums.sum()),
    )


@rule(
    blocking=False,
    title=marked("A published total is missing"),
    what_to_do=marked("Use the sums of the départements; tell {contact} which total is missing."),
    rationale=(
        "A release that has some of the totals of a month and not the others was published in "
        "pieces: its totals can't be compared, and readers of the national row miss the month."
    ),
)
def published_total_missing(case: MonthCase, limits: Limits) -> Alarm | None:
    """Some regional totals without the national one, or without those of other regions."""
    if case.source.role == "partner":
        return None  # it may state subtotals as it likes; a release publishes them all
    counted = set(case.regions[case.delivered > 0])
    given = set(case.totals.regions)
    missing = sorted(counted - given) if given else []
    if given and case.totals.national is None:
        missing.insert(0, NATIONAL)
    if not counted or not missing:
        return None
    of = {code: case.delivered[case.regions == code] for code in missing}
    of[NATIONAL] = case.delivered
    return Alarm(
        summary=both(
            "no total for {territories}",
            territories=listed(both(each) if each == NATIONAL else each for each in missing),
        ),
        evidence=[
            row
            for territory in missing
            for row in of_one(territory, delivered=None, expected=np.nansum(of[territory]))
        ],
    )


@rule(
    blocking=True,
    title=marked("The figures do not add up to the source's own control total"),
    what_to_do=marked(
        "Compare the file with the total {contact} states: a figure was altered, lost or read "
        "twice on the way. Have the file sent again."
    ),
    rationale=(
        "The control total was made from the source's own database before the file was written. "
        "It is the only thing that sees a typing error in one département, or all figures raised "
        "by a few per cent."
    ),
)
def control_total_differs(case: MonthCase, limits: Limits) -> Alarm | None:
    """The source's stated sum against the figures it covers; quarantined rows only warn."""
    stated, total = case.totals.stated_sum, case.totals.covered_sum
    if stated is None or abs(stated - total) <= ROUNDING:
        return None
    holes = case.totals.covered_quarantined > 0
    return Alarm(
        summary=both(
            "the source states a sum of {stated:,.0f}, the figures sum to {total:,.0f} "
            "({difference:+,.0f})",
            stated=stated,
            total=total,
            difference=total - stated,
        ),
        evidence=of_one(
            marked("sum of the départements"),
            delivered=total,
            expected=stated,
            difference=total - stated,
        ),
        probable_cause=both("quarantined rows are missing from the sum") if holes else None,
        blocking=not (holes and total < stated),
    )


@rule(
    blocking=True,
    title=marked("The number of figures is not the one the source states"),
    what_to_do=marked("Ask {contact} for the complete file: rows were lost or added on the way."),
    rationale=(
        "A file cut in transfer, or filtered before the export, still looks well formed; the "
        "source's own count of rows shows the loss."
    ),
)
def control_row_count_differs(case: MonthCase, limits: Limits) -> Alarm | None:
    """The source's stated count of rows with a figure against the rows received."""
    stated = case.totals.stated_rows
    received = case.totals.covered_rows + case.totals.covered_quarantined
    if stated is None or received == stated:
        return None
    return Alarm(
        summary=both(
            "the source states {stated} rows with a figure, {received} were received",
            stated=stated,
            received=received,
        ),
        evidence=of_one(
            marked("rows with a figure"),
            delivered=received,
            expected=stated,
            difference=received - stated,
        ),
    )
