"""Counts of dwellings, as people write them.

What a value cell says: a count, no figure, or why it is not understood. For a text ``1.234`` the
evidence of its whole column counts; a number that the file holds as such says what it says.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple

from acv_pipeline.contract import Contract
from acv_pipeline.reading.sheet import NUMBER
from acv_pipeline.tidying.column import Cell, Column, of_contract
from acv_pipeline.tidying.reasons import NUMBERS
from acv_pipeline.tidying.texts import Marks, any_word, clean, fold, plain

GROUPED_BY = {
    "space": re.compile(r"[1-9][0-9]{0,2}(?: [0-9]{3})+"),
    "apostrophe": re.compile(r"[1-9][0-9]{0,2}(?:'[0-9]{3})+"),
}
ANY_NUMBER = re.compile(r"[-+]?[0-9][0-9\s.,'\u00a0\u202f]*(?:%|€)?")
AMBIGUOUS = re.compile(r"[1-9][0-9]{0,2}([.,])[0-9]{3}")  # thousands or three decimals
PLAIN = re.compile(r"(?:0|[1-9][0-9]*)")
DECIMAL = re.compile(r"((?:0|[1-9][0-9]*))([.,])([0-9]+)")
THOUSANDS = re.compile(r"[1-9][0-9]{0,2}(?:([.,])[0-9]{3})(?:\1[0-9]{3})*(?:(?!\1)([.,])([0-9]+))?")
SPACED_DECIMAL = re.compile(r"([1-9][0-9]{0,2}(?:[ '][0-9]{3})+)([.,])([0-9]+)")
BETWEEN_LINES = re.compile(r"(?<=[0-9])\s*[\r\n]\s*(?=[0-9])")  # two numbers, no thousands sign
# what binary arithmetic leaves of a whole number: 56.99999999999999
NOISE, NOISY_DECIMALS = Decimal("1e-9"), 9
LONGEST = 100  # signs of a number
ENOUGH_ALIKE = 3  # that many distinct "1.234", nothing to the contrary: thousands


@dataclass(frozen=True)
class Value:
    """What a value cell says: a count, or the reason why not.

    Attributes:
        is_provisional: a mark beside it says that it may still change.
    """

    count: int | None
    problem: str | None = None
    is_provisional: bool = False

    @property
    def is_missing(self) -> bool:
        """Whether the cell says that there is no figure."""
        return (self.problem or "").startswith("no_figure")

    @property
    def problem_number(self) -> int:
        """The number of its problem's reason; -1 for none."""
        return NUMBERS[self.problem]


class Separators(NamedTuple):
    """What a column proves about ``.`` and ``,``: the thousands and decimal signs, if known."""

    thousands: str | None
    decimal: str | None


def parse_values(column: Column[Cell], contract: Contract) -> Column[Value]:
    """What the cells of one value column say."""
    words = of_contract(ValueWords, contract)
    written = [words.number_in(cell.text) for cell in column.found]
    separators = find_separators(
        shape_of(number)
        for cell, (_, number, _) in zip(column.found, written, strict=True)
        if cell.kind != NUMBER
    )
    values = []
    for cell, (text, number, provisional) in zip(column.found, written, strict=True):
        if cell.kind == NUMBER and cell.text:
            value = typed_value(cell.text, contract.max_plausible_value)
        else:
            value = words.value(text, number, separators, contract.max_plausible_value)
        values.append(replace(value, is_provisional=True) if provisional else value)
    return Column(column.codes, values)


def typed_value(text: str, most: int) -> Value:
    """What a number says that the file holds as a number; its point is the decimal point."""
    number = Decimal(text)
    if not number.is_finite():
        return Value(None, "not_a_number")
    if number < 0:
        return Value(None, "negative")
    count = round(number)
    if abs(number - count) > NOISE * max(1, count):
        return Value(None, "non_integer")
    return Value(count) if count <= most else Value(None, "implausible")


class ValueWords:
    """What a contract says of value cells: units, marks, and words for "no figure"."""

    def __init__(self, contract: Contract) -> None:
        units = any_word(map(plain, contract.figure_units))
        self._unit = re.compile(rf" ?(?:{units})\.?$", re.IGNORECASE)
        self._marks = Marks(contract.provisional_marks)
        self.tokens = no_figure_tokens(contract)
        self.number_in = lru_cache(maxsize=1 << 16)(self._number_in)
        self.is_number = lru_cache(maxsize=1 << 16)(self._is_number)
        self.value = lru_cache(maxsize=1 << 16)(self._value)

    def _is_number(self, text: str) -> bool:
        return (
            clean(text) not in self.tokens
            and ANY_NUMBER.fullmatch(self.number_in(text)[1]) is not None
        )

    def _value(self, text: str, number: str, separators: Separators, most: int) -> Value:
        return _value(text, number, self.tokens, separators, most)

    def _number_in(self, text: str) -> tuple[str, str, bool]:
        """A cell without marks, the same without its unit, and whether it is provisional."""
        text = clean(BETWEEN_LINES.sub(" / ", text))
        if not text[:1].isdigit():
            return text, text, False
        text, provisional = self._marks.split(text)
        return text, self._unit.sub("", text), provisional


def number_test(contract: Contract) -> Callable[[str], bool]:
    """Tells whether a cell holds a number, with or without a unit or marks, whatever it counts."""
    return of_contract(ValueWords, contract).is_number


def no_figure_tokens(contract: Contract) -> dict[str, str]:
    """Kind of "no figure" by token, as written and folded."""
    kinds = [(word, kind) for kind, words in contract.no_figure.items() for word in words]
    folded = {fold(word): kind for word, kind in reversed(kinds) if fold(word)}
    return folded | {plain(word): kind for word, kind in kinds}


class Shape(NamedTuple):
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


@lru_cache(maxsize=1 << 16)
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
    for shape in set(shapes):
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
    if len(whole) > LONGEST:
        return Value(None, "implausible")
    count = _digits(whole)
    if fraction.strip("0"):
        rest = Decimal(f"0.{fraction}")
        count += round(rest)
        if len(fraction) < NOISY_DECIMALS or abs(rest - round(rest)) > NOISE * max(1, count):
            return Value(None, "non_integer")
    return Value(count) if count <= most else Value(None, "implausible")
