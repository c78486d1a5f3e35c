"""How the partners' files look: columns, headers, codes, months, titles and totals."""

from __future__ import annotations

import datetime as dt
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import pandas as pd

from acv_pipeline.contract import Contract, Month
from acv_pipeline.contract.months import month_end
from acv_pipeline.contract.synthetic import FILE_MARK

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


ANAH_SEVERAL_MONTHS = Layout(
    columns=(
        ("Dispositif", "programme"),
        ("Code département", "code"),
        ("Libellé", "name"),
        ("Mois", "month"),
        ("Cumul", "cumulative"),
        ("Commentaires", "comment"),
    ),
    file_name="{programme}_logements_plusieurs_mois_" + FILE_MARK,
    encoding="utf-8-sig",
)

ACTION_LOGEMENT_SEVERAL_MONTHS = Layout(
    columns=(("dept", "code"), ("période", "month"), ("nombre de logements (cumul)", "cumulative")),
    file_name="{programme}_historique_complet_" + FILE_MARK,
    title=("{label} - {programme}", SYNTHETIC),
    month_style="french_day",
)

# The layout in use from a month on.
ERAS: dict[str, dict[str, Layout]] = {
    "anah": {
        "2018-09": Layout(
            columns=(
                ("Département", "code"),
                ("Nom", "name"),
                ("Nb logements (cumul)", "cumulative"),
            ),
            file_name="{programme}_logements_{iso}_" + FILE_MARK,
            title=("{label} : logements subventionnés, {programme}", SYNTHETIC),
            encoding="cp1252",
            bare_codes=True,
            total_in="name",
        ),
        "2019-07": Layout(
            columns=(
                ("code_departement", "code"),
                ("libelle_departement", "name"),
                ("mois", "month"),
                ("logements_cumules", "cumulative"),
                ("commentaire", "comment"),
            ),
            file_name="{programme}_logements_{iso}_" + FILE_MARK,
            encoding="utf-8-sig",
        ),
        "2020-10": Layout(
            columns=(
                ("Programme", "programme"),
                ("Code dépt", "code"),
                ("Nom du département", "name"),
                ("Date", "month"),
                ("Nb logements", "cumulative"),
                ("Observations", "comment"),
            ),
            file_name="{programme}_logements_{iso}_" + FILE_MARK,
            encoding="cp1252",
            month_style="french_day",
        ),
        "2021-10": Layout(
            columns=(
                ("num_dep", "code"),
                ("lib_dep", "name"),
                ("Période", "month"),
                ("Total cumulé", "cumulative"),
            ),
            file_name=FILE_MARK + " {programme} {words}",
            delimiter=",",
            month_style="french_words",
            sidecar=True,
        ),
        "2022-06": Layout(
            columns=(
                ("Dispositif", "programme"),
                ("Dép", "code"),
                ("Arrêté au", "month"),
                ("Nombre de logements", "cumulative"),
                ("Remarques", "comment"),
            ),
            file_name="{programme}_logements_{iso}_" + FILE_MARK,
            title=("{label} - extraction mensuelle", SYNTHETIC),
            encoding="utf-8-sig",
            month_style="french_day",
            bare_codes=True,
        ),
    },
    "action_logement": {
        "2018-09": Layout(
            columns=(("dep", "code"), ("mois", "month"), ("cumul", "cumulative")),
            file_name="{programme}-{iso}-" + FILE_MARK,
            delimiter=",",
            sidecar=True,
        ),
        "2019-09": Layout(
            columns=(
                ("Dept", "code"),
                ("Libellé département", "name"),
                ("Arrêté au", "month"),
                ("Nombre de logements", "cumulative"),
            ),
            file_name="{programme} {words} " + FILE_MARK,
            title=("{label}", "Logements financés, {programme}", SYNTHETIC),
            encoding="cp1252",
            month_style="french_day",
            total_in="code",
        ),
        "2020-12": Layout(
            columns=(
                ("insee_dep", "code"),
                ("libellé", "name"),
                ("nb_logements", "cumulative"),
                ("remarque", "comment"),
            ),
            file_name="{programme}_logements_{iso}_" + FILE_MARK,
            encoding="utf-8-sig",
            bare_codes=True,
        ),
        "2021-11": Layout(
            columns=(
                ("Code département", "code"),
                ("Nom département", "name"),
                ("Mois de référence", "month"),
                ("Logements cumulés", "cumulative"),
            ),
            file_name="{programme}_logements_{iso}_" + FILE_MARK,
            title=("{label} : {programme}", SYNTHETIC),
            month_style="french_words",
            total_in="name",
            sidecar=True,
        ),
    },
}
# For files that carry more than one month: the whole history, or a month that came late.
SEVERAL_MONTHS = {"anah": ANAH_SEVERAL_MONTHS, "action_logement": ACTION_LOGEMENT_SEVERAL_MONTHS}


def rows_of(
    layout: Layout, figures: pd.DataFrame, source: str, contract: Contract
) -> list[list[Cell]]:
    """Every line of the file as cells, from the title to the total row.

    Args:
        layout: how the file looks.
        figures: indicator_id, month, department_code, cumulative_dwellings.
        source: who sends.
        contract: names of sources, indicators and départements.
    """
    columns: dict[Meaning, list[Cell]] = {
        "code": [_code(code, layout.bare_codes) for code in figures["department_code"]],
        "name": [contract.territories.departments[code] for code in figures["department_code"]],
        "month": _texts(
            figures["month"], lambda day: _month(day.date(), layout.month_style, contract)
        ),
        "programme": _texts(figures["indicator_id"], lambda key: contract.indicators[key].names[1]),
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


def _texts(values: pd.Series[Any], text_of: Callable[[Any], Cell]) -> list[Cell]:
    texts = {value: text_of(value) for value in values.unique()}
    return [texts[value] for value in values]


def _code(code: str, bare: bool) -> Cell:
    return int(code) if bare and code.isdigit() else code


def _month(month: Month, style: MonthStyle, contract: Contract) -> Cell:
    if style == "iso":
        return month_end(month)
    if style == "french_day":
        return f"{month_end(month):%d/%m/%Y}"
    return f"{contract.month_words[month.month][0]} {month.year}"
