"""A process beside this one, which does work while this one does other work.

It loads libraries that take seconds, answers one question after the other, and ends with the
process that started it, however that ends. Whoever can't have one does the work where it is.
Here: having such a process, asking it, and waiting for answers. Not here: what it is asked.
"""

from __future__ import annotations

import atexit
import os
import pickle
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from queue import SimpleQueue
from typing import Any, Generic, ParamSpec, Protocol, TypeVar

from acv_pipeline import garbage

P = ParamSpec("P")
R = TypeVar("R")


class Ask(Protocol):
    """Asks the process to call a function, and returns at once."""

    def __call__(
        self, function: Callable[P, R], /, *arguments: P.args, **named: P.kwargs
    ) -> Question[R]:
        """``function`` is one of a module; what it is given and returns can be pickled."""


class Question(Generic[R]):
    """Something that was asked."""

    def __init__(self, work: Callable[[], R], process: _Process | None) -> None:
        """Without a process, or if that fails, the work is done here once it is waited for."""
        self._work: Callable[[], R] | None = work
        self._answer: Any = None
        self._process = process

    def answer(self) -> R:
        """What the function returns, once it has; what fails there is done here once more."""
        while self._process and self._process.is_heard():
            continue
        if self._work:
            self.hear(True, self._work())
        answer: R = self._answer
        return answer

    def hear(self, is_done: bool, answer: R) -> None:
        """What the function returned, if it could."""
        self._process = None
        if is_done:
            self._work, self._answer = None, answer  # what it was given may be big


class _Process:
    """The process, and what it has yet to answer, the oldest first."""

    def __init__(self) -> None:
        self.owner = os.getpid()
        self._connection, other = Pipe()
        self._unanswered: deque[Question[Any]] = deque()
        self._lock = threading.RLock()
        self.ready_for: set[Callable[[], object]] = set()
        with other:
            self.popen = subprocess.Popen(
                [sys.executable, "-P", "-m", __name__, str(other.fileno())],
                stdin=subprocess.DEVNULL,
                pass_fds=[other.fileno()],
                start_new_session=True,  # Ctrl-C is for whoever asks
            )

    @property
    def is_usable(self) -> bool:
        # a fork has its parent's handle: two must not talk at once
        return self.owner == os.getpid() and self.popen.poll() is None

    @property
    def is_asked(self) -> bool:
        return bool(self._unanswered)

    def send(self, question: Question[Any], message: bytes) -> None:
        with self._lock:
            self._unanswered.append(question)
            try:
                self._connection.send_bytes(message)
            except OSError:  # it is gone, as whoever waits for the answer is told
                self.end()
            except BaseException:  # interrupted, perhaps in the middle of it
                self.end()
                raise

    def is_heard(self) -> bool:
        """Wait for an answer and hand it to its question; False: the process is gone."""
        with self._lock:
            if not self._unanswered:
                return True  # another thread was given it meanwhile
            try:
                is_done, answer = self._connection.recv()
            except Exception:  # it is gone, or out of its mind
                self.end()
                return False
            except BaseException:  # interrupted, perhaps in the middle of an answer
                self.end()
                raise
            self._unanswered.popleft().hear(is_done, answer)
        return True

    def end(self) -> None:
        self.popen.kill()
        self.popen.wait()


_process: _Process | None = None
_lock = threading.Lock()


def get_ready(function: Callable[[], object]) -> None:
    """Start the process, if there is none, and have it call ``function`` once; returns at once."""
    process = _running()
    if process and function not in process.ready_for:
        process.ready_for.add(function)
        _ask(function)


@contextmanager
def asking() -> Iterator[Ask]:
    """To ask, and do other work until the answers are needed.

    Where an error or Ctrl-C ends what is done inside, the process isn't waited for: it ends.
    """
    try:
        yield _ask
    except BaseException:
        if _process and _process.is_usable and _process.is_asked:
            _process.end()
        raise


def _ask(function: Callable[P, R], /, *arguments: P.args, **named: P.kwargs) -> Question[R]:
    process = _running()
    question = Question(lambda: function(*arguments, **named), process)
    if process:
        process.send(question, pickle.dumps((function, arguments, named)))
    return question


def _running() -> _Process | None:
    global _process
    with _lock:
        if _process is None or not _process.is_usable:
            try:
                _process = _Process()
            except OSError:  # no memory for another process
                return None
        return _process


@atexit.register
def _end() -> None:
    if _process and _process.is_usable:
        _process.end()


def main() -> None:
    """Answer whoever started this process, until there is nobody."""
    garbage.seldom()
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # standard output is for what was asked for
    asker = Connection(int(sys.argv[1]))
    questions: SimpleQueue[bytes] = SimpleQueue()
    threading.Thread(target=_listen, args=(asker, questions), daemon=True).start()
    while True:
        asker.send(_answered(questions.get()))


def _listen(asker: Connection, questions: SimpleQueue[bytes]) -> None:
    """Take every question at once, so that nobody waits to ask, and end when nobody is there."""
    try:
        while True:
            questions.put(asker.recv_bytes())
    finally:  # also when a question is too big: who asks answers it, and must not wait
        os._exit(0)


def _answered(message: bytes) -> tuple[bool, Any]:
    try:
        function, arguments, named = pickle.loads(message)
        return True, function(*arguments, **named)
    except Exception:  # who asks meets the same, and has more to say about it
        return False, None


if __name__ == "__main__":
    main()
