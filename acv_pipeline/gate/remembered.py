"""What was found of months' figures, found once, however many later months ask for it again.

Here: remembering. A history of n months is looked at by each of the n after it: what a pair of
neighbours in it says is the same each time. Not here: what is found (``course``, ``rules_*``).
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Hashable
from functools import wraps
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

T = TypeVar("T")

# more than any history has pairs; whoever has more finds them again
MOST = 20_000

_Known = tuple[tuple["weakref.ref[npt.NDArray[Any]]", ...], Any]


def remembered(arrays: int) -> Callable[[Callable[..., T]], Callable[..., T]]:
    """Remember what a function says of its first ``arrays`` arguments and the hashable rest.

    Arrays are known by being the same object, so only of arrays that nobody can write to is
    anything remembered; and only while they are there.
    """

    def of(find: Callable[..., T]) -> Callable[..., T]:
        known: dict[tuple[Hashable, ...], _Known] = {}

        @wraps(find)
        def look_up(*arguments: Any) -> T:
            figures, rest = arguments[:arrays], arguments[arrays:]
            if any(each.flags.writeable for each in figures):
                return find(*arguments)
            key = (*map(id, figures), *rest)
            there, found = known.get(key, ((), None))
            if there and all(ref() is each for ref, each in zip(there, figures, strict=True)):
                return found  # type: ignore[no-any-return]
            if len(known) >= MOST:
                known.clear()
            found = find(*arguments)
            known[key] = tuple(map(weakref.ref, figures)), found
            return found

        return look_up

    return of


def frozen(figures: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """The same array, which nobody can write to any more."""
    figures.flags.writeable = False
    return figures
