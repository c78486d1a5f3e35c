"""Sheets to records: one record per received row, each with one fate.

What concerns the delivery as a whole: which sheets count, months and indicators stated outside
the rows, refusals, control totals.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from acv_pipeline.contract import Contract, Source
from acv_pipeline.contract.months import month_end
from acv_pipeline.landing import sidecar_path
from acv_pipeline.language import Both, both, both_plural
from acv_pipeline.reading import DEFAULT, DeliveryRefused, Limits, Sheet, read_file
from acv_pipeline.tidying.column import of_contract
from acv_pipeline.tidying.control import (
    Sidecar,
    read_sidecar,
    total_of_sidecar,
    totals_of_rows,
)
from acv_pipeline.tidying.footnotes import settle_marked, settle_named
from acv_pipeline.tidying.header import HeaderFinder
from acv_pipeline.tidying.margin_notes import (
    check_column_notes,
    check_legends,
    check_notices,
    check_scope,
    settle_comments,
    settle_mentioned,
)
from acv_pipeline.tidying.month_said import (
    check_against,
    check_columns,
    check_headings,
    check_notes,
    check_several,
    contradiction,
    have_one_in_common,
    notes_of,
    outside,
    without_month,
)
from acv_pipeline.tidying.pairs import LEVELS
from acv_pipeline.tidying.reasons import NUMBERS
from acv_pipeline.tidying.record_table import RecordTable, month_at, only_month
from acv_pipeline.tidying.records import TidyDelivery
from acv_pipeline.tidying.refusals import months_listed, of_sheet
from acv_pipeline.tidying.remarks import subject_of_all_rows
from acv_pipeline.tidying.roles import Role, RoleReader
from acv_pipeline.tidying.rows import RowReader
from acv_pipeline.tidying.settling import settle_repeats
from acv_pipeline.tidying.sheets import Found, find_tables, refuse_subject
from acv_pipeline.tidying.statements import (
    StatementReader,
    about,
    indicator_of_table,
)
from acv_pipeline.tidying.table import Table
from acv_pipeline.tidying.taken import settle_early, settle_early_rows

NO_CONTENT = ("blank_row", "note", "template_row", "repeated_header")


def read_delivery(
    path: Path,
    source: Source,
    contract: Contract,
    *,
    received_on: dt.date | None = None,
    limits: Limits = DEFAULT,
) -> TidyDelivery:
    """Read a delivered file and its sidecar, and tidy it (see ``tidy``).

    Raises:
        DeliveryRefused: the file, or the sidecar, can't be used.
    """
    beside = sidecar_path(path)
    sidecar = read_sidecar(beside) if beside.exists() else None
    sheets = read_file(path, limits)
    return tidy(
        sheets,
        file_name=path.name,
        source=source,
        contract=contract,
        sidecar=sidecar,
        received_on=received_on,
    )


def tidy(
    sheets: list[Sheet],
    *,
    file_name: str,
    source: Source,
    contract: Contract,
    sidecar: Sidecar | None = None,
    received_on: dt.date | None = None,
) -> TidyDelivery:
    """Make records of a delivery's sheets.

    Args:
        sheets: what ``read_file`` gave.
        file_name: the delivery's name without folders; it may state month and indicator.
        source: who sent it.
        contract: what is true of the data.
        sidecar: the source's own count and sum, where it sent one.
        received_on: the day of reception; months that were not over then are quarantined.

    Raises:
        DeliveryRefused: nothing of the delivery can be used; reason codes are those of
            ``header``, ``no_month``, ``month_contradiction``, ``ambiguous_month``,
            ``indicator_contradiction``, ``other_indicator``, ``regional_file``,
            ``national_file``, ``no_rows``, ``column_not_understood``, ``sheet_not_understood``,
            ``other_subject``.
    """
    finder = finder_of(contract, source)
    found = find_tables(sheets, file_name, finder)
    read = [_rows_of(table, found, file_name, finder, received_on) for table in found.tables]
    rows = RecordTable.concat([part.rows for part in read])
    without_month = next((part.refusal for part in read if part.refusal), None)
    if without_month and (rows.reason >= 0).all():
        raise without_month
    _refuse_hopeless(rows, file_name, source, contract)
    _settle_future(rows, received_on)
    added = settle_repeats(rows, contract)
    totals, regional = totals_of_rows(rows)
    _attribute_holes(rows)
    if sidecar:
        totals.append(total_of_sidecar(sidecar, rows))
    one_record_per_line = len(found.tables) == 1 and len(found.tables[0].month_columns) < 2
    numbers = rows.sheet_row if one_record_per_line else np.arange(1, len(rows) + 1)
    remarks = [remark for sheet in sheets for remark in sheet.remarks]
    return TidyDelivery(
        found.tables[0].header,
        rows,
        numbers,
        totals,
        regional,
        [*remarks, *_provisional(rows), *added],
        [text for table in found.tables for text in (table.sheet.name, *table.title_texts) if text],
        [*(_account(part) for part in read), *found.passed_over],
    )


def finder_of(contract: Contract, source: Source) -> HeaderFinder:
    """The finder for a source, the same for all its deliveries."""
    if contract.sources.get(source.id) is source:
        return of_contract(_finder_of_id, contract, source.id)
    return HeaderFinder(contract, source)


def _finder_of_id(contract: Contract, source_id: str) -> HeaderFinder:
    return HeaderFinder(contract, contract.sources[source_id])


@dataclass(frozen=True)
class _Part:
    """The rows of one table, what its columns are, and the refusal it is worth by itself."""

    table: Table
    rows: RecordTable
    roles: list[Role]
    refusal: DeliveryRefused | None


def _account(part: _Part) -> dict[str, Any]:
    return {
        "sheet": part.table.sheet.name,
        "used": True,
        "why": None,
        "why_fr": None,
        "rows": len(part.table.body),
        "columns": [role.as_dict() for role in part.roles],
    }


def _provisional(rows: RecordTable) -> list[Both]:
    """What is said of figures that may still change."""
    still = rows.is_provisional & (rows.reason < 0)
    if not still.any():
        return []
    months = months_listed(month for m in np.unique(rows.month[still]) if (month := month_at(m)))
    return [
        both_plural(
            "{count} figures are marked as provisional ({months})",
            "{count} figures are marked as provisional ({months})",
            int(still.sum()),
            months=months,
        )
    ]


def _rows_of(
    table: Table,
    sheets: Found,
    file_name: str,
    finder: HeaderFinder,
    received_on: dt.date | None,
) -> _Part:
    """The rows of a table, and the refusal it is worth if nothing else has figures.

    Raises:
        DeliveryRefused: title, sheet name, file name and rows contradict one another, or a column
            is not understood.
    """
    indicator = indicator_of_table(finder.contract, finder.source, file_name, table)
    roles = RoleReader(finder, table)
    if of_all := subject_of_all_rows(roles, indicator):
        raise refuse_subject(file_name, *of_all)
    where = of_sheet(file_name, table.sheet.name)
    reader = StatementReader(finder.names)
    title = reader.title(table, file_name, received_on)
    named = reader.file_name(file_name, received_on)
    sheet = reader.sheet_name(table)
    if about(title) and about(sheet) and not have_one_in_common(about(title), about(sheet)):
        raise contradiction(file_name, about(title), about(sheet))
    title = title if about(title) else [*title, *sheet]
    title = title if about(title) else [*title, *sheets.beside]
    months = outside(about(title), about(named))
    rows = RowReader(finder, table, roles, indicator, months).rows()
    check_column_notes(rows, table, finder.names, file_name)
    check_legends(rows, table, finder.names, file_name)
    check_scope(rows, table, finder.names, file_name)
    check_notices(rows, sheets.notices, finder.names, file_name)
    settle_comments(rows, table, finder.names)
    settle_marked(rows, table, finder.names)
    settle_named(rows, finder.names)
    settle_mentioned(rows, table, finder.names)
    found = np.unique(rows.month[(rows.reason < 0) & ~np.isnat(rows.month)])
    if only := only_month(found):
        check_against(only, table, file_name, about(title), about(named))
        check_against(only, table, file_name, about(sheets.beside), [])
        check_columns(only, table, roles, finder, file_name)
    elif len(found):
        check_several(found, file_name, about(title), about(named))
    if len(found):
        check_headings(found, file_name, reader.halves(table))
    own = _without_next_title(rows, table)
    check_notes(only, table, own, reader, file_name, len(sheets.tables) == 1)
    refusal = None
    if not len(found):
        refusal = without_month(rows, table, file_name, finder, months, [*title, *named])
    notes = [text for _, texts in notes_of(own) for text in texts]
    days = reader.days_without_year(table, file_name, notes, [m for m in map(month_at, found) if m])
    settle_early(rows, [*title, *sheet, *sheets.beside, *named, *reader.below(notes), *days])
    settle_early_rows(rows, table, roles)
    return _Part(table, rows, roles.roles(where), refusal)


def _without_next_title(rows: RecordTable, table: Table) -> RecordTable:
    """The rows of a table without the title of the next one, which is no note on them."""
    if table.own_end is None:
        return rows
    last = int(table.sheet.cells.index[table.own_end])
    return rows.take(np.flatnonzero(rows.sheet_row <= last))


def _refuse_hopeless(rows: RecordTable, file_name: str, source: Source, contract: Contract) -> None:
    """Refuse a delivery without rows, of other indicators only, or without départements."""
    content = ~np.isin(rows.reason, [NUMBERS[code] for code in NO_CONTENT])
    if not content.any():
        raise DeliveryRefused(
            "no_rows",
            both("{file} has a header and no rows: ask for the file again", file=file_name),
        )
    others = content & (rows.reason == NUMBERS["other_indicator"])
    if others.any() and (rows.indicator[content] < 0).all():
        found = ", ".join(sorted(set(rows.detail[others]))[:5])
        ours = ", ".join(part.indicator for part in source.contributes)
        raise DeliveryRefused(
            "other_indicator",
            both(
                "{file} holds no indicator that {source} contributes to: found {found}; expected "
                "{ours}",
                file=file_name,
                source=source.label,
                found=found,
                ours=ours,
            ),
        )
    levels = set(np.unique(rows.level[content]).tolist())
    if source.role == "partner" and LEVELS.index("department") not in levels:
        raise DeliveryRefused(
            "regional_file" if LEVELS.index("region") in levels else "national_file",
            both(
                "{file} holds regions or totals, not départements: ask for the départements",
                file=file_name,
            ),
        )


def _settle_future(rows: RecordTable, received_on: dt.date | None) -> None:
    """Quarantine the figures of months that were not over on the day of reception."""
    if received_on is None:
        return
    for month in np.unique(rows.month[(rows.reason < 0) & ~np.isnat(rows.month)]):
        known = month_at(month)
        if known is None or month_end(known) < received_on:
            continue
        code = "future_month" if known > received_on else "month_not_over"
        early = np.flatnonzero((rows.reason < 0) & (rows.month == month))
        rows.reason[early] = NUMBERS[code]
        rows.detail[early] = f"{known:%Y-%m}"


def _attribute_holes(rows: RecordTable) -> None:
    """A quarantined row without a month leaves a hole in the delivery's only month."""
    _, month = rows.only()
    if month:
        missing = rows.has_fate("quarantined") & np.isnat(rows.month)
        rows.month[missing] = np.datetime64(month, "M")
