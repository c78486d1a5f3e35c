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
from acv_pipeline.tidying.indicators import stated_indicators
from acv_pipeline.tidying.months import MonthRead, MonthReader, distinct_months


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
    """The months that the lines above the header, or else the sheet's name, are about.

    Days beside a word of sending (``extrait le``) and months after ``depuis`` are not meant.
    """
    for texts in (table.title, (table.sheet.name,)):
        reads = [read for text in texts for read in _about(reader, text)]
        if months := list(distinct_months(reads)):
            return months
    return []


def _about(reader: MonthReader, text: str) -> list[MonthRead]:
    reads = reader.within(text)
    folded = plain(text)
    meant = []
    for read in reads:
        before = fold(folded[max(0, read.span[0] - 40) : read.span[0]])
        words = before.split()
        sent = read.day and any(says(before, word) for word in reader.contract.sending_words)
        since = bool(set(words[-3:]) & {"depuis", "partir"})
        if not sent and not since:
            meant.append(read)
    return meant


def months_of_file_name(
    reader: MonthReader, file_name: str, received_on: dt.date | None
) -> tuple[list[Month], list[Month]]:
    """The months a file name is about, and the months it may merely have been sent in.

    A month written as such (``2021-03``, ``mars 2021``, ``T1-2021``) is a statement. A full day
    may be the day of sending: it is a statement only where no month is written as such, where it
    is the last day of its month, or the first of one that was over on the day of reception, and
    where it is not the day of reception itself.
    """
    first = reader.contract.first_month  # earlier ones are numbers of something else
    reads = [r for r in reader.within(PurePath(file_name).stem) if (r.month or first) >= first]
    if written := [read for read in reads if read.month and not read.day]:
        return list(distinct_months(written)), []
    stated, sent = [], []
    for read in reads:
        if not read.month or not read.day or read.day == received_on:
            continue
        starts = read.day != month_end(read.month)
        if starts and received_on and received_on <= month_end(read.month):
            continue
        stated.append(read.month)
        if starts:
            sent.append(read.month)
    return list(dict.fromkeys(stated)), sent


def contradicts(month: Month, stated: list[Month], sent: list[Month]) -> bool:
    """Whether a file name speaks of another month than the rows' ``month``.

    The first day of the following month is taken for the day of sending.
    """
    if not stated or month in stated:
        return False
    return not (set(stated) <= set(sent) and set(stated) == {shift(month, 1)})
