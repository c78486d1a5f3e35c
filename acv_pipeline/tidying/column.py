"""A column of a long table with each distinct value kept once, so that it is read once.

Here: the structure. Not here: what is read (the recognisers).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeAlias, TypeVar

import numpy as np
import numpy.typing as npt
import pandas as pd

T = TypeVar("T")
U = TypeVar("U")

Mask: TypeAlias = npt.NDArray[np.bool_]
Objects: TypeAlias = npt.NDArray[np.object_]


@dataclass(frozen=True)
class Column(Generic[T]):
    """Values by row.

    Attributes:
        codes: for each row, the position of its value in ``found``.
        found: the distinct values.
    """

    codes: npt.NDArray[np.intp]
    found: Sequence[T]

    def map(self, change: Callable[[T], U]) -> Column[U]:
        """The column of ``change(value)``, called once per distinct value."""
        return Column(self.codes, [change(value) for value in self.found])

    def beside(self, other: Column[U]) -> Column[tuple[T, U]]:
        """The column of pairs."""
        width = max(1, len(other.found))
        codes, pairs = pd.factorize(self.codes * width + other.codes)
        return Column(
            codes, [(self.found[p // width], other.found[p % width]) for p in pairs.tolist()]
        )

    def where(self, test: Callable[[T], object]) -> Mask:
        """The rows whose value passes ``test``."""
        return np.array([bool(test(value)) for value in self.found], dtype=bool)[self.codes]

    def objects(self, of: Callable[[T], Any] = lambda value: value) -> Objects:
        """``of(value)`` for each row, as Python objects."""
        values: Objects = np.empty(len(self.found), dtype=object)
        for position, value in enumerate(self.found):
            values[position] = of(value)
        return values[self.codes]


def texts_of(series: pd.Series[str]) -> Column[str]:
    """The column of a sheet's cells."""
    codes, found = pd.factorize(series.to_numpy(dtype=object))
    return Column(codes, list(found))


def constant(value: T, size: int) -> Column[T]:
    """The column that says the same in every row."""
    return Column(np.zeros(size, dtype=np.intp), [value])
