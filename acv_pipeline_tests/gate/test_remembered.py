"""What a pair of months says is found once, and never taken for what another pair says."""

from __future__ import annotations

import dataclasses
import datetime as dt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from acv_pipeline.contract.months import shift
from acv_pipeline.gate import remembered as module
from acv_pipeline.gate.course import course_of
from acv_pipeline.gate.remembered import frozen, remembered


class _Counted:
    """A sum of two arrays and a number, which counts how often it was found."""

    def __init__(self) -> None:
        self.times = 0
        self.of = remembered(2)(self._find)

    def _find(self, earlier: np.ndarray, later: np.ndarray, more: float = 0) -> float:
        self.times += 1
        return float(earlier.sum() + later.sum() + more)


def _figures(*values: float) -> np.ndarray:
    return np.array(values, dtype=np.float64)


def test_of_arrays_that_nobody_changes_it_is_found_once() -> None:
    counted, pair = _Counted(), (frozen(_figures(1, 2)), frozen(_figures(3, 4)))
    assert [counted.of(*pair) for _ in range(3)] == [10, 10, 10]
    assert counted.times == 1
    assert counted.of(*pair, 5) == 15  # something else is asked
    assert counted.of(pair[1], pair[0]) == 10
    assert counted.times == 3


def test_of_an_array_that_may_change_nothing_is_remembered() -> None:
    counted, earlier, later = _Counted(), frozen(_figures(1, 2)), _figures(3, 4)
    assert counted.of(earlier, later) == 10
    later[0] = 30
    assert counted.of(earlier, later) == 37


def test_a_frozen_array_cannot_be_written_to() -> None:
    with pytest.raises(ValueError, match="read-only"):
        frozen(_figures(1))[0] = 2


def test_an_array_in_the_place_of_one_that_is_gone_is_another() -> None:
    counted, earlier = _Counted(), frozen(_figures(0))
    # each is let go of before the next is made, so that many stand in the same place
    found = [counted.of(earlier, frozen(_figures(value))) for value in range(100)]
    assert found == list(range(100))


def test_it_forgets_when_it_knows_too_much(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST", 3)
    counted = _Counted()
    pairs = [(frozen(_figures(a)), frozen(_figures(1))) for a in range(10)]
    for _ in range(2):
        assert [counted.of(*pair) for pair in pairs] == [a + 1 for a in range(10)]
    assert counted.times == 20


_MONTHS = hnp.arrays(
    np.float64,
    st.tuples(st.integers(1, 8), st.just(5)),
    elements=st.one_of(st.just(np.nan), st.integers(0, 30).map(float)),
)


@given(_MONTHS)
def test_a_course_is_the_same_with_and_without_memory(levels: np.ndarray) -> None:
    first = dt.date(2020, 1, 1)
    months = [(shift(first, place), row.copy()) for place, row in enumerate(levels)]
    month, delivered = months.pop()
    anew = course_of(month, delivered, months)
    kept = [(month, frozen(figures.copy())) for month, figures in months]
    for _ in range(2):  # the second time from memory
        known = course_of(month, delivered, kept)
        assert (known is None) == (anew is None)
        if anew is None or known is None:
            return
        for field in dataclasses.fields(anew):
            np.testing.assert_array_equal(
                getattr(known, field.name), getattr(anew, field.name), err_msg=field.name
            )
