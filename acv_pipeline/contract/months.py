"""Months: the first day in tables and partition keys, the last day in exports."""

from __future__ import annotations

import calendar
import datetime as dt
from collections.abc import Iterable, Iterator
from typing import TypeAlias

from acv_pipeline.language import Both, _, both, marked

Month: TypeAlias = dt.date
"""A month, as its first day."""


_NAMES = (
    marked("January"), marked("February"), marked("March"), marked("April"), marked("May"),
    marked("June"), marked("July"), marked("August"), marked("September"), marked("October"),
    marked("November"), marked("December"),
)  # fmt: skip


def month_of(text: str) -> Month:
    """The month written ``2021-03`` or ``2021-03-01``.

    Raises:
        ValueError: the text is neither, or the day is not the first.
    """
    day = dt.date.fromisoformat(text if len(text) > 7 else f"{text}-01")
    if day.day != 1:
        raise ValueError(_("'{value}' is not a month: write it like 2021-03", value=text))
    return day


def first_day(day: dt.date) -> Month:
    """The month that holds ``day``."""
    return day.replace(day=1)


def month_end(month: Month) -> dt.date:
    """The last day of ``month``, as exports write it."""
    return month.replace(day=calendar.monthrange(month.year, month.month)[1])


def shift(month: Month, by: int) -> Month:
    """The month ``by`` months later (earlier when negative)."""
    index = month.year * 12 + month.month - 1 + by
    return dt.date(index // 12, index % 12 + 1, 1)


def elapsed(earlier: Month, later: Month) -> int:
    """How many months lie between two months (1 for neighbours)."""
    return (later.year - earlier.year) * 12 + later.month - earlier.month


def month_range(first: Month, last: Month) -> Iterator[Month]:
    """Every month from ``first`` to ``last``, both included."""
    month = first
    while month <= last:
        yield month
        month = shift(month, 1)


def spans(months: Iterable[Month]) -> list[tuple[Month, Month]]:
    """Months as the first and last of each stretch of neighbours, in order."""
    found: list[tuple[Month, Month]] = []
    for month in sorted(set(months)):
        if found and found[-1][1] == shift(month, -1):
            found[-1] = (found[-1][0], month)
        else:
            found.append((month, month))
    return found


def spans_shown(months: Iterable[Month]) -> str:
    """``2021-01 to 2021-03, 2021-05``, in the user's language."""
    return ", ".join(
        f"{first:%Y-%m}"
        if first == last
        else _("{first:%Y-%m} to {last:%Y-%m}", first=first, last=last)
        for first, last in spans(months)
    )


def in_words(month: Month) -> Both:
    """``mars 2021``, ``March 2021``."""
    return both("{month} {year}", month=both(_NAMES[month.month - 1]), year=month.year)


def day_in_words(day: dt.date) -> Both:
    """``1er mars 2021``, ``1 March 2021``."""
    month = in_words(day)
    return Both(fr=f"{'1er' if day.day == 1 else day.day} {month.fr}", en=f"{day.day} {month.en}")
