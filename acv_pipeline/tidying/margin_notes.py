"""What notes and comments say of all figures, of a column, of those in a colour, or of a row.

``Nb logements (1)``; nobody knows which figures are meant by ``En rouge : chiffres de février``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import partial
from operator import eq
from pathlib import PurePath

import numpy as np

from acv_pipeline.contract import Contract, Month
from acv_pipeline.tidying.column import of_contract
from acv_pipeline.tidying.footnotes import DIGITS, MARK, OPENING, notes_by_mark
from acv_pipeline.tidying.month_said import notes_of
from acv_pipeline.tidying.names import ColumnNames, names_of
from acv_pipeline.tidying.pairs import LEVELS
from acv_pipeline.tidying.phrases import LEAVES_OUT, Phrases
from acv_pipeline.tidying.places import PlaceReader
from acv_pipeline.tidying.reasons import NUMBERS
from acv_pipeline.tidying.record_table import RecordTable, only_month
from acv_pipeline.tidying.remarked_numbers import RemarkedNumbers
from acv_pipeline.tidying.remarks import (
    MONTHS_BACK,
    is_earlier_or_part,
    is_of_earlier_month,
    leaves_out,
)
from acv_pipeline.tidying.roles import are_alike, column_letter
from acv_pipeline.tidying.sheets import refuse_subject
from acv_pipeline.tidying.subjects import is_discarded, subject_of
from acv_pipeline.tidying.table import Table
from acv_pipeline.tidying.texts import any_word, clean, fold, plain, words_pattern

SHORT = 6  # words: longer texts explain
# "est celui de février", "départements 77 et 78"
THAT_OF = re.compile(r"(?i)(?<![a-z])(?:est|sont|restent?) (?:encore )?ce(?:lui|lles?|ux)(?![a-z])")
# at the end or in brackets, with three digits or more, as codes and years have not
GIVEN = re.compile(
    r"(?:[:=] ?(?=[0-9]+$)|\((?=[0-9]+\)))(?!97[0-9]\b|20[0-9]{2}\b)(?P<number>[0-9]{3,6})"
)
CODE = r"\b(?:[0-9]{2,3}|2[ab])\b"


def check_column_notes(rows: RecordTable, table: Table, names: ColumnNames, file_name: str) -> None:
    """Make sure that no note at the name of a column of figures says that it holds something else.

    Raises:
        DeliveryRefused: ``other_subject``.
    """
    for place in table.value_columns:
        month = table.month_columns.get(place) or only_month(rows.month)
        if (said := table.comment_of(place)) and (what := _subject(names, said, month)):
            raise refuse_subject(file_name, f"{table.name_of(place)}: {said}", what)
    marked = {p: re.findall(MARK, table.name_of(p)) for p in table.value_columns}
    if not any(marked.values()):
        return
    notes = dict(notes_by_mark(rows, table))
    for place, marks in marked.items():
        month = table.month_columns.get(place) or only_month(rows.month)
        for note in (notes.get(mark.translate(DIGITS), "") for mark in marks):
            if note and (what := _subject(names, note, month)):
                raise refuse_subject(file_name, f"{table.name_of(place)}: {note}", what)


def settle_comments(rows: RecordTable, table: Table, names: ColumnNames) -> None:
    """Quarantine the figures beside which a comment says that they are others, or not all."""
    if not table.sheet.comments:
        return
    for place in table.value_columns:
        month = table.month_columns.get(place) or only_month(rows.month)
        said = table.comments_beside(place).map(partial(_of_row, names, month))
        lines = dict(zip(table.body.index + 1, said.array(str, object), strict=True))
        letter = column_letter(place) if table.month_columns else ""
        own = (rows.reason < 0) & rows.sheet_column.where(partial(eq, letter))
        for at in np.flatnonzero(own).tolist():
            if text := lines.get(rows.sheet_row[at]):
                rows.reason[at] = NUMBERS["something_else"]
                rows.detail[at] = text


def _of_row(names: ColumnNames, month: Month | None, text: str) -> str:
    """A comment, if it says that the figure of its row is another."""
    speaks_against = (
        leaves_out(names, text) or is_earlier_or_part(names, text, month) or subject_of(names, text)
    )
    return clean(text) if speaks_against else ""


def settle_mentioned(rows: RecordTable, table: Table, names: ColumnNames) -> None:
    """Quarantine the figures that a sentence says are others, by territory.

    ``Données de février pour l'Île-de-France``, ``Départements 77 et 78 : chiffres de février``,
    ``Erratum : lire 44 pour l'Ain``.
    """
    month, remarks = only_month(rows.month), of_contract(RemarkedNumbers, names.contract)
    figures = (rows.reason < 0) & (rows.level == LEVELS.index("department"))
    notes = (" ".join(texts) for _, texts in notes_of(rows))
    for text in dict.fromkeys((*table.title_texts, *notes)):
        codes, said = _mentioned(names, text)
        meant = figures & np.isin(rows.territory, [rows.codes.index(code) for code in codes])
        if not meant.any():
            continue
        right, likely = remarks.right(said), remarks.likely(said)
        stated = rows.stated.astype(np.int64)
        others = meant & (right >= 0) & (stated != right)
        others |= meant & are_alike(np.full_like(stated, likely), stated) & (stated != likely)
        lacks = _lacking(names.contract).search(fold(said)) is not None
        earlier = meant & (lacks or is_earlier_or_part(names, said, month))
        if not lacks and (number := _compared(plain(said))):
            earlier &= stated == number
        for wrong, reason in ((earlier, "something_else"), (others, "conflicting_values")):
            rows.reason[wrong] = NUMBERS[reason]
            rows.detail[wrong] = clean(text)


def _lacking(contract: Contract) -> re.Pattern[str]:
    """Words of a note that lists the territories that have sent no figure of the month."""
    return words_pattern((*contract.remark_words.lacking, *contract.remark_words.not_come))


def _compared(said: str) -> int | None:
    """The other figure that a sentence gives: ``Rappel du chiffre de février pour l'Ain : 241``.

    No code and no year.
    """
    found = GIVEN.search(said)
    return int(found["number"]) if found else None


def _mentioned(names: ColumnNames, text: str) -> tuple[list[str], str]:
    """The codes of the départements that a sentence names, and what it says of them."""
    contract = names.contract
    places = of_contract(PlaceReader, contract, "department")
    regions, _ = of_contract(PlaceReader, contract, "region").named_in(text)
    codes, said = places.of_note(text)
    if not codes:
        codes, said = places.named_in(text)
    numbers = rf"(?:\b(?:departements?|dep|dpts?)\b|{_lacking(contract).pattern} ?:)"
    if numbered := re.search(rf"{numbers}(?:[\s,;:]|et|{CODE})*", plain(said)):
        codes += filter(None, map(places.code_of, re.findall(CODE, numbered[0])))
    codes += [code for code, region in contract.territories.region_of.items() if region in regions]
    return codes, " ".join(THAT_OF.sub(" ", said).split())


def check_legends(rows: RecordTable, table: Table, names: ColumnNames, file_name: str) -> None:
    """Make sure that no legend says that the figures in some colour are others.

    Raises:
        DeliveryRefused: ``other_subject``.
    """
    month, known = only_month(rows.month), words_pattern(names.contract.remark_words.looks)
    notes = (text for _, texts in notes_of(rows) for text in texts)
    for text in dict.fromkeys((*table.title_texts, *notes)):
        looks, sign, said = text.replace("=", ":").partition(":")
        said = fold(said).replace("sans ", "")  # "départements sans ville ACV"
        if sign and known.search(fold(looks)) and (what := _subject(names, said, month)):
            raise refuse_subject(file_name, text, what)


def check_scope(rows: RecordTable, table: Table, names: ColumnNames, file_name: str) -> None:
    """Make sure that no heading, name or note says of all figures that they are less, or more.

    Raises:
        DeliveryRefused: ``other_subject``.
    """
    first = table.sheet.cells.index[table.head.last]
    for (row, _), text in table.sheet.comments.items():
        if row <= first and is_discarded(names, text):
            raise refuse_subject(file_name, text, "discarded")
    named, month = re.sub("[0-9_-]+", " ", PurePath(file_name).stem), only_month(rows.month)
    if month and _is_named_for_another(names, named, month):
        raise refuse_subject(file_name, file_name, "earlier")
    notes = (" ".join(texts) for _, texts in notes_of(rows))
    for text in dict.fromkeys((*table.title_texts, table.sheet.name, named, *notes)):
        what = None if OPENING.match(text) else _scope(names, text)
        if what:
            raise refuse_subject(file_name, text if text != named else file_name, what)


def check_notices(
    rows: RecordTable, notices: Iterable[str], names: ColumnNames, file_name: str
) -> None:
    """Make sure that no sheet of words says of all figures that they are none of ours.

    Only what says nothing else is heard: a notice explains much.

    Raises:
        DeliveryRefused: ``other_subject``.
    """
    phrases, contract = of_contract(Phrases, names.contract), names.contract
    month, sent_monthly = only_month(rows.month), words_pattern(contract.remark_words.monthly)
    ways = {
        "discarded": words_pattern(tuple(w for w in contract.discarded_sheets if " " in w)),
        "quantity": phrases.in_units,
        "flow": words_pattern(contract.remark_words.flow),
    }
    sheet = words_pattern(contract.remark_words.numbered)  # "feuille à supprimer": this one
    for text in notices:
        folded = fold(text)
        rest = sent_monthly.sub(" ", folded)
        said = [w for w, way in ways.items() if phrases.say_only(way, rest, names.own_words)]
        if month and is_of_earlier_month(names, text, month):
            said.append("earlier")
        if said and not sheet.search(folded):
            raise refuse_subject(file_name, text, said[0])


def _is_named_for_another(names: ColumnNames, named: str, month: Month) -> bool:
    """Whether a file's name says that its figures are those of an earlier month alone."""
    phrases = of_contract(Phrases, names.contract)
    found = phrases.earlier.search(fold(named))
    months = {phrases.months[word] for word in fold(named).split() if word in phrases.months}
    said = found is not None and bool(found["month"]) and month.month not in months
    return said and all(0 < (month.month - other) % 12 < MONTHS_BACK for other in months)


def _scope(names: ColumnNames, text: str) -> str | None:
    """What all figures are by a heading or a note, if they are not ours, and whole numbers."""
    if _leaves_out_of_all(names, text) or _is_of_some_places(names, text):
        return "part"
    if not names.opens_note(text) and _is_of_several_partners(names, text):
        return "several"
    rounded = words_pattern(names.contract.remark_words.rounded)
    exactly = rounded.sub(" ", fold(text))
    is_rounded = exactly != fold(text) and "unite" not in exactly.split()
    return "rounded" if is_rounded and names.is_understood(exactly) else None


def _is_of_some_places(names: ColumnNames, text: str) -> bool:
    """Whether a short text says that only some places are meant (``Communes ORT uniquement``)."""
    contract, folded = names.contract, fold(text)
    places = (*contract.headers["part_of_territory"], *contract.subtotal_labels)
    some = words_pattern(places).search(folded)
    alone = words_pattern(tuple(contract.remark_words.alone)).search(folded)
    ours = any(word in names.own_words for word in folded.split() if len(word) > 2)
    return bool(some and alone) and not ours and len(folded.split()) <= SHORT


def _is_of_several_partners(names: ColumnNames, text: str) -> bool:
    """Whether a text adds another partner's figures to ours (``Anah + Action Logement``)."""
    partners = [s for s in names.contract.sources.values() if s.role == "partner"]
    if names.source not in partners:
        return False
    all_partners = (
        r"(?:(?:total|somme|cumul|addition) )+d(?:es|e tous les) (?:(?:deux|2) )?partenaires"
    )
    rest, found = re.subn(all_partners, " ", fold(text))
    if found and names.is_understood(rest):
        return True
    called = {source.id: f"(?:{any_word(map(plain, names_of(source)))})" for source in partners}
    ours = called.pop(names.source.id)
    for other in called.values():
        together = (
            rf"{ours} ?(?:\+|&|et) ?{other}|{other} ?(?:\+|&|et) ?{ours}|"
            rf"(?:y compris|incluant|inclut|avec) (?:ceux |celles )?(?:d')?{other}|"
            rf"{other} (?:y )?(?:compris|inclus)"
        )
        if re.search(rf"(?<![a-z])(?:{together})(?![a-z])", plain(text)):
            return True
    return False


def _leaves_out_of_all(names: ColumnNames, text: str) -> bool:
    """Whether a text says ``Logements ACV hors délégation``, with no other words before it."""
    folded = fold(text.partition(":")[2] if names.opens_note(text) else text)
    start = LEAVES_OUT.search(folded)
    if not start or not leaves_out(names, folded):
        return False
    months = of_contract(Phrases, names.contract).months
    before = (word for word in folded[: start.start()].split() if word not in months)
    return names.is_understood(" ".join(before))


def _subject(names: ColumnNames, note: str, month: Month | None) -> str | None:
    """What else than figures of ours a column holds, by its note."""
    if leaves_out(names, note):
        return "part"
    if is_earlier_or_part(names, note, month):
        return "earlier"
    return subject_of(names, note)
