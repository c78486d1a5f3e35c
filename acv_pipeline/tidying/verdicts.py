"""One reason per row, the first that applies.

Here: the bookkeeping. Not here: the reasons (``reasons``) and when they apply (``rows``).
"""

from __future__ import annotations

import numpy as np

from acv_pipeline.tidying.column import Mask, Objects


class Verdicts:
    """Reason codes and what they name, row by row.

    Attributes:
        code: a reason code, or None while the row may become a figure.
        detail: what the reason's text names.
        open: where no reason applies yet.
    """

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
