"""What the refusals of tables say, where several rules say the same."""

from __future__ import annotations

from collections.abc import Iterable

from acv_pipeline.contract import Month
from acv_pipeline.contract.months import first_day, shift
from acv_pipeline.language import Both, both, listed, marked
from acv_pipeline.reading import DeliveryRefused
from acv_pipeline.tidying.month_reader import MonthRead


def quoted(texts: Iterable[str]) -> Both:
    """The texts that say something, each in quotes, the first thirty of them."""
    shown = [" ".join(text.split()) for text in texts if text.strip()]
    quotes = [both("“{text}”", text=text[:60]) for text in shown[:30]]
    return listed([*quotes, "…"] if len(shown) > 30 else quotes)


def of_sheet(file_name: str, sheet: str) -> Both | str:
    """Where something is: in a file, and which of its sheets if they have names."""
    return both("{file}, sheet {sheet}", file=file_name, sheet=sheet) if sheet else file_name


def months_listed(months: Iterable[Month]) -> str:
    """The months in words, in order."""
    return ", ".join(f"{month:%Y-%m}" for month in sorted(set(months)))


def both_readings(where: Both | str, text: str, read: MonthRead) -> DeliveryRefused:
    """The refusal of figures about the first day of a month, which means one of two months."""
    assert read.day is not None
    month = first_day(read.day)
    before = shift(month, -1)
    return DeliveryRefused(
        "ambiguous_month",
        both(
            "{where}: {text} is the stock on the first day of {month:%Y-%m}: that is either the "
            "figures of {month:%Y-%m} or, as official statistics have it, those of the end of "
            "{before:%Y-%m}; name the month ({before:%Y-%m} or {month:%Y-%m}), or its last day",
            where=where,
            text=quoted([text]),
            month=month,
            before=before,
        ),
    )


PLACES = {
    "title": marked("the title says {what}"),
    "sheet name": marked("the sheet name says {what}"),
    "file name": marked("the file name says {what}"),
    "note": marked("the note says {what}"),
    "heading": marked("the heading says {what}"),
    "rows": marked("the rows say {what}"),
    "figures": marked("the figures say {what}"),
    "month": marked("the month says {what}"),
    "month of the rows": marked("the month of the rows says {what}"),
}
"""Where a month is said."""


def says(place: str, what: Both | str) -> Both:
    """What one of ``PLACES`` says."""
    return both(PLACES[place], what=what)


def column_says(name: str, what: str) -> Both:
    """What the column with this name says."""
    return both("column “{name}” says {what}", name=name, what=what)


def month_contradiction(file_name: str, one: Both, other: Both) -> DeliveryRefused:
    """The refusal of a delivery that says different months in two places, both quoted."""
    return DeliveryRefused(
        "month_contradiction",
        both("{file}: {one}, {other}: correct one of them", file=file_name, one=one, other=other),
    )
