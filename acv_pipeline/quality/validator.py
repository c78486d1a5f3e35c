"""Great Expectations in a process of its own, which imports it while deliveries are received.

Importing it takes half as long as all else that a month needs, and Python imports in one thread
at a time: on another core it costs nobody any time.
"""

from __future__ import annotations

import atexit
import gc
import pickle
import subprocess
import sys
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache
from typing import Any, BinaryIO, cast


class Validator:
    """Calls functions of ``quality.validation`` in the process; it ends with the one it serves."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", __name__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,  # Ctrl-C is for the process it serves
        )
        atexit.register(self._process.kill)  # it may still be importing
        self._thread = ThreadPoolExecutor(1)

    def ask(self, function: str, *arguments: Any) -> Future[Any]:
        """What the function will return, asked after what was asked before.

        The result raises whatever the function raises, or ``RuntimeError`` if the process ended,
        say because the machine has no memory left.
        """
        return self._thread.submit(self._call, function, arguments)

    def _call(self, function: str, arguments: tuple[Any, ...]) -> Any:
        try:
            _send(cast(BinaryIO, self._process.stdin), (function, arguments))
            answer, raised = pickle.load(cast(BinaryIO, self._process.stdout))
        except (OSError, EOFError) as error:
            code = self._process.wait()
            started.cache_clear()
            raise RuntimeError(
                f"Great Expectations' process ended with exit code {code}"
            ) from error
        if raised:
            raise raised
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
            _send(answers, (getattr(validation, function)(*arguments), None))
        except Exception as error:  # is the caller's
            _send(answers, (None, error))


def _send(to: BinaryIO, what: Any) -> None:
    pickle.dump(what, to, protocol=pickle.HIGHEST_PROTOCOL)
    to.flush()


if __name__ == "__main__":
    answers, sys.stdout = sys.stdout.buffer, sys.stderr  # what libraries print is no answer
    serve(sys.stdin.buffer, answers)
