"""The records of a delivery by column: numbers into short lists where the values are few."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from functools import cache
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from acv_pipeline.contract import Month
from acv_pipeline.language import in_language
from acv_pipeline.tidying.column import Column, Objects, Places
from acv_pipeline.tidying.groups import Part
from acv_pipeline.tidying.pairs import LEVELS
from acv_pipeline.tidying.reasons import CODES, REASONS

Months: TypeAlias = npt.NDArray[np.datetime64]
Numbers: TypeAlias = npt.NDArray[np.signedinteger[Any]]

NO_MONTH = np.datetime64("NaT", "M")
FATES = ("figure", "quarantined", "control", "set_aside")
# the fate of each reason; last, of none
_FATE_OF = np.array([*(FATES.index(REASONS[code].fate) for code in CODES), 0], dtype=np.int8)


@dataclass(frozen=True)
class RecordTable:
    """Records, one per received row. All arrays have one entry per record.

    Attributes:
        codes: what ``territory`` counts.
        indicators: what ``indicator`` counts.
        sheet: the sheet's name.
        sheet_row: the row as a spreadsheet shows it, 1 for the first.
        sheet_column: the column's letter, where one line holds several months; else ``""``.
        cells: the cells as received, column by column; code -1 beyond a row's last.
        indicator, territory: places in these lists; -1 for none.
        level: place in ``LEVELS``; -1 for none.
        month: the month; ``NaT`` for none.
        stated: what the value cell says; -1 for nothing.
        value_text: the value cell.
        reason: place in ``reasons.CODES``; -1 for a figure.
        detail: what the reason's text names.
        part: the part of a figure that the record is.
        others: the texts of the columns that say nothing of the figure.
        is_provisional: whether the file says that the figure may still change.
        is_ragged: whether some records have fewer cells than others.
    """

    codes: tuple[str, ...]
    indicators: tuple[str, ...]
    sheet: Column[str]
    sheet_row: Numbers
    sheet_column: Column[str]
    cells: Sequence[Column[str]]
    indicator: Numbers
    level: Numbers
    territory: Numbers
    month: Months
    stated: Numbers
    value_text: Column[str]
    reason: Numbers
    detail: Objects
    part: Column[Part]
    others: Column[str]
    is_provisional: npt.NDArray[np.bool_]
    is_ragged: bool = False

    def __len__(self) -> int:
        """How many records."""
        return len(self.sheet_row)

    @property
    def fate(self) -> Numbers:
        """The fate of each record, as its place in ``FATES``."""
        return _FATE_OF[self.reason]

    def has_fate(self, fate: str) -> npt.NDArray[np.bool_]:
        """Which records met ``fate``."""
        return np.asarray(self.fate == FATES.index(fate))

    @property
    def width(self) -> Numbers:
        """How many cells each record has."""
        if not self.is_ragged:
            return np.full(len(self), len(self.cells))
        return np.asarray(np.sum([cells.codes >= 0 for cells in self.cells], axis=0))

    def take(self, rows: Places) -> RecordTable:
        """The records at ``rows``, in that order."""
        taken = {field.name: _take(getattr(self, field.name), rows) for field in fields(self)}
        return replace(self, **taken)

    @classmethod
    def concat(cls, parts: Sequence[RecordTable]) -> RecordTable:
        """The records of all parts (of one contract), one after the other."""
        if len(parts) == 1:
            return parts[0]
        width = max(len(part.cells) for part in parts)
        joined: dict[str, Any] = {
            "cells": [_joined([_cells(part, at) for part in parts]) for at in range(width)],
            "is_ragged": any(part.is_ragged or len(part.cells) < width for part in parts),
        }
        for field in fields(cls):
            values = [getattr(part, field.name) for part in parts]
            if isinstance(values[0], Column):
                joined[field.name] = _joined(values)
            elif isinstance(values[0], np.ndarray):
                joined[field.name] = np.concatenate(values)
        return replace(parts[0], **joined)

    def only(self) -> tuple[str | None, Month | None]:
        """The indicator and the month that all figures are about; None where there are several."""
        figures = self.has_fate("figure")
        indicators = np.unique(self.indicator[figures])
        months = np.unique(self.month[figures])
        return (
            self.indicators[indicators[0]] if len(indicators) == 1 else None,
            month_at(months[0]) if len(months) == 1 else None,
        )

    def texts(self, row_number: Numbers) -> pd.DataFrame:
        """The records as a table of texts: columns as ``records.RECORD_COLUMNS``."""
        said = [CODES[number] if number >= 0 else None for number in self.reason.tolist()]
        detail = self.detail.tolist()
        rows = zip(*(names(cells.found)[cells.codes] for cells in self.cells), strict=True)
        stated = pd.Series(self.stated, dtype="Int64")
        return pd.DataFrame(
            {
                "row_number": row_number,
                "sheet": self.sheet.array(str, object),
                "sheet_row": self.sheet_row,
                "sheet_column": self.sheet_column.array(str, object),
                "cells": [[cell for cell in row if cell is not None] for row in rows],
                "indicator_id": names(self.indicators)[self.indicator],
                "level": names(LEVELS)[self.level],
                "territory_code": names(self.codes)[self.territory],
                "month": self.month,
                "value": stated.where(self.has_fate("figure")),
                "fate": names(FATES)[self.fate],
                "reason_code": said,
                "reason": [reason_text(*pair, "en") for pair in zip(said, detail, strict=True)],
                "reason_fr": [reason_text(*pair, "fr") for pair in zip(said, detail, strict=True)],
            }
        )


def reason_text(code: str | None, detail: str, language: str) -> str | None:
    """A reason in words; None for none."""
    return _template(code, language).replace("{cell}", detail) if code else None


@cache
def _template(code: str, language: str) -> str:
    """A reason's text; putting a detail into it by itself is ten times as fast."""
    return in_language(language, REASONS[code].text, cell="{cell}")


def names(known: Sequence[str]) -> Objects:
    """What the places of a list stand for; the last one, -1, for None."""
    return np.array([*known, None], dtype=object)


def month_at(month: np.datetime64) -> Month | None:
    """A month of an array as a date."""
    return None if np.isnat(month) else month.astype("datetime64[D]").item()


def only_month(months: Months) -> Month | None:
    """The one month of an array; None where there are several, or none."""
    known = np.unique(months[~np.isnat(months)])
    return month_at(known[0]) if len(known) == 1 else None


def _take(values: Any, rows: Places) -> Any:
    if isinstance(values, Column):
        return Column(values.codes[rows], values.found)
    if isinstance(values, np.ndarray):
        return values[rows]
    if isinstance(values, list):
        return [_take(cells, rows) for cells in values]
    return values


def _cells(part: RecordTable, place: int) -> Column[str]:
    if place < len(part.cells):
        return part.cells[place]
    return Column(np.full(len(part), -1, dtype=np.intp), [])


def _joined(columns: Sequence[Column[str]]) -> Column[str]:
    """The columns one after the other; what they share is listed once."""
    starts: dict[int, int] = {}
    found: list[str] = []
    for column in columns:
        if id(column.found) not in starts:
            starts[id(column.found)] = len(found)
            found += column.found
    codes = [
        np.where(column.codes >= 0, column.codes + starts[id(column.found)], -1)
        for column in columns
    ]
    return Column(np.concatenate(codes), found)
