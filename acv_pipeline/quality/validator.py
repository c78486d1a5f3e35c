"""Great Expectations in a process of its own, which imports it while deliveries are received.

Importing it takes half as long as all else that a month needs, and Python imports in one thread
at a time: on another core it costs nobody any time.
"""

from __future__ import annotations

import atexit
import gc
import os
import pickle
import subprocess
import sys
import traceback
from concurrent.futures import Future
from functools import cache
from queue import SimpleQueue
from threading import Thread
from typing import Any, BinaryIO, cast


class Validator:
    """Calls functions of ``quality.validation`` in the process; it ends with the one it serves."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", __name__],  # nothing is imported from where a user stands
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,  # Ctrl-C is for the process it serves
        )
        atexit.register(self._process.kill)  # it may still be importing
        self._waiting: SimpleQueue[tuple[Future[Any], tuple[Any, ...]]] = SimpleQueue()
        # no pool: Python waits for the threads of one before it ends
        Thread(target=self._work, daemon=True).start()

    def ask(self, function: str, *arguments: Any) -> Future[Any]:
        """What the function will return, asked after what was asked before.

        The result raises ``RuntimeError`` with the traceback of what the function raises, or if
        the process ended, say because the machine has no memory left.
        """
        answer: Future[Any] = Future()
        self._waiting.put((answer, (function, arguments)))
        return answer

    def stop(self) -> None:
        """End the process, whatever it is at: nobody waits for its answers any more."""
        self._process.kill()
        started.cache_clear()

    def _work(self) -> None:
        while True:
            answer, asked = self._waiting.get()
            try:
                answer.set_result(self._call(asked))
            except Exception as error:
                answer.set_exception(error)

    def _call(self, asked: tuple[Any, ...]) -> Any:
        try:
            _send(cast(BinaryIO, self._process.stdin), asked)
            answer, failure = pickle.load(cast(BinaryIO, self._process.stdout))
        except (OSError, EOFError, pickle.UnpicklingError) as error:
            self.stop()
            code = self._process.wait()
            raise RuntimeError(
                f"Great Expectations' process ended with exit code {code}"
            ) from error
        if failure:
            raise RuntimeError(f"in Great Expectations' process:\n{failure}")
        return answer


@cache
def started() -> Validator:
    """The process, started when first asked for: before it is needed, so that it needn't wait."""
    return Validator()


def serve(calls: BinaryIO, answers: BinaryIO) -> None:
    """Answer calls until there are no more."""
    gc.disable()  # a fifth of what importing takes, and finds none
    from acv_pipeline.quality import validation

    gc.enable()
    while True:
        try:
            function, arguments = pickle.load(calls)
        except EOFError:
            return
        try:
            answer = getattr(validation, function)(*arguments), ""
        except Exception:  # as text: not every error can be sent
            answer = None, traceback.format_exc()
        _send(answers, answer)


def _send(to: BinaryIO, what: Any) -> None:
    pickle.dump(what, to, protocol=pickle.HIGHEST_PROTOCOL)
    to.flush()


if __name__ == "__main__":
    pipe = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what libraries print is no answer
    try:
        serve(sys.stdin.buffer, pipe)
    except BrokenPipeError:  # whom it served was killed
        os._exit(0)
