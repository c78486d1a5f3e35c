"""A few dozen kills; hundreds with ``make torture``. The seed is part of every failure's text."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from acv_pipeline_tests.torture.forks import flow
from acv_pipeline_tests.torture.kills import Torture

KILLS = 24
SECONDS = 25.0  # a busy machine kills fewer
AT_LEAST = 6


@pytest.mark.heavy
def test_killed_runs_leave_no_month_partly_written_and_the_next_run_ends_the_work(
    tmp_path: Path,
) -> None:
    torture = Torture(tmp_path, random.randrange(10**6), ways=[flow])
    torture.kill(KILLS, SECONDS)
    assert torture.hit.total() >= AT_LEAST and len(torture.hit) >= 3, torture.hit


def test_the_same_seed_gives_the_same_instants() -> None:
    plans = []
    for seed in (7, 7, 8):
        torture = object.__new__(Torture)  # without its homes
        torture._random = random.Random(seed)
        plans.append(torture.plan(20, ["load", "gate", "publish"]))
    assert plans[0] == plans[1] != plans[2]
