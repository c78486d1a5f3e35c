"""What a note says of a whole column whose name has its mark, or of figures in a colour.

``Nb logements (1)``; nobody knows which figures are meant by ``En rouge : chiffres de février``.
"""

from __future__ import annotations

import re

from acv_pipeline.contract import Month
from acv_pipeline.tidying.footnotes import DIGITS, MARK, notes_by_mark
from acv_pipeline.tidying.month_said import notes_of
from acv_pipeline.tidying.names import ColumnNames
from acv_pipeline.tidying.record_table import RecordTable, only_month
from acv_pipeline.tidying.sheets import refuse_subject
from acv_pipeline.tidying.subjects import is_earlier_or_part, leaves_out, subject_of
from acv_pipeline.tidying.table import Table
from acv_pipeline.tidying.texts import fold, words_pattern

# how a legend tells some figures from others
LOOKS = re.compile(
    r"(?<![a-z])(?:en (?:rouge|orange|jaune|vert|bleu|gris|violet|rose|couleur|italique|gras)|"
    r"(?:cellule|case|chiffre|ligne)s? (?:rouge|orange|jaune|verte?|bleue?|grise?|barree?)s?|"
    r"surligne|souligne|barre)(?:e|s|es)?(?![a-z])"
)


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


def check_legends(rows: RecordTable, names: ColumnNames, file_name: str) -> None:
    """Make sure that no legend says that the figures in some colour are others.

    Raises:
        DeliveryRefused: ``other_subject``.
    """
    month = only_month(rows.month)
    for text in dict.fromkeys(text for _, texts in notes_of(rows) for text in texts):
        looks, sign, said = text.replace("=", ":").partition(":")
        if sign and LOOKS.search(fold(looks)) and (what := _subject(names, said, month)):
            raise refuse_subject(file_name, text, what)


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
