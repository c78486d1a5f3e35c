"""Work in a process that forks well: begun afresh, with no thread of a library that draws.

pytest's own process has drawn charts by then, and a fork of it hangs. Python's fork server is begun
from nothing and imports once what runs need; each piece of work is a fork of it.
"""

from __future__ import annotations

import multiprocessing
import traceback
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any

_SERVER = multiprocessing.get_context("forkserver")
_SERVER.set_forkserver_preload(
    ["acv_pipeline.cli.running", "acv_pipeline.definitions", "acv_pipeline.ledger.store",
     "acv_pipeline.publishing.release", "acv_pipeline.publishing.report",
     "acv_pipeline_tests.torture.contention",
     "acv_pipeline_tests.torture.kills"]
)  # fmt: skip


class ProcessDied(Exception):  # noqa: N818
    """The process ended without an answer."""


def apart(work: Callable[..., Any], *arguments: Any) -> Any:
    """What ``work`` returns, done in a process of its own; work and arguments are pickled.

    Raises:
        AssertionError: it raised; the text has its traceback.
        ProcessDied: it was killed, or a library ended it.
    """
    here, there = _SERVER.Pipe(duplex=False)
    process = _SERVER.Process(target=_do, args=(there, work, arguments))
    process.start()
    there.close()
    try:
        good, told = here.recv()
    except EOFError:
        process.join()
        raise ProcessDied(f"{work} died: exit code {process.exitcode}") from None
    process.join()
    if not good:
        raise AssertionError(told)
    return told


def _do(answer: Connection, work: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
    # what libraries make for several processes must not outlive one that is killed
    multiprocessing.set_start_method("fork", force=True)
    try:
        answer.send((True, work(*arguments)))
    except BaseException:
        answer.send((False, traceback.format_exc()))
