"""The digest says what the marts say, and what came and was held."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path

import pytest

from acv_pipeline.contract import Contract
from acv_pipeline.contract.months import month_of
from acv_pipeline.flow.pipeline import Pipeline
from acv_pipeline.operations.alerts.digest import digest
from acv_pipeline.operations.alerts.messages import Message
from acv_pipeline.warehouse import read_published
from acv_pipeline.warehouse.home import Home
from acv_pipeline_tests import warehouses
from acv_pipeline_tests.alerts.world import NEXT, show
from acv_pipeline_tests.deliveries import deliver_trajectory, steady_figures

JULY = dt.date(2021, 7, 1)


@pytest.fixture
def told(home: Home, contract: Contract, stages: dict[str, Path]) -> dict[str, Message]:
    found = {}
    for stage, path in stages.items():
        show(home, path)
        with read_published(home) as connection:
            found[stage] = digest(connection, contract, JULY)
    return found


def test_the_figures_are_those_of_the_marts(
    told: dict[str, Message], home: Home, stages: dict[str, Path]
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


def test_a_held_month_is_said_to_be_missing_and_why(told: dict[str, Message]) -> None:
    bad = told["bad"]
    assert bad.subject.endswith("July 2021: no total yet")
    assert "no figures in force from Action Logement" in bad.text
    assert "96 of 96 départements are about 10.3 times" in bad.text
    assert "Still held back." in bad.text
    assert "A later delivery took its place." in told["corrected"].text
    assert "Nothing came from Anah." in told["good"].text
    assert f"ACV_anah_{NEXT}.csv, 96 rows, in force" in bad.text


def test_html_holds_the_same_and_loads_nothing(told: dict[str, Message]) -> None:
    for one in told.values():
        assert not re.search(r"<(script|img|link|iframe)|url\(|src=", one.html)
        shown = re.sub(r"<[^>]+>", " ", one.html)
        for word in re.findall(r"[\d,]{5,}", one.text):
            assert word in shown


def test_after_a_gap_the_addition_is_said_to_be_of_several_months(
    home: Home, landing: Path, contract: Contract
) -> None:
    sources, months = ("anah", "action_logement"), ["2021-01", "2021-02", "2021-04"]
    for source in sources:
        deliver_trajectory(landing, contract, source, months)
    pipeline = Pipeline.configured(home, landing)
    due, _ = pipeline.receive_due()
    warehouses.run(pipeline, due)

    def total(month: str) -> int:
        found = (steady_figures(contract, month_of(month), source=source) for source in sources)
        return sum(sum(figures.values()) for figures in found)

    with read_published(home) as connection:
        before, after = (digest(connection, contract, month_of(m)) for m in months[1:])
    added = total("2021-04") - total("2021-02")
    assert after.subject.endswith(f"dwellings supported ({added:+,} in 2 months)")
    assert f"{added:+,} dwellings since February 2021 (2 months)." in after.text
    added = total("2021-02") - total("2021-01")
    assert before.subject.endswith(f"dwellings supported ({added:+,})")
    assert f"{added:+,} dwellings since January 2021." in before.text
