"""Five runs at once and two readers on one home; a minute of it with the UI: ``make torture``."""

from __future__ import annotations

from pathlib import Path

from acv_pipeline_tests.torture.apart import apart
from acv_pipeline_tests.torture.contention import contend
from acv_pipeline_tests.torture.forks import quicken


def contend_quickly(folder: Path) -> dict[str, int]:
    quicken()
    return contend(folder, with_ui=False)


def test_all_runs_are_green_and_no_reader_sees_a_month_half_new(tmp_path: Path) -> None:
    done = apart(contend_quickly, tmp_path)
    assert done["runs"] == 5 and done["reader 1"] > 5 and done["reader 2"] > 5, done
