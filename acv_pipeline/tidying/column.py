"""A column of a long table with each distinct value kept once, so that it is read once.

Here: columns, and lexicons, which remember what texts were read as from one delivery to the next.
Not here: what is read (the recognisers).
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, replace
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

# Whoever knows more texts forgets them all: a daemon lives long.
MOST_TEXTS = 1_000_000
# what a lexicon keeps at most for texts beside different others
MOST_TABLES = 8


class _Texts:
    """All texts that were met, numbered."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}

    def number(self, texts: Sequence[str]) -> Places:
        """The number of each text."""
        known = self._numbers
        numbers = list(map(known.get, texts))
        place = -1
        for _ in range(numbers.count(None)):  # few: the others are not looked at one by one
            place = numbers.index(None, place + 1)
            numbers[place] = known.setdefault(texts[place], len(known))
        return np.array(numbers, dtype=np.intp)

    def __len__(self) -> int:
        return len(self._numbers)


@dataclass(frozen=True)
class _Met:
    """Where a column's distinct values stand among all texts that were met.

    Attributes:
        texts: these.
        numbers: the number of each value's text.
        beside: what each of the texts stands beside, if the values are pairs.
    """

    texts: _Texts
    numbers: Places
    beside: Hashable = None


@dataclass(frozen=True)
class Column(Generic[T]):
    """Values by row.

    Attributes:
        codes: for each row, the position of its value in ``found``.
        found: the distinct values.
        met: their numbers, where they are texts.
    """

    codes: Places
    found: Sequence[T]
    met: _Met | None = None

    def map(self, change: Callable[[T], U]) -> Column[U]:
        """The column of ``change(value)``, called once per distinct value."""
        return Column(self.codes, [change(value) for value in self.found])

    def beside(self, other: Column[U]) -> Column[tuple[T, U]]:
        """The column of pairs."""
        if len(other.found) == 1:
            (only,) = other.found
            met = self.met and replace(self.met, beside=(self.met.beside, only))
            return Column(self.codes, _Beside(self.found, only), met)
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


class _Beside(Sequence[tuple[T, U]]):
    """Each of some values beside always the same other; pairs are made when asked for."""

    def __init__(self, values: Sequence[T], other: U) -> None:
        self._values, self._other = values, other

    def __len__(self) -> int:
        return len(self._values)

    def __getitem__(self, place: Any) -> Any:
        return (self._values[place], self._other)


_all_texts = _Texts()


def texts_of(series: pd.Series[str]) -> Column[str]:
    """The column of a sheet's cells."""
    global _all_texts
    if len(_all_texts) > MOST_TEXTS:
        _all_texts = _Texts()
    texts = distinct(series)
    return Column(texts.codes, texts.found, _Met(_all_texts, _all_texts.number(texts.found)))


def distinct(series: pd.Series[str]) -> Column[str]:
    """The column of a sheet's cells, without knowing its texts from elsewhere."""
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
        self._by_text: OrderedDict[tuple[int, Hashable], tuple[_Texts, Places]] = OrderedDict()

    def by_text(self, met: _Met) -> Places:
        """The number of the reading of each text that was met; -1 for those not read."""
        key = id(met.texts), met.beside
        texts, known = self._by_text.pop(key, (met.texts, np.empty(0, dtype=np.intp)))
        unknown = len(texts) - len(known)
        if unknown > 0:
            # room for more, so that not each delivery makes it anew
            known = np.append(known, np.full(unknown + len(texts) // 2, -1, dtype=np.intp))
        self._by_text[key] = texts, known
        while len(self._by_text) > MOST_TABLES:
            self._by_text.popitem(last=False)
        return known

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
        if column.met is None:
            numbers = self._look_up(column.found)
        else:
            known = self._book.by_text(column.met)
            numbers = known[column.met.numbers]
            missing = np.flatnonzero(numbers < 0).tolist()
            if missing:
                numbers[missing] = self._look_up([column.found[place] for place in missing])
                known[column.met.numbers[missing]] = numbers[missing]
        return Readings(column.codes, numbers, self._book)

    def _look_up(self, values: Sequence[K]) -> Places:
        book = self._book
        for value in values:
            if value not in book.numbers:
                reading = self._read(value)
                book.numbers[value] = len(book.readings)
                book.readings.append(reading)
        return np.array([book.numbers[value] for value in values], dtype=np.intp)


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
