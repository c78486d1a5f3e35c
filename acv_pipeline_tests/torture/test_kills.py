"""A kill in each phase; hundreds with ``make torture``."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from pathlib import Path

from acv_pipeline_tests.torture.apart import apart
from acv_pipeline_tests.torture.forks import acv_run, quicken
from acv_pipeline_tests.torture.kills import MUST_HIT, MUST_HIT_OF_DAGSTER, Torture

SEED = 7  # of instants that no clock decides: always the same
KILLS = 8  # as many as there are phases


def kill(folder: Path) -> Counter[str]:
    quicken()
    torture = Torture(folder, SEED, ways=[acv_run], share_by_clock=0)
    torture.kill(KILLS)
    return torture.hit


def test_killed_runs_leave_no_month_partly_written_and_the_next_run_ends_the_work(
    tmp_path: Path,
) -> None:
    hit = apart(kill, tmp_path)
    assert hit.keys() >= MUST_HIT | MUST_HIT_OF_DAGSTER, hit


def test_kills_of_a_writer_of_files_are_counted() -> None:
    """Which of them damage a file is for the count itself to tell."""
    counted = subprocess.run(
        [sys.executable, "-m", "acv_pipeline_tests.torture.file_kills", "--kills", "2"],
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    assert '"kills": 2' in counted
    assert "lost" not in counted and "torn" not in counted
