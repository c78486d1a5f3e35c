"""A changed file and what may be read from it, and the true tables that changes begin with."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

from acv_pipeline.contract import Contract, Month, load_contract
from acv_pipeline.contract.months import month_end, month_range, shift
from acv_pipeline_tests.deliveries import ACV
from acv_pipeline_tests.tidying.layouts import (
    CHOICES,
    Figures,
    Layout,
    Row,
    Sheet,
    is_a_stock_on_a_first_day,
    sheet_of,
    write,
)

WORKBOOK_SHARE = 0.16  # each starts a process of its own
Key = tuple[str, Month]


@dataclass
class Case:
    """A changed file and what may be read from it.

    Attributes:
        name: the kind of change.
        layout: how the file looks.
        lines: the cells.
        expected: what must read back, unless the delivery is refused.
        allowed: what may read back besides.
        refused: whether the delivery must be refused.
        harmless: whether it must not be, since a careful person would be sure.
        note: which variant of its kind it is.
        file_name: the file's name without its ending.
        received_on: the day of reception, where one is known.
        first: the position of the first record; None: below the first line of several cells.
        save: writes the file, where ``layouts.write`` can't.
        main_sheet: the sheet that the lines stand in, where there are several.
    """

    name: str
    layout: Layout
    lines: list[Row]
    expected: Figures
    allowed: Figures = field(default_factory=dict)
    refused: bool = False
    harmless: bool = False
    note: str = ""
    file_name: str = "acv"
    received_on: dt.date | None = None
    first: int | None = None
    save: Callable[[Path], Path] | None = None
    main_sheet: str = ""

    def write(self, folder: Path) -> Path:
        """The file, in ``folder``."""
        path = folder / self.file_name
        return self.save(path) if self.save else write(path, self.lines, self.layout)

    @property
    def first_record(self) -> int:
        """The position of the first record."""
        if self.first is not None:
            return self.first
        return next(place for place, line in enumerate(self.lines) if len(line) > 1) + 1


@dataclass(frozen=True)
class Draft:
    """A true table that is about to be changed."""

    layout: Layout
    figures: Figures
    sheet: Sheet

    @property
    def months(self) -> list[Month]:
        return sorted({month for _, month in self.figures})

    @property
    def keys(self) -> list[Key]:
        """The key of each record, where every month has its own."""
        return list(self.figures)

    def case(self, name: str, lines: list[Row] | None = None, **about: Any) -> Case:
        """The table, or other lines in its place, as a case; all figures are expected."""
        first = about.pop("first", len(self.sheet.above) + 1)
        expected = about.pop("expected", self.figures)
        lines = self.sheet.lines() if lines is None else lines
        return Case(name, self.layout, lines, expected, first=first, **about)

    def with_rows(self, rows: Iterable[Row]) -> Draft:
        return replace(self, sheet=replace(self.sheet, rows=[list(row) for row in rows]))

    def with_column(self, place: int, name: str | None, cells: Iterable[Any]) -> Draft:
        """The table with one more column."""
        sheet = self.sheet
        rows = [
            [*row[:place], cell, *row[place:]] for row, cell in zip(sheet.rows, cells, strict=True)
        ]
        header = [*sheet.header[:place], name, *sheet.header[place:]]
        places = {m: at + (at >= place) for m, at in sheet.places.items()}
        below = [[*row[:place], None, *row[place:]] for row in sheet.below]
        return replace(self, sheet=Sheet(sheet.above, header, rows, below, places))

    def without_column(self, meaning: str) -> Draft:
        """The table without the column of a meaning."""
        sheet, at = self.sheet, self.sheet.places[meaning]
        places = {m: p - (p > at) for m, p in sheet.places.items() if m != meaning}
        header, *rows = ([*row[:at], *row[at + 1 :]] for row in [sheet.header, *sheet.rows])
        below = [[*row[:at], *row[at + 1 :]] for row in sheet.below]
        return replace(self, sheet=Sheet(sheet.above, header, rows, below, places))

    def renamed(self, meaning: str, name: str | None) -> Draft:
        """The table with another name for the column of a meaning."""
        header = list(self.sheet.header)
        header[self.sheet.places[meaning]] = name
        return replace(self, sheet=replace(self.sheet, header=header))

    def replaced(self, meaning: str, cells: dict[int, Any]) -> Draft:
        """The table with other cells in the column of a meaning, by the record's position."""
        at = self.sheet.places[meaning]
        return self.with_rows(
            [*row[:at], cells[place], *row[at + 1 :]] if place in cells else row
            for place, row in enumerate(self.sheet.rows)
        )

    def with_title(self, *lines: Row) -> Draft:
        """The table below other lines."""
        return replace(self, sheet=replace(self.sheet, above=list(lines)))


@cache
def contract() -> Contract:
    return load_contract()


def random_layout(dice: random.Random, **fixed: Any) -> Layout:
    """Any layout with some of its fields given; few workbooks unless the ending is."""
    choice = {name: dice.choice(options) for name, options in CHOICES.items()}
    if choice["ending"] != "csv" and dice.random() > WORKBOOK_SHARE:
        choice["ending"] = "csv"
    layout = Layout(**(choice | fixed))
    # of two possible months nothing is read: a change of its own
    return replace(layout, month="end") if is_a_stock_on_a_first_day(layout) else layout


def random_figures(
    dice: random.Random, months: int | None = None, most: int = 20, least: int = 0
) -> Figures:
    codes = dice.sample(contract().panel(ACV), dice.randint(3, most))
    first = shift(contract().first_month, dice.randint(2, 40))
    count = months or dice.choice((1, 1, 2, 4))
    figures: Figures = {}
    for code in codes:
        value = max(least, dice.choice((0, 7, 353, 1234, 98_765)) + dice.randint(0, 900))
        for month in month_range(first, shift(first, count - 1)):
            figures[code, month] = value
            value += dice.randint(0, 30)
    return figures


def an_ending(dice: random.Random, *endings: str) -> str:
    """One of these formats, most often the one that needs no process."""
    others = [ending for ending in endings if ending != "csv"]
    if not others or ("csv" in endings and dice.random() > 2 * WORKBOOK_SHARE):
        return "csv"
    return dice.choice(others)


def draft(
    dice: random.Random,
    *endings: str,
    count: int | None = None,
    least: int = 0,
    most: int = 20,
    **fixed: Any,
) -> Draft:
    """A true table without title and total, one record per figure unless ``months`` is given.

    Args:
        dice: the dice.
        endings: the formats it may have; none: CSV and the workbooks.
        count: how many months; None for any number.
        least, most: the smallest figure, and how many départements at most.
        fixed: fields of the layout.
    """
    ending = an_ending(dice, *(endings or ("csv", "xlsx", "xls", "ods")))
    fixed = {"ending": ending, "months": "column", "title": 0, "total": False} | fixed
    layout = random_layout(dice, **fixed)
    figures = random_figures(dice, count, most, least)
    return Draft(layout, figures, sheet_of(figures, layout, contract(), ACV))


def silent_draft(dice: random.Random, *endings: str, **fixed: Any) -> Draft:
    """A true table of one month that doesn't say which."""
    return draft(dice, *endings, count=1, **fixed).without_column("month")


def without(figures: Figures, keys: Iterable[Key]) -> Figures:
    left = set(keys)
    return {key: value for key, value in figures.items() if key not in left}


def only(figures: Figures, keys: Iterable[Key]) -> Figures:
    kept = set(keys)
    return {key: value for key, value in figures.items() if key in kept}


def a_day_after(dice: random.Random, months: Iterable[Month]) -> dt.date | None:
    """A day of reception after the end of all months, or none."""
    later = month_end(max(months)) + dt.timedelta(days=dice.randint(1, 27))
    return dice.choice((None, later, later))


def split(dice: random.Random, value: int, count: int) -> list[int]:
    """Random parts of a value."""
    cuts = sorted(dice.randint(0, value) for _ in range(count - 1))
    return [b - a for a, b in zip([0, *cuts], [*cuts, value], strict=True)]
