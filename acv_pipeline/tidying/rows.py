"""The lines of one table as rows: which territory, month, indicator and value each is about.

What depends on the whole delivery (repeats, conflicts, totals) is settled by ``tidy``.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from operator import attrgetter, eq
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from acv_pipeline.contract import Contract, Month
from acv_pipeline.contract.months import shift
from acv_pipeline.tidying.additions import DEPARTMENT, settle_additions
from acv_pipeline.tidying.beside import Beside
from acv_pipeline.tidying.column import Column, Mask, Places, constant, of_contract
from acv_pipeline.tidying.drag import dragged
from acv_pipeline.tidying.groups import GroupReader, Groups
from acv_pipeline.tidying.header import HeaderFinder
from acv_pipeline.tidying.indicators import IndicatorRead, IndicatorReader
from acv_pipeline.tidying.levels import TerritoryReader
from acv_pipeline.tidying.lines import misaligned, settle_lines
from acv_pipeline.tidying.month_reader import MonthRead, MonthReader
from acv_pipeline.tidying.names import says_stock
from acv_pipeline.tidying.numbers import Value, parse_values
from acv_pipeline.tidying.pairs import LEVELS, Territory, territory_codes
from acv_pipeline.tidying.reasons import NUMBERS
from acv_pipeline.tidying.record_table import NO_MONTH, Months, RecordTable, only_month
from acv_pipeline.tidying.remarks import subjects_of_rows
from acv_pipeline.tidying.roles import WORDS, RoleReader, column_letter
from acv_pipeline.tidying.row_reasons import Verdicts
from acv_pipeline.tidying.table import Table
from acv_pipeline.tidying.texts import clean, fold, plain

LEVEL_REASONS = {"region": "stated_subtotal", "national": "stated_total", "below": "part_alone"}
Counts: TypeAlias = npt.NDArray[np.int64]


@dataclass(frozen=True)
class RowReader:
    """Reads the rows of one table.

    Attributes:
        finder: knows the contract, the source and its column names.
        table: where the rows are.
        roles: what its columns are.
        indicator: the indicator of rows that name none; None where nothing says.
        months: the months that rows without one may be about: none, one, or several.
    """

    finder: HeaderFinder
    table: Table
    roles: RoleReader
    indicator: str | None
    months: Sequence[Month]

    def rows(self) -> RecordTable:
        """One row per record, in the order of the sheet."""
        table = self.table
        if not table.month_columns:
            return self._layout(table.columns["cumulative"][0], None)
        parts = [self._layout(place, month) for place, month in table.month_columns.items()]
        rows = RecordTable.concat(parts)
        return rows.take(np.argsort(rows.sheet_row, kind="stable"))

    def _layout(self, position: int, month: Month | None) -> RecordTable:
        """The records whose value stands in the column ``position``, about ``month`` if given."""
        table, size = self.table, len(self.table.body)
        values = parse_values(table.cells(position), self.finder.contract)
        reads = self._months if month is None else self._months_of_column(month)
        months = self._month_array(reads)
        verdicts = Verdicts(size)
        counts = values.array(_count, np.int64)
        self._settle(verdicts, reads, months)
        self._settle_values(verdicts, position, values, counts)
        letter = "" if month is None else column_letter(position)
        return RecordTable(
            codes=of_contract(territory_codes, self.finder.contract),
            indicators=tuple(self.finder.contract.indicators),
            sheet=constant(table.sheet.name, size),
            sheet_row=table.body.index.to_numpy() + 1,
            sheet_column=constant(letter, size),
            cells=self._cells(position),
            indicator=np.where(np.isin(self._indicators, self._ours), self._indicators, -1),
            level=self._levels,
            territory=self._places,
            month=months,
            stated=counts,
            value_text=table.column(position),
            reason=verdicts.reason,
            detail=verdicts.detail,
            part=self._groups.part,
            others=self._groups.others,
            is_provisional=values.where(attrgetter("is_provisional"))
            | table.head.names[position].is_provisional,
        )

    def _settle(self, verdicts: Verdicts, reads: Column[MonthRead], months: Months) -> None:
        """Everything but the value, in the order in which reasons apply."""
        problems = self._territories.array(attrgetter("problem_number"), np.int8)
        settle_lines(verdicts, self.table, self.finder, problems >= 0)
        shifted, widths = misaligned(self.table)
        if widths is not None:
            verdicts.settle(shifted, "misaligned_row", lambda rows: list(map(str, widths[rows])))

        said = self._indicator_reads.map(lambda read: read.said or read.indicator_id or "").at
        foreign = (self._indicators >= 0) & ~np.isin(self._indicators, self._ours)
        verdicts.settle(self._has_problem("other_indicator") | foreign, "other_indicator", said)
        self._settle_value_types(verdicts)
        subjects = subjects_of_rows(self.roles, self.indicator, only_month(months))
        verdicts.settle(subjects.where(bool), "something_else", subjects.at)
        level = self._levels
        self._settle_levels(verdicts)
        verdicts.settle(self._territories.where(_is_part), "stated_subtotal")
        if self.finder.source.role == "partner":
            verdicts.settle(level == LEVELS.index("national"), "stated_total")
            is_region = (level == LEVELS.index("region")) & (problems < 0)
            verdicts.settle(is_region, "stated_subtotal")
        for problem in ("indicator_contradiction", "no_indicator"):
            verdicts.settle(self._has_problem(problem), problem, said)
        settle_additions(verdicts, self.table, self.roles, self._places, problems)
        verdicts.settle_each(problems, self._territory_details)
        texts = self._month_texts or self.table.text("year")
        written = texts.map(clean).at
        verdicts.settle(self._dragged, "dragged_date", written)
        verdicts.settle_each(reads.array(lambda read: NUMBERS[read.problem], np.int8), written)
        shown = reads.map(lambda read: f"{read.month:%Y-%m}" if read.month else "").at
        for indicator, first in self._first_months.items():
            early = self._about(indicator) & (months < np.datetime64(first, "M"))
            verdicts.settle(early, "before_first_month", shown)

    def _settle_value_types(self, verdicts: Verdicts) -> None:
        """Only actual values are figures, where a form asks for others too."""
        for place in self.roles.of_kind("value_type"):
            texts = self.table.column(place)
            kinds = texts.map(self.finder.names.value_type)
            verdicts.settle(kinds.where(lambda kind: kind == "initial"), "initial_value")
            verdicts.settle(kinds.where(lambda kind: kind == "target"), "target_value")
            unknown = kinds.where(lambda kind: kind is None)
            verdicts.settle(unknown, "value_type_not_understood", texts.map(clean).at)

    def _settle_values(
        self, verdicts: Verdicts, position: int, values: Column[Value], counts: Counts
    ) -> None:
        filled = self.table.sheet.filled
        if filled:
            rows = self.table.body.index
            merged = [(row, position) in filled or (row + 1, position) in filled for row in rows]
            verdicts.settle(np.array(merged, dtype=bool), "merged_value")
        width = str(self.table.body.shape[1])
        verdicts.settle(self._may_be_cut(position), "misaligned_row", width)
        nothing, zero = values.where(attrgetter("is_missing")), counts == 0
        is_department = self._levels == LEVELS.index("department")
        for indicator in self._first_months:
            panel = of_contract(_in_panel, self.finder.contract, indicator)
            outside = self._about(indicator) & is_department & ~panel[self._places]
            verdicts.settle(outside & nothing, "outside_panel_no_figure")
            verdicts.settle(outside & zero, "outside_panel_zero")
        beside = Beside(self.table, self.roles, position, counts, self._territories)
        beside.settle(verdicts)
        said = self.table.column(position)
        verdicts.settle_each(
            values.array(attrgetter("problem_number"), np.int8),
            lambda rows: [clean(text) for text in said.at(rows)],
        )

    def _may_be_cut(self, position: int) -> Mask:
        """The rows of a text file whose figure may go on in the next cell: ``1,234`` at commas."""
        table = self.table
        right = position + 1
        if table.sheet.kinds is not None or right >= table.body.shape[1]:
            return np.zeros(len(table.body), dtype=bool)
        named = right < len(table.header) and table.header[right].strip()
        roles = WORDS if named else (*WORDS, "outside", "numbers", "few_numbers")
        if not self.roles.of_kind(*roles, at=right):
            return np.zeros(len(table.body), dtype=bool)
        rest = table.column(right).where(re.compile(r"[0-9]{3}\s*").fullmatch)
        if not rest.any():
            return rest
        return rest & table.column(position).where(re.compile(r"\s*[0-9]{1,3}").fullmatch)

    def _settle_levels(self, verdicts: Verdicts) -> None:
        """A column may say that a row is about a region, the country or less than a département."""
        if self.finder.source.role != "partner" or not self.table.columns.keys() & set(DEPARTMENT):
            return
        words = self.finder.contract.level_words
        for place in (*self.roles.of_kind(*WORDS), *self.table.columns.get("national", ())):
            column = self.table.column(place)
            levels = column.map(fold).map(
                {fold(word): level for level in words for word in words[level]}.get
            )
            for level, reason in LEVEL_REASONS.items():
                verdicts.settle(levels.where(partial(eq, level)), reason, column.at)

    def _about(self, indicator: str) -> Mask:
        return np.asarray(self._indicators == self._number(indicator))

    def _has_problem(self, problem: str) -> Mask:
        return self._indicator_reads.where(lambda read: read.problem == problem)

    def _number(self, indicator: str | None) -> int:
        """The indicator's place in the contract; -1 for none."""
        known = list(self.finder.contract.indicators)
        return -1 if indicator is None else known.index(indicator)

    def _territory_details(self, rows: Places) -> list[str]:
        return [territory.detail for territory in self._territories.at(rows)]

    @property
    def _territories(self) -> Column[Territory]:
        return self._groups.territories

    @cached_property
    def _levels(self) -> npt.NDArray[np.int8]:
        return self._territories.array(attrgetter("level_number"), np.int8)

    @cached_property
    def _places(self) -> npt.NDArray[np.int32]:
        return self._territories.array(attrgetter("place"), np.int32)

    @cached_property
    def _groups(self) -> Groups:
        read = TerritoryReader(self.finder.contract, self.table).read()
        return GroupReader(self.table, self.roles, read).groups()

    @cached_property
    def _indicator_reads(self) -> Column[IndicatorRead]:
        return IndicatorReader(self.finder.contract, self.indicator).read(self.table)

    @cached_property
    def _indicators(self) -> npt.NDArray[np.int32]:
        """The indicator of each row, by its place in the contract; -1 for none."""
        return self._indicator_reads.array(lambda read: self._number(read.indicator_id), np.int32)

    @cached_property
    def _first_months(self) -> dict[str, Month]:
        """The indicators that the source contributes to, each with its first month."""
        return {
            part.indicator: part.since
            or self.finder.contract.indicators[part.indicator].first_month
            for part in self.finder.source.contributes
        }

    @cached_property
    def _ours(self) -> list[int]:
        return [self._number(indicator) for indicator in self._first_months]

    @cached_property
    def _months(self) -> Column[MonthRead]:
        """What each line says of its month; lines follow ``months`` only where none says any."""
        texts = self._month_texts
        if texts is None:
            return self._outside
        reads = of_contract(MonthReader, self.finder.contract).column(texts, self.table.sheet.epoch)
        (place,) = self.table.columns.get("month", (None,))[:1]
        name = "" if place is None else self.table.head.names[place].text
        is_stock = self.finder.names.is_stock_date(name)
        return texts.beside(reads).map(lambda pair: self._settled(*pair, is_stock))

    def _settled(self, text: str, read: MonthRead, is_stock: bool) -> MonthRead:
        """A month as read, unless it is the first day of a stock: that is one of two months."""
        if not read.month or not read.day or read.day.day != 1:
            return read
        if not is_stock and not says_stock(text):
            return read
        settled = {read.month, shift(read.month, -1)} & set(self.months)
        if len(settled) == 1 and len(self.months) == 1:
            return MonthRead(settled.pop(), day=read.day)
        return MonthRead(None, "first_day_of_stock", read.day)

    def _months_of_column(self, month: Month) -> Column[MonthRead]:
        """The month of a column, held against what columns of months and years say of each row."""
        reads = constant(MonthRead(month), len(self.table.body))
        contradicted = MonthRead(None, "year_contradiction")
        if "month" in self.table.columns:
            reads = self._months.map(
                lambda read: contradicted if read.month not in (None, month) else MonthRead(month)
            )
        years = self.table.text("year").map(_full_year)
        return reads.beside(years).map(
            lambda pair: contradicted if pair[1] not in ("", str(month.year)) else pair[0]
        )

    @property
    def _outside(self) -> Column[MonthRead]:
        """What is said outside the rows, held against a year that the rows say."""
        month = self.months[0] if len(self.months) == 1 else None
        stated = MonthRead(month, None if month else "no_month_in_row")
        if month is None or "year" not in self.table.columns:
            return constant(stated, len(self.table.body))
        return self.table.text("year").map(
            lambda text: (
                stated
                if _year(text) in ("", str(month.year))
                else MonthRead(None, "year_contradiction")
            )
        )

    @cached_property
    def _month_texts(self) -> Column[str] | None:
        """The text that says each line's month, completed by a year column; None: no text."""
        table = self.table
        if "month" in table.columns:
            texts = table.text("month")
            if "quarter" in table.columns:
                quarters = table.text("quarter").map(_as_quarter)
                texts = texts.beside(quarters).map(
                    lambda pair: pair[0] if clean(pair[0]) else pair[1]
                )
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
        days = self._months.array(lambda read: read.day or read.month or "NaT", "datetime64[D]")
        # what a line is about: the reading of its territory, and its code as written
        written = self.table.text("department_code")
        places = self._territories.codes * max(1, len(written.found)) + written.codes
        return dragged(days, places)

    def _month_array(self, reads: Column[MonthRead]) -> Months:
        months = reads.array(lambda read: read.month or "NaT", "datetime64[M]")
        return np.where(self._dragged, NO_MONTH, months)

    def _cells(self, position: int) -> list[Column[str]]:
        """The cells of each line; of several month columns, only the one at ``position``."""
        others = {place for place in self.table.month_columns if place != position}
        places = range(self.table.body.shape[1])
        return [self.table.column(place) for place in places if place not in others]


def _in_panel(contract: Contract, indicator: str) -> Mask:
    """Whether the indicator expects the territory, by its number; last, for no territory."""
    panel = set(contract.panel(indicator))
    return np.array([*(code in panel for code in of_contract(territory_codes, contract)), False])


def _is_part(territory: Territory) -> bool:
    return territory.level == "part"


def _count(value: Value) -> int:
    return -1 if value.count is None else value.count


def _year(text: str) -> str:
    return clean(text).removesuffix(".0")


def _full_year(text: str) -> str:
    """``21`` as the year it is, where the column says that it holds years."""
    year = _year(text)
    return f"20{year}" if re.fullmatch("[0-9]{2}", year) else year


def _as_quarter(text: str) -> str:
    """``1`` as the quarter it is, where the column says that it holds quarters."""
    number = clean(text).removesuffix(".0")
    return f"T{number}" if re.fullmatch("[1-4]", number) else text


def _with_year(month: str, year: str) -> str:
    """The month ``3`` or ``mars`` of the year beside it; a full month stays as it is."""
    month, year = plain(clean(month)).removesuffix(".0"), _full_year(year)
    if not re.fullmatch(r"20[0-9]{2}", year) or year in month:
        return month
    if (said := re.search(r"(?<![0-9])20[0-9]{2}(?![0-9])", month)) and said[0] != year:
        return f"{month} / {year}"  # they contradict one another: no month
    return f"{year}-{int(month):02}" if re.fullmatch(r"[0-9]{1,2}", month) else f"{month} {year}"
