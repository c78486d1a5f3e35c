"""Small deliveries for tests: real files in a real landing zone."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from pathlib import Path

from acv_pipeline.contract import Contract, Month
from acv_pipeline.contract.months import elapsed, month_end, month_of

ACV = "nb-logement-accompagnement"
PVD = "nb-logements-renoves-petites-villes"
REAL_DATA = Path(__file__).parents[1] / "../shared/data"
WHY_NO_REAL_DATA = "the official releases are not beside this checkout (../shared/data)"


def steady_figures(
    contract: Contract, month: Month, indicator: str = ACV, source: str = "anah"
) -> dict[str, int]:
    """Plausible cumulative figures of the whole panel: each département at its own steady pace."""
    age = elapsed(contract.first_month, month) + 1
    factor = {"anah": 37, "action_logement": 29, "barometre": 31}[source]
    return {
        code: (7 + (factor * position) % 61) * age + position
        for position, code in enumerate(contract.panel(indicator))
    }


def deliver(
    landing: Path,
    source: str,
    day: str,
    months: Mapping[str, Mapping[str, int | str]],
    *,
    name: str | None = None,
) -> Path:
    """Write one CSV with a département, a month and a cumulative column."""
    folder = landing / source / day
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / (name or f"ACV_{min(months)}_{max(months)}.csv")
    lines = ["code_departement;mois;logements_cumules"]
    for month, figures in months.items():
        day_of_month = month_end(month_of(month)).isoformat()
        lines += [f"{code};{day_of_month};{value}" for code, value in figures.items()]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def deliver_trajectory(
    landing: Path, contract: Contract, source: str, months: list[str], day: str | None = None
) -> None:
    """The steady trajectory, one delivery per month, each on the 10th of the month after."""
    for month in months:
        received = day or (month_end(month_of(month)) + dt.timedelta(days=10)).isoformat()
        deliver(
            landing,
            source,
            received,
            {month: steady_figures(contract, month_of(month), source=source)},
            name=f"ACV_{source}_{month}.csv",
        )
