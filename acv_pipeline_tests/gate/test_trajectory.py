import numpy as np
import pytest

from acv_pipeline.contract.entries import Break
from acv_pipeline.contract.months import shift
from acv_pipeline_tests.gate.examples import ACV, MONTH, case_of, level, with_first


def test_a_baseline_of_zeros_gives_no_increment() -> None:
    case = case_of(level(300), [level(0)])
    assert case.trajectory is None
    later = case_of(level(320), [level(0), level(300), level(310)])
    assert later.trajectory is not None
    assert later.trajectory.paces.tolist() == [960]


def test_months_that_repeat_are_no_steps() -> None:
    """Moved in the second and in the last month: two steps, of one month and of three."""
    trajectory = case_of(level(340), [level(n) for n in (300, 310, 310, 310, 325, 325)]).trajectory
    assert trajectory is not None
    assert trajectory.gaps.tolist() == [1, 3]
    assert trajectory.paces.tolist() == [960, 480]
    assert trajectory.rates == pytest.approx([10 / 300, (325 / 310) ** (1 / 3) - 1])
    assert trajectory.months == 2
    assert trajectory.pace == 96 * 15 / 2
    assert trajectory.unchanged_shares.tolist() == [0, 1, 1, 0, 1]


def test_a_missing_figure_has_no_increment_and_is_no_zero() -> None:
    history = [level(100), with_first(level(110), 1, np.nan)]
    trajectory = case_of(level(130), history).trajectory
    assert trajectory is not None
    assert np.isnan(trajectory.increments[0])
    assert trajectory.increment == 95 * 20
    assert trajectory.paces.tolist() == [95 * 10]
    assert trajectory.rates == pytest.approx([0.1])


def test_a_step_across_a_break_teaches_no_pace() -> None:
    """Of three steps the second is the break: afterwards its pace is no measure."""
    history = [level(n) for n in (100, 110, 510, 520)]
    broken = Break(month=shift(MONTH, -2), fr="périmètre", en="perimeter")
    indicator = ACV.model_copy(update={"breaks": [broken]})
    trajectory = case_of(level(530), history, indicator=indicator).trajectory
    assert trajectory is not None
    assert trajectory.paces.tolist() == np.nansum(trajectory.department_paces, axis=1).tolist()
    assert trajectory.paces.tolist() == [960, 960]
    assert [f"{month:%Y-%m}" for month in trajectory.ends] == [
        f"{shift(MONTH, back):%Y-%m}" for back in (-3, -1)
    ]
    assert trajectory.previous_total == 96 * 520
    plain = case_of(level(530), history, indicator=ACV).trajectory
    assert plain is not None and plain.paces.tolist() == [960, 960 * 40, 960]
