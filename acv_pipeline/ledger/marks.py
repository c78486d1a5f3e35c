"""What a file's name and titles say of its standing: provisional, a correction, version 2."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from functools import lru_cache
from pathlib import PurePath

from acv_pipeline.contract.entries import StandingWords
from acv_pipeline.ledger.standing import DEFINITIVE, PLAIN, PROVISIONAL, Standing
from acv_pipeline.tidying.texts import any_word, fold, plain

_HUMP = re.compile(r"(?<=[a-zà-ÿ0-9])(?=[A-ZÀ-Ý])")  # MarsProvisoire: two words
# "not yet validated", "validated subject to": not what the word says by itself
_NEGATION = re.compile(r"(?<![a-z])(?:non|pas|ne|sans|avant|attente)(?: [a-z]+){0,2} $")
_RESERVATION = re.compile(r" (?:sous reserve|sauf)")
_DAY = re.compile(r"[0-9]{1,2}([-/. ])[0-9]{1,2}\1(?:20)?[0-9]{2}(?![0-9])")


def standing_of(
    file_name: str, titles: Sequence[str], made_at: dt.datetime | None, words: StandingWords
) -> Standing:
    """The standing of a file.

    Args:
        titles: names of the sheets that were used and the lines above their tables; they count
            where the file name says nothing.
    """
    name = PurePath(file_name).stem
    certainty, certain_by = _certainty(name, words)
    if certainty == PLAIN:
        certainty, certain_by = _certainty(" · ".join(titles), words)
    corrections = [_said(text, words.correction, words) for text in (name, *titles)]
    versions = [_version(text, words) for text in (name, *titles)]
    return Standing(
        certainty,
        certain_by,
        next((said[0] for said in corrections if said), ""),
        next(filter(None, versions), (1,)),
        made_at,
    )


def _certainty(text: str, words: StandingWords) -> tuple[int | None, str]:
    provisional = _said(text, words.provisional, words)
    definitive = _said(text, words.definitive, words)
    if not provisional and _is_denied(text, words.definitive, words):
        return PROVISIONAL, text
    if provisional and definitive:
        return None, f"{provisional[0]}, {definitive[0]}"
    if provisional:
        return PROVISIONAL, provisional[0]
    return (DEFINITIVE, definitive[0]) if definitive else (PLAIN, "")


def _said(text: str, wanted: Sequence[str], words: StandingWords) -> list[str]:
    """Those of the wanted words that the text says; “non définitif” does not say “définitif”."""
    known = {fold(word) for word in wanted if _is_bare(word)}
    folded = fold(_HUMP.sub(" ", text))
    matches = [m for m in _every(words).finditer(folded) if m[0] in known]
    found = [m[0] for m in matches if not _NEGATION.search(folded[: m.start()])]
    marks = [word for word in wanted if not _is_bare(word) and plain(word) in plain(text)]
    spelled = {fold(word): word for word in wanted}
    return [*(spelled[word] for word in found), *marks]


def _is_denied(text: str, wanted: Sequence[str], words: StandingWords) -> bool:
    """Whether the text denies one of the wanted words, or makes it depend on something."""
    folded = fold(_HUMP.sub(" ", text))
    known = {fold(word) for word in wanted if _is_bare(word)}
    return any(
        _NEGATION.search(folded[: m.start()]) or _RESERVATION.match(folded[m.end() :])
        for m in _every(words).finditer(folded)
        if m[0] in known
    )


def _is_bare(word: str) -> bool:
    """Whether it is words; else it is a mark such as ``(p)``, looked for as it stands."""
    return not set(plain(word)) & set("()*")


@lru_cache(maxsize=8)
def _pattern(words: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile(rf"(?<![a-z])(?:{any_word(words)})(?![a-z])")


def _every(words: StandingWords) -> re.Pattern[str]:
    """Any of the words; the longest that begins at a place is the one that stands there."""
    every = (*words.provisional, *words.definitive, *words.correction)
    return _pattern(tuple(fold(word) for word in every if _is_bare(word)))


def _version(text: str, words: StandingWords) -> tuple[int, ...] | None:
    spaced = plain(_HUMP.sub(" ", text)).replace("_", " ")
    pattern = rf"(?<![a-z0-9])(?:{any_word(map(plain, words.version))})[ .°-]{{0,2}}"
    for match in re.finditer(pattern + r"(?=([0-9]{1,2})(?:\.([0-9]{1,2}))?(?![0-9]))", spaced):
        is_day = "version" in match[0] and _DAY.match(spaced, match.end())
        if not is_day:
            return tuple(int(part) for part in match.groups() if part)
    return None
