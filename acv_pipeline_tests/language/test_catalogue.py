"""The catalogue: in step with the code, whole, and with the values that the texts have."""

from __future__ import annotations

import io
import re
import string
import subprocess
import sys
from pathlib import Path

import click
import pytest
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

import acv_pipeline.language
from acv_pipeline.language import (
    NARROW,
    Both,
    _,
    both,
    both_plural,
    in_language,
    listed,
    of_file,
    of_record,
    plural,
    together,
)

REPOSITORY = Path(acv_pipeline.language.__file__).parents[2]
PO = Path(acv_pipeline.language.__file__).with_name("fr") / "LC_MESSAGES" / "acv_pipeline.po"
KEYWORDS = "both marked sql_text in_language:2 plural:1,2 both_plural:1,2"


def catalogue() -> Catalog:
    with PO.open("rb") as file:
        return read_po(file, locale="fr")


def placeholders(text: str) -> set[str]:
    return {name for _text, name, _spec, _how in string.Formatter().parse(text) if name}


def test_it_has_the_texts_of_the_code_and_no_other(tmp_path: Path) -> None:
    template = tmp_path / "texts.pot"
    subprocess.run(
        [
            *(sys.executable, "-m", "babel.messages.frontend", "--quiet", "extract"),
            *("--mapping", "pyproject.toml", "--keywords", KEYWORDS),
            *("--output", str(template), "acv_pipeline", "dbt_like_sql", click.__path__[0]),
        ],
        cwd=REPOSITORY,
        check=True,
    )
    with template.open("rb") as file:
        in_code = {(m.context, m.id) for m in read_po(file) if m.id}
    in_catalogue = {(m.context, m.id) for m in catalogue() if m.id}
    assert in_code - in_catalogue == set(), "run make messages, then write the French"
    assert in_catalogue - in_code == set(), "run make messages"


def test_every_text_has_its_french() -> None:
    without = [
        message.id
        for message in catalogue()
        if message.id
        and not all(message.string if isinstance(message.string, tuple) else (message.string,))
    ]
    assert without == []
    assert not [message.id for message in catalogue() if message.fuzzy and message.id]


def test_the_french_has_the_values_of_the_english() -> None:
    for message in catalogue():
        if not message.id:
            continue
        english = message.id if isinstance(message.id, tuple) else (message.id,)
        french = message.string if isinstance(message.string, tuple) else (message.string,)
        assert placeholders(french[-1]) == placeholders(english[-1]), message.id
        values = set().union(*map(placeholders, english))
        assert placeholders(french[0]) <= values, message.id


def test_no_line_breaks_before_a_colon() -> None:
    for message in catalogue():
        french = message.string if isinstance(message.string, tuple) else (message.string,)
        for text in french if message.id else ():
            assert not re.search(r"(?<=\S) [:;!?»]|« ", text), f"an ordinary space: {text}"


def test_what_is_loaded_is_what_was_written() -> None:
    compiled = io.BytesIO()
    write_mo(compiled, catalogue())
    assert PO.with_suffix(".mo").read_bytes() == compiled.getvalue(), "run make messages"


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, "en"),
        ({"LANG": "fr_FR.UTF-8"}, "fr"),
        ({"LANG": "fr_FR.UTF-8", "LC_ALL": "C.UTF-8"}, "en"),
        ({"LANG": "en_GB.UTF-8", "ACV_LANGUAGE": "fr"}, "fr"),
        ({"LANG": "fr_FR.UTF-8", "ACV_LANGUAGE": "en"}, "en"),
        ({"LC_MESSAGES": "fr_CA", "LANG": "de_DE"}, "fr"),
    ],
)
def test_the_language_is_the_settings_else_the_locales(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], expected: str
) -> None:
    for name in ("ACV_LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert acv_pipeline.language.language() == expected
    text = _("'{value}' is not a month: write it like 2021-03", value="x")
    assert text.startswith("'x' n'est pas" if expected == "fr" else "'x' is not")


def test_numbers_are_written_as_the_language_writes_them() -> None:
    text = "{total:,.1f} and {share:.1%}, {count}, {code}"
    values = {"total": 1234567.25, "share": 0.309, "count": 1000, "code": "2A"}
    assert in_language("en", text, **values) == "1,234,567.2 and 30.9%, 1000, 2A"
    assert in_language("fr", text, **values) == (
        f"1{NARROW}234{NARROW}567,2 and 30,9{NARROW}%, 1000, 2A"
    )


def test_a_text_within_a_text_is_in_the_same_language() -> None:
    inner = both("'{value}': the first month comes after the last", value="2")
    outer = both("{what}!", what=inner)
    assert outer.fr == "'2'\u00a0: le premier mois vient après le dernier!"
    assert outer.en == "'2': the first month comes after the last!"


def test_things_stand_one_after_the_other_in_each_language() -> None:
    first, second = Both("un", "one"), Both("deux", "two")
    assert listed([first, "x", second]) == Both("un, x, deux", "one, x, two")
    assert together([first, second]) == Both("un\u00a0; deux", "one; two")


def test_what_is_on_record_without_french_is_told_in_english() -> None:
    assert of_record({"why": "words", "why_fr": "des mots"}, "why") == Both("des mots", "words")
    assert of_record({"why": "words"}, "why") == Both("words", "words")
    assert of_record({"why": None, "why_fr": None}, "why") == Both("", "")


def test_a_text_of_a_file_stands_as_it_is_where_it_has_no_french() -> None:
    known = of_file("Every decrease of a cumulative figure has an explanation.")
    assert known.fr.startswith("Toute baisse")
    assert of_file("Own test of {a user}.") == Both(*2 * ("Own test of {a user}.",))
    assert of_file("") == Both("", "")


def test_a_language_has_its_own_plural() -> None:
    words = both_plural("{count} row", "{count} rows", 0)
    assert (words.en, words.fr) == ("0 rows", "0 rows")  # no French for these: as they stand
    assert plural("{count} row", "{count} rows", 1) == "1 row"
