"""Counts of dwellings, as people write them.

Here: what a value cell says (a count, no figure, or why it is not understood), with the evidence
of its whole column for ``1.234``. Not here: whether a count is believable (the gate).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from acv_pipeline.contract import Contract
from acv_pipeline.tidying.column import Column, Lexicon, Readings, of_contract
from acv_pipeline.tidying.fold import any_word, clean, fold, plain
from acv_pipeline.tidying.reasons import NUMBERS

GROUPED_BY = {
    "space": re.compile(r"[0-9]{1,3}(?: [0-9]{3})+"),
    "apostrophe": re.compile(r"[0-9]{1,3}(?:'[0-9]{3})+"),
}
AMBIGUOUS = re.compile(r"[1-9][0-9]{0,2}([.,])[0-9]{3}")  # thousands or three decimals
PLAIN = re.compile(r"(?:0|[1-9][0-9]*)")
DECIMAL = re.compile(r"((?:0|[1-9][0-9]*))([.,])([0-9]+)")
THOUSANDS = re.compile(r"[1-9][0-9]{0,2}(?:([.,])[0-9]{3})(?:\1[0-9]{3})*(?:(?!\1)([.,])([0-9]+))?")
SPACED_DECIMAL = re.compile(r"([1-9][0-9]{0,2}(?:[ '][0-9]{3})+)([.,])([0-9]+)")
ENOUGH_ALIKE = 3  # that many distinct "1.234", nothing to the contrary: thousands


@dataclass(frozen=True)
class Value:
    """What a value cell says: a count, or the reason why not."""

    count: int | None
    problem: str | None = None

    @property
    def is_missing(self) -> bool:
        """Whether the cell says that there is no figure."""
        return (self.problem or "").startswith("no_figure")

    @property
    def problem_number(self) -> int:
        """The number of its problem's reason; -1 for none."""
        return NUMBERS[self.problem]


@dataclass(frozen=True)
class Separators:
    """What a column proves about ``.`` and ``,``: the thousands and decimal signs, if known."""

    thousands: str | None
    decimal: str | None


@dataclass(frozen=True)
class Written:
    """A value cell as far as it can be understood without its column.

    Attributes:
        text: without what surrounds it.
        number: the text without a unit.
        shape: the number of what it proves about ``.`` and ``,``.
    """

    text: str
    number: str
    shape: int


def parse_values(column: Column[str], contract: Contract) -> Readings[Value]:
    """What the cells of one value column say."""
    words = of_contract(ValueWords, contract)
    shapes = np.unique(words.cells.of(column).distinct(_shape, np.intp))
    separators = find_separators([words.shapes[number] for number in shapes.tolist()])
    return of_contract(ValueReader, contract, separators).cells.of(column)


class ValueWords:
    """What a contract says of value cells: units, and words for "no figure"."""

    def __init__(self, contract: Contract) -> None:
        units = any_word(map(plain, contract.figure_units))
        self._unit = re.compile(rf" ?(?:{units})\.?$", re.IGNORECASE)
        self._numbers: dict[Shape, int] = {}
        self.shapes: list[Shape] = []
        self.tokens = no_figure_tokens(contract)
        self.cells = Lexicon(self.written)

    def written(self, text: str) -> Written:
        """A cell without its unit, and its shape."""
        text = clean(text)
        number = self._unit.sub("", text) if text[:1].isdigit() else text
        shape = shape_of(number)
        if shape not in self._numbers:
            self._numbers[shape] = len(self.shapes)
            self.shapes.append(shape)
        return Written(text, number, self._numbers[shape])


class ValueReader:
    """Reads the values of columns that prove the same separators."""

    def __init__(self, contract: Contract, separators: Separators) -> None:
        self._words = of_contract(ValueWords, contract)
        self._separators = separators
        self._most = contract.max_plausible_value
        self.cells = Lexicon(self.value)

    def value(self, text: str) -> Value:
        """What a cell says."""
        written = self._words.written(text)
        return _value(
            written.text, written.number, self._words.tokens, self._separators, self._most
        )


def no_figure_tokens(contract: Contract) -> dict[str, str]:
    """Kind of "no figure" by token, as written and folded."""
    kinds = [(word, kind) for kind, words in contract.no_figure.items() for word in words]
    folded = {fold(word): kind for word, kind in reversed(kinds) if fold(word)}
    return folded | {plain(word): kind for word, kind in kinds}


@dataclass(frozen=True)
class Shape:
    """What one number proves about the signs of its column.

    Attributes:
        thousands, decimal: the sign it uses so.
        alike: the number, where its sign may be either.
        is_large_and_plain: it is a thousand or more, and uses neither sign.
    """

    thousands: str | None = None
    decimal: str | None = None
    alike: str | None = None
    is_large_and_plain: bool = False


def shape_of(number: str) -> Shape:
    """The shape of a number (see the module's patterns)."""
    number = number.lstrip("-+")
    if AMBIGUOUS.fullmatch(number):
        # 353.000 is more often 353 than 353 thousand
        return Shape(alike=None if number.endswith("000") else number)
    if match := DECIMAL.fullmatch(number) or SPACED_DECIMAL.fullmatch(number):
        return Shape(decimal=match[2])
    if match := THOUSANDS.fullmatch(number):
        return Shape(thousands=match[1], decimal=match[2])
    if PLAIN.fullmatch(number):
        return Shape(is_large_and_plain=len(number) > 3)
    return Shape(is_large_and_plain=any(g.fullmatch(number) for g in GROUPED_BY.values()))


def find_separators(shapes: Iterable[Shape]) -> Separators:
    """The signs that the numbers of one column prove, by their distinct shapes."""
    thousands: set[str] = set()
    decimal: set[str] = set()
    alike: dict[str, set[str]] = {".": set(), ",": set()}
    large_and_plain = False
    for shape in shapes:
        thousands.update(filter(None, [shape.thousands]))
        decimal.update(filter(None, [shape.decimal]))
        large_and_plain = large_and_plain or shape.is_large_and_plain
        if shape.alike:
            alike["." if "." in shape.alike else ","].add(shape.alike)
    if not thousands and not large_and_plain:
        thousands = {
            sign
            for sign, seen in alike.items()
            if len(seen) >= ENOUGH_ALIKE and sign not in decimal
        }
    if len(thousands) == 1 and not decimal:
        decimal = {".", ","} - thousands
    elif len(decimal) == 1 and not thousands:
        thousands = {".", ","} - decimal
    if thousands & decimal or len(thousands) > 1 or len(decimal) > 1:
        return Separators(None, None)
    return Separators(next(iter(thousands), None), next(iter(decimal), None))


def _shape(written: Written) -> int:
    return written.shape


def _digits(text: str) -> int:
    return int(re.sub(r"[^0-9]", "", text))


def _value(
    text: str, number: str, tokens: dict[str, str], separators: Separators, most: int
) -> Value:
    kind = tokens.get(plain(text)) or tokens.get(fold(text) or "\0")
    if kind is not None:
        return Value(None, f"no_figure_{kind}")
    if negative := re.fullmatch(r"[-−–](.+)|\((.+)\)|(.+)-", number):
        inner = next(filter(None, negative.groups())).strip()
        read = _value(inner, inner, {}, separators, most)
        if read.count == 0:
            return Value(0)
        return Value(None, "negative" if read.count is not None else "not_a_number")
    return _positive(number, separators, most)


def _positive(number: str, separators: Separators, most: int) -> Value:
    if (
        PLAIN.fullmatch(number)
        or any(g.fullmatch(number) for g in GROUPED_BY.values())
        or ((match := AMBIGUOUS.fullmatch(number)) and match[1] == separators.thousands)
    ):
        whole, fraction = number, ""
    elif match and match[1] != separators.decimal:
        return Value(None, "ambiguous_number")
    elif match := DECIMAL.fullmatch(number) or SPACED_DECIMAL.fullmatch(number):
        if match[2] == separators.thousands:
            return Value(None, "not_a_number")
        whole, fraction = match[1], match[3]
    elif match := THOUSANDS.fullmatch(number):
        signs = [re.escape(sign) for sign in filter(None, [match[2]])]
        whole = re.split("|".join(signs), number)[0] if signs else number
        fraction = match[3] or ""
    else:
        return Value(None, "not_a_number")
    if fraction.strip("0"):
        return Value(None, "non_integer")
    count = _digits(whole)
    return Value(count) if count <= most else Value(None, "implausible")
