"""The languages people are told things in: one catalogue for all texts of the program.

A text stands in the code in English, as a call of one of the functions below, and in French in
``fr/LC_MESSAGES/acv_pipeline.po``, which ``make messages`` keeps in step with the code. Values go
in by name, with Python's format specifications; numbers are written as each language writes them.
"""

from __future__ import annotations

import gettext
import os
import string
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from numbers import Real
from pathlib import Path
from typing import Any

LANGUAGES = ("fr", "en")
CATALOGUE = "acv_pipeline", Path(__file__).parent  # its name, and where it is
NARROW = "\u202f"  # narrow no-break space: groups of digits, and before ; ! ? %


@dataclass(frozen=True)
class Both:
    """Something that is written differently in the two languages."""

    fr: str
    en: str

    def __getitem__(self, language: str) -> str:
        """The text in ``fr`` or ``en``."""
        return self.fr if language == "fr" else self.en

    def __str__(self) -> str:
        """The text in the user's language."""
        return self[language()]


def language() -> str:
    """``fr`` or ``en``: what ``ACV_LANGUAGE`` says, else the locale; English where neither does."""
    for name in ("ACV_LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"):
        if value := os.environ.get(name):
            return "fr" if value.lower().startswith("fr") else "en"
    return "en"


def _(message: str, /, **values: Any) -> str:
    """A text in the user's language, with its values."""
    return in_language(language(), message, **values)


def plural(one: str, many: str, count: int, **values: Any) -> str:
    """One of two texts in the user's language, as ``count`` (which is a value too) asks."""
    return _plural(language(), one, many, count, **values)


def both(message: str, /, **values: Any) -> Both:
    """A text in both languages, for what is kept or sent to somebody else."""
    return Both(*(in_language(each, message, **values) for each in LANGUAGES))


def both_plural(one: str, many: str, count: int, **values: Any) -> Both:
    """``plural`` in both languages."""
    return Both(*(_plural(each, one, many, count, **values) for each in LANGUAGES))


def listed(parts: Iterable[Both | str], separator: str = ", ") -> Both:
    """Some things one after the other, each in both languages."""
    parts = list(parts)
    return Both(
        *(
            separator.join(part[each] if isinstance(part, Both) else part for part in parts)
            for each in LANGUAGES
        )
    )


def together(sentences: Iterable[Both]) -> Both:
    """Some sentences as one, with a semicolon between them."""
    sentences = list(sentences)
    return Both(
        fr="\u00a0; ".join(each.fr for each in sentences),
        en="; ".join(each.en for each in sentences),
    )


def of_record(entry: Mapping[str, Any], name: str) -> Both:
    """A text that is on record in English, and in French under ``…_fr`` if it was known then."""
    english = entry[name] or ""
    return Both(fr=entry.get(f"{name}_fr") or english, en=english)


def kept(entry: Mapping[str, Any], name: str) -> str:
    """A text that is on record, in the user's language; empty where there is none."""
    return str(of_record(entry, name))


def marked(message: str) -> str:
    """The text as it stands: it is translated where it is shown."""
    return message


def of_file(text: str) -> Both:
    """A text that stands in a file which says it in English, and may be a user's own.

    It is in both languages as it stands there, unless the catalogue has French for it.
    """
    return Both(*(_catalogue(each).gettext(text) if text else text for each in LANGUAGES))


def in_language(language: str, message: str, /, **values: Any) -> str:
    """A text in one language, with its values."""
    return _FORMATTERS[language].format(_catalogue(language).gettext(message), **values)


def named(language: str, name: str, one: str, many: str | None = None, count: int = 2) -> str:
    """A text that has a name, in one language, with its placeholders.

    Args:
        name: tells apart texts that are the same in English.
        many: the text for many where ``one`` is that for one; ``count`` chooses.
    """
    if many is None:
        return _catalogue(language).pgettext(name, one)
    return _catalogue(language).npgettext(name, one, many, count)


def named_texts(
    content: Mapping[str, Any], above: str = ""
) -> Iterator[tuple[str, str | tuple[str, str]]]:
    """The texts of a file with their names: of a group ``group.name``; a pair is one and many."""
    for key, entry in content.items():
        if isinstance(entry, dict):
            yield from named_texts(entry, f"{above}{key}.")
        elif isinstance(entry, str):
            yield f"{above}{key}", entry
        elif len(entry) == 2:
            yield f"{above}{key}", (entry[0], entry[1])
        else:  # a list: all of one name
            yield from ((f"{above}{key}", text) for text in entry)


def _plural(language: str, one: str, many: str, count: int, **values: Any) -> str:
    text = _catalogue(language).ngettext(one, many, count)
    return _FORMATTERS[language].format(text, count=count, **values)


@cache
def _catalogue(language: str) -> gettext.NullTranslations:
    if language == "en":  # the texts themselves
        return gettext.NullTranslations()
    return gettext.translation(*CATALOGUE, [language])


class _Formatter(string.Formatter):
    """``str.format`` with the numbers of a language, and of a ``Both`` its text."""

    def __init__(self, language: str) -> None:
        self.language = language

    def format_field(self, value: Any, spec: str) -> str:
        """The value as ``spec`` says."""
        if isinstance(value, Both):
            value = value[self.language]
        text = format(value, spec)
        if self.language == "fr" and spec and isinstance(value, Real):
            text = text.translate(_FRENCH_NUMBER)
        return text


_FRENCH_NUMBER = str.maketrans({",": NARROW, ".": ",", "%": f"{NARROW}%"})
_FORMATTERS = {each: _Formatter(each) for each in LANGUAGES}
