"""Nothing that a spreadsheet would run, and nothing lost: texts come back as they were."""

from __future__ import annotations

import re

import duckdb
from hypothesis import given, settings
from hypothesis import strategies as st

from acv_pipeline.publishing.release.writing import harmless

SEPARATORS = ';,|"\t\r\n'
UNDO = r"""regexp_replace(shown, '(^|[;,|"\t\r\n])''', '\1', 'g')"""
CONNECTION = duckdb.connect()


def shown_and_undone(texts: list[str]) -> list[tuple[str, str]]:
    return CONNECTION.execute(
        f"select shown, {UNDO} from (select {harmless('t')} as shown from unnest(?) as x(t))",
        [texts],
    ).fetchall()


def test_formulas_get_an_apostrophe_and_names_stay() -> None:
    expected = {
        "=1+1": "'=1+1",
        "+33 1": "'+33 1",
        "-2": "'-2",
        "@SUM(A1)": "'@SUM(A1)",
        "\t=1": "'\t'=1",
        "\rx": "'\rx",
        "'quoted": "''quoted",
        "a;=1": "a;'=1",
        'a";"=1': 'a";"\'=1',
        "＝1+1": "'＝1+1",
        "Côtes-d'Armor": "Côtes-d'Armor",
        "ACV 2020-01 (v2).csv": "ACV 2020-01 (v2).csv",
        "": "",
    }
    assert [shown for shown, _ in shown_and_undone(list(expected))] == list(expected.values())


@given(st.lists(st.text(alphabet=SEPARATORS + "=+-@'＝＋－＠ a1", max_size=12), max_size=40))
@settings(max_examples=60, deadline=None)
def test_any_text_is_harmless_and_comes_back(texts: list[str]) -> None:
    for text, (shown, undone) in zip(texts, shown_and_undone(texts), strict=True):
        assert undone == text
        for part in re.split(f"[{SEPARATORS}]", shown):
            assert not part.startswith(("=", "+", "-", "@", "＝", "＋", "－", "＠"))
        assert not shown.startswith(("\t", "\r", "\n"))
