"""What is told of a month that is pointed at."""

from __future__ import annotations

import datetime as dt

import pytest

from acv_pipeline.publishing.report.queries import Total
from acv_pipeline.publishing.report.tooltips import _growth

JANUARY, APRIL = dt.date(2024, 1, 1), dt.date(2024, 4, 1)


@pytest.mark.parametrize(
    ("increment", "elapsed", "english"),
    [
        (30, 1, ", 30 more than at the end of January 2024"),
        (30, 3, ", 30 more than at the end of January 2024 (+10 a month on average)"),
        (-30, 3, ", 30 fewer than at the end of January 2024 (−10 a month on average)"),
        (1, 3, ", 1 more than at the end of January 2024"),  # a mean of 0 would contradict it
        (0, 3, ", as many as at the end of January 2024"),
    ],
)
def test_what_a_month_added_and_the_mean_of_several(
    increment: int, elapsed: int, english: str
) -> None:
    total = Total(
        month=APRIL,
        cumulative_dwellings=100,
        previous_month=JANUARY,
        months_elapsed=elapsed,
        increment=increment,
        is_break=False,
        is_complete=True,
        departments=96,
        comparable_since=None,
    )
    said = _growth(total)
    assert said.en == english
    assert ("(" in said.fr) == ("(" in said.en) and "  " not in said.fr
