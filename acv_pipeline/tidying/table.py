"""A table of a sheet: what its columns are called, and the rows below."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from acv_pipeline.contract import Month
from acv_pipeline.reading import Sheet
from acv_pipeline.reading.sheet import TEXT
from acv_pipeline.tidying.column import Cell, Column, constant, texts_of
from acv_pipeline.tidying.names import TERRITORY, ColumnName

SMALLEST_BLOCK = 64

Columns = dict[str, tuple[int, ...]]
Line = list[str]


@dataclass(frozen=True)
class Header:
    """The names of a table's columns.

    Attributes:
        first, last: the lines it stands in, by position in the sheet.
        names: what each column is called and means.
    """

    first: int
    last: int
    names: tuple[ColumnName, ...]

    @cached_property
    def columns(self) -> Columns:
        """Column positions by meaning, without those that hold one month's figures."""
        found: dict[str, list[int]] = defaultdict(list)
        for place, name in enumerate(self.names):
            if name.meaning and not name.month:
                found[name.meaning].append(place)
        return {meaning: tuple(places) for meaning, places in found.items()}

    @cached_property
    def months(self) -> dict[int, Month]:
        """The month by column position, where a column holds one month's figures."""
        return {
            place: name.month.month
            for place, name in enumerate(self.names)
            if name.month and name.month.month
        }

    @property
    def has_figures(self) -> bool:
        """Whether it names a column of figures."""
        return "cumulative" in self.columns or any(name.month for name in self.names)

    @property
    def is_complete(self) -> bool:
        """Whether it names all that a table takes."""
        return self.has_figures and bool(set(TERRITORY) & set(self.columns))

    @property
    def score(self) -> int:
        """How many meanings it names; one with all it takes beats any other."""
        if not any(name.meaning for name in self.names):
            return 0
        meant = set(self.columns) - {"ignored", "label"}
        return len(meant) + bool(self.months) + 100 * self.is_complete


@dataclass(frozen=True, eq=False)
class Table:
    """A header and the rows below it.

    Attributes:
        sheet: where it stands.
        title: the lines above the header, cell by cell.
        head: the header.
        end: the position after the table's last row.
        columns: column positions by meaning.
        month_columns: month by column position, where a column holds one month's figures.
        own_end: the position of the blank line from which on all is the title of the next table;
            None where there is none.
    """

    sheet: Sheet
    title: tuple[tuple[str, ...], ...]
    head: Header
    end: int
    columns: Columns
    month_columns: dict[int, Month]
    own_end: int | None = None

    @cached_property
    def header(self) -> Line:
        """The names of the columns as received."""
        return [name.text for name in self.head.names]

    def name_of(self, position: int) -> str:
        """What stands above a column; nothing beyond the end of the header."""
        return self.header[position] if position < len(self.header) else ""

    @property
    def title_texts(self) -> list[str]:
        """The texts above the header, one after the other."""
        return [text for line in self.title for text in line if text.strip()]

    @property
    def value_columns(self) -> list[int]:
        """The positions of the columns whose cells are figures."""
        return list(self.month_columns) or [self.columns["cumulative"][0]]

    @cached_property
    def body(self) -> pd.DataFrame:
        """The rows below the header, without the blank ones at the end."""
        first = self.head.last + 1
        below = self.sheet.cells.iloc[first : self.end]
        end, block = len(below), SMALLEST_BLOCK
        while end > 0:  # from the end: it is rarely blank for long
            start = max(0, end - block)
            lines = below.iloc[start:end].to_numpy(dtype=object)
            for place in range(end - start - 1, -1, -1):
                if "".join(lines[place]).strip():
                    return below.iloc[: start + place + 1]
            end, block = start, block * 2
        return below.iloc[:0]

    @cached_property
    def _read(self) -> dict[int, Column[str]]:
        return {}

    def column(self, position: int) -> Column[str]:
        """The texts of the column at ``position``."""
        if position not in self._read:
            self._read[position] = texts_of(self.body[position])
        return self._read[position]

    def cells(self, position: int) -> Column[Cell]:
        """The cells of the column at ``position``, with what the file says that they are."""
        texts = self.column(position)
        if self.sheet.kinds is None:
            return texts.map(lambda text: Cell(text, TEXT))
        first = self.head.last + 1
        kinds = self.sheet.kinds[first : first + len(self.body), position]
        found = sorted(set(kinds.tolist()))
        pairs = texts.beside(Column(pd.Index(found).get_indexer(pd.Index(kinds)), found))
        return pairs.map(lambda pair: Cell(*pair))

    def comments_beside(self, position: int) -> Column[str]:
        """What comments say of each row: of its cells, but those of another month's figures."""
        others = {place for place in self.month_columns if place != position}
        said: dict[int, list[str]] = defaultdict(list)
        for (row, place), text in sorted(self.sheet.comments.items()):
            if place not in others:
                said[row].append(text)
        if not said:
            return constant("", len(self.body))
        return texts_of(pd.Series([" ; ".join(said[row]) for row in self.body.index], dtype="str"))

    def comment_of(self, position: int) -> str:
        """What comments say of a column's name."""
        lines = self.sheet.cells.index[self.head.first : self.head.last + 1]
        return " ; ".join(filter(None, (self.sheet.comments.get((r, position)) for r in lines)))

    def text(self, meaning: str) -> Column[str]:
        """The texts of a meaning; blank where the table has no such column."""
        if positions := self.columns.get(meaning):
            return self.column(positions[0])
        return constant("", len(self.body))
