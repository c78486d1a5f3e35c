"""The Baromètre's releases: the sums of what the partners had delivered, as published."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

import pandas as pd

from acv_pipeline.contract import Contract, Month, month_range
from acv_pipeline.contract.synthetic import FILE_MARK
from acv_pipeline.sample_data.deliveries import Delivery, in_force
from acv_pipeline.sample_data.trajectories import ACV, LAST_MONTH

SOURCE = "barometre"
FILE_STEM = "barometre-resultats-services-publics-et-territoires-detail-{level}-" + FILE_MARK
RELEASE_DAYS = {3: 24, 7: 23, 12: 21}  # day by month of the year
YEARLY = 7  # the only one of a year after the official series: each carries all months
TWICE = dt.date(2021, 7, 23)  # this release has every ACV row under the old and the new label
ZEROS = (dt.date(2021, 3, 24), dt.date(2021, 12, 21))  # from, to: 0 outside the panel

MEASURE = f"Logement dans les centres-villes ({FILE_MARK})"
OLD_TEXTS = {"indicateur": "Logements accompagnés (ancien libellé)", "unite": "logements rénovés"}
OTHER_ID = "indicateur-fictif-d-une-autre-politique"

LEVELS = {
    "departemental": ["code_departement", "libelle_departement"],
    "regional": ["code_region", "libelle_region"],
    "national": ["maille_geographique"],
}


@dataclass(frozen=True)
class Release:
    """One release.

    Attributes:
        figures: indicator_id, source (``barometre``), month, department_code,
            cumulative_dwellings: the whole series, panel départements only.
        rows: by level, how many figures of our indicators it publishes (repeats counted once).
        tables: the three files by level, in the official column layout.
    """

    published_on: dt.date
    figures: pd.DataFrame
    rows: dict[str, int]
    tables: dict[str, pd.DataFrame]


def plan_releases(
    contract: Contract, deliveries: list[Delivery], first: Month, last: Month
) -> Iterator[Release]:
    """The releases from ``first`` to ``last``, each with what had been delivered by its day."""
    for month in month_range(first, last):
        if month.month in RELEASE_DAYS and (month <= LAST_MONTH or month.month == YEARLY):
            day = month.replace(day=RELEASE_DAYS[month.month])
            figures = published_figures(contract, in_force(deliveries, day))
            if len(figures):
                yield Release(
                    day, figures, _counts(contract, figures), _tables(contract, figures, day)
                )


def published_figures(contract: Contract, delivered: pd.DataFrame) -> pd.DataFrame:
    """Sums over an indicator's partners, for the months that all of them have delivered."""
    sums = delivered.groupby(["indicator_id", "month", "department_code"], as_index=False).agg(
        cumulative_dwellings=("cumulative_dwellings", "sum"), partners=("source", "nunique")
    )
    expected = {key: len(contract.components(key)) for key in contract.indicators}
    complete = sums[sums["partners"] == sums["indicator_id"].map(expected)]
    return complete.drop(columns="partners").assign(source=SOURCE).reset_index(drop=True)


def _tables(contract: Contract, figures: pd.DataFrame, day: dt.date) -> dict[str, pd.DataFrame]:
    rows = figures.rename(columns={"department_code": "code_departement"})
    if ZEROS[0] <= day <= ZEROS[1]:
        rows = pd.concat([rows, _zeros_outside(contract, rows)], ignore_index=True)
    rows = pd.concat([rows, _other_indicator(rows)], ignore_index=True)
    code, names = rows["code_departement"], contract.territories
    rows["libelle_departement"] = code.map(names.departments)
    rows["code_region"] = code.map(names.region_of)
    rows["libelle_region"] = rows["code_region"].map(names.regions)
    rows["maille_geographique"] = "national"
    tables = {}
    for level, territory in LEVELS.items():
        sums = rows.groupby(["indicator_id", *territory, "month"], as_index=False).agg(
            valeur=("cumulative_dwellings", "sum")
        )
        tables[level] = _official(contract, sums, territory, twice=day == TWICE)
    return tables


def _counts(contract: Contract, figures: pd.DataFrame) -> dict[str, int]:
    region = figures["department_code"].map(contract.territories.region_of)
    cells = figures[["indicator_id", "month"]]
    return {
        "departemental": len(figures),
        "regional": len(cells.assign(region=region).drop_duplicates()),
        "national": len(cells.drop_duplicates()),
    }


def _official(
    contract: Contract, table: pd.DataFrame, territory: list[str], twice: bool
) -> pd.DataFrame:
    """The official columns; month end, decimals as published."""
    labels = {key: f"{entry.label} ({FILE_MARK})" for key, entry in contract.indicators.items()}
    ends = table["month"] + pd.offsets.MonthEnd(0)
    official = pd.DataFrame(
        {
            "mesure": MEASURE,
            "indicateur": table["indicator_id"].map(labels).fillna(f"Autre ({FILE_MARK})"),
            "id_indicateur": table["indicator_id"],
            **{column: table[column] for column in territory},
            "date": ends.dt.strftime("%Y-%m-%d"),
            "valeur": table["valeur"].astype(float).astype(str),
            "unite": "logements",
        }
    )
    if not twice:
        return official
    old = official[official["id_indicateur"] == ACV].assign(**OLD_TEXTS)
    # The two labels of a row stand one below the other.
    return pd.concat([official, old]).sort_index(kind="stable")


def _zeros_outside(contract: Contract, rows: pd.DataFrame) -> pd.DataFrame:
    """The ACV départements outside the panel, as 0 in every month."""
    months = rows.loc[rows["indicator_id"] == ACV, ["indicator_id", "month"]].drop_duplicates()
    outside = pd.DataFrame({"code_departement": contract.indicators[ACV].panel_excludes})
    return months.merge(outside, how="cross").assign(cumulative_dwellings=0)


def _other_indicator(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows of an invented indicator that is none of ours, at the end of every quarter."""
    quarters: pd.DataFrame = rows[(rows["indicator_id"] == ACV) & (rows["month"].dt.month % 3 == 0)]
    count = quarters["cumulative_dwellings"] // 10 + 1
    return quarters.assign(indicator_id=OTHER_ID, cumulative_dwellings=count)
