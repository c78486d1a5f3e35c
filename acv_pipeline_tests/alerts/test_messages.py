"""How facts are laid out: grouping, months in words, months of a long history."""

from __future__ import annotations

import datetime as dt

import pytest

from acv_pipeline.contract.months import month_of, shift
from acv_pipeline.operations.alerts.fact import Fact
from acv_pipeline.operations.alerts.messages import Item, compose, which


def _fact(month: dt.date, severity: str = "warn") -> Fact:
    return Fact(
        key=f"check/x/{month}",
        group="check/x",
        severity=severity,  # type: ignore[arg-type]
        title=f"figures fall, {month:%Y-%m}",
        titles="figures fall, {which}",
        lines=(f"2 figures fall in {month:%Y-%m}",),
        ask=("the statistics unit",),
        what_to_do=("Look at them.",),
        link="/assets/x",
        month=month,
    )


@pytest.mark.parametrize(
    ("months", "words"),
    [
        (["2021-03"], "March 2021"),
        (["2021-05", "2021-03"], "March 2021 and May 2021"),
        (["2021-03", "2021-04", "2021-05"], "March 2021, April 2021 and May 2021"),
        (["2021-01", "2021-02", "2021-03", "2021-04"], "4 months (January 2021 to April 2021)"),
        (
            ["2021-01", "2021-02", "2021-03", "2021-06"],
            "4 months (between January 2021 and June 2021)",
        ),
    ],
)
def test_months_in_words(months: list[str], words: str) -> None:
    assert which([month_of(month) for month in months]) == words


def test_one_check_failing_for_forty_months_is_one_message_that_lists_them() -> None:
    months = [shift(dt.date(2019, 1, 1), i) for i in range(40)]
    items = [Item("tell", _fact(month), "2024-01-01") for month in reversed(months)]
    (message,) = compose(items, "http://dagster/")
    assert message.subject.endswith("Warning: figures fall, 40 months (January 2019 to April 2022)")
    assert all(f"{month:%Y-%m}" in message.text for month in months)
    assert [line.strip() for line in message.text.splitlines() if "2 figures fall" in line] == [
        f"2 figures fall in {month:%Y-%m}" for month in months[-3:]
    ]
    assert message.text.count("Look at them.") == 1
    assert message.text.count("http://dagster/assets/x\n") == 1
    assert compose(items[::-1], None)[0].key == message.key


def test_an_error_among_warnings_makes_the_message_an_error_and_comes_first() -> None:
    items = [
        Item("tell", _fact(dt.date(2021, 1, 1)), "s"),
        Item("tell", _fact(dt.date(2021, 2, 1), "error"), "s"),
    ]
    (message,) = compose(items, None)
    assert message.weight == "error"
    assert "Error: figures fall, January 2021 and February 2021" in message.subject
