"""Figures, dates and texts in both languages."""

from __future__ import annotations

import datetime as dt
import string
from pathlib import Path

import pytest

from acv_pipeline.flow.pipeline import Pipeline
from acv_pipeline.gate.rules import RULES
from acv_pipeline.language import LANGUAGES, Both
from acv_pipeline.publishing.report import words
from acv_pipeline.warehouse.home import Home

HERE = Path(words.__file__).parent
MAY = dt.date(2022, 5, 1)


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


@pytest.mark.parametrize("key", words.names())
def test_both_languages_say_the_same_things(key: str) -> None:
    forms = [words.template(key, language, n) for language in LANGUAGES for n in (1, 5)]
    assert len({frozenset(placeholders(form)) for form in forms}) == 1
    assert all(form.strip() for form in forms)


def test_every_text_is_used() -> None:
    """By its whole name, or by a name built from its group or stem (``t('level.' ~ level)``)."""
    sources = "\n".join(
        path.read_text(encoding="utf-8")
        for pattern in ("*.html", "*.py")
        for path in HERE.glob(pattern)
    )
    for key in words.names():
        group, _, name = key.partition(".")
        stem = key.rpartition("_")[0]
        built = [f"'{group}.' ~", f'f"{group}.'] if name else [f"'{stem}_' ~", f'f"{stem}_{{']
        written = [f"'{key}'", f'"{key}"', f"@{key}"]
        assert any(text in sources for text in [*written, *built]), key


def test_every_check_has_its_words() -> None:
    names = {check.name for check in Pipeline.configured(Home(Path("nowhere"))).checks()}
    names |= {rule.name for rule in RULES}
    assert {name for name in names if not words.known(f"check.{name}")} == set()


@pytest.mark.parametrize(
    ("value", "decimals", "sign", "french", "english"),
    [
        (81714, 0, False, "81\u202f714", "81,714"),
        (1234567.25, 1, False, "1\u202f234\u202f567,2", "1,234,567.2"),
        (42, 0, True, "+42", "+42"),
        (-1042, 0, True, "−1\u202f042", "−1,042"),
        (0, 0, True, "0", "0"),
        (-0.01, 1, False, "0,0", "0.0"),
        (None, 0, True, "–", "–"),
    ],
)
def test_numbers(value: float | None, decimals: int, sign: bool, french: str, english: str) -> None:
    assert words.number(value, "fr", decimals, sign=sign) == french
    assert words.number(value, "en", decimals, sign=sign) == english


def test_dates_and_shares() -> None:
    assert words.month_name(MAY, "fr") == "mai 2022"
    assert words.month_name(dt.date(2022, 12, 1), "fr", short=True) == "déc. 2022"
    assert words.day_name(dt.date(2022, 8, 1), "fr") == "1er août 2022"
    assert words.day_name(dt.date(2022, 8, 1), "en") == "1 August 2022"
    assert words.percent(0.0472, "fr") == "4,7\u202f%"
    assert words.percent(0.0472, "en") == "4.7%"
    assert words.percent(None, "en") == "–"


def test_lists_and_spans() -> None:
    assert words.listed([]).fr == ""
    assert words.listed(["Anah"]).en == "Anah"
    assert words.listed(["a", "b", "c"]) == Both("a, b et c", "a, b and c")
    months = [dt.date(2021, month, 1) for month in (1, 2, 3, 7)]
    assert words.months_listed(months).fr == "janv. 2021 à mars 2021, juil. 2021"
    assert words.months_listed(months, most=1).en == "… (+1) Jul 2021"


def test_french_spaces_and_apostrophes() -> None:
    shown = words.typeset("l'écart : 10 000 ; « oui » ?", "fr")
    assert shown == "l’écart\u00a0: 10\u202f000\u202f; «\u202foui\u202f»\u202f?"


def test_one_text_for_both_is_written_once_and_escaped() -> None:
    assert words.in_both(Both("<b>", "<b>")) == "&lt;b&gt;"
    assert words.in_both(Both("<a", "b")) == (
        "<span class=l lang=fr>&lt;a</span><span class=l lang=en>b</span>"
    )
