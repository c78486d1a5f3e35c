import datetime as dt

import numpy as np

from acv_pipeline.contract.months import shift
from acv_pipeline.gate.rules_repetition import (
    figures_repeat_earlier_month,
    increments_equal_sister,
    most_departments_unchanged,
    partners_counted_twice,
)
from acv_pipeline_tests.gate.examples import (
    MONTH,
    Example,
    case_of,
    distinct,
    level,
    steady,
    with_first,
)

HISTORY = steady(level())
BEFORE = level()


def _still(count: int, size: int = 96) -> np.ndarray:
    """Increments of ten, but for ``count`` départements that stand still."""
    return with_first(level(10, size), count, 0)


def _habit(count: int, steps: int = 4, size: int = 96) -> list[np.ndarray]:
    """A history in which ``count`` départements stand still at every step, never the same."""
    figures, history = level(size=size), [level(size=size)]
    for step in range(steps):
        figures = figures + np.roll(_still(count, size), size // 2 * step)
        history.append(figures)
    return history


def _unchanged(count: int, outcome: str, habit: int = 0, steps: int = 4) -> Example:
    history = _habit(habit, steps)
    return Example(
        most_departments_unchanged,
        f"{count} stand still, usually {habit}; {steps} steps known",
        outcome,
        case_of(history[-1] + _still(count), history),
    )


def _repeat(count: int, outcome: str, habit: int = 0, steps: int = 4, size: int = 96) -> Example:
    history = _habit(habit, steps, size)
    return Example(
        figures_repeat_earlier_month,
        f"{count} of {size} repeat the previous month, usually {habit}; {steps} steps known",
        outcome,
        case_of(history[-1] + _still(count, size), history),
    )


def _sister(count: int, increment: float, others: float, outcome: str) -> Example:
    """``count`` départements gain what the sister gained in some earlier window."""
    own = with_first(level(others), count, increment)
    start = 100 * distinct()
    sister = {
        shift(MONTH, -9): start,
        shift(MONTH, -7): start + with_first(level(333), count, increment),
        shift(MONTH, -6): start + 777,
    }
    return Example(
        increments_equal_sister,
        f"{count} gain {increment} like the sister, the others {others}",
        outcome,
        case_of(BEFORE + own, HISTORY, sister=sister),
    )


def _partner(name: str, outcome: str, figures, other, history=HISTORY, **more) -> Example:
    partners = {"action_logement": {MONTH: other}}
    return Example(
        partners_counted_twice, name, outcome, case_of(figures, history, partners=partners, **more)
    )


OTHER = distinct()

EXAMPLES = [
    Example(most_departments_unchanged, "first month", "silent", case_of(BEFORE)),
    _unchanged(57, "silent"),
    _unchanged(58, "holds"),
    _unchanged(61, "silent", habit=31),  # 1.97 times the usual share
    _unchanged(63, "holds", habit=31),  # 2.03 times
    _unchanged(90, "silent", steps=2),
    _unchanged(90, "holds", steps=3),
    Example(figures_repeat_earlier_month, "first month", "silent", case_of(BEFORE)),
    _repeat(91, "silent"),
    _repeat(92, "holds"),
    _repeat(288, "holds", habit=250, size=300),  # 12 move, 24 % of the usual 50
    _repeat(287, "silent", habit=250, size=300),  # 13 move, 26 %
    _repeat(96, "holds", habit=86),
    _repeat(96, "silent", habit=87),  # fewer than one in ten usually moves
    Example(
        figures_repeat_earlier_month,
        "stood as still before",
        "silent",
        case_of(BEFORE + 10, [BEFORE - 20, BEFORE - 10, BEFORE, BEFORE, BEFORE + 10]),
    ),
    _repeat(96, "warns", steps=2),
    _repeat(96, "holds", steps=3),
    Example(
        figures_repeat_earlier_month,
        "repeats an older month",
        "holds",
        case_of(HISTORY[1], HISTORY),
    ),
    Example(
        figures_repeat_earlier_month,
        "equals a later month",
        "holds",
        case_of(BEFORE + 20, HISTORY, later=[BEFORE + 20]),
    ),
    Example(increments_equal_sister, "no sister known", "silent", case_of(BEFORE + 7, HISTORY)),
    _sister(30, 4, 1, "silent"),  # small numbers agree by chance
    _sister(30, 5, 1, "holds"),
    _sister(9, 20, 1, "silent"),
    _sister(10, 20, 1, "holds"),
    _sister(24, 20, 8, "silent"),  # 24 of 96 are a quarter
    _sister(25, 20, 8, "holds"),
    Example(
        increments_equal_sister,
        "the sister's figures",
        "holds",
        case_of(OTHER, HISTORY, sister={MONTH: OTHER}),
    ),
    Example(partners_counted_twice, "no other partner", "silent", case_of(BEFORE + 10, HISTORY)),
    _partner("only its own", "silent", BEFORE + 10, OTHER),
    _partner("the other's file", "holds", OTHER, OTHER),
    _partner("the other's file, ten dwellings each", "silent", level(10), level(10), []),
    _partner("the other's file, eleven dwellings each", "holds", level(11), level(11), []),
    _partner("ten départements", "holds", level(500, 10), level(500, 10), []),
    _partner("nine départements", "silent", level(500, 9), level(500, 9), []),
    _partner(
        "57 of 96 with both", "silent", BEFORE + with_first(10 * OTHER, 57, OTHER[:57]), OTHER
    ),
    _partner("58 of 96 with both", "holds", BEFORE + with_first(10 * OTHER, 58, OTHER[:58]), OTHER),
    _partner("both, and 1.5 times the fastest", "holds", BEFORE + OTHER + 15, OTHER),
    _partner("both, and 1.6 times the fastest", "silent", BEFORE + OTHER + 16, OTHER),
    _partner("both, one step known", "silent", BEFORE + OTHER + 5, OTHER, HISTORY[-2:]),
    _partner("both, two steps known", "holds", BEFORE + OTHER + 5, OTHER, HISTORY[-3:]),
    _partner("added to the month in force", "holds", BEFORE + OTHER, OTHER, [], in_force=BEFORE),
]


def test_the_cause_names_the_sister_and_the_window() -> None:
    [example] = [e for e in EXAMPLES if e.name.startswith("25 gain")]
    finding = increments_equal_sister(example.case)
    assert finding is not None
    assert str(finding.probable_cause) == (
        "increments equal those of nb-logements-renoves-petites-villes "
        "from 2020-09 to 2020-11 in 25 of 96 départements"
    )


def test_a_stale_file_is_named_by_the_month_it_repeats() -> None:
    finding = figures_repeat_earlier_month(case_of(HISTORY[1], HISTORY))
    assert finding is not None
    assert (
        str(finding.probable_cause)
        == "figures equal those of 2021-02: a stale file under a new name"
    )


def test_the_published_total_with_a_partner_twice_is_recognised() -> None:
    partners = {"anah": {MONTH: BEFORE}, "action_logement": {MONTH: OTHER}}
    right = case_of(BEFORE + OTHER, source="barometre", partners=partners)
    twice = case_of(BEFORE + 2 * OTHER, source="barometre", partners=partners)
    assert partners_counted_twice(right) is None
    finding = partners_counted_twice(twice)
    assert finding is not None
    assert "counted twice" in str(finding.probable_cause)


def test_only_figures_up_to_the_month_are_the_other_partners() -> None:
    partners = {"action_logement": {dt.date(2021, 7, 1): OTHER}}
    assert partners_counted_twice(case_of(OTHER, HISTORY, partners=partners)) is None
