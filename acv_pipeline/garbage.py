"""How often Python looks for garbage in the processes of this program.

Here: that one setting. Not here: memory for data, which is DuckDB's (``warehouse``).
"""

from __future__ import annotations

import gc

# Python's own 700 suits programs that make and drop cyclic objects. A run imports thousands of
# modules and keeps them: looking through them again and again is a tenth of its time.
NEW_OBJECTS = 20_000


def seldom() -> None:
    """From now on, look for garbage after every 20,000 new objects."""
    _, *older = gc.get_threshold()
    gc.set_threshold(NEW_OBJECTS, *older)
