"""Which month deliveries and rows count for, and when a flaw is settled."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import pytest

from acv_pipeline.contract import Contract
from acv_pipeline.contract.months import month_of, month_range
from acv_pipeline.quality import CheckResult, checks
from acv_pipeline.quality.evaluation import evaluate
from acv_pipeline_tests.deliveries import ACV, steady_figures
from acv_pipeline_tests.quality.worlds import NAME, World, empty_world, received, rows_of

UNREADABLE = "colour\nred\n"


@pytest.fixture
def world(tmp_path: Path, contract: Contract) -> Iterator[World]:
    with empty_world(tmp_path, contract) as world:
        yield world


def failing(world: World, name: str, asset: str = "anah_extract") -> dict[dt.date, CheckResult]:
    """The months in which the check fails, over the years that these tests use."""
    world.receive()
    (check,) = (c for c in checks(world.contract) if (c.asset, c.name) == (asset, name))
    months = list(month_range(month_of("2018-09"), month_of("2021-12")))
    found = evaluate(world.connection, world.contract, [check], months)
    return {result.month: result for result in found if not result.passed}


def steady(world: World, month: str) -> list[tuple[str, str, str, str, str]]:
    return rows_of(month, steady_figures(world.contract, month_of(month)))


def test_a_refused_delivery_counts_for_the_month_before_it_came(world: World) -> None:
    world.send_text("anah", "2021-04-06", UNREADABLE, "a.csv")
    found = failing(world, "delivery_readable")
    assert list(found) == [month_of("2021-03")]
    assert found[month_of("2021-03")].sample[0]["file"] == "a.csv"


def test_never_before_the_first_month(world: World) -> None:
    world.send_text("anah", "2018-07-06", UNREADABLE, "a.csv")
    assert list(failing(world, "delivery_readable")) == [month_of("2018-09")]


def test_a_later_delivery_of_the_month_settles_a_refused_one(world: World) -> None:
    world.send_text("anah", "2021-04-06", UNREADABLE, "a.csv")
    world.send("anah", "2021-04-09", steady(world, "2021-03"))
    assert failing(world, "delivery_readable") == {}


def test_an_earlier_delivery_settles_nothing(world: World) -> None:
    world.send_text("anah", "2021-04-06", UNREADABLE, "a.csv")
    world.send("anah", "2021-04-05", steady(world, "2021-03"))
    assert list(failing(world, "delivery_readable")) == [month_of("2021-03")]


def test_another_file_of_the_same_day_settles_a_refused_one(world: World) -> None:
    world.send_text("anah", "2021-04-06", UNREADABLE, "a.csv")
    world.send("anah", "2021-04-06", steady(world, "2021-03"))
    assert failing(world, "delivery_readable") == {}


def test_another_source_settles_nothing(world: World) -> None:
    world.send_text("anah", "2021-04-06", UNREADABLE, "a.csv")
    world.send("action_logement", "2021-04-09", steady(world, "2021-03"))
    assert list(failing(world, "delivery_readable")) == [month_of("2021-03")]


def test_a_row_without_a_month_counts_for_the_latest_of_its_delivery(world: World) -> None:
    rows = [*steady(world, "2020-12"), *steady(world, "2021-01")]
    world.send("anah", "2021-04-06", [*rows, (ACV, NAME, "01", "soon", "7")])
    assert list(failing(world, "months_recognised")) == [month_of("2021-01")]
    assert list(failing(world, "no_open_quarantine", "quarantined_rows")) == [month_of("2021-01")]


def test_a_row_of_a_month_to_come_counts_for_the_latest_of_its_delivery(world: World) -> None:
    rows = steady(world, "2021-03")
    world.send("anah", "2021-04-06", [*rows, (ACV, NAME, "01", "2021-11-30", "7")])
    found = failing(world, "months_recognised")
    assert list(found) == [month_of("2021-03")]
    assert "future_month (1)" in found[month_of("2021-03")].summary


def test_a_corrected_row_is_settled(world: World) -> None:
    rows = steady(world, "2021-03")
    world.send("anah", "2021-04-06", [(*rows[0][:4], "nd"), *rows[1:]])
    assert list(failing(world, "figures_are_whole_numbers")) == [month_of("2021-03")]
    world.send("anah", "2021-04-16", rows)
    assert failing(world, "figures_are_whole_numbers") == {}
    assert failing(world, "no_open_quarantine", "quarantined_rows") == {}


def test_a_row_is_settled_by_another_file_of_the_same_day(world: World) -> None:
    rows = steady(world, "2021-03")
    world.send("anah", "2021-04-06", [(*rows[0][:4], "nd"), *rows[1:]])
    world.send("anah", "2021-04-06", rows, "again.csv")
    assert failing(world, "figures_are_whole_numbers") == {}


def test_its_own_delivery_settles_no_row_without_a_month(world: World) -> None:
    rows = steady(world, "2021-03")
    world.send("anah", "2021-04-06", [*rows, (*rows[0][:3], "soon", "7")])
    assert list(failing(world, "months_recognised")) == [month_of("2021-03")]


def test_a_correction_of_other_rows_does_not_settle_a_row(world: World) -> None:
    rows = steady(world, "2021-03")
    world.send("anah", "2021-04-06", [(*rows[0][:4], "nd"), *rows[1:]])
    world.send("anah", "2021-04-16", rows[1:], "others.csv")
    assert list(failing(world, "figures_are_whole_numbers")) == [month_of("2021-03")]


def test_a_row_of_no_known_territory_is_settled_by_the_month_coming_again(world: World) -> None:
    rows = steady(world, "2021-03")
    world.send("anah", "2021-04-06", [*rows, (ACV, NAME, "999", rows[0][3], "7")])
    assert list(failing(world, "departments_recognised")) == [month_of("2021-03")]
    world.send("anah", received("2021-03", 20), rows)
    assert failing(world, "departments_recognised") == {}
    assert failing(world, "no_open_quarantine", "quarantined_rows") == {}


def test_the_next_month_settles_nothing(world: World) -> None:
    rows = steady(world, "2021-03")
    world.send("anah", "2021-04-06", [*rows, (ACV, NAME, "999", rows[0][3], "7")])
    world.send("anah", "2021-05-06", steady(world, "2021-04"))
    assert list(failing(world, "departments_recognised")) == [month_of("2021-03")]
