"""A few dozen kills; hundreds with ``make torture``. The seed is part of every failure's text."""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path

from acv_pipeline_tests.torture.apart import apart
from acv_pipeline_tests.torture.forks import acv_run, flow, quicken
from acv_pipeline_tests.torture.kills import MUST_HIT, MUST_HIT_OF_DAGSTER, Torture

KILLS = 24
SECONDS = 240.0  # a very busy machine kills fewer
AT_LEAST = 12


def kill(folder: Path, seed: int) -> Counter[str]:
    quicken()
    torture = Torture(folder, seed, ways=[flow, acv_run])
    torture.kill(KILLS, SECONDS)
    return torture.hit


def test_killed_runs_leave_no_month_partly_written_and_the_next_run_ends_the_work(
    tmp_path: Path,
) -> None:
    seed = random.randrange(10**6)
    print(f"seed {seed}")
    hit = apart(kill, tmp_path, seed)
    print(hit)
    assert hit.total() >= AT_LEAST and hit.keys() >= MUST_HIT | MUST_HIT_OF_DAGSTER, hit


def test_the_same_seed_gives_the_same_instants() -> None:
    plans = []
    for seed in (7, 7, 8):
        torture = object.__new__(Torture)  # without its homes
        torture._random, torture._deck = random.Random(seed), []
        plans.append(torture.plan(20, ["load", "gate", "publish"]))
    assert plans[0] == plans[1] != plans[2]


def test_no_phase_is_killed_twice_before_each_was_once() -> None:
    torture = object.__new__(Torture)
    torture._random, torture._deck = random.Random(7), []
    phases = [k.phase for k in torture.plan(60, ["load", "gate", "publish"]) if not k.statement]
    assert {*phases[:4]} == {*phases[4:8]} == {None, "load", "gate", "publish"}
