import dataclasses

from acv_pipeline.contract.months import shift
from acv_pipeline.gate.rules_revisions import (
    exceeds_later_month,
    large_revision,
    older_version_returns,
)
from acv_pipeline_tests.gate.examples import (
    MONTH,
    Example,
    case_of,
    level,
    with_first,
    with_habits,
)

BEFORE = level()
LARGE = level(size=200)


def _later(count: int, by: float, outcome: str) -> Example:
    """``count`` départements exceed the following accepted month."""
    return Example(
        exceeds_later_month,
        f"{count} exceed it by {by}",
        outcome,
        case_of(with_first(BEFORE - 10, count, 1000 + by), later=[BEFORE]),
    )


# Half of the cells of the latest three months, and 5 % of the total, may change by habit.
ROUTINE = with_habits(
    large_revision, routine_months=3, routine_cell_share=0.5, routine_national_share=0.05
)


def _routine(count: int, by: float, age: int, outcome: str) -> Example:
    """``count`` of 200 cells of a month change, ``age`` months before the newest delivered."""
    case = case_of(
        with_first(LARGE, count, 1000.0 + by),
        in_force=LARGE,
        indicator=ROUTINE,
        delivered_months=(MONTH, shift(MONTH, age)),
    )
    return Example(large_revision, f"{count} change by {by}, {age} months old", outcome, case)


EXAMPLES = [
    _routine(98, 1.0, 2, "warns"),
    _routine(98, 1.0, 3, "holds"),
    _routine(102, 1.0, 2, "holds"),
    _routine(98, 101.0, 2, "warns"),
    _routine(98, 103.0, 2, "holds"),
    _routine(10, 1.0, 30, "silent"),
    Example(large_revision, "first delivery", "silent", case_of(BEFORE)),
    Example(large_revision, "unchanged", "silent", case_of(BEFORE, in_force=BEFORE)),
    Example(
        large_revision,
        "10 of 200 cells",
        "silent",
        case_of(with_first(LARGE, 10, 1001.0), in_force=LARGE),
    ),
    Example(
        large_revision,
        "11 of 200 cells",
        "holds",
        case_of(with_first(LARGE, 11, 1001.0), in_force=LARGE),
    ),
    Example(
        large_revision,
        "0.98 % in one cell",
        "silent",
        case_of(with_first(LARGE, 1, 1000.0 + 1960), in_force=LARGE),
    ),
    Example(
        large_revision,
        "1.02 % in one cell",
        "holds",
        case_of(with_first(LARGE, 1, 1000.0 + 2040), in_force=LARGE),
    ),
    Example(
        older_version_returns,
        "a new version",
        "silent",
        case_of(BEFORE + 2, in_force=BEFORE + 1, superseded=[BEFORE]),
    ),
    Example(
        older_version_returns,
        "the version in force",
        "silent",
        case_of(BEFORE, in_force=BEFORE, superseded=[BEFORE]),
    ),
    Example(
        older_version_returns,
        "the replaced version",
        "holds",
        case_of(BEFORE, in_force=BEFORE + 1, superseded=[BEFORE - 1, BEFORE]),
    ),
    Example(exceeds_later_month, "no later month", "silent", case_of(BEFORE)),
    Example(exceeds_later_month, "below it", "silent", case_of(BEFORE - 1, later=[BEFORE])),
    _later(2, 400, "silent"),
    _later(3, 400, "holds"),
    _later(9, 1, "silent"),
    _later(10, 1, "holds"),
    _later(4, 118, "silent"),  # 0.49 % of the later total
    _later(4, 122, "holds"),  # 0.51 %
]


def test_a_later_month_of_the_same_delivery_only_warns() -> None:
    case = case_of(BEFORE + 10, later=[BEFORE])
    both = dataclasses.replace(case, delivered_months=(MONTH, shift(MONTH, 1)))
    alone, together = exceeds_later_month(case), exceeds_later_month(both)
    assert alone is not None and alone.blocking
    assert together is not None and not together.blocking
