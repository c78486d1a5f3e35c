"""Where a row of a delivery stands, in words, and the row itself."""

from __future__ import annotations

from collections.abc import Iterable

from acv_pipeline.language import _


def row_place(sheet: str | None, row: int | str) -> str:
    """``Feuil1, row 5``, or ``row 5`` where the format has no sheets."""
    return _("{sheet}, row {row}", sheet=sheet, row=row) if sheet else _("row {row}", row=row)


def row_shown(sheet: str | None, row: int | str, cells: Iterable[str | None] | None) -> str:
    """The row's place and its cells, as received."""
    shown = " | ".join(cell for cell in cells or () if cell is not None)
    return _("{place}: {cells}", place=row_place(sheet, row), cells=shown)
