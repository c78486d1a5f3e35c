"""Great Expectations in a process beside this one, which loads it while this one does other work.

Loading it takes as long as receiving and judging a month. The process is asked again and again,
and ends with the one that started it, however that ends.
Here: having such a process, and asking it; whoever can't have one does the work where it is.
Not here: what is asked (``expectations``).
"""

from __future__ import annotations

import atexit
import os
import pickle
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import BinaryIO

import pandas as pd

from acv_pipeline.quality import expectations
from acv_pipeline.quality.expectations import Failure
from acv_pipeline.quality.rule import Expectation

Found = list[list[Failure]]

_lock = threading.Lock()
_process: subprocess.Popen[bytes] | None = None
_given_up: subprocess.Popen[bytes] | None = None
_owner = 0


def get_ready() -> None:
    """Start the process, unless it runs or this one can answer as fast; returns at once."""
    if not expectations.is_ready():
        with _lock:
            _running()


def failures(frame: pd.DataFrame, asked: Sequence[Expectation]) -> Found:
    """What ``expectations.failures`` finds, found by the process."""
    if frame.empty or expectations.is_ready():
        return expectations.failures(frame, asked)
    found = None
    with _lock:
        if process := _running():
            found = _asked_of(process, frame, asked)
    return expectations.failures(frame, asked) if found is None else found


@contextmanager
def asking() -> Iterator[Callable[[pd.DataFrame, Sequence[Expectation]], Future[Found]]]:
    """``failures`` without waiting: a thread asks, one question after the other.

    Where an error or Ctrl-C ends what is done inside, nobody waits for answers.
    """
    with ThreadPoolExecutor(1) as thread:
        try:
            yield lambda frame, asked: thread.submit(failures, frame, asked)
        except BaseException:
            thread.shutdown(wait=False, cancel_futures=True)
            _give_up()
            raise


def _give_up() -> None:
    """End the process that is being asked, if one is."""
    global _given_up
    if _process and _owner == os.getpid():
        _given_up = _process
        _process.kill()


def _running() -> subprocess.Popen[bytes] | None:
    global _process, _owner
    # a fork has its parent's handle: two must not talk at once
    if _process is None or _owner != os.getpid() or _process.poll() is not None:
        command = [sys.executable, "-P", "-m", __name__]
        try:
            _process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                start_new_session=True,  # Ctrl-C is for whoever asks
            )
        except OSError:  # no memory for another process
            return None
        _owner = os.getpid()
    return _process


def _asked_of(
    process: subprocess.Popen[bytes], frame: pd.DataFrame, asked: Sequence[Expectation]
) -> Found | None:
    """The process's answer; None if it has none, or is gone."""
    assert process.stdin and process.stdout
    try:
        pickle.dump((frame, list(asked)), process.stdin)
        process.stdin.flush()
        found: Found | None = pickle.load(process.stdout)
    except Exception:  # it is gone, or out of its mind
        process.kill()
        if process is _given_up:
            raise CancelledError from None
        return None
    except BaseException:  # interrupted: its answer must not be taken for that of the next question
        process.kill()
        process.wait()
        raise
    return found


@atexit.register
def _end() -> None:
    if _process and _owner == os.getpid():
        _process.kill()
        _process.wait()


def main() -> None:
    """Answer whoever started this process, until there is nobody."""
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # nothing printed gets into an answer
    expectations.get_ready()
    _answer(sys.stdin.buffer, answers)


def _answer(questions: BinaryIO, answers: BinaryIO) -> None:
    while True:
        try:
            frame, asked = pickle.load(questions)
        except EOFError:
            return
        try:
            found = expectations.failures(frame, asked)
        except Exception:  # who asks meets the same, and has more to say about it
            found = None
        pickle.dump(found, answers)
        answers.flush()


if __name__ == "__main__":
    main()
