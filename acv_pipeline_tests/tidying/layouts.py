"""Any tidy table in any supported layout, as a file."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Literal, get_args, get_type_hints

from acv_pipeline.contract import Contract, Month
from acv_pipeline.contract.months import month_end
from acv_pipeline_tests.reading.files import (
    Cell,
    csv_bytes,
    write_ods,
    write_parquet,
    write_xls,
    write_xlsx,
)

Figures = dict[tuple[str, Month], int]
"""Cumulative dwellings by département code and month."""

Row = list[Cell]


@dataclass(frozen=True)
class Layout:
    """How a file looks; every combination of fields is one."""

    ending: Literal["csv", "xlsx", "xls", "ods", "parquet"]
    delimiter: Literal[";", ",", "\t", "|"]
    encoding: Literal["utf-8", "utf-8-sig", "utf-16", "cp1252"]
    months: Literal["column", "wide"]
    month: Literal["end", "first", "french", "short", "words", "abbreviated", "american", "date"]
    code: Literal["official", "bare", "letter", "iso", "name", "both", "lower"]
    number: Literal["plain", "point", "comma", "spaces", "narrow", "dotted", "unit", "integer"]
    named: Literal[True, False]
    title: Literal[0, 1, 4]
    total: Literal[True, False]
    indicator: Literal[True, False]
    header: Literal[0, 1, 2]


CHOICES: dict[str, tuple[object, ...]] = {
    field.name: get_args(get_type_hints(Layout)[field.name]) for field in fields(Layout)
}
HEADERS = {
    "code": ("code_departement", "Dépt", "INSEE_DEP"),
    "name": ("libelle_departement", "NOM", "Libellé département"),
    "month": ("mois", "Arrêté au", "DATE"),
    "value": ("logements_cumules", "Nb logements (cumul)", "Total cumulé"),
    "indicator": ("id_indicateur", "Code indicateur", "programme"),
}
TITLES = ("Anah", "Action cœur de ville", "Extraction du 7 avril 2030", "Unité : logements")


def is_a_stock_on_a_first_day(layout: Layout) -> bool:
    """Whether the month column holds first days as the day of a stock: one of two months."""
    return layout.months == "column" and layout.month == "first" and layout.header == 1


@dataclass(frozen=True)
class Sheet:
    """A table as rows of cells.

    Attributes:
        above: lines over the header.
        header: the header.
        rows: the records.
        below: the total row, if any.
        places: column positions by meaning; of several month columns, the first.
    """

    above: list[Row]
    header: Row
    rows: list[Row]
    below: list[Row]
    places: dict[str, int]

    def lines(self) -> list[Row]:
        """Everything, from top to bottom."""
        return [*self.above, self.header, *self.rows, *self.below]


def sheet_of(figures: Figures, layout: Layout, contract: Contract, indicator_id: str) -> Sheet:
    """The table ``figures`` in a layout; Parquet has neither title nor total."""
    header: Row = []
    places: dict[str, int] = {}

    def column(meaning: str) -> None:
        places[meaning] = len(header)
        header.append(HEADERS[meaning][layout.header])

    if layout.indicator:
        column("indicator")
    column("code")
    if layout.named and layout.code != "name":
        column("name")
    wide = layout.months == "wide"
    months = sorted({month for _, month in figures})
    if wide:
        places["value"] = len(header)
        header += [_text(month_text(month, layout, contract)) for month in months]
    else:
        column("month")
        column("value")

    def begin(code: str) -> Row:
        row: Row = [indicator_id] if layout.indicator else []
        row.append(code_text(code, layout, contract))
        if "name" in places:
            row.append(contract.territories.departments[code])
        return row

    codes = list(dict.fromkeys(code for code, _ in figures))
    if wide:
        rows = [
            begin(code) + [number_text(figures.get((code, m)), layout) for m in months]
            for code in codes
        ]
    else:
        rows = [
            [*begin(code), month_text(month, layout, contract), number_text(value, layout)]
            for (code, month), value in figures.items()
        ]
    parquet = layout.ending == "parquet"
    above: list[Row] = [] if parquet else [[title] for title in TITLES[: layout.title]]
    below: list[Row] = []
    if layout.total and not parquet and not wide:
        total: Row = [None] * len(header)
        total[places["code"]] = "Total"
        total[places["value"]] = sum(figures.values())
        below.append(total)
    return Sheet(above, header, rows, below, places)


def write(path: Path, lines: list[Row], layout: Layout) -> Path:
    """The lines as a file of the layout's format; ``path`` has no ending yet."""
    path = path.with_name(f"{path.name}.{layout.ending}")
    if layout.ending == "csv":
        path.write_bytes(csv_bytes(lines, layout.delimiter, layout.encoding))
        return path
    writers = {"xlsx": write_xlsx, "xls": write_xls, "ods": write_ods, "parquet": write_parquet}
    return writers[layout.ending](path, lines)


def code_text(code: str, layout: Layout, contract: Contract) -> Cell:
    name = contract.territories.departments[code]
    return {
        "official": code,
        "bare": int(code) if code.isdigit() else code,
        "letter": f"D{code}",
        "iso": f"FR-{code}",
        "name": name,
        "both": f"{code} - {name}",
        "lower": code.lower(),
    }[layout.code]


def month_text(month: Month, layout: Layout, contract: Contract) -> Cell:
    end = month_end(month)
    words = contract.month_words[month.month]
    return {
        "end": end.isoformat(),
        "first": f"{month:%Y-%m}-01",
        "french": f"{end:%d/%m/%Y}",
        "short": f"{month:%m/%Y}",
        "words": f"{words[0]} {month.year}",
        "abbreviated": f"{words[1]}-{month:%y}",
        "american": f"{end.month}/{end.day}/{end.year}",
        "date": end,
    }[layout.month]


def number_text(value: int | None, layout: Layout) -> Cell:
    if value is None:
        return None
    spaced = f"{value:,}".replace(",", " ")
    return {
        "plain": str(value),
        "point": f"{value}.0",
        "comma": f"{value},0",
        "spaces": spaced,
        "narrow": spaced.replace(" ", "\u00a0" if layout.encoding == "cp1252" else "\u202f"),
        "dotted": spaced.replace(" ", ".") + ",0",
        "unit": f"{spaced} logements",
        "integer": value,
    }[layout.number]


def _text(cell: Cell) -> str:
    return cell.isoformat() if isinstance(cell, dt.date) else str(cell)
