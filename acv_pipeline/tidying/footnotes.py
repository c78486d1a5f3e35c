"""Marks at figures and at names (``492*``, ``Rhône (1)``), and what notes say of them.

A note may also name the territory that it is about.
A note that is not known to be harmless makes its figure none of ours.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial

import numpy as np

from acv_pipeline.contract import Month
from acv_pipeline.tidying.column import Column, of_contract
from acv_pipeline.tidying.month_said import notes_of
from acv_pipeline.tidying.names import ColumnNames
from acv_pipeline.tidying.pairs import LEVELS
from acv_pipeline.tidying.phrases import Phrases
from acv_pipeline.tidying.places import PlaceReader
from acv_pipeline.tidying.reasons import NUMBERS
from acv_pipeline.tidying.record_table import RecordTable, only_month
from acv_pipeline.tidying.remarks import is_earlier_or_part, leaves_out
from acv_pipeline.tidying.subjects import subject_of
from acv_pipeline.tidying.table import Table
from acv_pipeline.tidying.taken import is_taken_after
from acv_pipeline.tidying.texts import clean, fold, plain, words_pattern

RAISED = "⁰¹²³⁴⁵⁶⁷⁸⁹"
MARK = rf"\*+|[{RAISED}]+|[(\[][0-9]{{1,2}}[)\]]"
# where a note begins: with the mark it explains, "1)" and "1." too
OPENING = re.compile(
    rf"(?:^|[\n;]|\bnotes? ?:)\s*(?P<mark>{MARK}|[0-9]{{1,2}} ?[).:](?= ))\s*[:=-]?", re.IGNORECASE
)
DIGITS = str.maketrans(RAISED, "0123456789", "()[].: ")
HARMLESS = ("y compris ", "dont ", "source ")
FEW_WORDS = 6
SAYS_MORE = re.compile(r"[0-9:;]|.\b[A-ZÀ-Ý][a-zà-ÿ]")
DENIES = re.compile(r"(?<![a-z])(?:ne|n|ni|pas|non|plus|mais|peu|jamais|a)(?![a-z])")
NO_ROWS = ("note", "no_department", "unknown_department")


def settle_marked(rows: RecordTable, table: Table, names: ColumnNames) -> None:
    """Quarantine the figures whose mark, or that of whose name, has a note that says more."""
    notes = dict(notes_by_mark(rows, table))
    if not notes:
        return
    first, month = table.head.last + 1, only_month(rows.month)
    read = [(rows.value_text, _is_more_for_figures)]
    for meaning in ("department_code", "department_name"):
        label = table.text(meaning)
        lines = Column(label.codes[rows.sheet_row - 1 - first], label.found)
        read.append((lines, _is_more_for_names))
    for texts, says_more in read:
        more = {mark: note for mark, note in notes.items() if says_more(names, note, month)}
        said = texts.map(partial(_with_note, notes=more))
        marked = np.flatnonzero(said.where(bool) & (rows.reason < 0))
        rows.reason[marked] = NUMBERS["something_else"]
        rows.detail[marked] = said.at(marked)


def settle_named(rows: RecordTable, names: ColumnNames) -> None:
    """Quarantine the figures that a note speaks against by name: ``Ain : chiffre reconduit``."""
    places, month = of_contract(PlaceReader, names.contract, "department"), only_month(rows.month)
    phrases = of_contract(Phrases, names.contract)
    figures = (rows.reason < 0) & (rows.level == LEVELS.index("department"))
    for text in dict.fromkeys(" ".join(texts) for _, texts in notes_of(rows)):
        codes, said = places.of_note(text)
        meant = figures & np.isin(rows.territory, [rows.codes.index(code) for code in codes])
        if (
            leaves_out(names, said)
            or is_earlier_or_part(names, said, month)
            or subject_of(names, said)
        ):
            rows.reason[meant] = NUMBERS["something_else"]
            rows.detail[meant] = clean(text)
        elif phrases.may_change(fold(said)):
            rows.is_provisional[meant] = True


def _with_note(text: str, notes: dict[str, str]) -> str:
    """A text with the note that one of its marks has; empty where none has one."""
    marks = (mark.translate(DIGITS) for mark in re.findall(MARK, text))
    return next((f"{clean(text)}: {notes[mark]}" for mark in marks if mark in notes), "")


def notes_by_mark(rows: RecordTable, table: Table) -> Iterator[tuple[str, str]]:
    """The notes above and below the rows, by their marks; the first of a mark comes last."""
    beside = np.flatnonzero(np.isin(rows.reason, [NUMBERS[code] for code in NO_ROWS]))
    lines = [
        [cells.found[cells.codes[row]] for cells in rows.cells if cells.codes[row] >= 0]
        for row in beside[::-1]
    ]
    for line in [*lines, *table.title]:
        text = "\n".join(filter(None, map(str.strip, line)))
        openings = list(OPENING.finditer(text))
        ends = [*(opening.start() for opening in openings), len(text)][1:]
        for opening, end in zip(openings, ends, strict=False):
            if said := clean(text[opening.end() : end]):
                yield opening["mark"].translate(DIGITS), said


def _is_more_for_figures(names: ColumnNames, note: str, month: Month | None) -> bool:
    """Whether a note at a figure says more than whether it may still change."""
    if leaves_out(names, note) or is_earlier_or_part(names, note, month):
        return True
    harmless = names.is_understood(note) or f"{fold(note)} ".startswith(HARMLESS)
    if harmless or (month and is_taken_after(names.contract, note, month)):
        return False
    known, words = names.contract.provisional_marks, names.contract.standing_words
    known = [*known, *words.provisional, *words.definitive, *words.correction]
    said = words_pattern(tuple(known)).search(fold(note)) or _confirms(names, note)
    return not said or names.holds_date(note) or _is_doubtful(names, note)


def _confirms(names: ColumnNames, note: str) -> bool:
    """Whether a note says in few words that a figure is right, or why it needs no mark.

    One with a number or a name may say more than that.
    """
    folded, told = fold(note), names.contract.remark_words
    return (
        words_pattern(told.confirmed).search(folded) is not None
        and words_pattern(told.alone).search(folded) is None
        and len(folded.split()) <= FEW_WORDS
        and not SAYS_MORE.search(clean(note))
        and not DENIES.search(folded)
        and subject_of(names, note) is None
    )


def _is_doubtful(names: ColumnNames, note: str) -> bool:
    """Whether a note says that a figure may not be that of its month, or not all."""
    told = names.contract.remark_words
    return words_pattern((*told.doubtful, *told.incomplete)).search(fold(note)) is not None


def _is_more_for_names(names: ColumnNames, note: str, month: Month | None) -> bool:
    """Whether a note at the name of a territory is about the figure, or leaves some of it out."""
    about = words_pattern((*names.contract.figure_words, *names.contract.other_states))
    said = about.search(plain(note)) or _is_doubtful(names, note) or names.holds_date(note)
    alone = words_pattern(names.contract.remark_words.alone)
    if leaves_out(names, note) or alone.search(fold(note)):
        return True
    return bool(said) and _is_more_for_figures(names, note, month)
