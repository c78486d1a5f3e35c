"""How much Python tidies up in the processes of this program.

Here: how often it looks for garbage, and that it doesn't at the end. Not here: memory for data,
which is DuckDB's (``warehouse``).
"""

from __future__ import annotations

import atexit
import gc
import os
import sys
from typing import NoReturn

# Python's own 700 suits programs that make and drop cyclic objects. A run imports thousands of
# modules and keeps them: looking through them again and again is a tenth of its time.
NEW_OBJECTS = 20_000


def seldom() -> None:
    """From now on, look for garbage after every 20,000 new objects."""
    _, *older = gc.get_threshold()
    gc.set_threshold(NEW_OBJECTS, *older)


def end_process(code: int) -> NoReturn:
    """End as ``sys.exit`` does, but leave this process's memory to the system.

    Python would take thousands of modules apart first, object by object, which takes half a second.
    For a program's very end: files and connections must be closed, and threads have ended.

    Args:
        code: the exit code; 2 instead of 0 where what was printed cannot be written out.
    """
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        try:
            if stream is not None:  # closed by whoever started this
                stream.flush()
        except OSError:
            code = code or 2
    os._exit(code)
