"""A column of a long table with each distinct value kept once, so that it is read once.

Here: columns, and lexicons, which remember what texts were read as from one delivery to the next.
Not here: what is read (the recognisers).
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Generic, TypeAlias, TypeVar

import numpy as np
import numpy.typing as npt
import pandas as pd

from acv_pipeline.contract import Contract

K = TypeVar("K", bound=Hashable)
T = TypeVar("T")
U = TypeVar("U")

Mask: TypeAlias = npt.NDArray[np.bool_]
Objects: TypeAlias = npt.NDArray[np.object_]
Places: TypeAlias = npt.NDArray[np.intp]

# A lexicon that knows more texts forgets them all: a daemon lives long.
MOST_TEXTS = 1_000_000


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
        if len(other.found) == 1:
            (only,) = other.found
            return Column(self.codes, [(value, only) for value in self.found])
        width = max(1, len(other.found))
        codes, pairs = pd.factorize(self.codes * width + other.codes)
        return Column(
            codes, [(self.found[p // width], other.found[p % width]) for p in pairs.tolist()]
        )

    def where(self, test: Callable[[T], object]) -> Mask:
        """The rows whose value passes ``test``."""
        return np.array([bool(test(value)) for value in self.found], dtype=bool)[self.codes]

    def array(self, of: Callable[[T], Any], dtype: npt.DTypeLike) -> npt.NDArray[Any]:
        """``of(value)`` for each row."""
        return np.array([of(value) for value in self.found], dtype=dtype)[self.codes]

    def at(self, rows: Places) -> list[T]:
        """The values of a few rows."""
        return [self.found[code] for code in self.codes[rows].tolist()]


def texts_of(series: pd.Series[str]) -> Column[str]:
    """The column of a sheet's cells."""
    codes, found = pd.factorize(series.to_numpy(dtype=object))
    return Column(codes, found.tolist())


def constant(value: T, size: int) -> Column[T]:
    """The column that says the same in every row."""
    return Column(np.zeros(size, dtype=np.intp), [value])


class _Book(Generic[K, T]):
    """Texts that were read, and what was asked of their readings."""

    def __init__(self) -> None:
        self.numbers: dict[K, int] = {}
        self.readings: list[T] = []
        self._facets: dict[Callable[[T], Any], npt.NDArray[Any]] = {}

    def facet(self, of: Callable[[T], Any], dtype: npt.DTypeLike) -> npt.NDArray[Any]:
        """``of(reading)`` of every reading so far."""
        done = self._facets.get(of, np.empty(0, dtype=dtype))
        if len(done) < len(self.readings):
            added = np.array([of(reading) for reading in self.readings[len(done) :]], dtype=dtype)
            done = self._facets[of] = np.concatenate([done, added])
        return done


class Lexicon(Generic[K, T]):
    """What texts were read as, each once, whichever column or delivery they stand in.

    Only for readings that depend on nothing but the text: the same text means the same wherever
    the lexicon is used.
    """

    def __init__(self, read: Callable[[K], T]) -> None:
        self._read = read
        self._book: _Book[K, T] = _Book()

    def of(self, column: Column[K]) -> Readings[T]:
        """What the values of a column say."""
        if len(self._book.readings) > MOST_TEXTS:
            self._book = _Book()
        book = self._book
        numbers = list(map(book.numbers.get, column.found))
        if None in numbers:
            for text in column.found:
                if text not in book.numbers:
                    reading = self._read(text)
                    book.numbers[text] = len(book.readings)
                    book.readings.append(reading)
            numbers = list(map(book.numbers.get, column.found))
        return Readings(column.codes, np.array(numbers, dtype=np.intp), book)


@dataclass(frozen=True)
class Readings(Generic[T]):
    """What a lexicon says of a column.

    Attributes:
        codes: for each row, the position of its value among the column's distinct ones.
        numbers: for each of these, the number of its reading.
    """

    codes: Places
    numbers: Places
    _book: _Book[Any, T]

    def array(self, of: Callable[[T], Any], dtype: npt.DTypeLike) -> npt.NDArray[Any]:
        """``of(reading)`` for each row; ``of`` is remembered, so it must be one that lasts."""
        return self.distinct(of, dtype)[self.codes]

    def distinct(self, of: Callable[[T], Any], dtype: npt.DTypeLike) -> npt.NDArray[Any]:
        """``of(reading)`` for each distinct value of the column."""
        values: npt.NDArray[Any] = self._book.facet(of, dtype)[self.numbers]
        return values

    def at(self, rows: Places) -> list[T]:
        """The readings of a few rows."""
        return [self._book.readings[n] for n in self.numbers[self.codes[rows]].tolist()]

    @property
    def found(self) -> list[T]:
        """The readings of the distinct values."""
        return [self._book.readings[number] for number in self.numbers.tolist()]


@dataclass(frozen=True, eq=False)
class _Same:
    """A contract as a key: the very object, since comparing contracts takes long."""

    contract: Contract

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and self.contract is other.contract

    def __hash__(self) -> int:
        return id(self.contract)


@lru_cache(maxsize=128)
def _made(make: Callable[..., Any], key: _Same, arguments: tuple[Hashable, ...]) -> Any:
    return make(key.contract, *arguments)


def of_contract(make: Callable[..., T], contract: Contract, *arguments: Hashable) -> T:
    """``make(contract, *arguments)``, made once: what it knows serves every delivery."""
    made: T = _made(make, _Same(contract), arguments)
    return made


def forget() -> None:
    """Forget what was made: for whoever changes a recogniser while the program runs."""
    _made.cache_clear()
