"""Two warehouses filled by real deliveries: one where all is well, one with a flaw per month."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb

from acv_pipeline.contract import Contract, Month
from acv_pipeline.contract.months import month_end, month_of
from acv_pipeline.ledger.corrections import Correction, record_register
from acv_pipeline.ledger.load import load
from acv_pipeline.ledger.store import judge_and_write
from acv_pipeline.models import Project
from acv_pipeline.warehouse import open_warehouse, transaction
from acv_pipeline.warehouse.home import Home
from acv_pipeline_tests.deliveries import ACV, steady_figures

Figures = dict[str, int]
Row = tuple[str, str, str, str, str]
"""Indicator's code and name, département, date, value, as written in a file."""

GOOD_MONTHS = ["2020-09", "2020-10", "2020-11", "2020-12"]
EMPTY_MONTH = month_of("2022-01")
HEADER = "id_indicateur;indicateur;code_departement;date;valeur"
NAME = "Action cœur de ville"


@dataclass
class World:
    """A warehouse and the months that it has figures for."""

    connection: duckdb.DuckDBPyConnection
    contract: Contract
    landing: Path
    months: list[Month]

    def receive(self) -> None:
        """Load what the landing zone holds, judge it, build the marts."""
        load(self.connection, self.landing, self.contract)
        project = Project.load()
        with transaction(self.connection):
            project.load_seeds(self.connection)
            judge_and_write(self.connection, self.contract)
            project.build(self.connection)

    def send(self, source: str, day: str, rows: Iterable[Row | str], name: str = "ACV.csv") -> None:
        """Put a file in the landing zone; a row may be a whole line."""
        lines = [HEADER, *(row if isinstance(row, str) else ";".join(row) for row in rows)]
        self.send_text(source, day, "\n".join(lines) + "\n", name)

    def send_text(self, source: str, day: str, text: str, name: str) -> None:
        """Put any file in the landing zone."""
        folder = self.landing / source / day
        folder.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")

    def send_release(self, day: str, figures: dict[str, Figures]) -> None:
        """One release of the Baromètre: départements, regions and country."""
        of_regions: list[str] = []
        of_country: list[str] = []
        for month, by_department in figures.items():
            date = month_end(month_of(month)).isoformat()
            sums: Figures = {}
            for code, value in by_department.items():
                region = self.contract.territories.region_of[code]
                sums[region] = sums.get(region, 0) + value
            of_regions += [f"{ACV};{NAME};{code};{date};{value}" for code, value in sums.items()]
            of_country += [f"{ACV};{NAME};national;{date};{sum(sums.values())}"]
        departments = [row for month, f in figures.items() for row in rows_of(month, f)]
        self.send("barometre", day, departments, "detail-departemental.csv")
        for name, column, lines in (
            ("regional", "code_region", of_regions),
            ("national", "maille_geographique", of_country),
        ):
            header = HEADER.replace("code_departement", column)
            text = "\n".join([header, *lines]) + "\n"
            self.send_text("barometre", day, text, f"detail-{name}.csv")


@contextmanager
def empty_world(folder: Path, contract: Contract) -> Iterator[World]:
    landing = folder / "landing"
    landing.mkdir()
    with open_warehouse(Home(folder / "home"), contract) as connection:
        yield World(connection, contract, landing, [])


def figures_of(contract: Contract, source: str, month: str) -> Figures:
    """Steady figures, each source its own: the published ones are the partners' sum."""
    steady = steady_figures(contract, month_of(month))
    factor = {"anah": 1, "action_logement": 3, "barometre": 4}[source]
    return {code: factor * value + (source != "anah") * len(code) for code, value in steady.items()}


def rows_of(month: str, figures: Figures) -> list[Row]:
    date = month_end(month_of(month)).isoformat()
    return [(ACV, NAME, code, date, str(value)) for code, value in figures.items()]


def received(month: str, days: int = 10) -> str:
    """A day of reception, some days after the month's end."""
    return (month_end(month_of(month)) + dt.timedelta(days=days)).isoformat()


def fill_good(world: World) -> None:
    """Four months of both partners and two releases; everything that was wrong was corrected.

    Anah's October came with ``nd`` for 59 and too few for 62, and came again. The second release
    changed September of 62. Action Logement's November counts dossiers of 62 twice; the corrections
    register takes them out, down to less than in October.
    """
    for month in GOOD_MONTHS:
        figures = figures_of(world.contract, "action_logement", month)
        if month == "2020-11":
            before = figures_of(world.contract, "action_logement", "2020-10")["62"]
            entry = _correction(month, figures["62"], before - 1)
            record_register(world.connection, [entry])
        world.send("action_logement", received(month), rows_of(month, figures))
        figures = figures_of(world.contract, "anah", month)
        rows = rows_of(month, figures)
        if month == "2020-10":
            first = rows_of(month, {**figures, "62": figures["62"] - 3})
            flawed = [row if row[2] != "59" else (*row[:4], "nd") for row in first]
            world.send("anah", received(month), flawed)
            world.send("anah", received(month, 20), rows, "ACV_corrected.csv")
        else:
            world.send("anah", received(month), rows)
    published = {m: figures_of(world.contract, "barometre", m) for m in GOOD_MONTHS}
    world.send_release("2020-12-20", {m: published[m] for m in GOOD_MONTHS[:2]})
    published["2020-09"]["62"] += 2
    world.send_release("2021-02-20", published)
    world.receive()
    world.months = [month_of(month) for month in GOOD_MONTHS]


def _correction(month: str, delivered: int, corrected: int) -> Correction:
    what = ("action_logement", ACV, month_of(month), "62", delivered, corrected)
    why = ("dossiers were counted twice", "the data unit")
    return Correction(1, *what, *why, dt.date.fromisoformat(received(month)))


FLAWS = {
    "departments_recognised": "2021-01",
    "months_recognised": "2021-02",
    "indicators_recognised": "2021-03",
    "figures_are_whole_numbers": "2021-04",
    "keys_are_unique": "2021-05",
    "delivery_readable": "2021-06",
}
"""The month in which each source's delivery has the flaw that the check is about."""


def fill_flawed(world: World) -> None:
    """One flaw per month, the same from every source; all else is well."""
    for source in world.contract.sources:
        for check, month in FLAWS.items():
            rows = rows_of(month, figures_of(world.contract, source, month))
            date = rows[0][3]
            if check == "delivery_readable":
                world.send_text(source, received(month), f"colour\nred {source}\n", "colours.csv")
                continue
            if check == "departments_recognised":
                rows.append((ACV, NAME, "999", date, "12"))
            elif check == "months_recognised":
                rows.append((ACV, NAME, "01", "soon", "12"))
            elif check == "indicators_recognised":
                rows.append((ACV, "Petites villes de demain", "21", date, "12"))
            elif check == "figures_are_whole_numbers":
                rows = [row if row[2] != "59" else (*row[:4], "nd") for row in rows]
            elif check == "keys_are_unique":
                rows.append((ACV, NAME, "59", date, "7"))
            world.send(source, received(month), rows)
    world.receive()
    world.months = [month_of(month) for month in FLAWS.values()]
