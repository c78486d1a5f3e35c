"""Lines below a header that are no records: blank, the header again, the form's own, notes."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import pandas as pd

from acv_pipeline.contract import Contract
from acv_pipeline.tidying.column import Mask, of_contract, texts_of
from acv_pipeline.tidying.footnotes import MARK
from acv_pipeline.tidying.header import HeaderFinder
from acv_pipeline.tidying.numbers import number_test
from acv_pipeline.tidying.reasons import NUMBERS
from acv_pipeline.tidying.row_reasons import Verdicts
from acv_pipeline.tidying.table import Table
from acv_pipeline.tidying.texts import clean, fold

LOOKED_AT = ("department_code", "department_name", "month", "indicator_id", "indicator")
SEPARATOR = "\x1f"  # no cell holds it
SHORT_MARKER = 3  # shorter markers must be the whole cell


def settle_lines(verdicts: Verdicts, table: Table, finder: HeaderFinder, unresolved: Mask) -> None:
    """Settle the lines of ``table`` that are no records.

    Args:
        verdicts: one entry per line.
        table: the table.
        finder: knows what a header looks like.
        unresolved: lines without a known territory; only these are looked at as a whole.
    """
    markers = of_contract(MarkerReader, finder.contract)
    for meaning in LOOKED_AT:
        for position in table.columns.get(meaning, ()):
            column = table.column(position)
            marked = column.where(markers.is_marked)
            verdicts.settle(marked, "template_row", column.map(clean).at if marked.any() else "")
    values = {*table.columns.get("cumulative", ()), *table.month_columns}
    kind = line_test(finder, values, markers.is_marked)
    places = np.flatnonzero(unresolved)
    if not len(places):
        return
    lines = table.body.iloc[places].to_numpy(dtype=object)
    joined = pd.Series([SEPARATOR.join(cells) for cells in lines], dtype="str")
    kinds = texts_of(joined).map(lambda text: kind(text.split(SEPARATOR)))
    reasons = np.full(len(unresolved), -1, dtype=np.int8)
    reasons[places] = kinds.array(lambda pair: NUMBERS[pair[0]], np.int8)
    at = np.full(len(unresolved), -1, dtype=np.intp)
    at[places] = kinds.codes
    verdicts.settle_each(reasons, lambda rows: [kinds.found[code][1] for code in at[rows].tolist()])


# a whole line in one cell, cut by another sign than the others
OTHER_SEPARATOR = re.compile(
    r"[^,;\t|]{1,40}([,;\t|])[^,;\t|]*\1.*[0-9].*|[0-9AB]{2,3}[,;\t|][0-9 ]+"
)


def line_test(
    finder: HeaderFinder, values: set[int], marked: Callable[[str], bool]
) -> Callable[[list[str]], tuple[str | None, str]]:
    """What a line without a territory is, by its cells: a reason code and a detail, or None."""

    is_number = number_test(finder.contract)

    def kind(cells: list[str]) -> tuple[str | None, str]:
        filled = [position for position, text in enumerate(cells) if clean(text)]
        if not filled:
            return "blank_row", ""
        first = clean(cells[filled[0]])
        numbered = any(is_number(cells[position]) for position in values)
        if not numbered and finder.is_header(cells):
            return "repeated_header", ""
        if marked(first):
            return "template_row", first
        alone = len(filled) == 1 and filled[0] not in values
        if alone and OTHER_SEPARATOR.fullmatch(first):
            return "misaligned_row", "1"
        # whatever its first words, a line with a number in a value column is no note
        opens = finder.names.opens_note(first) or re.fullmatch(MARK, first)
        if alone or (opens and not numbered):
            return "note", ""
        return None, ""

    return kind


def misaligned(table: Table) -> tuple[Mask, npt.NDArray[np.intp] | None]:
    """The lines of a text file whose cells may have shifted, and how many cells each has.

    More cells than the header, unless the further ones are blank: a separator too many. Fewer:
    a separator lost, unless nothing but columns of no meaning at the end can be missing.
    """
    widths = table.sheet.widths
    size = len(table.body)
    if widths is None:
        return np.zeros(size, dtype=bool), None
    expected = int(widths[table.head.last])
    own = widths[table.head.last + 1 :][:size]
    beyond = (table.body.iloc[:, expected:].to_numpy(dtype=object) != "").any(axis=1)
    meant = {place for key, places in table.columns.items() if key != "ignored" for place in places}
    meant |= set(table.month_columns)
    gaps = set(range(max(meant))) - meant
    short = (own < expected) & ((own <= max(meant)) | bool(gaps))
    return ((own > expected) & beyond) | short, own


class MarkerReader:
    """Tells cells that mark a row of the form that shows how to fill it in (``is_marked``)."""

    def __init__(self, contract: Contract) -> None:
        self._markers = {fold(marker) for marker in contract.template_markers}
        self._openings = tuple(f"{m} " for m in self._markers if len(m) > SHORT_MARKER)
        self.is_marked = lru_cache(maxsize=1 << 16)(self._is_marked)

    def _is_marked(self, text: str) -> bool:
        folded = fold(text)
        return folded in self._markers or folded.startswith(self._openings)
