"""How the partners' files look: columns, headers, codes, months, titles and totals."""

from __future__ import annotations

import datetime as dt
import unicodedata
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias

import pandas as pd

from acv_pipeline.contract import Contract, Month
from acv_pipeline.contract.months import month_end
from acv_pipeline.contract.synthetic import FILE_MARK
from acv_pipeline.contract.yaml_file import read_yaml

Cell: TypeAlias = str | int | dt.date
Meaning = Literal["code", "name", "programme", "month", "cumulative", "comment"]
MonthStyle = Literal["iso", "french_day", "french_words"]

SYNTHETIC = "DONNÉES SYNTHÉTIQUES"


@dataclass(frozen=True)
class Layout:
    """How one partner lays out its file.

    Attributes:
        columns: header text and what stands below it, from left to right.
        file_name: without its ending; ``{programme}``, ``{iso}`` (2021-03) and ``{words}``
            (mars 2021) are filled in.
        title: lines above the header; ``{label}`` and ``{programme}`` are filled in.
        delimiter, encoding: of the CSV form.
        month_style: how the month column writes a month.
        bare_codes: ``1`` for ``01``.
        total_in: the column that says "Total" in a last row; None for no such row.
        sidecar: whether a control file goes with it.
    """

    columns: tuple[tuple[str, Meaning], ...]
    file_name: str
    title: tuple[str, ...] = ()
    delimiter: str = ";"
    encoding: str = "utf-8"
    month_style: MonthStyle = "iso"
    bare_codes: bool = False
    total_in: Literal["code", "name"] | None = None
    sidecar: bool = False

    @property
    def names_programme(self) -> bool:
        """Whether a column says which indicator a row is about."""
        return any(meaning == "programme" for _, meaning in self.columns)


def _declared() -> tuple[dict[str, dict[str, Layout]], dict[str, Layout]]:
    declared = read_yaml(Path(__file__).with_name("layouts.yml"))

    def layout(entry: dict[str, Any]) -> Layout:
        text = entry["file_name"].replace("{mark}", FILE_MARK)
        title = (line.replace("{synthetic}", SYNTHETIC) for line in entry.get("title", ()))
        columns = tuple(entry["columns"].items())
        return Layout(**entry | {"columns": columns, "file_name": text, "title": tuple(title)})

    eras = {
        source: {since: layout(entry) for since, entry in of_source.items()}
        for source, of_source in declared["eras"].items()
    }
    return eras, {source: layout(e) for source, e in declared["several_months"].items()}


ERAS, SEVERAL_MONTHS = _declared()
"""By source: the layout in use from a month on; that of files that carry more than one month."""


def rows_of(
    layout: Layout, figures: pd.DataFrame, source: str, contract: Contract
) -> list[list[Cell]]:
    """Every line of the file as cells, from the title to the total row."""
    months = {
        month: _month(month.date(), layout.month_style, contract)
        for month in figures["month"].unique()
    }
    columns: dict[Meaning, list[Cell]] = {
        "code": [
            int(code) if layout.bare_codes and code.isdigit() else code
            for code in figures["department_code"]
        ],
        "name": [contract.territories.departments[code] for code in figures["department_code"]],
        "month": [months[month] for month in figures["month"]],
        "programme": [contract.indicators[key].names[1] for key in figures["indicator_id"]],
        "cumulative": figures["cumulative_dwellings"].tolist(),
        "comment": ["donnée synthétique"] * len(figures),
    }
    meanings = [meaning for _, meaning in layout.columns]
    header: list[Cell] = [text for text, _ in layout.columns]
    body = [list(row) for row in zip(*(columns[m] for m in meanings), strict=True)]
    words = {
        "label": contract.sources[source].label,
        "programme": programme(figures, source, contract, long=True),
    }
    lines = [[line.format(**words)] for line in layout.title]
    rows: list[list[Cell]] = [[*line, *[""] * (len(header) - 1)] for line in lines]
    rows += [header, *body]
    if layout.total_in and is_single(figures):
        total: dict[str, Cell] = {
            layout.total_in: "Total",
            "cumulative": int(figures["cumulative_dwellings"].sum()),
        }
        rows.append([total.get(meaning, "") for meaning in meanings])
    return rows


def file_stem(layout: Layout, figures: pd.DataFrame, source: str, contract: Contract) -> str:
    """The file's name without its ending."""
    month = figures["month"].iloc[0].date()
    words = _month(month, "french_words", contract)
    return layout.file_name.format(
        programme=programme(figures, source, contract),
        iso=f"{month:%Y-%m}",
        words=unicodedata.normalize("NFD", str(words)).encode("ascii", "ignore").decode(),
    )


def programme(figures: pd.DataFrame, source: str, contract: Contract, long: bool = False) -> str:
    """The programme a file is about; the sender's name when it carries several."""
    indicators = figures["indicator_id"].unique()
    if len(indicators) > 1:
        return contract.sources[source].label
    indicator = contract.indicators[indicators[0]]
    return indicator.names[1] if long else indicator.short_name


def is_single(figures: pd.DataFrame) -> bool:
    """Whether all figures are of one indicator and month, so that a total says something."""
    return len(figures[["indicator_id", "month"]].drop_duplicates()) == 1


def _month(month: Month, style: MonthStyle, contract: Contract) -> Cell:
    if style == "iso":
        return month_end(month)
    if style == "french_day":
        return f"{month_end(month):%d/%m/%Y}"
    return f"{contract.month_words[month.month][0]} {month.year}"
