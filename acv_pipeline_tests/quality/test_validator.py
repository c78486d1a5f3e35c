"""Great Expectations' own process: what it answers, and when it ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest

from acv_pipeline.contract import load_contract
from acv_pipeline.quality.validator import Validator, started

CONTRACT = load_contract()


@pytest.fixture
def validator() -> Iterator[Validator]:
    started.cache_clear()
    yield started()
    os.kill(started()._process.pid, signal.SIGKILL)
    started.cache_clear()


def test_it_answers_calls_and_hands_on_what_they_raise(validator: Validator) -> None:
    expected = validator.ask("expected_columns", ["series", "department_rankings"], CONTRACT)
    assert ("rank_cumulative",) in expected.result()["department_rankings"]
    with pytest.raises(RuntimeError, match=r"(?s)Traceback.*KeyError: 'no_such_suite'"):
        validator.ask("expected_columns", ["no_such_suite"], CONTRACT).result()
    assert validator.ask("expected_columns", ["series"], CONTRACT).result(), "and goes on"


def test_one_that_was_killed_is_told_and_replaced(validator: Validator) -> None:
    os.kill(validator._process.pid, signal.SIGKILL)
    with pytest.raises(RuntimeError, match="ended with exit code -9"):
        validator.ask("expected_columns", ["series"], CONTRACT).result()
    assert started() is not validator
    assert started().ask("expected_columns", ["series"], CONTRACT).result()


ASKED = "started().ask('expected_columns', ['series'], load_contract())"


@pytest.mark.parametrize("asked", ["", ASKED])
@pytest.mark.parametrize("end", ["raise SystemExit(0)", "os.kill(os.getpid(), signal.SIGKILL)"])
def test_it_ends_with_the_process_it_serves(asked: str, end: str) -> None:
    code = (
        "import os, signal; from acv_pipeline.quality.validator import started;"
        "from acv_pipeline.contract import load_contract;"
        f"print(started()._process.pid, flush=True); {asked or 'pass'}; {end}"
    )
    # standard error, which it has too, is read to its end
    served = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, check=False, timeout=300
    )
    assert int(served.stdout) and not served.stderr
