"""Five runs at once, two readers and the UI on one home; a minute of it with ``make torture``."""

from __future__ import annotations

from pathlib import Path

import pytest

from acv_pipeline_tests.torture.contention import contend


@pytest.mark.heavy
def test_all_runs_are_green_and_no_reader_sees_a_month_half_new(tmp_path: Path) -> None:
    looks = contend(tmp_path)
    assert looks["reader 1"] > 10 and looks["reader 2"] > 10 and looks["UI"] > 0, looks
