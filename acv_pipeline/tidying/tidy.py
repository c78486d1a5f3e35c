"""Sheets to records: one record per received row, each with one fate.

Here: what concerns the delivery as a whole: refusals, months and indicators stated outside the
rows, repeats, conflicts, control totals. Not here: single tables (``header``, ``rows``).
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
import pandas as pd

from acv_pipeline.contract import Contract, Month, Source
from acv_pipeline.landing import sidecar_path
from acv_pipeline.reading import DEFAULT, DeliveryRefused, Limits, Sheet, read_file
from acv_pipeline.reading.delimited import empty_file
from acv_pipeline.tidying.column import texts_of
from acv_pipeline.tidying.control import (
    Sidecar,
    only_of,
    read_sidecar,
    total_of_sidecar,
    totals_of_rows,
)
from acv_pipeline.tidying.header import HeaderFinder, Table
from acv_pipeline.tidying.months import MonthReader
from acv_pipeline.tidying.reasons import REASONS
from acv_pipeline.tidying.records import RECORD_COLUMNS, TidyDelivery
from acv_pipeline.tidying.rows import RowReader
from acv_pipeline.tidying.statements import (
    contradicts,
    indicator_of_table,
    months_of_file_name,
    months_of_title,
)

KEY = ["indicator_id", "level", "territory_code", "month"]
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
    finder = HeaderFinder(contract, source)
    tables = find_tables(sheets, file_name, finder)
    read = [_rows_of(table, file_name, finder, received_on) for table in tables]
    rows = pd.concat([rows for rows, _ in read], ignore_index=True)
    without_month = next((refusal for _, refusal in read if refusal), None)
    if without_month and not rows["reason_code"].isna().any():
        raise without_month
    _refuse_hopeless(rows, file_name, source, contract)
    _settle_future(rows, received_on)
    _settle_repeats(rows)
    rows["fate"] = rows["reason_code"].map({c: r.fate for c, r in REASONS.items()}).fillna("figure")
    totals, regional = totals_of_rows(rows)
    _attribute_holes(rows)
    if sidecar:
        totals.append(total_of_sidecar(sidecar, rows))
    one_record_per_line = len(tables) == 1 and len(tables[0].month_columns) < 2
    rows["row_number"] = rows["sheet_row"] if one_record_per_line else np.arange(1, len(rows) + 1)
    remarks = [remark for sheet in sheets for remark in sheet.remarks]
    return TidyDelivery(tables[0].header, _as_records(rows), totals, regional, remarks)


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
) -> tuple[pd.DataFrame, DeliveryRefused | None]:
    """The rows of a table, and the refusal it is worth if nothing else has figures.

    Raises:
        DeliveryRefused: title, sheet name, file name and rows contradict one another.
    """
    contract, source = finder.contract, finder.source
    indicator = indicator_of_table(contract, source, file_name, table)
    reader = MonthReader(contract)
    titled = months_of_title(reader, table)
    named, sent = months_of_file_name(reader, file_name, received_on)
    outside = titled or named
    month = outside[0] if len(outside) == 1 else None
    rows = RowReader(finder, table, indicator, month).rows()
    found = rows.loc[rows["reason_code"].isna(), "month"].dropna().unique()
    if len(found) == 1:
        only = found[0].date()
        if titled and only not in titled:
            raise _month_contradiction(file_name, only, "title", titled)
        if contradicts(only, named, sent):
            raise _month_contradiction(file_name, only, "file name", named)
    says_nothing = (rows["reason_code"] == "no_month_in_row").any() and not len(found)
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


def _refuse_hopeless(
    rows: pd.DataFrame, file_name: str, source: Source, contract: Contract
) -> None:
    """Refuse a delivery without rows, of other indicators only, or without départements."""
    codes = rows["reason_code"]
    content = rows[~codes.isin(["blank_row", "note", "template_row", "repeated_header"])]
    if content.empty:
        raise DeliveryRefused(
            "no_rows",
            f"{file_name} has a header and no rows: ask for the file again",
            f"{file_name} a un en-tête et aucune ligne : redemander le fichier",
        )
    others = content["reason_code"] == "other_indicator"
    if others.any() and content["indicator_id"].isna().all():
        found = ", ".join(sorted(set(content.loc[others, "detail"]))[:5])
        ours = ", ".join(part.indicator for part in source.contributes)
        raise DeliveryRefused(
            "other_indicator",
            f"{file_name} holds no indicator that {source.label} contributes to: found {found}; "
            f"expected {ours}",
            f"{file_name} ne contient aucun indicateur auquel {source.label} contribue : trouvé "
            f"{found} ; attendu {ours}",
        )
    if source.role == "partner" and not content["level"].eq("department").any():
        raise DeliveryRefused(
            "regional_file" if content["level"].eq("region").any() else "national_file",
            f"{file_name} holds regions or totals, not départements: ask for the départements",
            f"{file_name} porte sur des régions ou des totaux, pas des départements : demander les "
            "départements",
        )


def _settle_future(rows: pd.DataFrame, received_on: dt.date | None) -> None:
    if received_on is None:
        return
    future = rows["reason_code"].isna() & (rows["month"] > pd.Timestamp(received_on))
    rows.loc[future, "reason_code"] = "future_month"
    rows.loc[future, "detail"] = rows.loc[future, "month"].dt.strftime("%Y-%m")


def _settle_repeats(rows: pd.DataFrame) -> None:
    """The same key again: set aside with the same value, all quarantined with another."""
    stated = rows[rows["reason_code"].isna() | rows["reason_code"].isin(DOUBTFUL)]
    repeated = stated[stated.duplicated(KEY, keep=False)]
    if repeated.empty:
        return
    values = (
        repeated["stated"]
        .astype("object")
        .where(repeated["stated"].notna(), repeated["value_text"])
    )
    groups = repeated.assign(value=values.astype(str)).groupby(KEY, sort=False, dropna=False)
    different = groups["value"].transform("nunique") > 1
    clash = repeated.index[different & repeated["reason_code"].isna()]
    if len(clash):
        said = groups["value"].transform(lambda group: ", ".join(dict.fromkeys(group)))
        rows.loc[clash, "reason_code"] = "conflicting_values"
        rows.loc[clash, "detail"] = said[clash]
    same = repeated[~different & repeated["reason_code"].isna()]
    again = same.index[same.duplicated(KEY)]
    first = same.groupby(KEY, sort=False)["sheet_row"].transform("first")
    rows.loc[again, "reason_code"] = "repeated_row"
    rows.loc[again, "detail"] = first[again].astype(str)


def _attribute_holes(rows: pd.DataFrame) -> None:
    """A quarantined row without a month leaves a hole in the delivery's only month."""
    _, month = only_of(rows)
    if month:
        missing = (rows["fate"] == "quarantined") & rows["month"].isna()
        rows.loc[missing, "month"] = pd.Timestamp(month)


def _as_records(rows: pd.DataFrame) -> pd.DataFrame:
    said = texts_of(rows["reason_code"].fillna("")).beside(texts_of(rows["detail"]))
    rows["reason"] = said.objects(lambda pair: _reason(*pair, "en"))
    rows["reason_fr"] = said.objects(lambda pair: _reason(*pair, "fr"))
    rows["value"] = rows["stated"].where(rows["fate"] == "figure")
    return rows[list(RECORD_COLUMNS)].astype(RECORD_COLUMNS)


def _reason(code: str, detail: str, language: str) -> str | None:
    return str(getattr(REASONS[code], language)).replace("{cell}", detail) if code else None
