"""A column of a table with each distinct value kept once, so that it is read once."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Generic, NamedTuple, TypeAlias, TypeVar

import numpy as np
import numpy.typing as npt
import pandas as pd

from acv_pipeline.contract import Contract
from acv_pipeline.reading.sheet import TEXT

T = TypeVar("T")
U = TypeVar("U")

Mask: TypeAlias = npt.NDArray[np.bool_]
Objects: TypeAlias = npt.NDArray[np.object_]
Places: TypeAlias = npt.NDArray[np.intp]


class Cell(NamedTuple):
    """A cell's text, and what the file said it is (``reading.sheet``: text, number, date)."""

    text: str
    kind: int = TEXT


@dataclass(frozen=True)
class Column(Generic[T]):
    """Values by row.

    Attributes:
        codes: for each row, the position of its value in ``found``.
        found: the distinct values.
    """

    codes: Places
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
        return np.fromiter(map(bool, map(test, self.found)), bool, len(self.found))[self.codes]

    def array(self, of: Callable[[T], Any], dtype: npt.DTypeLike) -> npt.NDArray[Any]:
        """``of(value)`` for each row."""
        return np.array([of(value) for value in self.found], dtype=dtype)[self.codes]

    def at(self, rows: Places) -> list[T]:
        """The values of a few rows."""
        return [self.found[code] for code in self.codes[rows].tolist()]

    def replaced(self, rows: Mask, values: Column[T]) -> Column[T]:
        """The column with other values in the rows of a mask."""
        codes = np.where(rows, values.codes + len(self.found), self.codes)
        used, codes = np.unique(codes, return_inverse=True)
        both = [*self.found, *values.found]
        return Column(codes.astype(np.intp), [both[code] for code in used.tolist()])


def texts_of(series: pd.Series[str]) -> Column[str]:
    """The column of a sheet's cells."""
    codes, found = pd.factorize(series.to_numpy(dtype=object))
    return Column(codes, found.tolist())


def constant(value: T, size: int) -> Column[T]:
    """The column that says the same in every row."""
    return Column(np.zeros(size, dtype=np.intp), [value])


@dataclass(frozen=True, eq=False)
class _Same:
    """A contract as a key: the very object, since comparing contracts takes long."""

    contract: Contract

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and self.contract is other.contract

    def __hash__(self) -> int:
        return id(self.contract)


@lru_cache(maxsize=4096)  # some are made for each indicator
def _made(make: Callable[..., Any], key: _Same, arguments: tuple[Hashable, ...]) -> Any:
    return make(key.contract, *arguments)


def of_contract(make: Callable[..., T], contract: Contract, *arguments: Hashable) -> T:
    """``make(contract, *arguments)``, made once: what it knows serves every delivery."""
    made: T = _made(make, _Same(contract), arguments)
    return made


def forget() -> None:
    """Forget what was made: for tests that change a recogniser while the program runs."""
    _made.cache_clear()
