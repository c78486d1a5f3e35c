"""The lines of one table as rows: which territory, month, indicator and value each is about.

Here: one table at a time, every distinct text read once. Not here: what depends on the whole
delivery (``tidy``), such as repeats, conflicts and totals.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pandas as pd

from acv_pipeline.contract import Contract, Month, Source
from acv_pipeline.tidying.drag import dragged
from acv_pipeline.tidying.fold import clean, compact, each, fold, plain
from acv_pipeline.tidying.header import Table
from acv_pipeline.tidying.levels import TerritoryReader
from acv_pipeline.tidying.months import MonthReader
from acv_pipeline.tidying.numbers import parse_values
from acv_pipeline.tidying.statements import stated_indicators

Mask = npt.NDArray[np.bool_]
Objects = npt.NDArray[np.object_]
SEVERAL = "several"  # instead of an indicator id: the row names more than one


class Verdicts:
    """A reason per row; the first that applies stands."""

    def __init__(self, size: int) -> None:
        self.code: Objects = np.full(size, None, dtype=object)
        self.detail: Objects = np.full(size, "", dtype=object)
        self.open: Mask = np.ones(size, dtype=bool)

    def settle(self, where: Mask, code: str | Objects, detail: str | Objects = "") -> None:
        """Give ``code`` and ``detail`` (one, or one per row) to the rows not settled yet."""
        chosen = where & self.open
        self.code[chosen] = code[chosen] if isinstance(code, np.ndarray) else code
        self.detail[chosen] = detail[chosen] if isinstance(detail, np.ndarray) else detail
        self.open &= ~chosen


@dataclass(frozen=True)
class RowReader:
    """Reads the rows of one table.

    Attributes:
        contract: what is true of the data.
        source: who sends.
        table: where the rows are.
        indicator: the indicator of rows that name none; None where nothing says.
        month: the month of rows that name none; None where nothing says.
    """

    contract: Contract
    source: Source
    table: Table
    indicator: str | None
    month: Month | None

    def rows(self) -> pd.DataFrame:
        """One row per record, in the order of the sheet.

        Columns: ``sheet, sheet_row, sheet_column, cells, indicator_id, level, territory_code,
        month, stated, value_text, reason_code, detail``; ``stated`` is what the value cell says,
        ``reason_code`` is None for what may become a figure.
        """
        layouts = self.table.month_columns.items() or [(None, None)]
        parts = [self._layout(position, month) for position, month in layouts]
        if len(parts) == 1:
            return parts[0]
        return pd.concat(parts).sort_values("sheet_row", kind="stable", ignore_index=True)

    def _layout(self, column: int | None, month: Month | None) -> pd.DataFrame:
        """The records whose value stands in ``column`` (None: in the cumulative column)."""
        table = self.table
        position = table.columns["cumulative"][0] if column is None else column
        values = table.body[position]
        counts = parse_values(values, self.contract)
        indicators, indicator_texts = self._indicators
        months, month_problems, month_texts = self._months(month)
        verdicts = Verdicts(len(values))
        self._settle_lines(verdicts, position)
        ours = np.isin(indicators, list(self._contributed))
        named = indicators != None  # noqa: E711
        verdicts.settle(named & ~ours & (indicators != SEVERAL), "other_indicator", indicator_texts)
        self._settle_totals(verdicts)
        verdicts.settle(indicators == SEVERAL, "indicator_contradiction", indicator_texts)
        verdicts.settle(~named, "no_indicator")
        problems = np.array([t.problem for t in self._territories], dtype=object)
        details = np.array([t.detail for t in self._territories], dtype=object)
        verdicts.settle(problems != None, problems, details)  # noqa: E711
        verdicts.settle(month_problems != None, month_problems, month_texts)  # noqa: E711
        self._settle_early_months(verdicts, indicators, months)
        self._settle_values(verdicts, position, values, counts, indicators)
        return pd.DataFrame(
            {
                "sheet": table.sheet.name,
                "sheet_row": table.body.index.to_numpy() + 1,
                "sheet_column": "" if column is None else column_letter(column),
                "cells": self._cells(column),
                "indicator_id": np.where(ours, indicators, None),
                "level": [t.level for t in self._territories],
                "territory_code": [t.code for t in self._territories],
                "month": months,
                "stated": pd.array([v.count for v in counts], dtype="Int64"),
                "value_text": values.to_numpy(dtype=object),
                "reason_code": verdicts.code,
                "detail": verdicts.detail,
            }
        )

    @cached_property
    def _territories(self) -> Objects:
        return TerritoryReader(self.contract, self.table).read()

    @cached_property
    def _contributed(self) -> set[str]:
        return {part.indicator for part in self.source.contributes}

    @cached_property
    def _unresolved(self) -> Mask:
        return np.array([t.problem is not None for t in self._territories], dtype=bool)

    def _cells(self, column: int | None) -> list[list[str]]:
        body = self.table.body
        if column is not None:
            others = [place for place in self.table.month_columns if place != column]
            body = body.drop(columns=others)
        rows: list[list[str]] = body.to_numpy(dtype=object).tolist()
        return rows

    def _settle_lines(self, verdicts: Verdicts, value_column: int) -> None:
        """Lines that are no records: blank, the header again, the form's own, notes."""
        table = self.table
        markers = {fold(marker) for marker in self.contract.template_markers}

        def marked(text: str) -> bool:
            folded = fold(text)
            return folded in markers or any(
                folded.startswith(f"{marker} ") for marker in markers if len(marker) > 3
            )

        looked_at = {
            position
            for meaning in ("department_code", "department_name", "month", "indicator_id")
            for position in table.columns.get(meaning, ())
        }
        for position in sorted(looked_at):
            texts = table.body[position]
            verdicts.settle(
                each(texts, marked).astype(bool), "template_row", texts.to_numpy(dtype=object)
            )
        suspects = np.flatnonzero(self._unresolved)
        if not len(suspects):
            return
        header = [compact(text) for text in table.header]
        lines = table.body.iloc[suspects].to_numpy(dtype=object)
        mask = np.zeros(len(verdicts.code), dtype=bool)
        for line, texts in zip(suspects, lines, strict=True):
            filled = [place for place, text in enumerate(texts) if clean(text)]
            mask[line] = True
            if not filled:
                verdicts.settle(mask, "blank_row")
            elif [compact(text) for text in texts] == header:
                verdicts.settle(mask, "repeated_header")
            elif marked(texts[filled[0]]):
                verdicts.settle(mask, "template_row", clean(texts[filled[0]]))
            elif len(filled) == 1 and filled[0] not in (value_column, *table.month_columns):
                verdicts.settle(mask, "note")
            mask[line] = False

    def _settle_totals(self, verdicts: Verdicts) -> None:
        levels = np.array([t.level for t in self._territories], dtype=object)
        verdicts.settle(levels == "part", "stated_subtotal")
        if self.source.role == "partner":
            verdicts.settle(levels == "national", "stated_total")
            verdicts.settle((levels == "region") & ~self._unresolved, "stated_subtotal")

    @cached_property
    def _indicators(self) -> tuple[Objects, Objects]:
        """The indicator of each line (an id, SEVERAL, another's text, None), and what it said."""
        table, size = self.table, len(self.table.body)
        found: Objects = np.full(size, None, dtype=object)
        said: Objects = np.full(size, "", dtype=object)
        by_id = {compact(indicator_id): indicator_id for indicator_id in self.contract.indicators}
        for position in table.columns.get("indicator_id", ()):
            texts = table.body[position]
            named = each(texts, lambda text: by_id.get(compact(text), clean(text) or None))
            said = np.where(found == None, texts.to_numpy(dtype=object), said)  # noqa: E711
            found = np.where(found == None, named, found)  # noqa: E711
        for position in table.columns.get("indicator", ()):
            texts = table.body[position]
            named = each(texts, self._named_indicator)
            texts = texts.to_numpy(dtype=object)
            known = np.isin(found.astype(str), list(self.contract.indicators))
            clash = known & np.isin(named.astype(str), list(self.contract.indicators))
            clash &= found != named
            said = np.where((found == None) | clash, texts, said)  # noqa: E711
            found = np.where(clash, SEVERAL, np.where(found == None, named, found))  # noqa: E711
        silent = found == None  # noqa: E711
        if silent.all() or not np.isin(found.astype(str), list(self.contract.indicators)).any():
            found = np.where(silent, self.indicator, found)
        return found, said

    def _named_indicator(self, text: str) -> str | None:
        """The indicator that a cell names: exactly, or by one of its names; else its text."""
        folded = fold(text)
        if not folded:
            return None
        for indicator in self.contract.indicators.values():
            if folded in map(fold, (indicator.id, indicator.label, indicator.label_en)):
                return indicator.id
        stated = stated_indicators(self.contract, text)
        if len(stated) > 1:
            return SEVERAL
        return stated[0] if stated else clean(text)

    def _months(self, month: Month | None) -> tuple[npt.NDArray[np.datetime64], Objects, Objects]:
        """The month of each line, the problem with it, and what the line said."""
        size = len(self.table.body)
        texts = self._month_texts
        if month or texts is None or not (each(texts, clean) != "").any():
            stated = np.datetime64(month or self.month or "NaT", "s")
            problem = None if month or self.month else "no_month_in_row"
            return np.full(size, stated), np.full(size, problem, object), np.full(size, "", object)
        reads = MonthReader(self.contract).column(texts)
        months = np.array([read.month for read in reads], dtype="datetime64[s]")
        problems = np.array([read.problem for read in reads], dtype=object)
        days = np.array([read.day or read.month for read in reads], dtype="datetime64[D]")
        codes = np.array([t.code or t.detail for t in self._territories], dtype=object)
        problems[dragged(days, codes)] = "dragged_date"
        months[problems != None] = np.datetime64("NaT")  # noqa: E711
        return months, problems, texts.to_numpy(dtype=object)

    @cached_property
    def _month_texts(self) -> pd.Series | None:
        """The text that says each line's month; a year column completes a bare month."""
        table = self.table
        if "month" not in table.columns:
            return None
        texts = table.text("month")
        if "year" not in table.columns:
            return texts
        months, years = each(texts, plain), each(table.text("year"), plain)
        whole = [
            f"{m}" if not y or y[:4] in m else _with_year(m, y)
            for m, y in zip(months, years, strict=True)
        ]
        return pd.Series(whole, index=texts.index, dtype="str")

    def _settle_early_months(
        self, verdicts: Verdicts, indicators: Objects, months: Objects
    ) -> None:
        firsts = {
            part.indicator: part.since or self.contract.indicators[part.indicator].first_month
            for part in self.source.contributes
        }
        for indicator_id, first in firsts.items():
            early = (indicators == indicator_id) & (months < np.datetime64(first, "s"))
            verdicts.settle(
                early, "before_first_month", np.datetime_as_string(months, "M").astype(object)
            )

    def _settle_values(
        self,
        verdicts: Verdicts,
        position: int,
        values: pd.Series,
        counts: Objects,
        indicators: Objects,
    ) -> None:
        problems = np.array([v.problem for v in counts], dtype=object)
        lines = self.table.body.index
        filled = self.table.sheet.filled
        if filled:
            merged = [(row, position) in filled or (row + 1, position) in filled for row in lines]
            verdicts.settle(np.array(merged), "merged_value")
        departments = np.array([t.level == "department" for t in self._territories], dtype=bool)
        codes = np.array([t.code for t in self._territories], dtype=object)
        nothing = np.array([bool(p) and p.startswith("no_figure") for p in problems], dtype=bool)
        zero = np.array([v.count == 0 for v in counts], dtype=bool)
        for indicator_id in self._contributed:
            panel = self.contract.panel(indicator_id)
            outside = (
                departments & (indicators == indicator_id) & ~np.isin(codes.astype(str), panel)
            )
            verdicts.settle(outside & nothing, "outside_panel_no_figure")
            verdicts.settle(outside & zero, "outside_panel_zero")
        verdicts.settle(problems != None, problems, each(values, clean))  # noqa: E711


def _with_year(month: str, year: str) -> str:
    year = year.removesuffix(".0")
    number = month.removesuffix(".0")
    return (
        f"{year}-{int(number):02}" if number.isdecimal() and len(number) < 3 else f"{month} {year}"
    )


def column_letter(position: int) -> str:
    """The letter a spreadsheet gives the column at ``position`` (0 is ``A``)."""
    letters = ""
    while position >= 0:
        position, remainder = divmod(position, 26)
        letters = chr(ord("A") + remainder) + letters
        position -= 1
    return letters
