"""What reading makes of a file: sheets of text cells, within limits.

Here: ``Sheet`` and ``Limits``. Not here: how a format is read, and what the cells mean.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

MIB = 1024 * 1024
TEXT, NUMBER, DATE = 0, 1, 2
"""What a file says a cell is."""
EXCEL_EPOCH = dt.date(1899, 12, 30)
"""The day whose serial number is 0, but in workbooks that count from 1904."""


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


@dataclass(frozen=True)
class Sheet:
    """A grid of text.

    Attributes:
        name: the sheet's name; ``""`` for formats without sheets.
        cells: text columns ``0..n-1``, blank cells ``""``; row ``i`` is row ``i + 1`` of the
            file, as a spreadsheet shows it.
        widths: how many cells each row really has; None where all have as many.
        filled: positions (row, column from 0) that a vertical merge filled from its top cell.
        remarks: what a reader of the delivery should know of how it was read.
        kinds: what each cell is (``TEXT``, ``NUMBER``, ``DATE``); None where all are texts.
        is_visible: whether the workbook shows the sheet.
        epoch: the day whose serial number is 0.
    """

    name: str
    cells: pd.DataFrame
    widths: npt.NDArray[np.intp] | None = None
    filled: frozenset[tuple[int, int]] = frozenset()
    remarks: tuple[str, ...] = ()
    kinds: npt.NDArray[np.int8] | None = None
    is_visible: bool = True
    epoch: dt.date = EXCEL_EPOCH


def text_frame(rows: Sequence[Sequence[str]]) -> pd.DataFrame:
    """Rows of text, possibly ragged, as a frame padded with ``""``."""
    width = max(map(len, rows), default=0)
    padded = [[*row, *[""] * (width - len(row))] if len(row) < width else row for row in rows]
    return pd.DataFrame(padded, columns=range(width), dtype="str")
