"""Which of many numbered things there are, sixty to a number.

To know that millions of keys are unique, or that none is missing, a set of them all costs seconds;
as bits they are counted and compared sixty at a time. Here: the SQL of it. Not here: any check.
"""

from __future__ import annotations

PER_BLOCK = 60


def block(number: str) -> str:
    """SQL: the block that a number, an SQL expression of zero or more, belongs to."""
    return f"{number} // {PER_BLOCK}"


def marks(number: str) -> str:
    """SQL, an aggregate within a block: a bit for each number met."""
    return f"coalesce(bit_or(cast(1 as bigint) << ({number} % {PER_BLOCK})), 0)"


def is_marked(marks: str, number: str) -> str:
    """SQL: whether ``marks``, of the block of ``number``, hold it."""
    return f"({marks} >> ({number} % {PER_BLOCK})) & 1 = 1"
