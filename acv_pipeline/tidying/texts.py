"""Texts made comparable: case, accents, punctuation, spaces and footnote numbers folded away."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache

SPACES = re.compile(r"[\s\u00a0\u2000-\u200b\u202f\u205f\u3000\ufeff]+")
LIGATURES = str.maketrans({"œ": "oe", "Œ": "oe", "æ": "ae", "Æ": "ae", "’": "'", "\u00ad": ""})
# a superscript is the number of a footnote, no digit of what it stands at
FOOTNOTES = str.maketrans(dict.fromkeys("⁰¹²³⁴⁵⁶⁷⁸⁹", ""))
NOT_ALPHANUMERIC = re.compile(r"[^0-9a-z\ufffd]+")
EXCEL_MARKS = ('="', "'")
EXCEL_TEXT = re.compile(r'="(.*)"|\'(.*)', re.DOTALL)


@lru_cache(maxsize=1 << 16)
def clean(text: str) -> str:
    """A cell without outer spaces, inner runs of spaces as one, Excel's text marks removed."""
    text = _spaced(text)
    if text.startswith(EXCEL_MARKS) and (match := EXCEL_TEXT.fullmatch(text)):
        return (match[1] or match[2] or "").strip()
    return text


def _spaced(text: str) -> str:
    """``text`` with each run of spaces as one, and none around it."""
    if text.isascii():  # most texts, a dozen times as fast
        return " ".join(text.split())
    return SPACES.sub(" ", text).strip()


@lru_cache(maxsize=1 << 16)
def plain(text: str) -> str:
    """``text`` in lower case without accents; punctuation stays."""
    if not text.isascii():
        text = without_accents(text.translate(LIGATURES).translate(FOOTNOTES))
    return _spaced(text).casefold()


def without_accents(text: str) -> str:
    """``text`` with its letters bare, in their case."""
    return "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))


@lru_cache(maxsize=1 << 16)
def fold(text: str) -> str:
    """``text`` as lower-case words: accents gone, anything but letters and digits a space."""
    bare = plain(text)
    if bare.isascii() and bare.isalnum():
        return bare
    return NOT_ALPHANUMERIC.sub(" ", bare).strip()


def compact(text: str) -> str:
    """``fold`` without spaces, so that ``code dépt`` and ``CodeDept`` are one."""
    return fold(text).replace(" ", "")


def any_word(words: Iterable[str]) -> str:
    """A pattern for any of ``words``, longest first, to be matched in plain or folded text."""
    return "|".join(sorted(map(re.escape, set(words)), key=lambda word: (-len(word), word)))


class Marks:
    """Marks that follow a text and change nothing of what it says: ``*``, ``(1)``, ``¹``, ``(p)``.

    Args:
        provisional: the words that say that a figure may still change.
    """

    def __init__(self, provisional: Iterable[str]) -> None:
        words = any_word(map(plain, provisional)) or "(?!)"
        footnote = r"\*+|\(?[⁰¹²³⁴⁵⁶⁷⁸⁹]+\)?|\([0-9]{1,2}\)|\[[0-9]{1,2}\]"
        flag = rf"\((?P<a>{words})\.?\)|\[(?P<b>{words})\.?\]|(?<![^\W\d_])(?P<c>{words})\.?"
        self._end = re.compile(rf"\s*(?:{footnote}|{flag})$", re.IGNORECASE)

    def split(self, text: str) -> tuple[str, bool]:
        """The text without its marks, and whether one of them says that it is provisional."""
        provisional = False
        while (match := self._end.search(text)) and match.start() > 0:
            provisional = provisional or any(match.group(*"abc"))
            text = text[: match.start()]
        return text, provisional


def says(folded: str, name: str) -> bool:
    """Whether the folded text holds ``name`` as whole words (digits may touch it)."""
    return _whole_words(name).search(folded) is not None


@lru_cache(maxsize=1 << 12)
def _whole_words(name: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![a-z]){re.escape(fold(name))}(?![a-z])")


@lru_cache(maxsize=256)
def words_pattern(names: tuple[str, ...]) -> re.Pattern[str]:
    """A pattern for any of ``names`` in folded text, in the singular or the plural."""
    words = any_word(filter(None, map(fold, names))) or "(?!)"  # no words match nothing
    return re.compile(rf"(?<![a-z])(?:{words})(?:e|s|es)?(?![a-z])")
