"""The month that is said outside the rows, held against what the rows and other places say."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from acv_pipeline.contract import Contract, Month
from acv_pipeline.language import both, together
from acv_pipeline.reading import DeliveryRefused
from acv_pipeline.tidying.column import of_contract
from acv_pipeline.tidying.dates import DateReader
from acv_pipeline.tidying.header import HeaderFinder
from acv_pipeline.tidying.indicators import stated_indicators
from acv_pipeline.tidying.month_reader import MonthReader
from acv_pipeline.tidying.phrases import NEGATED
from acv_pipeline.tidying.places import PlaceReader
from acv_pipeline.tidying.reasons import NUMBERS
from acv_pipeline.tidying.record_table import Months, RecordTable, month_at
from acv_pipeline.tidying.refusals import (
    both_readings,
    column_says,
    month_contradiction,
    months_listed,
    says,
)
from acv_pipeline.tidying.remarks import is_of_earlier_month
from acv_pipeline.tidying.roles import RoleReader
from acv_pipeline.tidying.sheets import refuse_subject
from acv_pipeline.tidying.statements import (
    Statement,
    StatementReader,
    about,
    not_the_month,
    possible_months,
    said_by,
    without_exceptions,
)
from acv_pipeline.tidying.subjects import LONGEST_SUBJECT, subject_of
from acv_pipeline.tidying.table import Table
from acv_pipeline.tidying.texts import fold, plain


def outside(title: list[Statement], named: list[Statement]) -> list[Month]:
    """The months that rows without one may be about: what title and file name both allow.

    Where they share none, the title's: the rows then contradict the name (``check_against``).
    """
    titled, by_name = possible_months(title), possible_months(named)
    return [month for month in titled if month in by_name] or titled or by_name


def check_against(
    only: Month, table: Table, file_name: str, title: list[Statement], named: list[Statement]
) -> None:
    """Make sure that title and file name allow the one month of the rows.

    Raises:
        DeliveryRefused: ``month_contradiction``, both quoted.
    """
    places = _places_of_months(table)
    for statements in (title, named):
        months = possible_months(statements)
        allowed = {month for statement in statements for month in statement.months}
        if months and only not in allowed:
            if places:
                mine = column_says(table.header[places[0]], f"{only:%Y-%m}")
            elif title and only in possible_months(title):
                mine = said_by(title)
            else:
                mine = says("figures", f"{only:%Y-%m}")
            raise month_contradiction(file_name, mine, said_by(statements))


def _places_of_months(table: Table) -> list[int]:
    """The columns that say the month of figures."""
    named = [place for meaning in ("month", "quarter") for place in table.columns.get(meaning, ())]
    return named + list(table.month_columns)


def check_several(
    found: Months, file_name: str, title: list[Statement], named: list[Statement]
) -> None:
    """Make sure that title and file name share a month with the rows, if both say any.

    Raises:
        DeliveryRefused: ``month_contradiction``.
    """
    months = [month for value in found if (month := month_at(value))]
    for statements in (title, named):
        allowed = {month for statement in statements for month in statement.months}
        if allowed and months and not allowed & set(months):
            raise month_contradiction(
                file_name, says("rows", months_listed(months)), said_by(statements)
            )


def have_one_in_common(statements: list[Statement], others: list[Statement]) -> bool:
    """Whether two places that say several months have one in common."""
    return bool(set(possible_months(statements)) & set(possible_months(others)))


def contradiction(
    file_name: str, statements: list[Statement], others: list[Statement]
) -> DeliveryRefused:
    """The refusal of a delivery two places of which say different months."""
    return month_contradiction(file_name, said_by(statements), said_by(others))


def check_headings(
    found: Months, file_name: str, halves: dict[str, tuple[int | None, int | None]]
) -> None:
    """Make sure that headings that name a year or a month alone name that of some figures.

    Raises:
        DeliveryRefused: ``month_contradiction``.
    """
    months = [known for value in found if (known := month_at(value))]
    for text, (year, month) in halves.items():
        if not any(m.year == (year or m.year) and m.month == (month or m.month) for m in months):
            raise month_contradiction(
                file_name,
                says("heading", both("“{text}”", text=text)),
                says("month of the rows", months_listed(months)),
            )


def check_columns(
    only: Month, table: Table, roles: RoleReader, finder: HeaderFinder, file_name: str
) -> None:
    """Make sure that no column of another name holds another month in all rows.

    Raises:
        DeliveryRefused: ``month_contradiction``.
    """
    reader = of_contract(MonthReader, finder.contract)
    dates = of_contract(DateReader, finder.contract)
    for place in roles.of_kind("text", "numbers", "few_numbers", "ignored"):
        texts = {text for text in table.column(place).found if text.strip()}
        name = table.header[place]
        if len(texts) != 1 or dates.speaks_of_another(name):
            continue
        read = reader.cell(plain(texts.pop()))
        if read.month and read.month != only:
            raise month_contradiction(
                file_name,
                column_says(name, f"{read.month:%Y-%m}"),
                says("month of the rows", f"{only:%Y-%m}"),
            )


def check_notes(
    only: Month | None,
    table: Table,
    rows: RecordTable,
    reader: StatementReader,
    file_name: str,
    alone: bool,
) -> None:
    """Make sure that notes contradict neither the month nor what the figures are about.

    Lines of words between the rows are headings of those below.

    Args:
        alone: the table is the only one.

    Raises:
        DeliveryRefused: ``month_contradiction`` or ``other_subject``.
    """
    figures = np.flatnonzero(rows.reason < 0)
    last = figures[-1] if len(figures) else -1
    places = of_contract(PlaceReader, reader.names.contract, "department")
    seen: set[tuple[str, bool]] = set()
    for row, texts in notes_of(rows):
        for text in texts:
            if (text, row > last) in seen:
                continue
            seen.add((text, row > last))
            # of their rows alone, or of a sign that is no figure
            of_one = row > last and (places.of_note(text)[0] or reader.names.explains_sign(text))
            if not of_one and (what := subject_of(reader.names, text, below=row > last)):
                raise refuse_subject(file_name, text, what)
            if not of_one and only and is_of_earlier_month(reader.names, text, only):
                raise refuse_subject(file_name, text, "earlier")
            said = reader.note(text, heading=row < last)
            if only:
                check_against(only, table, file_name, said, [])
            else:
                check_several(np.unique(rows.month[figures]), file_name, said, [])
            if row < last or alone:  # else it may be the title of the next table
                check_indicator(rows, reader.names.contract, file_name, text)


def notes_of(rows: RecordTable) -> Iterator[tuple[int, list[str]]]:
    """The rows that are notes, each with its texts."""
    for row in np.flatnonzero(rows.reason == NUMBERS["note"]).tolist():
        cells = (column for column in rows.cells if column.codes[row] >= 0)
        yield row, [text for c in cells if (text := c.found[c.codes[row]]).strip()]


def check_indicator(rows: RecordTable, contract: Contract, file_name: str, text: str) -> None:
    """Make sure that a note, if it names one indicator alone, names that of some figures.

    Raises:
        DeliveryRefused: ``indicator_contradiction``.
    """
    named = stated_indicators(contract, without_exceptions(contract, text))
    found = {rows.indicators[number] for number in np.unique(rows.indicator[rows.reason < 0])}
    if len(named) != 1 or not found or len(fold(text).split()) > LONGEST_SUBJECT:
        return
    if named[0] not in found and not NEGATED.search(fold(text)):
        ours = ", ".join(sorted(found))
        raise DeliveryRefused(
            "indicator_contradiction",
            both(
                "{file}: the note “{text}” names {named}, the figures are read as {ours}: name "
                "the indicator of the figures in title or file name",
                file=file_name,
                text=text.strip(),
                named=named[0],
                ours=ours,
            ),
        )


def without_month(
    rows: RecordTable,
    table: Table,
    file_name: str,
    finder: HeaderFinder,
    months: list[Month],
    statements: list[Statement],
) -> DeliveryRefused | None:
    """The refusal of rows none of which has a month, where the month is what they lack."""
    lacking = {
        code: bool((rows.reason == NUMBERS[code]).any())
        for code in ("year_contradiction", "first_day_of_stock", "no_month_in_row")
    }
    if lacking["year_contradiction"]:
        place = [*table.columns.get("year", ()), *_places_of_months(table)][0]
        years = ", ".join(sorted({t.strip() for t in table.column(place).found if t.strip()}))
        meant = [statement for statement in statements if statement.months]
        return month_contradiction(
            file_name,
            column_says(table.header[place], years),
            said_by(meant) if meant else says("month", months_listed(months)),
        )
    if lacking["first_day_of_stock"]:
        place = next(iter(_places_of_months(table)))
        said = rows.detail[rows.reason == NUMBERS["first_day_of_stock"]][0]
        read = of_contract(MonthReader, finder.contract).cell(plain(said))
        return both_readings(file_name, f"{table.header[place]} {said}", read)
    if not lacking["no_month_in_row"]:
        return None
    ambiguous = [s for s in about(statements) if len(s.months) > 1 and s.read.day]
    if ambiguous and len(possible_months(about(statements))) > 1:
        return both_readings(file_name, ambiguous[0].text, ambiguous[0].read)
    return no_month(file_name, months, statements)


def no_month(file_name: str, stated: list[Month], statements: list[Statement]) -> DeliveryRefused:
    """The refusal of figures about no known month."""
    if len(stated) > 1:
        months = months_listed(stated)
        return DeliveryRefused(
            "ambiguous_month",
            both(
                "{file} names several months ({months}) and no column says which: add a column",
                file=file_name,
                months=months,
            ),
        )
    if others := not_the_month(statements):
        return DeliveryRefused(
            "no_month",
            both(
                "{file}: no column, header, title or file name says which month the figures are "
                "about; what is said is not that: {dates} (a full day in a file name may be the "
                "day of sending): add a column “mois”, or name the file like acv-2021-03.csv",
                file=file_name,
                dates=together(others),
            ),
        )
    return DeliveryRefused(
        "no_month",
        both(
            "{file}: no column, header, title or file name says which month the figures are about "
            "(a full day in a file name may be the day of sending): add a column “mois”, or name "
            "the file like acv-2021-03.csv",
            file=file_name,
        ),
    )
