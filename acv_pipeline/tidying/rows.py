"""The lines of one table as rows: which territory, month, indicator and value each is about.

Here: one table at a time, every distinct text read once. Not here: what depends on the whole
delivery (``tidy``), such as repeats, conflicts and totals.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from acv_pipeline.contract import Month
from acv_pipeline.tidying.column import Column, Mask, Objects, constant
from acv_pipeline.tidying.drag import dragged
from acv_pipeline.tidying.fold import clean, plain
from acv_pipeline.tidying.header import HeaderFinder, Table
from acv_pipeline.tidying.indicators import IndicatorRead, IndicatorReader
from acv_pipeline.tidying.levels import Territory, TerritoryReader
from acv_pipeline.tidying.lines import misaligned, settle_lines
from acv_pipeline.tidying.months import MonthRead, MonthReader
from acv_pipeline.tidying.numbers import Value, parse_values
from acv_pipeline.tidying.verdicts import Verdicts

NO_MONTH = np.datetime64("NaT", "s")


@dataclass(frozen=True)
class RowReader:
    """Reads the rows of one table.

    Attributes:
        finder: knows the contract, the source and its column names.
        table: where the rows are.
        indicator: the indicator of rows that name none; None where nothing says.
        month: the month of rows that name none; None where nothing says.
    """

    finder: HeaderFinder
    table: Table
    indicator: str | None
    month: Month | None

    def rows(self) -> pd.DataFrame:
        """One row per record, in the order of the sheet.

        Columns: ``sheet, sheet_row, sheet_column, cells, indicator_id, level, territory_code,
        month, stated, value_text, reason_code, detail``; ``stated`` is what the value cell says,
        ``reason_code`` is None for what may become a figure.
        """
        table = self.table
        if not table.month_columns:
            return self._layout(table.columns["cumulative"][0], None)
        parts = [self._layout(place, month) for place, month in table.month_columns.items()]
        return pd.concat(parts).sort_values("sheet_row", kind="stable", ignore_index=True)

    def _layout(self, position: int, month: Month | None) -> pd.DataFrame:
        """The records whose value stands in the column ``position``, about ``month`` if given."""
        table = self.table
        values = parse_values(table.column(position), self.finder.contract)
        reads = self._months if month is None else constant(MonthRead(month), len(table.body))
        months = self._month_array(reads)
        verdicts = Verdicts(len(table.body))
        self._settle(verdicts, reads, months)
        self._settle_values(verdicts, position, values)
        ours = self._indicators.where(lambda read: read.indicator_id in self._first_months)
        return pd.DataFrame(
            {
                "sheet": table.sheet.name,
                "sheet_row": table.body.index.to_numpy() + 1,
                "sheet_column": "" if month is None else column_letter(position),
                "cells": self._cells(position),
                "indicator_id": _where(ours, self._indicators.objects(_indicator_id)),
                "level": self._territories.objects(_level),
                "territory_code": self._territories.objects(_code),
                "month": months,
                "stated": pd.Series(values.objects(lambda value: value.count), dtype="Int64"),
                "value_text": table.column(position).objects(),
                "reason_code": verdicts.code,
                "detail": verdicts.detail,
            }
        )

    def _settle(self, verdicts: Verdicts, reads: Column[MonthRead], months: Objects) -> None:
        """Everything but the value, in the order in which reasons apply."""
        territories, indicators = self._territories, self._indicators
        unresolved = territories.where(lambda territory: territory.problem)
        settle_lines(verdicts, self.table, self.finder, unresolved)
        shifted, widths = misaligned(self.table)
        verdicts.settle(shifted, "misaligned_row", widths)

        def of_problem(problem: str) -> Mask:
            return indicators.where(lambda read: read.problem == problem)

        foreign = indicators.where(
            lambda read: read.indicator_id and read.indicator_id not in self._first_months
        )
        said = indicators.objects(lambda read: read.said or read.indicator_id or "")
        verdicts.settle(of_problem("other_indicator") | foreign, "other_indicator", said)
        verdicts.settle(
            territories.where(lambda territory: territory.level == "part"), "stated_subtotal"
        )
        if self.finder.source.role == "partner":
            verdicts.settle(territories.where(_is_national), "stated_total")
            verdicts.settle(territories.where(_is_region), "stated_subtotal")
        for problem in ("indicator_contradiction", "no_indicator"):
            verdicts.settle(of_problem(problem), problem, said)
        verdicts.settle(
            unresolved,
            territories.objects(lambda territory: territory.problem),
            territories.objects(lambda territory: territory.detail),
        )
        month_texts = self._month_texts.objects(clean) if self._month_texts else ""
        verdicts.settle(self._dragged, "dragged_date", month_texts)
        wrong = reads.where(lambda read: read.problem)
        verdicts.settle(wrong, reads.objects(lambda read: read.problem), month_texts)
        for indicator_id, first in self._first_months.items():
            early = self._about(indicator_id) & (months < np.datetime64(first, "s"))
            written = reads.objects(lambda read: f"{read.month:%Y-%m}" if read.month else "")
            verdicts.settle(early, "before_first_month", written)

    def _settle_values(self, verdicts: Verdicts, position: int, values: Column[Value]) -> None:
        filled = self.table.sheet.filled
        if filled:
            rows = self.table.body.index
            merged = [(row, position) in filled or (row + 1, position) in filled for row in rows]
            verdicts.settle(np.array(merged, dtype=bool), "merged_value")
        nothing = values.where(lambda value: (value.problem or "").startswith("no_figure"))
        zero = values.where(lambda value: value.count == 0)
        for indicator_id in self._first_months:
            panel = set(self.finder.contract.panel(indicator_id))
            outside = self._about(indicator_id) & self._outside(panel)
            verdicts.settle(outside & nothing, "outside_panel_no_figure")
            verdicts.settle(outside & zero, "outside_panel_zero")
        problems = values.objects(lambda value: value.problem)
        said = self.table.column(position).objects(clean)
        verdicts.settle(values.where(lambda value: value.problem), problems, said)

    def _about(self, indicator_id: str) -> Mask:
        return self._indicators.where(lambda read: read.indicator_id == indicator_id)

    def _outside(self, panel: set[str]) -> Mask:
        return self._territories.where(
            lambda territory: territory.level == "department" and territory.code not in panel
        )

    @cached_property
    def _territories(self) -> Column[Territory]:
        return TerritoryReader(self.finder.contract, self.table).read()

    @cached_property
    def _indicators(self) -> Column[IndicatorRead]:
        return IndicatorReader(self.finder.contract, self.indicator).read(self.table)

    @cached_property
    def _first_months(self) -> dict[str, Month]:
        """The indicators that the source contributes to, each with its first month."""
        return {
            part.indicator: part.since
            or self.finder.contract.indicators[part.indicator].first_month
            for part in self.finder.source.contributes
        }

    @cached_property
    def _months(self) -> Column[MonthRead]:
        """What each line says of its month; lines follow ``month`` only where none says any."""
        texts = self._month_texts
        if texts is None:
            stated = MonthRead(self.month, None if self.month else "no_month_in_row")
            return constant(stated, len(self.table.body))
        return MonthReader(self.finder.contract).column(texts)

    @cached_property
    def _month_texts(self) -> Column[str] | None:
        """The text that says each line's month, completed by a year column; None: no text."""
        table = self.table
        if "month" in table.columns:
            texts = table.text("month")
        elif "quarter" in table.columns:
            texts = table.text("quarter").map(_as_quarter)
        else:
            return None
        if "year" in table.columns:
            texts = texts.beside(table.text("year")).map(lambda pair: _with_year(*pair))
        return texts if any(map(clean, texts.found)) else None

    @cached_property
    def _dragged(self) -> Mask:
        if self._month_texts is None or self.table.month_columns:
            return np.zeros(len(self.table.body), dtype=bool)
        days = self._months.objects(
            lambda read: np.datetime64(read.day or read.month or "NaT", "D")
        )
        places = self._territories.beside(self.table.text("department_code")).codes
        return dragged(days.astype("datetime64[D]"), places)

    def _month_array(self, reads: Column[MonthRead]) -> npt.NDArray[Any]:
        months = reads.objects(lambda r: np.datetime64(r.month, "s") if r.month else NO_MONTH)
        return np.where(self._dragged, NO_MONTH, months.astype("datetime64[s]"))

    def _cells(self, position: int) -> list[list[str]]:
        """The cells of each line; of several month columns, only the one at ``position``."""
        others = [place for place in self.table.month_columns if place != position]
        rows: list[list[str]] = self.table.body.drop(columns=others).to_numpy(dtype=object).tolist()
        return rows


def _where(mask: Mask, values: Objects) -> Objects:
    kept: Objects = np.full(len(values), None, dtype=object)
    kept[mask] = values[mask]
    return kept


def _indicator_id(read: IndicatorRead) -> str | None:
    return read.indicator_id


def _level(territory: Territory) -> str | None:
    return None if territory.level == "part" else territory.level


def _code(territory: Territory) -> str | None:
    return territory.code


def _is_national(territory: Territory) -> bool:
    return territory.level == "national"


def _is_region(territory: Territory) -> bool:
    return territory.level == "region" and territory.problem is None


def _as_quarter(text: str) -> str:
    """``1`` as the quarter it is, where the column says that it holds quarters."""
    number = clean(text).removesuffix(".0")
    return f"T{number}" if re.fullmatch("[1-4]", number) else text


def _with_year(month: str, year: str) -> str:
    """The month ``3`` or ``mars`` of the year beside it; a full month stays as it is."""
    month, year = plain(clean(month)).removesuffix(".0"), plain(clean(year)).removesuffix(".0")
    if not re.fullmatch(r"20[0-9]{2}", year) or year in month:
        return month
    return f"{year}-{int(month):02}" if re.fullmatch(r"[0-9]{1,2}", month) else f"{month} {year}"


def column_letter(position: int) -> str:
    """The letter a spreadsheet gives the column at ``position`` (0 is ``A``)."""
    letters = ""
    while position >= 0:
        position, remainder = divmod(position, 26)
        letters = chr(ord("A") + remainder) + letters
        position -= 1
    return letters
