"""Lines below a header that are no records: blank, the header again, the form's own, notes.

Here: telling them from records. Not here: what records say (``rows``).
"""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np
import pandas as pd

from acv_pipeline.contract import Contract
from acv_pipeline.tidying.column import Mask, Objects, texts_of
from acv_pipeline.tidying.fold import clean, fold
from acv_pipeline.tidying.header import HeaderFinder, Table
from acv_pipeline.tidying.verdicts import Verdicts

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
    marked = template_test(finder.contract)
    for meaning in LOOKED_AT:
        for position in table.columns.get(meaning, ()):
            column = table.column(position)
            verdicts.settle(column.where(marked), "template_row", column.objects(clean))
    values = {*table.columns.get("cumulative", ()), *table.month_columns}
    kind = line_test(finder, values, marked)
    places = np.flatnonzero(unresolved)
    lines = table.body.iloc[places].to_numpy(dtype=object)
    joined = pd.Series([SEPARATOR.join(cells) for cells in lines], dtype="str")
    kinds = texts_of(joined).map(lambda text: kind(text.split(SEPARATOR)))
    codes, details = np.full((2, len(unresolved)), None, dtype=object)
    codes[places] = kinds.objects(lambda pair: pair[0])
    details[places] = kinds.objects(lambda pair: pair[1])
    verdicts.settle(np.array([code is not None for code in codes], dtype=bool), codes, details)


NUMBER = re.compile(r"[-+]?\d[\d\s.,']*")


def line_test(
    finder: HeaderFinder, values: set[int], marked: Callable[[str], bool]
) -> Callable[[list[str]], tuple[str | None, str]]:
    """What a line without a territory is, by its cells: a reason code and a detail, or None."""
    openings = tuple(f"{fold(word)} " for word in finder.contract.note_openings)

    def kind(cells: list[str]) -> tuple[str | None, str]:
        filled = [position for position, text in enumerate(cells) if clean(text)]
        if not filled:
            return "blank_row", ""
        first = clean(cells[filled[0]])
        if finder.is_header(cells):
            return "repeated_header", ""
        if marked(first):
            return "template_row", first
        alone = len(filled) == 1 and filled[0] not in values
        # whatever its first words, a line with a number in a value column is no note
        numbered = any(NUMBER.fullmatch(clean(cells[position])) for position in values)
        if alone or (fold(first).startswith(openings) and not numbered):
            return "note", ""
        return None, ""

    return kind


def misaligned(table: Table) -> tuple[Mask, Objects]:
    """The lines of a text file whose cells may have shifted, and how many cells each has.

    More cells than the header, unless the further ones are blank: a separator too many. Fewer:
    a separator lost, unless nothing but columns of no meaning at the end can be missing.
    """
    widths = table.sheet.widths
    size = len(table.body)
    if widths is None:
        return np.zeros(size, dtype=bool), np.full(size, "", dtype=object)
    expected = int(widths[table.header_at])
    own = widths[table.header_at + 1 :][:size]
    beyond = (table.body.iloc[:, expected:].to_numpy(dtype=object) != "").any(axis=1)
    meant = {place for key, places in table.columns.items() if key != "ignored" for place in places}
    meant |= set(table.month_columns)
    gaps = set(range(max(meant))) - meant
    short = (own < expected) & ((own <= max(meant)) | bool(gaps))
    return ((own > expected) & beyond) | short, own.astype(str).astype(object)


def template_test(contract: Contract) -> Callable[[str], bool]:
    """A test whether a cell marks a row of the form that shows how to fill it in."""
    markers = {fold(marker) for marker in contract.template_markers}
    openings = tuple(f"{marker} " for marker in markers if len(marker) > SHORT_MARKER)

    def marked(text: str) -> bool:
        folded = fold(text)
        return folded in markers or folded.startswith(openings)

    return marked
