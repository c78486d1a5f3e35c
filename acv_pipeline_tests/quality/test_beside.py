"""The process beside: the same answers, whatever happens to it, and nothing is left of it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest

from acv_pipeline.quality import beside, expectations
from acv_pipeline.quality.rule import Expectation, between, filled, known

FRAME = pd.DataFrame({"figure": [1, -1, 2], "code": ["x", "y", None], "month": ["a", "b", "c"]})
ASKED = [between("figure", 0, None), known("code", ["x"]), filled("month")]


@pytest.fixture(autouse=True)
def own_process(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(beside, "_process", None)
    # another test of this process may have loaded it, or the answers found here
    monkeypatch.setattr(expectations, "is_ready", lambda: False)
    yield
    beside._end()


def process() -> subprocess.Popen[bytes]:
    assert beside._process
    return beside._process


def test_it_finds_what_is_found_here_and_is_asked_again() -> None:
    beside.get_ready()
    first = process()
    assert beside.failures(FRAME, ASKED) == expectations.failures(FRAME, ASKED)
    assert beside.failures(FRAME[:1], ASKED) == [[], [], []]
    assert process() is first


def test_whoever_has_it_loaded_needs_no_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(expectations, "is_ready", lambda: True)
    beside.get_ready()
    assert [len(found) for found in beside.failures(FRAME, ASKED)] == [1, 1, 0]
    assert beside._process is None


def test_no_rows_need_no_process() -> None:
    assert beside.failures(FRAME[:0], ASKED) == [[], [], []]
    assert beside._process is None


def test_if_it_is_killed_the_question_is_answered_all_the_same() -> None:
    beside.get_ready()
    process().kill()
    assert [len(found) for found in beside.failures(FRAME, ASKED)] == [1, 1, 0]
    beside.get_ready()
    os.kill(process().pid, signal.SIGSTOP)  # it dies while the question waits for an answer
    subprocess.Popen(["sh", "-c", f"sleep 0.5; kill -9 {process().pid}"])
    assert [len(found) for found in beside.failures(FRAME, ASKED)] == [1, 1, 0]


def test_an_answer_that_nobody_waited_for_is_not_that_of_the_next_question(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def interrupted(_: object) -> None:
        raise KeyboardInterrupt

    beside.get_ready()
    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(beside.pickle, "load", interrupted)
        beside.failures(FRAME, ASKED)
    assert beside.failures(FRAME[:1], ASKED) == [[], [], []]


def test_without_memory_for_a_process_the_work_is_done_here(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refused(*_: object, **__: object) -> None:
        raise OSError(12, "Cannot allocate memory")

    monkeypatch.setattr(subprocess, "Popen", refused)
    assert [len(found) for found in beside.failures(FRAME, ASKED)] == [1, 1, 0]


def test_a_question_that_fails_there_fails_here() -> None:
    with pytest.raises(AttributeError, match="ExpectNothingOfTheKind"):
        beside.failures(FRAME, [Expectation("NothingOfTheKind", {"column": "code"}, "")])
    assert beside.failures(FRAME[:1], ASKED) == [[], [], []]


def test_a_fork_has_a_process_of_its_own() -> None:
    beside.get_ready()
    with beside._lock:
        before, beside._owner = process(), -1  # what a fork sees: another process's handle
    beside.get_ready()
    assert process() is not before
    before.kill()
    before.wait()


def test_it_ends_with_whoever_started_it_however_that_ends(tmp_path: Path) -> None:
    code = (
        "import time; from acv_pipeline.quality import beside; beside.get_ready();"
        "print(beside._process.pid, flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, cwd=tmp_path) as it:
        assert it.stdout
        pid = int(it.stdout.readline())
        it.kill()
    for _ in range(300):
        if not Path(f"/proc/{pid}").exists() or "Z" in Path(f"/proc/{pid}/stat").read_text():
            return
        time.sleep(0.1)
    pytest.fail(f"process {pid} is still there")
