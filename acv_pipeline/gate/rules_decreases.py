"""Rules on figures that fall from the previous accepted month.

Here: the nation, one département, several. Not here: figures that grow too fast
(``rules_pace``), monthly flows (``rules_scale``).
"""

from __future__ import annotations

from acv_pipeline.gate.case import MonthCase
from acv_pipeline.gate.course import Course
from acv_pipeline.gate.rule import Alarm, Evidence, Limits, how_many, rule, table


def _decreases(case: MonthCase, course: Course) -> Evidence:
    """The départements that fall, the deepest first."""
    return table(
        case.codes,
        course.increments < 0,
        -course.increments,
        previous=course.previous,
        delivered=case.figures,
        expected_low=course.previous,
        increment=course.increments,
    )


@rule(
    blocking=True,
    title="The national total is lower than in the previous accepted month",
    what_to_do=(
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
    course = case.course
    if course is None or course.increment >= -limits["max_decrease_share"] * course.previous_total:
        return None
    return Alarm(
        summary=(
            f"the départements both months have sum to "
            f"{course.previous_total + course.increment:,.0f}, {-course.increment:,.0f} fewer than "
            f"in {course.previous_month:%Y-%m}"
        ),
        evidence=_decreases(case, course),
    )


@rule(
    blocking=False,
    title="A département has fewer dwellings than in the previous accepted month",
    what_to_do="Look at the figures; ask {contact} if the decrease is no known correction.",
    rationale=(
        "A cumulative cannot fall, but real deliveries carry single corrections: 4 of the 8 "
        "increments of the published series hold one. Worth a look, not a hold."
    ),
)
def department_decreases(case: MonthCase, limits: Limits) -> Alarm | None:
    """Any département below its previous figure."""
    course = case.course
    if course is None or not (course.increments < 0).any():
        return None
    fallen = course.increments < 0
    return Alarm(
        summary=(
            f"{how_many(fallen, 'département falls', 'départements fall')}, "
            f"by {-course.increments[fallen].sum():,.0f} "
            f"{case.indicator.unit} in all, since {course.previous_month:%Y-%m}"
        ),
        evidence=_decreases(case, course),
    )


@rule(
    blocking=True,
    title="Several départements fall, by more than corrections do",
    what_to_do=(
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
    course = case.course
    if course is None:
        return None
    fallen = course.increments < 0
    count, total = int(fallen.sum()), float(-course.increments[fallen].sum())
    many = count > limits["max_share"] * course.common.sum()
    material = total > limits["max_decrease_share"] * course.previous_total
    if count < limits["min_departments"] or not (many or material):
        return None
    return Alarm(
        summary=(
            f"{count} of {int(course.common.sum())} départements fall since "
            f"{course.previous_month:%Y-%m}, by {total:,.0f} {case.indicator.unit} in all"
        ),
        evidence=_decreases(case, course),
    )


RULES = (
    national_total_decreases,
    department_decreases,
    several_departments_decrease,
)
