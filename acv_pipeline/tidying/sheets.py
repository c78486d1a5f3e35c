"""Which sheets of a workbook are read, and why the others are not."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from acv_pipeline.contract import Contract
from acv_pipeline.language import Both, both, marked
from acv_pipeline.reading import DeliveryRefused, Sheet
from acv_pipeline.reading.delimited import empty_file
from acv_pipeline.tidying.column import of_contract
from acv_pipeline.tidying.header import HEADER_LINES, HeaderFinder
from acv_pipeline.tidying.names import TERRITORY
from acv_pipeline.tidying.numbers import number_test
from acv_pipeline.tidying.places import PlaceReader
from acv_pipeline.tidying.refusals import quoted
from acv_pipeline.tidying.roles import SOME, Role, column_letter
from acv_pipeline.tidying.statements import Statement, StatementReader
from acv_pipeline.tidying.subjects import is_condemned, other_subject, subject_of_file
from acv_pipeline.tidying.table import Table
from acv_pipeline.tidying.texts import clean, fold, words_pattern

INCOMPLETE = ("no_header", "no_department_column", "no_value_column")
TERRITORIES_AT_LEAST = 3
COLUMNS_TOLD = 50


@dataclass
class Found:
    """The tables of a delivery, and what is said of the sheets that have none.

    Attributes:
        tables: the tables.
        passed_over: an entry of the account for each other sheet.
        beside: what sheets of words say outright to be the state of the figures.
        notices: the lines of one cell on sheets that speak of all figures by their names.
    """

    tables: list[Table] = field(default_factory=list)
    passed_over: list[dict[str, Any]] = field(default_factory=list)
    beside: list[Statement] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)


def find_tables(sheets: list[Sheet], file_name: str, finder: HeaderFinder) -> Found:
    """The tables of all sheets that have one.

    A sheet that is hidden, is said not to count, or is about a part of the figures is no source
    where another has a table. Other sheets are notes and lists, unless they hold figures by
    département.

    Raises:
        DeliveryRefused: no sheet has a table, and the refusal says what the best sheet lacks; or
            the columns of one contradict one another; or one that can't be read could be the
            figures (``sheet_not_understood``); or the headings of all say that they hold
            something else (``other_subject``).
    """
    if not sheets:
        raise empty_file(Path(file_name))
    found = Found()
    discarded = tuple(finder.contract.discarded_sheets)
    counted = [s for s in sheets if s.is_visible and not is_condemned(s.name, discarded)]
    refusals = _find_in(counted, file_name, finder, found)
    for sheet in [sheet for sheet in sheets if sheet not in counted]:
        why = (
            both("its name says that it does not count")
            if sheet.is_visible
            else both("the sheet is hidden")
        )
        if found.tables or sheet.is_visible:
            found.passed_over.append(_passed_over(sheet, why, finder.contract))
        else:
            refusals += _find_in([sheet], file_name, finder, found)
    _leave_out_other_subjects(found, file_name, finder)
    if not found.tables:
        said = [refusal for _, refusal in refusals]
        if not said:  # all sheets say by their names that they do not count
            raise refuse_subject(file_name, sheets[0].name, "discarded")
        raise next((r for r in said if r.reason_code != "no_header"), said[0])
    reader = StatementReader(finder.names)
    of_notices = words_pattern(finder.contract.remark_words.notices)
    for sheet, refusal in refusals:
        why = why_passed_over(sheet, refusal, file_name, finder, found.tables)
        found.passed_over.append(_passed_over(sheet, why, finder.contract))
        lines = sheet.cells.iloc[:HEADER_LINES].to_numpy(dtype=object).tolist()
        texts = [text for line in lines for text in line]
        if of_notices.search(fold(sheet.name)):  # what stands in two cells explains
            filled = ([text for text in line if text.strip()] for line in lines)
            found.notices += [line[0] for line in filled if len(line) == 1]
        found.beside += [s for text in texts for s in reader.note(text, sheet=sheet.name)]
    return found


def _find_in(
    sheets: list[Sheet], file_name: str, finder: HeaderFinder, found: Found
) -> list[tuple[Sheet, DeliveryRefused]]:
    refusals = []
    for sheet in sheets:
        try:
            found.tables += finder.find(sheet, file_name)
        except DeliveryRefused as refusal:
            if refusal.reason_code not in INCOMPLETE:
                raise
            refusals.append((sheet, refusal))
    return refusals


def _leave_out_other_subjects(found: Found, file_name: str, finder: HeaderFinder) -> None:
    """Leave out the tables whose headings say that they hold something else.

    Raises:
        DeliveryRefused: ``other_subject``, where no other table is there, or one on its sheet.
    """
    if what := subject_of_file(finder.names, file_name):
        raise refuse_subject(file_name, file_name, what)
    subjects = [other_subject(finder.names, table) for table in found.tables]
    kept = [table for table, subject in zip(found.tables, subjects, strict=True) if not subject]
    for table, subject in zip(found.tables, subjects, strict=True):
        together = any(other.sheet is table.sheet for other in kept)
        if subject and (together or not kept):
            raise refuse_subject(file_name, *subject)
        if subject:
            why = both("{text} says that it holds something else", text=quoted(subject[:1]))
            found.passed_over.append(_passed_over(table.sheet, why, finder.contract))
    found.tables = kept


SUBJECTS = {
    "part": marked("a part of the figures"),
    "target": marked("targets"),
    "flow": marked("the figures of one month alone"),
    "source": marked("the figures of another partner"),
    "discarded": marked("figures that do not count"),
    "quantity": marked("another quantity"),
    "indicator": marked("the figures of another programme"),
    "several": marked("the figures of several partners"),
    "rounded": marked("rounded figures"),
    "earlier": marked("figures of an earlier month, or not all of them"),
}


def refuse_subject(file_name: str, text: str, what: str) -> DeliveryRefused:
    """The refusal of a table whose heading is about something else (``subject_of``)."""
    return DeliveryRefused(
        "other_subject",
        both(
            "{file}: {text} says that the table holds {what}: send the cumulative figures of all",
            file=file_name,
            text=quoted([text]),
            what=both(SUBJECTS[what]),
        ),
    )


def _passed_over(sheet: Sheet, why: Both, contract: Contract) -> dict[str, Any]:
    """The entry of the account for a sheet that is not read, with the numbers of its columns."""
    territories = _territory_columns(sheet, contract)
    columns = []
    for place in range(min(sheet.cells.shape[1], COLUMNS_TOLD)):
        name, numbers = _name_and_numbers(sheet, place, contract)
        if place not in territories and numbers:
            role = Role(column_letter(place), name, "unread", False, numbers, why)
            columns.append(role.as_dict())
    rows = len(sheet.cells)
    return {
        "sheet": sheet.name,
        "used": False,
        "why": why.en,
        "why_fr": why.fr,
        "rows": rows,
        "columns": columns,
    }


def why_passed_over(
    sheet: Sheet, refusal: DeliveryRefused, file_name: str, finder: HeaderFinder, read: list[Table]
) -> Both:
    """Why a sheet is no source of figures.

    Args:
        refusal: why no table was found in it.
        read: the tables of the other sheets.

    Raises:
        DeliveryRefused: ``sheet_not_understood``: it holds numbers by département in a column that
            could be figures, by its name, or about as many as the tables that are read, or of
            other départements, or as corrections.
    """
    places = _territory_columns(sheet, finder.contract)
    if not places:
        return both("no figures by département")
    figures = min(len(table.body) for table in read)
    adds = not _codes(sheet, places, finder.contract) <= _codes_read(read, finder.contract)
    for place in range(sheet.cells.shape[1]):
        if place in places:
            continue
        name, numbers = _name_and_numbers(sheet, place, finder.contract)
        corrects = finder.names.corrects(f"{name} {sheet.name}") or (
            bool(name) and finder.names.may_be_figures(name)
        )
        if not numbers or not (adds or corrects or numbers >= SOME * figures):
            continue
        known = finder.names.name(name).meaning not in (None, "cumulative", "month_figures")
        if known or finder.names.is_other_quantity(name):
            continue
        raise DeliveryRefused(
            "sheet_not_understood",
            both(
                "{file}: sheet {sheet} holds {numbers} numbers by département in column {column} "
                "({name}) and can't be read, while other sheets are: {refusal}",
                file=file_name,
                sheet=sheet.name,
                numbers=numbers,
                column=column_letter(place),
                name=name or both("no name"),
                refusal=refusal.said,
            ),
        )
    return both("other quantities by département")


def _territory_columns(sheet: Sheet, contract: Contract) -> list[int]:
    """The columns that name départements: the first with their codes, all with their names."""
    reader = of_contract(PlaceReader, contract, "department")
    found: list[int] = []
    for place in sheet.cells:
        texts = [clean(text) for text in sheet.cells[place].unique() if text.strip()]
        named = sum(reader.read(text).named is not None for text in texts)
        coded = sum(reader.code_of(text) is not None for text in texts)
        known = max(named, coded if not found else 0)
        if known >= TERRITORIES_AT_LEAST and 2 * known > len(texts):
            found.append(int(str(place)))
    return found


def _codes(sheet: Sheet, places: list[int], contract: Contract) -> set[str]:
    reader = of_contract(PlaceReader, contract, "department")
    reads = (reader.read(text) for place in places for text in sheet.cells[place].unique())
    return {code for read in reads if (code := read.code or read.named)}


def _codes_read(tables: list[Table], contract: Contract) -> set[str]:
    found: set[str] = set()
    for table in tables:
        places = [p for meaning in TERRITORY for p in table.columns.get(meaning, ())]
        found |= _codes(table.sheet, places, contract)
    return found


def _name_and_numbers(sheet: Sheet, place: int, contract: Contract) -> tuple[str, int]:
    """The last words above the numbers of a column, and how many there are."""
    texts = [clean(text) for text in sheet.cells[place].tolist()]
    numbers = list(map(number_test(contract), texts))
    first = numbers.index(True) if any(numbers) else 0
    above = [text for text in texts[: min(first, HEADER_LINES)] if text]
    return (above[-1] if above else ""), sum(numbers)
