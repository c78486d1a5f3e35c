"""Counts of dwellings, as people write them.

Here: what a value cell says (a count, no figure, or why it is not understood), with the evidence
of its whole column for ``1.234``. Not here: whether a count is believable (the gate).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from acv_pipeline.contract import Contract
from acv_pipeline.tidying.column import Column
from acv_pipeline.tidying.fold import any_word, clean, fold, plain

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


@dataclass(frozen=True)
class Separators:
    """What a column proves about ``.`` and ``,``: the thousands and decimal signs, if known."""

    thousands: str | None
    decimal: str | None


def parse_values(column: Column[str], contract: Contract) -> Column[Value]:
    """What the cells of one value column say."""
    tokens = no_figure_tokens(contract)
    unit = re.compile(rf" ?(?:{any_word(map(plain, contract.figure_units))})\.?$", re.IGNORECASE)
    cleaned = [clean(text) for text in column.found]
    bare = [unit.sub("", text) if text[:1].isdigit() else text for text in cleaned]
    separators = find_separators(bare)
    most = contract.max_plausible_value
    values = [
        _value(text, number, tokens, separators, most)
        for text, number in zip(cleaned, bare, strict=True)
    ]
    return Column(column.codes, values)


def no_figure_tokens(contract: Contract) -> dict[str, str]:
    """Kind of "no figure" by token, as written and folded."""
    kinds = [(word, kind) for kind, words in contract.no_figure.items() for word in words]
    folded = {fold(word): kind for word, kind in reversed(kinds) if fold(word)}
    return folded | {plain(word): kind for word, kind in kinds}


def find_separators(numbers: list[str]) -> Separators:
    """The signs that the numbers of one column prove (see the module's patterns)."""
    thousands: set[str] = set()
    decimal: set[str] = set()
    alike: dict[str, set[str]] = {".": set(), ",": set()}
    large_and_plain = False
    for number in numbers:
        number = number.lstrip("-+")
        if match := AMBIGUOUS.fullmatch(number):
            if not number.endswith("000"):  # 353.000 is more often 353 than 353 thousand
                alike[match[1]].add(number)
        elif match := DECIMAL.fullmatch(number) or SPACED_DECIMAL.fullmatch(number):
            decimal.add(match[2])
        elif match := THOUSANDS.fullmatch(number):
            thousands.add(match[1])
            decimal.update(filter(None, [match[2]]))
        elif PLAIN.fullmatch(number):
            large_and_plain = large_and_plain or int(number) >= 1000
        else:
            large_and_plain = large_and_plain or any(
                grouping.fullmatch(number) for grouping in GROUPED_BY.values()
            )
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
    if fraction.strip("0"):
        return Value(None, "non_integer")
    count = _digits(whole)
    return Value(count) if count <= most else Value(None, "implausible")
