import dataclasses

import numpy as np

from acv_pipeline.contract.months import shift
from acv_pipeline.gate.rules_pace import (
    department_leaps,
    departments_above_own_pace,
    national_pace_jumps,
    one_department_dominates,
)
from acv_pipeline_tests.gate.examples import Example, case_of, level, steady, with_first

HISTORY = steady(level())  # 96 départements at 1,000, each gaining 10 a month: 960 in all
BEFORE = level()


def _pace(name: str, outcome: str, national: float, history=HISTORY) -> Example:
    """All grow alike, ``national`` dwellings in all."""
    return Example(
        national_pace_jumps, name, outcome, case_of(history[-1] + national / 96, history)
    )


def _uneven(steps: list[float]) -> list[np.ndarray]:
    """A history ending at 1,000 with these national increments."""
    levels = [1000 - sum(steps[n:]) / 96 for n in range(len(steps) + 1)]
    return [level(value) for value in levels]


# A quiet beginning, then 20 % a month: the usual pace is far behind, the fastest one too.
GROWING = [level(1000 / 1.2**n) for n in (3, 2, 1, 0)]
GROWING = [GROWING[0] - 10 * n for n in range(9, 0, -1)] + GROWING


# A campaign of 2,000 in June a year ago; in May the pace was twice that of a year before
CAMPAIGN = _uneven([960, 2000, *[960] * 10, 1920])


def _largest(increment: float, others: float, outcome: str, history=HISTORY) -> Example:
    return Example(
        one_department_dominates,
        f"one gains {increment}, the others {others}; {len(history)} months known",
        outcome,
        case_of(with_first(history[-1] + others, 1, history[-1][0] + increment), history),
    )


# The first département usually brings 600 of 1,550, the others 10 each.
SPARSE = steady(BEFORE, step=with_first(level(10), 1, 600.0))


def _faster(count: int, increment: float, outcome: str, history=HISTORY) -> Example:
    return Example(
        departments_above_own_pace,
        f"{count} gain {increment} instead of 10; {len(history)} months known",
        outcome,
        case_of(with_first(BEFORE + 10, count, BEFORE[:count] + increment), history),
    )


def _leap(
    increment: float, outcome: str, others: float = 10, own: float = 10, steps: int = 4
) -> Example:
    """One département at 500 gains ``increment`` against ``own`` before."""
    before = with_first(level(10_000), 1, 500.0)
    pace = with_first(level(others), 1, own)
    return Example(
        department_leaps,
        f"gains {increment} after {own} a month, others {others}; {steps} steps known",
        outcome,
        case_of(
            with_first(before + others, 1, 500 + increment),
            [before - pace * back for back in range(steps, -1, -1)],
        ),
    )


EXAMPLES = [
    _pace("2.45 times the usual", "silent", 2352),
    _pace("2.55 times the usual", "holds", 2448),
    _pace("too few paces", "silent", 9600, HISTORY[-3:]),
    _pace("just enough paces", "holds", 9600, HISTORY[-4:]),
    _pace("1.45 times the fastest", "silent", 2900, _uneven([960, 960, 960, 2000])),
    _pace("1.55 times the fastest", "holds", 3100, _uneven([960, 960, 960, 2000])),
    _pace("1.45 times the latest rates of growth", "silent", 1.45 * 0.2 * 96_000, GROWING),
    _pace("1.55 times the latest rates of growth", "holds", 1.55 * 0.2 * 96_000, GROWING),
    _pace("1.45 times the season, grown in a year", "silent", 1.45 * 4000, CAMPAIGN),
    _pace("1.55 times the season, grown in a year", "holds", 1.55 * 4000, CAMPAIGN),
    _pace("1.95 % of a high level", "silent", 9360, steady(level(5000))),
    _pace("2.05 % of a high level", "holds", 9840, steady(level(5000))),
    _largest(940, 10, "silent"),  # 940 of 1,890
    _largest(960, 10, "holds"),  # 960 of 1,910
    _largest(19, 0, "silent", steady(level(50))),
    _largest(20, 0, "holds", steady(level(50))),
    _largest(280, 0, "silent"),  # 0.29 % of 96,000
    _largest(296, 0, "holds"),  # 0.31 %
    _largest(5000, 10, "silent", HISTORY[-2:]),
    _largest(5000, 10, "holds", HISTORY[-3:]),
    _largest(2800, 10, "silent", SPARSE),  # 75 % of the increase, usually 38 %
    _largest(3400, 10, "holds", SPARSE),  # 78 %
    _faster(48, 29, "silent"),
    _faster(48, 31, "warns"),
    _faster(33, 50, "silent"),  # 34 % of the départements
    _faster(34, 50, "warns"),  # 35.4 %
    _faster(48, 50, "silent", HISTORY[-3:]),
    _faster(48, 50, "warns", HISTORY[-4:]),
    _leap(245, "silent"),
    _leap(255, "warns"),
    _leap(490, "silent", others=100),  # 490 of 9,990: 4.9 % of the increase
    _leap(510, "warns", others=100),  # 5.1 %
    _leap(290, "silent", own=100),
    _leap(310, "warns", own=100),
    _leap(400, "silent", steps=2),
    _leap(400, "warns", steps=3),
]


def test_a_gap_is_spread_over_the_months_elapsed() -> None:
    """Three months' growth after a gap of three months is no jump; in one month it is."""
    case = case_of(BEFORE + 3 * 10, HISTORY)
    assert national_pace_jumps(case) is not None
    shifted = [(shift(month, -2), figures) for month, figures in case.history]
    gap = dataclasses.replace(case, history=shifted)
    assert national_pace_jumps(gap) is None


def test_a_series_republished_unchanged_has_moved_slowly_not_jumped() -> None:
    """Quarterly figures under monthly dates: 30 every third month, always."""
    quarterly = [level(1000 + 30 * (n // 3)) for n in range(12)]
    assert national_pace_jumps(case_of(level(1120), quarterly)) is None
    assert national_pace_jumps(case_of(level(1180), quarterly)) is not None


def test_evidence_is_plain_and_names_the_expected_range() -> None:
    finding = national_pace_jumps(case_of(with_first(BEFORE + 30, 1, 1100.0), HISTORY))
    assert finding is not None
    national, worst = finding.evidence[:2]
    assert national["territory"] == "national"
    assert (national["previous"], national["expected_high"]) == (96_000, 98_400)
    assert worst == {
        "department_code": "000",
        "previous": 1000,
        "delivered": 1100,
        "expected_low": 1000,
        "expected_high": 1025,
        "increment": 100,
    }
    assert len(finding.evidence) == 20
    assert {type(value) for row in finding.evidence for value in row.values()} <= {int, float, str}
