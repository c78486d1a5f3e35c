"""Texts, figures and dates in French and English."""

from __future__ import annotations

import datetime as dt
import re
import string
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from markupsafe import Markup, escape

from acv_pipeline.contract import Month
from acv_pipeline.contract.entries import Words
from acv_pipeline.contract.months import day_in_words, in_words, spans
from acv_pipeline.contract.yaml_file import read_yaml
from acv_pipeline.language import LANGUAGES, NARROW, Both, named, named_texts

SHORT_MONTHS = "months_short"
NO_BREAK = "\u00a0"
MINUS = "\u2212"
DASH = "–"


def number(value: float | None, language: str, decimals: int = 0, *, sign: bool = False) -> str:
    """``81 714`` or ``81,714``; a dash for none; with ``sign``, a plus before gains."""
    if value is None:
        return DASH
    text = f"{abs(value):,.{decimals}f}"
    if language == "fr":
        text = text.replace(",", NARROW).replace(".", ",")
    below = value < 0 and any(digit in "123456789" for digit in text)
    return (MINUS if below else "+" if sign and value > 0 else "") + text


def percent(share: float | None, language: str, decimals: int = 1) -> str:
    """A share of one as ``61,2 %`` or ``61.2%``."""
    if share is None:
        return DASH
    return number(share * 100, language, decimals) + (f"{NARROW}%" if language == "fr" else "%")


def month_name(month: Month, language: str, *, short: bool = False) -> str:
    """``novembre 2022``, ``nov. 2022``; ``November 2022``, ``Nov 2022``."""
    if not short:
        return in_words(month)[language]
    return f"{months_short(language)[month.month - 1]} {month.year}"


def months_short(language: str) -> list[str]:
    """The short names of the twelve months."""
    return [named(language, SHORT_MONTHS, name) for name in _all_texts()[SHORT_MONTHS]]


def day_name(day: dt.date, language: str) -> str:
    """``1er janvier 2023`` or ``1 January 2023``."""
    return day_in_words(day)[language]


def listed(items: Sequence[str]) -> Both:
    """``Anah et Action Logement``, ``Anah and Action Logement``; None for no item is empty."""

    def join(last: str) -> str:
        head, tail = ", ".join(items[:-1]), items[-1] if items else ""
        return f"{head} {last} {tail}" if head else tail

    return Both(join("et"), join("and"))


def months_listed(months: Iterable[Month], most: int = 6) -> Both:
    """Months as spans of neighbours (``2021-02 to 2021-05, 2022-01``), at most so many spans."""
    found = spans(months)

    def written(language: str, to: str, more: str) -> str:
        parts = [
            month_name(a, language, short=True)
            + (f" {to} {month_name(b, language, short=True)}" if b != a else "")
            for a, b in found[-most:]
        ]
        hidden = len(found) - len(parts)
        return (f"{more.format(hidden)} " if hidden else "") + ", ".join(parts)

    return Both(written("fr", "à", "… (+{})"), written("en", "to", "… (+{})"))


class _Formatter(string.Formatter):
    """``{n}``, ``{rate:.1}``, ``{gain:+}``, ``{share:%}``, ``{on:day}``, ``{month:month}``.

    ``{month:Month}`` begins a sentence; ``{month:short}`` is for tables.
    """

    def __init__(self, language: str) -> None:
        self.language = language

    def format_field(self, value: Any, spec: str) -> str:
        language = self.language
        writers: dict[str, Callable[[], str]] = {
            "": lambda: self._plain(value),
            "+": lambda: number(value, language, sign=True),
            ".1": lambda: number(value, language, 1),
            "%": lambda: percent(value, language),
            "month": lambda: month_name(value, language),
            "Month": lambda: month_name(value, language).capitalize(),
            "short": lambda: month_name(value, language, short=True),
            "day": lambda: day_name(value, language),
        }
        return writers[spec]()

    def _plain(self, value: Any) -> str:
        if isinstance(value, Both):
            return value[self.language]
        if isinstance(value, int | float):
            return number(value, self.language)
        return str(value)


_FORMATTERS = {language: _Formatter(language) for language in LANGUAGES}


@cache
def _all_texts() -> dict[str, Any]:
    texts = read_yaml(Path(__file__).with_name("texts.yml"))
    if not isinstance(texts, dict):
        raise TypeError("texts.yml: expected a mapping")
    return texts


@cache
def names() -> list[str]:
    """The names of all texts, with those of a group as ``group.name``."""
    return [name for name, _ in named_texts(_all_texts()) if name != SHORT_MONTHS]


def template(key: str, language: str, n: Any = None) -> str:
    """The text with its placeholders; of a pair, the singular or the plural that suits ``n``.

    Raises:
        KeyError: there is no such text.
    """
    entry: Any = _all_texts()
    for part in key.split(".", 1):
        entry = entry[part]
    if isinstance(entry, str):
        return typeset(named(language, key, entry), language)
    single = n is not None and (abs(n) < 2 if language == "fr" else n == 1)
    one, many = entry
    return typeset(named(language, key, one, many, count=1 if single else 2), language)


def text(key: str, language: str, **values: Any) -> str:
    """A text in one language, with its values."""
    return _FORMATTERS[language].format(template(key, language, values.get("n")), **values)


def both(key: str, **values: Any) -> Both:
    """A text in both languages, with its values."""
    return Both(text(key, "fr", **values), text(key, "en", **values))


def known(key: str) -> bool:
    """Whether there is such a text."""
    return key in names()


@cache
def typeset(text: str, language: str) -> str:
    """With typographic apostrophes, and French spaces in figures and around punctuation."""
    text = text.strip().replace("'", "’")
    if language == "fr":
        text = re.sub(r"(?<=\d) (?=\d{3})", NARROW, text)
        text = re.sub(r"[ \u00a0]([;!?%»])", NARROW + r"\1", text)
        text = re.sub(r"«[ \u00a0]", f"«{NARROW}", text).replace(" :", f"{NO_BREAK}:")
    return text


def contract_words(words: Both | Words) -> Both:
    """What the contract says, typeset."""
    return Both(typeset(words.fr, "fr"), typeset(words.en, "en"))


def in_both(words: Both) -> Markup:
    """The two languages side by side; the page shows one of them.

    What is the same in both is written once.
    """
    if words.fr == words.en:
        return escape(words.fr)
    return Markup("").join(
        Markup("<span class=l lang={}>{}</span>").format(language, words[language])
        for language in LANGUAGES
    )
