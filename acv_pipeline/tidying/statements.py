"""What a delivery says of itself outside its rows: month and indicator.

Here: titles, sheet names and file names, and which of them wins. Not here: rows (``rows``).
"""

from __future__ import annotations

import datetime as dt
from pathlib import PurePath

from acv_pipeline.contract import Contract, Month, Source
from acv_pipeline.contract.months import month_end, shift
from acv_pipeline.reading import DeliveryRefused
from acv_pipeline.tidying.fold import fold, plain, says
from acv_pipeline.tidying.header import Table
from acv_pipeline.tidying.months import MonthRead, MonthReader, distinct_months


def stated_indicators(contract: Contract, text: str) -> list[str]:
    """The indicators that a text names, in the contract's order."""
    folded = fold(text)
    return [
        indicator.id
        for indicator in contract.indicators.values()
        if any(says(folded, name) for name in [*indicator.names, indicator.short_name])
        or fold(indicator.id) in folded
    ]


def indicator_of_table(
    contract: Contract, source: Source, file_name: str, table: Table
) -> str | None:
    """The indicator of rows that name none: title, sheet name, file name, else the default.

    Raises:
        DeliveryRefused: ``indicator_contradiction`` where they name different ones.
    """
    places = {
        "title": stated_indicators(contract, " · ".join(table.title)),
        "sheet name": stated_indicators(contract, table.sheet.name),
        "file name": stated_indicators(contract, PurePath(file_name).stem),
    }
    decisive = {place: named[0] for place, named in places.items() if len(named) == 1}
    if len(set(decisive.values())) > 1:
        said = ", ".join(f"{place}: {named}" for place, named in decisive.items())
        raise DeliveryRefused(
            "indicator_contradiction",
            f"{file_name} names different indicators ({said}): send one file for each",
            f"{file_name} nomme des indicateurs différents ({said}) : envoyer un fichier pour "
            "chacun",
        )
    if decisive:
        return next(iter(decisive.values()))
    return None if any(places.values()) else source.default_indicator


def months_of_title(reader: MonthReader, table: Table) -> list[Month]:
    """The months that the lines above the header or the sheet's name are about."""
    texts = [*table.title, table.sheet.name]
    reads = [
        read for text in texts if not _about_sending(reader, text) for read in reader.within(text)
    ]
    return list(distinct_months(reads))


def months_of_file_name(
    reader: MonthReader, file_name: str, received_on: dt.date | None
) -> tuple[list[Month], list[MonthRead]]:
    """The months a file name is about, and the full days in it.

    A month written as such (``2021-03``, ``mars 2021``, ``T1-2021``) is a statement. A full day
    may be the day of sending: it is a statement only if no month is written as such, it is the
    first or last day of its month, and the file was not received in or before that month.
    """
    stem = PurePath(file_name).stem
    reads = reader.within(stem)
    written = [read for read in reads if read.month and not read.day]
    days = [read for read in reads if read.day]
    if written:
        return list(distinct_months(written)), days
    believable = [
        read
        for read in days
        if read.month
        and not (
            received_on
            and read.day != month_end(read.month)
            and received_on <= month_end(read.month)
        )
        and not (received_on and read.day == received_on)
    ]
    return list(distinct_months(believable)), days


def contradicts(month: Month, stated: list[Month], days: list[MonthRead]) -> bool:
    """Whether a file name speaks of another month than ``month``.

    A first day of the following month is taken for the day of sending.
    """
    if not stated or month in stated:
        return False
    sending = {read.month for read in days if read.day and read.day.day == 1}
    return not (sending & set(stated) and set(stated) <= {shift(month, 1)})


def _about_sending(reader: MonthReader, text: str) -> bool:
    words = set(fold(text).split())
    return any(set(fold(word).split()) <= words for word in reader.contract.sending_words) and not (
        "arrete" in words or "situation" in plain(text)
    )
