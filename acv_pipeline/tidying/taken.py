"""When figures were taken: those taken before their month was over are none of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from functools import partial

import numpy as np

from acv_pipeline.contract import Contract, Month
from acv_pipeline.contract.months import first_day, month_end
from acv_pipeline.tidying.column import Column, of_contract
from acv_pipeline.tidying.dates import DateReader
from acv_pipeline.tidying.month_reader import MonthRead, MonthReader
from acv_pipeline.tidying.reasons import NUMBERS
from acv_pipeline.tidying.record_table import RecordTable
from acv_pipeline.tidying.roles import SOME, WORDS, RoleReader
from acv_pipeline.tidying.statements import Statement
from acv_pipeline.tidying.table import Table
from acv_pipeline.tidying.texts import clean, fold, plain

LONGEST_DATE = 40  # signs; longer texts are remarks
SENT = ("extraction", "sending", "production")
TAKEN = ("state", *SENT)


def settle_early(rows: RecordTable, statements: Iterable[Statement]) -> None:
    """Quarantine the figures of a month that was not over on the day that they were taken."""
    for said in statements:
        day = said.read.day
        if not day or said.kind not in TAKEN:
            continue
        month = first_day(day)
        if day == month or day == month_end(month):  # the first day is the label of a month
            continue
        early = np.flatnonzero((rows.reason < 0) & (rows.month == np.datetime64(month, "M")))
        rows.reason[early] = NUMBERS["taken_too_early"]
        rows.detail[early] = said.text


def settle_early_rows(rows: RecordTable, table: Table, roles: RoleReader) -> None:
    """The same by a column that says of each row when its figure was taken, or of which month."""
    contract = roles.finder.contract
    dates, months = of_contract(DateReader, contract), of_contract(MonthReader, contract)
    lines = rows.sheet_row - table.head.last - 2
    starts = rows.month.astype("datetime64[D]")
    ends = (rows.month + 1).astype("datetime64[D]") - 1
    for place in roles.of_kind(*WORDS, "numbers", "few_numbers"):
        name = table.name_of(place)
        texts = table.column(place)
        texts = Column(texts.codes[lines], texts.found)
        short = texts.map(lambda text: text if len(text) <= LONGEST_DATE else "")
        reads = months.column(short, table.sheet.epoch)
        if not reads.where(_is_date).any():
            continue
        days = reads.array(_last_day, "datetime64[D]")
        kinds = reads.map(partial(dates.kind, fold(name), ""))
        taken = kinds.where(TAKEN.__contains__) & dates.is_of_figures(name)
        # a form is made long before; a column that tells of each row when it was updated, or one
        # of an unknown name, has to tell the month mostly
        made = (rows.reason < 0) & ~np.isnat(days) & kinds.where(lambda kind: kind == "production")
        if (made & (days >= starts)).sum() <= SOME * made.sum():
            taken &= (days >= starts) | ~made
        told = (rows.reason < 0) & ~np.isnat(days) & kinds.where(lambda kind: kind == "plain")
        if (told & (days >= starts) & (days <= ends)).sum() > SOME * told.sum():
            taken |= told
        early = np.flatnonzero((rows.reason < 0) & taken & (days < ends) & (days != starts))
        rows.reason[early] = NUMBERS["taken_too_early"]
        rows.detail[early] = [f"{clean(name)} {clean(text)}".strip() for text in texts.at(early)]


def is_taken_after(contract: Contract, note: str, month: Month) -> bool:
    """Whether a note says no more than that figures were taken or sent after their month."""
    dates = of_contract(DateReader, contract)
    found = list(dates.within(note))
    return bool(found) and all(
        date.kind in SENT
        and date.read.day is not None
        and date.read.day > month_end(month)
        and dates.is_of_figures(date.before)
        and not fold(plain(note)[found[-1].read.span[1] :])
        for date in found
    )


def _is_date(read: MonthRead) -> bool:
    return bool(read.day or read.month)


def _last_day(read: MonthRead) -> dt.date | str:
    """The last day that a date may mean."""
    return read.day or (month_end(read.month) if read.month else "NaT")
