"""What a note says of a whole column whose name has its mark: ``Nb logements (1)``."""

from __future__ import annotations

import re

from acv_pipeline.contract import Month
from acv_pipeline.tidying.footnotes import DIGITS, MARK, notes_by_mark
from acv_pipeline.tidying.names import ColumnNames
from acv_pipeline.tidying.record_table import RecordTable, only_month
from acv_pipeline.tidying.sheets import refuse_subject
from acv_pipeline.tidying.subjects import is_earlier_or_part, leaves_out, subject_of
from acv_pipeline.tidying.table import Table
from acv_pipeline.tidying.texts import fold, words_pattern


def check_column_notes(rows: RecordTable, table: Table, names: ColumnNames, file_name: str) -> None:
    """Make sure that no note at the name of a column of figures says that it holds something else.

    Raises:
        DeliveryRefused: ``other_subject``.
    """
    marked = {p: re.findall(MARK, table.name_of(p)) for p in table.value_columns}
    if not any(marked.values()):
        return
    notes = dict(notes_by_mark(rows, table))
    for place, marks in marked.items():
        month = table.month_columns.get(place) or only_month(rows.month)
        for note in (notes.get(mark.translate(DIGITS), "") for mark in marks):
            if note and (what := _subject(names, note, month)):
                raise refuse_subject(file_name, f"{table.name_of(place)}: {note}", what)


def _subject(names: ColumnNames, note: str, month: Month | None) -> str | None:
    """What else than figures of ours a column holds, by its note.

    A definition leaves out what is no figure of ours anyway (``hors annulations``).
    """
    not_ours = words_pattern((*names.contract.other_states, *names.contract.other_quantities))
    if leaves_out(names, note) and not not_ours.search(fold(note)):
        return "part"
    if is_earlier_or_part(names, note, month):
        return "earlier"
    return subject_of(names, note)
