"""What reading makes of a file: sheets of text cells, within limits."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from acv_pipeline.language import Both

MIB = 1024 * 1024
TEXT, NUMBER, DATE = 0, 1, 2  # kinds of cells
EPOCH_1900 = dt.date(1899, 12, 30)
EPOCH_1904 = dt.date(1904, 1, 1)
BLANK_ROWS_KEPT = 1_000

Kinds: TypeAlias = npt.NDArray[np.int8]


@dataclass(frozen=True)
class Limits:
    """What a delivery may cost at most; anything beyond is refused.

    The defaults leave room for millions of rows, a hundred times what a partner sends.

    Attributes:
        file_bytes: size of the file.
        unpacked_bytes: size of a zipped workbook's parts, added up, once unpacked.
        unpacked_ratio: unpacked size over packed size, for archives above 10 MiB unpacked.
        line_bytes: length of a line of a text file.
        rows: rows of one sheet.
        columns: columns of one sheet.
        cells: cells of one sheet of a workbook.
        sheets: sheets of one workbook.
        worker_bytes: address space of the process that opens workbooks and Parquet.
        worker_seconds: time given to that process.
    """

    file_bytes: int = 2048 * MIB
    unpacked_bytes: int = 1024 * MIB
    unpacked_ratio: float = 200.0
    line_bytes: int = 2 * MIB
    rows: int = 10_000_000
    columns: int = 2_000
    cells: int = 20_000_000
    sheets: int = 200
    worker_bytes: int = 6144 * MIB
    worker_seconds: float = 120.0


DEFAULT = Limits()


@dataclass(frozen=True, eq=False)  # a sheet is itself: frames don't compare
class Sheet:
    """A grid of text that knows what its cells were typed as.

    Attributes:
        name: the sheet's name; ``""`` for formats without sheets.
        cells: text columns ``0..n-1``, blank cells ``""``; the index is the row number from 0: row
            ``i`` is row ``i + 1`` of the file, as a spreadsheet shows it. Long runs of blank rows
            and those at the end are not kept (``without_blank_rows``).
        kinds: ``TEXT``, ``NUMBER`` or ``DATE`` for each cell, by position; None where all are
            texts. A number's text has a point before its decimals and nothing between its digits;
            a date's is ISO, with a time of day where that is not midnight.
        widths: how many cells each row really has, by position; None where all have as many.
        filled: row numbers and columns, from 0, that a vertical merge filled from its top cell.
        remarks: what a reader of the delivery should know of how it was read.
        is_visible: False for a sheet that a spreadsheet program does not show.
        epoch: the day that a date written as the number 0 means.
        comments: what is said beside cells, by row number and column, from 0.
    """

    name: str
    cells: pd.DataFrame
    kinds: Kinds | None = None
    widths: npt.NDArray[np.intp] | None = None
    filled: frozenset[tuple[int, int]] = frozenset()
    remarks: tuple[Both, ...] = ()
    is_visible: bool = True
    epoch: dt.date = EPOCH_1900
    comments: dict[tuple[int, int], str] = field(default_factory=dict)


def without_blank_rows(sheet: Sheet) -> Sheet:
    """The sheet without runs of more than ``BLANK_ROWS_KEPT`` blank rows and those at its end."""
    blank = _blank_rows(sheet.cells)
    if blank is None:
        return sheet
    edges = np.flatnonzero(np.diff(blank, prepend=False, append=False))
    kept = np.ones(len(blank), dtype=bool)
    for start, end in edges.reshape(-1, 2).tolist():
        if end == len(blank) or end - start > BLANK_ROWS_KEPT:
            kept[start:end] = False
    return dataclasses.replace(
        sheet,
        cells=sheet.cells[kept],
        kinds=None if sheet.kinds is None else sheet.kinds[kept],
        widths=None if sheet.widths is None else sheet.widths[kept],
    )


def _blank_rows(cells: pd.DataFrame) -> npt.NDArray[np.bool_] | None:
    """Which rows say nothing; None where each says something."""
    first = cells[cells.columns[0]].tolist() if cells.shape[1] else []
    places = [place for place, text in enumerate(first) if not text.strip()]
    if not places:
        return None
    blank = np.zeros(len(cells), dtype=bool)
    rows = cells.iloc[places].to_numpy(dtype=object)
    blank[places] = [not "".join(row).strip() for row in rows]
    return blank


def text_frame(rows: Sequence[Sequence[str]]) -> pd.DataFrame:
    """Rows of text, possibly ragged, as a frame padded with ``""``."""
    width = max(map(len, rows), default=0)
    padded = [[*row, *[""] * (width - len(row))] if len(row) < width else row for row in rows]
    return pd.DataFrame(padded, columns=range(width), dtype="str")
