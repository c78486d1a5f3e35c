"""The process beside: the same answers, whatever happens to it, and nothing is left of it."""

from __future__ import annotations

import datetime as dt
import gc
import os
import signal
import subprocess
import sys
import threading
import time
import weakref
from collections.abc import Iterator
from pathlib import Path
from queue import SimpleQueue

import pandas as pd
import pytest

from acv_pipeline import beside
from acv_pipeline.quality import answers, expectations
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
    return beside._process.popen


def failing() -> list[int]:
    return [len(found) for found in answers.failures(FRAME, ASKED)]


def test_it_finds_what_is_found_here_and_is_asked_again() -> None:
    answers.get_ready()
    first = process()
    assert answers.failures(FRAME, ASKED) == expectations.failures(FRAME, ASKED)
    assert answers.failures(FRAME[:1], ASKED) == [[], [], []]
    assert process() is first


def test_getting_ready_is_asked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    answers.get_ready()
    assert beside._process
    monkeypatch.setattr(beside._Process, "send", lambda *_: pytest.fail("asked again"))
    answers.get_ready()


def test_an_answer_keeps_nothing_of_what_was_asked() -> None:
    given = pd.DataFrame({"x": range(3)})
    kept = weakref.ref(given)
    with beside.asking() as ask:
        question = ask(len, given)
        del given
        assert question.answer() == 3
    gc.collect()
    assert kept() is None


def test_it_ends_rather_than_leave_questions_unread(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever waits is told by its end, and does the work."""

    class Full:
        def recv_bytes(self) -> bytes:
            raise MemoryError

    def ended(code: int) -> None:
        raise SystemExit(code)

    monkeypatch.setattr(beside.os, "_exit", ended)
    with pytest.raises(SystemExit):
        beside._listen(Full(), SimpleQueue())  # type: ignore[arg-type]


def test_whoever_has_it_loaded_needs_no_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(expectations, "is_ready", lambda: True)
    answers.get_ready()
    assert failing() == [1, 1, 0]
    assert beside._process is None


def test_no_rows_need_no_process() -> None:
    assert answers.failures(FRAME[:0], ASKED) == [[], [], []]
    assert beside._process is None


def test_it_is_another_process_and_answers_in_any_order() -> None:
    with beside.asking() as ask:
        first, second = ask(os.getpid), ask(dt.date, 2021, month=3, day=1)
        assert second.answer() == dt.date(2021, 3, 1)
        assert first.answer() == first.answer() == process().pid != os.getpid()


def test_who_asks_goes_on_at_once_whatever_the_size() -> None:
    """More than a pipe holds, while the process is busy."""
    begun = time.monotonic()
    with beside.asking() as ask:
        busy = ask(time.sleep, 1.0)
        big = ask(len, b"x" * 5_000_000)
        asked_after = time.monotonic() - begun
        assert big.answer() == 5_000_000
        assert busy.answer() is None
    assert asked_after < 1.0 < time.monotonic() - begun


def test_threads_get_their_own_answers() -> None:
    found: dict[int, int] = {}

    def ask_for(number: int) -> None:
        with beside.asking() as ask:
            found[number] = ask(abs, -number).answer()

    threads = [threading.Thread(target=ask_for, args=[number]) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert found == {number: number for number in range(8)}


def test_if_it_is_killed_the_question_is_answered_all_the_same() -> None:
    answers.get_ready()
    process().kill()
    assert failing() == [1, 1, 0]
    answers.get_ready()
    os.kill(process().pid, signal.SIGSTOP)  # it dies while the question waits for an answer
    subprocess.Popen(["sh", "-c", f"sleep 0.5; kill -9 {process().pid}"])
    assert failing() == [1, 1, 0]


def test_an_answer_that_nobody_waited_for_is_not_that_of_the_next_question(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def interrupted() -> None:
        raise KeyboardInterrupt

    answers.get_ready()
    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        assert beside._process
        patched.setattr(beside._process._connection, "recv", interrupted)
        failing()
    assert answers.failures(FRAME[:1], ASKED) == [[], [], []]


def test_after_an_error_nobody_waits_for_it() -> None:
    begun = time.monotonic()
    with pytest.raises(ZeroDivisionError), beside.asking() as ask:
        ask(time.sleep, 60)
        asked = process()
        raise ZeroDivisionError
    assert asked.poll() is not None and time.monotonic() - begun < 30
    with beside.asking() as ask:
        assert ask(abs, -1).answer() == 1


def test_without_memory_for_a_process_the_work_is_done_here(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refused(*_: object, **__: object) -> None:
        raise OSError(12, "Cannot allocate memory")

    monkeypatch.setattr(subprocess, "Popen", refused)
    assert failing() == [1, 1, 0]


def test_a_question_that_fails_there_fails_here() -> None:
    with pytest.raises(AttributeError, match="ExpectNothingOfTheKind"):
        answers.failures(FRAME, [Expectation("NothingOfTheKind", {"column": "code"}, "")])
    assert answers.failures(FRAME[:1], ASKED) == [[], [], []]


def test_a_fork_has_a_process_of_its_own() -> None:
    answers.get_ready()
    before = process()
    assert beside._process
    beside._process.owner = -1  # what a fork sees: another process's handle
    answers.get_ready()
    assert process() is not before
    before.kill()
    before.wait()


def test_it_ends_with_whoever_started_it_even_in_the_midst_of_work(tmp_path: Path) -> None:
    code = (
        "import time; from acv_pipeline import beside;"
        "beside._ask(time.sleep, 60);"
        "print(beside._process.popen.pid, flush=True); time.sleep(60)"
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
