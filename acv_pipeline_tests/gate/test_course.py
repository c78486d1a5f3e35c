import numpy as np
import pytest

from acv_pipeline_tests.gate.examples import case_of, level, with_first


def test_a_baseline_of_zeros_gives_no_increment() -> None:
    case = case_of(level(300), [level(0)])
    assert case.course is None
    later = case_of(level(320), [level(0), level(300), level(310)])
    assert later.course is not None
    assert later.course.paces.tolist() == [960]


def test_months_that_repeat_are_no_steps() -> None:
    """Moved in the second and in the last month: two steps, of one month and of three."""
    course = case_of(level(340), [level(n) for n in (300, 310, 310, 310, 325, 325)]).course
    assert course is not None
    assert course.gaps.tolist() == [1, 3]
    assert course.paces.tolist() == [960, 480]
    assert course.rates == pytest.approx([10 / 300, (325 / 310) ** (1 / 3) - 1])
    assert course.months == 2
    assert course.pace == 96 * 15 / 2
    assert course.unchanged_shares.tolist() == [0, 1, 1, 0, 1]


def test_a_missing_figure_has_no_increment_and_is_no_zero() -> None:
    history = [level(100), with_first(level(110), 1, np.nan)]
    course = case_of(level(130), history).course
    assert course is not None
    assert np.isnan(course.increments[0])
    assert course.increment == 95 * 20
    assert course.paces.tolist() == [95 * 10]
    assert course.rates == pytest.approx([0.1])
