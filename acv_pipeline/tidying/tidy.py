"""Sheets to records: one record per received row, each with one fate.

Here: what concerns the delivery as a whole: refusals, months and indicators stated outside the
rows, repeats, conflicts, control totals. Not here: single tables (``header``, ``rows``).
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from acv_pipeline.contract import Contract, Month, Source
from acv_pipeline.landing import sidecar_path
from acv_pipeline.reading import DEFAULT, DeliveryRefused, Limits, Sheet, read_file
from acv_pipeline.reading.delimited import empty_file
from acv_pipeline.tidying.column import of_contract
from acv_pipeline.tidying.control import (
    Sidecar,
    read_sidecar,
    total_of_sidecar,
    totals_of_rows,
)
from acv_pipeline.tidying.header import HeaderFinder, Table
from acv_pipeline.tidying.months import MonthReader
from acv_pipeline.tidying.pairs import LEVELS
from acv_pipeline.tidying.reasons import NUMBERS
from acv_pipeline.tidying.record_table import RecordTable, month_at
from acv_pipeline.tidying.records import TidyDelivery
from acv_pipeline.tidying.rows import RowReader
from acv_pipeline.tidying.statements import (
    contradicts,
    indicator_of_table,
    months_of_file_name,
    months_of_title,
)

NO_CONTENT = ("blank_row", "note", "template_row", "repeated_header")
INCOMPLETE = ("no_header", "no_department_column", "no_value_column")
DOUBTFUL = ("not_a_number", "ambiguous_number", "non_integer", "negative", "implausible")


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
        received_on: the day of reception; months that begin after it are quarantined.

    Raises:
        DeliveryRefused: nothing of the delivery can be used; reason codes are those of
            ``header``, ``no_month``, ``month_contradiction``, ``ambiguous_month``,
            ``indicator_contradiction``, ``other_indicator``, ``regional_file``,
            ``national_file``, ``no_rows``.
    """
    finder = finder_of(contract, source)
    tables = find_tables(sheets, file_name, finder)
    read = [_rows_of(table, file_name, finder, received_on) for table in tables]
    rows = RecordTable.concat([rows for rows, _ in read])
    without_month = next((refusal for _, refusal in read if refusal), None)
    if without_month and (rows.reason >= 0).all():
        raise without_month
    _refuse_hopeless(rows, file_name, source, contract)
    _settle_future(rows, received_on)
    _settle_repeats(rows)
    totals, regional = totals_of_rows(rows)
    _attribute_holes(rows)
    if sidecar:
        totals.append(total_of_sidecar(sidecar, rows))
    one_record_per_line = len(tables) == 1 and len(tables[0].month_columns) < 2
    numbers = rows.sheet_row if one_record_per_line else np.arange(1, len(rows) + 1)
    remarks = [remark for sheet in sheets for remark in sheet.remarks]
    titles = [text for table in tables for text in (table.sheet.name, *table.title) if text]
    return TidyDelivery(tables[0].header, rows, numbers, totals, regional, remarks, titles)


def finder_of(contract: Contract, source: Source) -> HeaderFinder:
    """The finder for a source, the same for all its deliveries."""
    if contract.sources.get(source.id) is source:
        return of_contract(_finder_of_id, contract, source.id)
    return HeaderFinder(contract, source)


def _finder_of_id(contract: Contract, source_id: str) -> HeaderFinder:
    return HeaderFinder(contract, contract.sources[source_id])


def find_tables(sheets: list[Sheet], file_name: str, finder: HeaderFinder) -> list[Table]:
    """The tables of all sheets that have one; other sheets are notes.

    Raises:
        DeliveryRefused: no sheet has one, and the refusal says what the best sheet lacks; or
            the columns of one contradict one another.
    """
    if not sheets:
        raise empty_file(Path(file_name))
    tables, refusals = [], []
    for sheet in sheets:
        try:
            tables += finder.find(sheet, file_name)
        except DeliveryRefused as refusal:
            if refusal.reason_code not in INCOMPLETE:
                raise
            refusals.append(refusal)
    if tables:
        return tables
    raise next((r for r in refusals if r.reason_code != "no_header"), refusals[0])


def _rows_of(
    table: Table, file_name: str, finder: HeaderFinder, received_on: dt.date | None
) -> tuple[RecordTable, DeliveryRefused | None]:
    """The rows of a table, and the refusal it is worth if nothing else has figures.

    Raises:
        DeliveryRefused: title, sheet name, file name and rows contradict one another.
    """
    contract, source = finder.contract, finder.source
    indicator = indicator_of_table(contract, source, file_name, table)
    reader = of_contract(MonthReader, contract)
    titled = months_of_title(reader, table)
    named, sent = months_of_file_name(reader, file_name, received_on)
    outside = titled or named
    month = outside[0] if len(outside) == 1 else None
    rows = RowReader(finder, table, indicator, month).rows()
    found = np.unique(rows.month[(rows.reason < 0) & ~np.isnat(rows.month)])
    only = month_at(found[0]) if len(found) == 1 else None
    if only:
        if titled and only not in titled:
            raise _month_contradiction(file_name, only, "title", titled)
        if contradicts(only, named, sent):
            raise _month_contradiction(file_name, only, "file name", named)
    says_nothing = (rows.reason == NUMBERS["no_month_in_row"]).any() and not len(found)
    return rows, no_month(file_name, outside) if says_nothing else None


def no_month(file_name: str, stated: list[Month]) -> DeliveryRefused:
    """The refusal of figures about no known month."""
    if len(stated) > 1:
        months = ", ".join(f"{month:%Y-%m}" for month in stated)
        return DeliveryRefused(
            "ambiguous_month",
            f"{file_name} names several months ({months}) and no column says which: add a column",
            f"{file_name} nomme plusieurs mois ({months}) et aucune colonne ne tranche : ajouter "
            "une colonne",
        )
    return DeliveryRefused(
        "no_month",
        f"{file_name}: no column, header, title or file name says which month the figures are "
        "about (a full day in a file name may be the day of sending): add a column “mois”, or "
        "name the file like acv-2021-03.csv",
        f"{file_name} : ni colonne, ni intitulé, ni titre, ni nom de fichier ne dit le mois des "
        "chiffres (un jour dans un nom de fichier peut être celui de l'envoi) : ajouter une "
        "colonne « mois », ou nommer le fichier acv-2021-03.csv",
    )


def _month_contradiction(
    file_name: str, month: Month, place: str, stated: list[Month]
) -> DeliveryRefused:
    other = ", ".join(f"{month:%Y-%m}" for month in stated)
    place_fr = {"title": "titre", "file name": "nom du fichier"}[place]
    return DeliveryRefused(
        "month_contradiction",
        f"{file_name}: the rows are about {month:%Y-%m}, the {place} about {other}: correct one",
        f"{file_name} : les lignes portent sur {month:%Y-%m}, le {place_fr} sur {other} : "
        "corriger l'un des deux",
    )


def _refuse_hopeless(rows: RecordTable, file_name: str, source: Source, contract: Contract) -> None:
    """Refuse a delivery without rows, of other indicators only, or without départements."""
    content = ~np.isin(rows.reason, [NUMBERS[code] for code in NO_CONTENT])
    if not content.any():
        raise DeliveryRefused(
            "no_rows",
            f"{file_name} has a header and no rows: ask for the file again",
            f"{file_name} a un en-tête et aucune ligne : redemander le fichier",
        )
    others = content & (rows.reason == NUMBERS["other_indicator"])
    if others.any() and (rows.indicator[content] < 0).all():
        found = ", ".join(sorted(set(rows.detail[others]))[:5])
        ours = ", ".join(part.indicator for part in source.contributes)
        raise DeliveryRefused(
            "other_indicator",
            f"{file_name} holds no indicator that {source.label} contributes to: found {found}; "
            f"expected {ours}",
            f"{file_name} ne contient aucun indicateur auquel {source.label} contribue : trouvé "
            f"{found} ; attendu {ours}",
        )
    levels = set(np.unique(rows.level[content]).tolist())
    if source.role == "partner" and LEVELS.index("department") not in levels:
        raise DeliveryRefused(
            "regional_file" if LEVELS.index("region") in levels else "national_file",
            f"{file_name} holds regions or totals, not départements: ask for the départements",
            f"{file_name} porte sur des régions ou des totaux, pas des départements : demander les "
            "départements",
        )


def _settle_future(rows: RecordTable, received_on: dt.date | None) -> None:
    if received_on is None:
        return
    # the first day of a month of the rows, against the day of reception
    begins = rows.month.astype("datetime64[D]") > np.datetime64(received_on, "D")
    future = np.flatnonzero((rows.reason < 0) & begins)
    rows.reason[future] = NUMBERS["future_month"]
    rows.detail[future] = rows.month[future].astype(str)


def _settle_repeats(rows: RecordTable) -> None:
    """The same key again: set aside with the same value, all quarantined with another."""
    stated = (rows.reason < 0) | np.isin(rows.reason, [NUMBERS[code] for code in DOUBTFUL])
    at = np.flatnonzero(stated)
    keys = _keys(rows)[at]
    repeated = at[pd.Index(keys).duplicated(keep=False)]
    if not len(repeated):
        return
    written = rows.value_text.at(repeated)
    values = [
        str(number) if number >= 0 else text
        for number, text in zip(rows.stated[repeated].tolist(), written, strict=True)
    ]
    groups: dict[int, list[int]] = {}
    for place, key in enumerate(_keys(rows)[repeated].tolist()):
        groups.setdefault(key, []).append(place)
    for places in groups.values():
        said = list(dict.fromkeys(values[place] for place in places))
        usable = [at for at in repeated[places].tolist() if rows.reason[at] < 0]
        if len(said) > 1:
            rows.reason[usable] = NUMBERS["conflicting_values"]
            rows.detail[usable] = ", ".join(said)
        elif len(usable) > 1:
            rows.reason[usable[1:]] = NUMBERS["repeated_row"]
            rows.detail[usable[1:]] = str(rows.sheet_row[usable[0]])


def _keys(rows: RecordTable) -> npt.NDArray[np.int64]:
    """Indicator, level, territory and month of each record as one number."""
    key = rows.month.astype(np.int64) * (len(LEVELS) + 1) + rows.level + 1
    key = key * (len(rows.codes) + 1) + rows.territory + 1
    return key * (len(rows.indicators) + 1) + rows.indicator + 1


def _attribute_holes(rows: RecordTable) -> None:
    """A quarantined row without a month leaves a hole in the delivery's only month."""
    _, month = rows.only()
    if month:
        missing = rows.has_fate("quarantined") & np.isnat(rows.month)
        rows.month[missing] = np.datetime64(month, "M")
