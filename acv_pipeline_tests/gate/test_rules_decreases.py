import numpy as np

from acv_pipeline.gate.rules_decreases import (
    department_collapses,
    department_decreases,
    national_total_decreases,
    several_departments_decrease,
)
from acv_pipeline.language import Both
from acv_pipeline_tests.gate.examples import Example, Outcome, case_of, level, steady, with_first

HISTORY = steady(level())  # 96 départements at 1,000, each gaining 10 a month: 960 in all
BEFORE = level()


def _fall(count: int, by: float, outcome: Outcome) -> Example:
    """``count`` départements fall, the others grow."""
    return Example(
        several_departments_decrease,
        f"{count} fall by {by}",
        outcome,
        case_of(with_first(BEFORE + 10, count, BEFORE[:count] - by), HISTORY),
    )


def _collapse(to: float, outcome: Outcome, before: float = 1000) -> Example:
    """One département falls, the others grow."""
    return Example(
        department_collapses,
        f"one falls from {before:g} to {to:g}",
        outcome,
        case_of(with_first(BEFORE + 10, 1, to), steady(with_first(BEFORE, 1, before))),
    )


EXAMPLES = [
    Example(national_total_decreases, "first month", "silent", case_of(BEFORE)),
    Example(national_total_decreases, "stands still", "silent", case_of(BEFORE, HISTORY)),
    Example(
        national_total_decreases,
        "one dwelling less",
        "holds",
        case_of(with_first(BEFORE, 1, 999.0), HISTORY),
    ),
    Example(
        national_total_decreases,
        "a missing département is no decrease",
        "silent",
        case_of(with_first(BEFORE, 1, np.nan), HISTORY),
    ),
    Example(department_decreases, "all grow", "silent", case_of(BEFORE + 10, HISTORY)),
    Example(
        department_decreases,
        "one falls",
        "warns",
        case_of(with_first(BEFORE + 10, 1, 999.0), HISTORY),
    ),
    _fall(2, 400, "silent"),  # two, however deep
    _fall(3, 400, "holds"),
    _fall(9, 1, "silent"),  # 9.4 % of the départements, by next to nothing
    _fall(10, 1, "holds"),  # 10.4 %
    _fall(4, 118, "silent"),  # 0.49 % of the total
    _fall(4, 122, "holds"),  # 0.51 %
    _collapse(0, "holds"),  # a lookup that found nothing
    _collapse(101, "holds"),  # a digit is lost
    _collapse(200, "holds"),  # 80 %
    _collapse(300, "silent"),  # 70 %
    _collapse(np.nan, "silent"),  # no figure is none that fell
    _collapse(0, "holds", before=20),
    _collapse(0, "silent", before=19),
    Example(department_collapses, "first month", "silent", case_of(level(0))),
]


def test_one_dwelling_is_one() -> None:
    def said(by: float) -> Both:
        alarm = department_decreases(case_of(with_first(BEFORE + 10, 1, BEFORE[:1] - by), HISTORY))
        assert alarm is not None
        return alarm.summary

    assert "by 1 dwelling in all" in said(1).en and "de 1 logement en tout" in said(1).fr
    assert "by 2 dwellings in all" in said(2).en and "de 2 logements en tout" in said(2).fr
