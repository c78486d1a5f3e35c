"""The digest says what the marts say, and what came and was held."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path

import pytest

from acv_pipeline.alerts.digest import Digest, digest
from acv_pipeline.contract import Contract
from acv_pipeline.home import Home
from acv_pipeline.warehouse import read_published
from acv_pipeline_tests.alerts.world import NEXT, show

JULY = dt.date(2021, 7, 1)


@pytest.fixture
def told(home: Home, contract: Contract, stages: dict[str, Path]) -> dict[str, Digest]:
    found = {}
    for stage, path in stages.items():
        show(home, path)
        with read_published(home) as connection:
            found[stage] = digest(connection, contract, JULY)
    return found


def test_the_figures_are_those_of_the_marts(
    told: dict[str, Digest], home: Home, stages: dict[str, Path]
) -> None:
    show(home, stages["corrected"])
    with read_published(home) as connection:
        total, top = connection.execute(
            "select sum(cumulative_dwellings), arg_max(department_name, cumulative_dwellings)"
            " from marts.department_rankings where series = 'total' and month = ?",
            [JULY],
        ).fetchall()[0]
    assert f"July 2021: {total:,} dwellings supported" in told["corrected"].subject
    first = next(line for line in told["corrected"].text.splitlines() if line.startswith("   1  "))
    assert top in first
    assert first.split()[-2].startswith("+")


def test_a_held_month_is_said_to_be_missing_and_why(told: dict[str, Digest]) -> None:
    bad = told["bad"]
    assert bad.subject.endswith("July 2021: no total yet")
    assert "no figures in force from Action Logement" in bad.text
    assert "96 of 96 départements are about 10.3 times" in bad.text
    assert "Still held back." in bad.text
    assert "A later delivery took its place." in told["corrected"].text
    assert "Nothing came from Anah." in told["good"].text
    assert f"ACV_anah_{NEXT}.csv, 96 rows, in force" in bad.text


def test_html_holds_the_same_and_loads_nothing(told: dict[str, Digest]) -> None:
    for one in told.values():
        assert not re.search(r"<(script|img|link|iframe)|url\(|src=|href=", one.html)
        shown = re.sub(r"<[^>]+>", " ", one.html)
        for word in re.findall(r"[\d,]{5,}", one.text):
            assert word in shown
