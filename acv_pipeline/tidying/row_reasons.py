"""One reason per row, the first that applies."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from acv_pipeline.tidying.column import Mask, Objects, Places
from acv_pipeline.tidying.reasons import NUMBERS

Details = str | Callable[[Places], Sequence[str]]
"""What a reason's text names: the same for all rows, or for each of the rows it is asked for."""


class Verdicts:
    """Reasons and what they name, row by row.

    Attributes:
        reason: the number of a reason (``reasons.NUMBERS``); -1 while the row may become a figure.
        detail: what the reason's text names.
    """

    def __init__(self, size: int) -> None:
        self.reason: npt.NDArray[np.int8] = np.full(size, -1, dtype=np.int8)
        self.detail: Objects = np.full(size, "", dtype=object)

    def settle(self, where: Mask, code: str, details: Details = "") -> None:
        """Give the reason ``code`` to the rows not settled yet."""
        if where.any():
            self.settle_each(np.where(where, np.int8(NUMBERS[code]), np.int8(-1)), details)

    def settle_each(self, reasons: npt.NDArray[np.int8], details: Details = "") -> None:
        """Give each row not settled yet the reason with its number; none where it is -1."""
        rows = np.flatnonzero((reasons >= 0) & (self.reason < 0))
        if not len(rows):
            return
        self.reason[rows] = reasons[rows]
        if details:
            self.detail[rows] = details if isinstance(details, str) else details(rows)
