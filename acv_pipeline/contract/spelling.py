"""Names as people type them: one that is unknown is refused with those there are."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from difflib import get_close_matches

from acv_pipeline.language import _


class UnknownNameError(ValueError):
    """Nothing is called so; the message says what is, and what was probably meant."""


def letters(text: str) -> str:
    """Letters alone, without case and accents."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in decomposed if letter.isalpha())


def has_words(text: str) -> bool:
    """Whether somebody said something: commands are printed with “…” where a person is to."""
    return any(map(str.isalnum, text))


def unknown(
    what: str, typed: str, names: Iterable[str], expected: str | None = None
) -> UnknownNameError:
    """The error to raise: ``unknown source 'anha': anah? Known are anah, …``.

    Args:
        what: what is unknown, in the user's language.
        expected: what is expected, in the user's language; the names there are by default.
    """
    by_letters = {letters(name): name for name in names}
    expected = expected or _("known are {names}", names=", ".join(by_letters.values()))
    for near in get_close_matches(letters(typed), by_letters, n=1):
        expected = _(
            "{name}? {expected}",
            name=by_letters[near],
            expected=expected[0].upper() + expected[1:],
        )
    return UnknownNameError(
        _("unknown {what} '{typed}': {expected}", what=what, typed=typed, expected=expected)
    )
