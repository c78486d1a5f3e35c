"""Work whose machine goes away in the middle of it, once."""

from __future__ import annotations

import os
import signal
from functools import partial
from pathlib import Path
from typing import Any

from acv_pipeline.engines.family import Work


def once(folder: Path, work: Work) -> Work:
    """The same work; the first task of its kind takes its worker along."""
    name = getattr(work, "func", work).__name__
    return partial(_dies_once, work, folder / name)


def _dies_once(work: Work, mark: Path, job: Any, item: Any, attempt: str) -> Any:
    done = work(job, item, attempt)  # its files are there, and nobody will name them
    try:
        mark.touch(exist_ok=False)
    except FileExistsError:
        return done
    daemon = os.getppid()
    executor = _parent(daemon)
    worker = _parent(executor)
    for process in (worker, executor):
        os.kill(process, signal.SIGKILL)
    os._exit(1)


def _parent(process: int) -> int:
    return int(Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[1])
