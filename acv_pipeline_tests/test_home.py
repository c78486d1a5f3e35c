"""Turns: one process at a time, the others wait and are told for whom."""

from __future__ import annotations

import fcntl
import re
import signal
import subprocess
import sys
import time

import pytest

from acv_pipeline.publishing.release.folder import staging
from acv_pipeline.warehouse.home import Home

TAKE = """
import signal, sys, time
from pathlib import Path
from acv_pipeline.warehouse.home import Home

# whoever runs the tests in the background has it ignored, which is inherited
signal.signal(signal.SIGINT, signal.default_int_handler)
with Home(Path(sys.argv[1])).at_work(sys.argv[2], lambda line: print(line, flush=True)):
    print("at work", flush=True)
    time.sleep(600)
"""


def take(home: Home, who: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", TAKE, str(home.root), who]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def told(process: subprocess.Popen[str]) -> str:
    assert process.stdout
    return process.stdout.readline().strip()


def test_turns_are_taken_one_after_the_other_and_end_with_a_process_that_dies(home: Home) -> None:
    assert home.nobody_at_work()
    first = take(home, "run 1")
    second = None
    try:
        assert told(first) == "at work"
        second = take(home, "run 2")
        named = rf"waiting for run 1 \(PID {first.pid}\), at work since \d\d:\d\d:\d\d"
        assert re.fullmatch(named, told(second))
        first.kill()
        first.wait()
        assert told(second) == "at work"
        assert not home.nobody_at_work()
    finally:
        for process in filter(None, (first, second)):
            process.kill()
            process.wait()
    assert home.nobody_at_work()


def test_who_waits_counts_as_at_work_and_can_be_stopped(home: Home) -> None:
    with home.at_work():
        waiting = take(home, "run 2")
        assert told(waiting).startswith("waiting for a run")
        deadline = time.monotonic() + 60
        # a signal just before it begins to wait goes unnoticed
        while waiting.poll() is None and time.monotonic() < deadline:
            waiting.send_signal(signal.SIGINT)
            time.sleep(0.2)
    waiting.kill()
    assert waiting.wait() not in (0, -signal.SIGKILL) and home.nobody_at_work()


def test_a_turn_is_taken_where_nobody_can_be_named(home: Home) -> None:
    """A full disk is told by what has to be written, not by the name of who writes."""
    home.root.mkdir()
    (home.root / "turn.lock").symlink_to("/dev/full")
    with home.at_work():
        assert not home.nobody_at_work()


def test_its_locks_are_open_for_what_nfs_asks_of_them(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There the kernel makes of ``flock`` the other kind of lock, for the server to keep.

    That one wants a file open for reading where the lock is shared, for writing where it isn't.
    """
    monkeypatch.setattr(fcntl, "flock", fcntl.lockf)
    with home.at_work():
        pass
    assert home.nobody_at_work()
    with staging(home.releases) as place:
        assert place.is_dir()
    with home.warehouse.open("wb") as written, pytest.raises(OSError, match="Bad file descriptor"):
        fcntl.flock(written, fcntl.LOCK_SH)
