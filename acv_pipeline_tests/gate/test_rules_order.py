import numpy as np

from acv_pipeline.gate.rules_order import ranking_reshuffled, two_departments_swapped
from acv_pipeline_tests.gate.examples import (
    Example,
    case_of,
    distinct,
    level,
    steady,
    with_first,
)

HISTORY = steady(level())
BEFORE = level()


def _reversed(count: int) -> np.ndarray:
    """Distinct figures with the first ``count`` in reverse order.

    Reversing k of 96 ranks lowers the rank correlation by 2 k (k² - 1) / (96 (96² - 1)).
    """
    figures = distinct()
    figures[:count] = figures[:count][::-1].copy()
    return figures


def _ranking(count: int, outcome: str, months: int = 5, habit: int = 0) -> Example:
    history = [distinct() if n % 2 else _reversed(habit) for n in range(months)]
    history[-1] = distinct()
    return Example(
        ranking_reshuffled,
        f"{count} ranks reversed, usually {habit}; {months} months known",
        outcome,
        case_of(_reversed(count), [f + 0.001 * n for n, f in enumerate(history)]),
    )


def _swap(
    name: str, outcome: str, one: float, other: float, growth: float = 0, fallen: int = 0
) -> Example:
    """The first two départements, at ``one`` and ``other``, exchange; the rest grows by 1 %."""
    before = np.concatenate([[one, other], 10_000 + 50 * np.arange(94)])
    after = np.rint(before * 1.01)
    after[[0, 1]] = other, one * (1 + growth)
    after[2 : 2 + fallen] = before[2 : 2 + fallen] - 1
    return Example(two_departments_swapped, name, outcome, case_of(after, [before]))


EXAMPLES = [
    Example(ranking_reshuffled, "first month", "silent", case_of(distinct())),
    _ranking(20, "silent"),  # correlation 0.982
    _ranking(21, "warns"),  # 0.979
    _ranking(21, "silent", habit=15),  # 2.75 times the usual distance from one
    _ranking(22, "warns", habit=15),  # 3.16 times
    _ranking(40, "silent", months=3),
    _ranking(40, "warns", months=4),
    _swap("exchanged", "warns", 1000, 500),
    _swap("a fall of 1.9 %", "silent", 1000, 981),
    _swap("a fall of 2.1 %", "warns", 1000, 979),
    _swap("3.9 times the common growth", "warns", 1000, 500, growth=0.039),
    _swap("4.1 times the common growth", "silent", 1000, 500, growth=0.041),
    _swap("three others fall too", "warns", 1000, 500, fallen=3),
    _swap("four others fall too", "silent", 1000, 500, fallen=4),
    Example(
        two_departments_swapped,
        "one falls, none fits",
        "silent",
        case_of(with_first(BEFORE + 10, 1, 400.0), HISTORY),
    ),
]


def test_the_exchanged_pair_is_named() -> None:
    [swap] = [e for e in EXAMPLES if e.name == "exchanged"]
    finding = two_departments_swapped(swap.case)
    assert finding is not None
    assert finding.summary.en == "000 and 001 seem exchanged"
    assert [(r["department_code"], r["delivered"], r["expected"]) for r in finding.evidence] == [
        ("000", 500, 1000),
        ("001", 1000, 500),
    ]
