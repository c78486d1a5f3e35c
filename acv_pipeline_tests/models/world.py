"""A small warehouse to run the SQL project on: the sources' tables, filled by hand."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any

import duckdb
import pandas as pd

from acv_pipeline.models import Project
from acv_pipeline.warehouse.schema import create_tables

ACV = "nb-logement-accompagnement"
PVD = "nb-logements-renoves-petites-villes"


def month(text: str) -> dt.date:
    return dt.date.fromisoformat(f"{text}-01")


def day(text: str) -> dt.date:
    return dt.date.fromisoformat(text)


def in_force(*figure: Any) -> tuple[Any, ...]:
    """A row of ``validated.observations`` from the columns up to ``row_number``."""
    since = day("2018-01-01")
    return (*figure, since, None, None, None, False)


class World:
    """An in-memory warehouse with ACV, PVD and three sources, and no figures yet.

    ``panel`` is what both indicators expect; a few départements make a whole.
    """

    def __init__(self, project: Project, panel: Iterable[str]) -> None:
        self.project = project
        self.connection = duckdb.connect()
        create_tables(self.connection)
        project.load_seeds(self.connection)
        self.insert(
            "contract.indicators",
            (ACV, "ACV", "Action cœur de ville", month("2018-09")),
            (PVD, "PVD", "Petites villes de demain", month("2020-10")),
        )
        self.insert(
            "contract.panel", *((indicator, code) for indicator in (ACV, PVD) for code in panel)
        )
        self.insert(
            "contract.components",
            (ACV, "anah", month("2018-09")),
            (ACV, "action_logement", month("2018-09")),
            (PVD, "anah", month("2020-10")),
        )
        self.insert(
            "contract.sources",
            ("anah", "Anah", "partner", "anah"),
            ("action_logement", "Action Logement", "partner", "action_logement"),
            ("barometre", "Baromètre", "reference", "published"),
        )

    def insert(self, table: str, *rows: tuple[Any, ...]) -> None:
        marks = ", ".join("?" for _ in rows[0])
        self.connection.executemany(f"insert into {table} values ({marks})", [*rows])

    def figures(
        self,
        source: str,
        figures: Mapping[str, Mapping[str, int]],
        indicator: str = ACV,
        delivery: str = "first",
    ) -> None:
        """Put figures in force: month → département → cumulative dwellings."""
        for text, by_department in figures.items():
            for row, (code, value) in enumerate(by_department.items(), start=1):
                self.insert(
                    "validated.observations",
                    in_force(indicator, source, month(text), code, value, delivery, row),
                )

    def build(self) -> World:
        self.project.build(self.connection)
        return self

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        return self.connection.execute(sql).fetchall()

    def frame(self, sql: str) -> pd.DataFrame:
        return self.connection.execute(sql).df()

    def observe(
        self,
        value: int,
        delivery: str,
        since: str,
        until: str | None = None,
        closed_by: str | None = None,
        *,
        at: tuple[str, str] = ("2021-12", "01"),
        source: str = "barometre",
        indicator: str = ACV,
    ) -> None:
        """Put one figure on record, as in force from one day to another; ``at``: month, code.

        One that is in force still takes the place of the one that was.
        """
        change = None if until is None else "replaced"
        if until is None:
            self.connection.execute(
                "delete from validated.observations where valid_to is null and source = ?"
                " and indicator_id = ? and month = ? and department_code = ?",
                [source, indicator, month(at[0]), at[1]],
            )
        self.insert(
            "validated.observations",
            (
                indicator,
                source,
                month(at[0]),
                at[1],
                value,
                delivery,
                1,
                day(since),
                until and day(until),
                closed_by,
                change,
                False,
            ),
        )

    def delivered(
        self, delivery: str, on: str, source: str = "barometre", made_at: str | None = None
    ) -> None:
        """Put a delivery on record, named after its id."""
        self.connection.execute(
            "insert into raw.deliveries"
            " (delivery_id, source, delivered_on, file_name, made_at, status)"
            " values (?, ?, ?, ?, ?, 'loaded')",
            [delivery, source, day(on), f"{delivery}.csv", made_at],
        )

    def held(self, delivery: str, text: str, source: str = "barometre") -> None:
        """Put a held month on record."""
        self.connection.execute(
            "insert into validated.held_months (delivery_id, indicator_id, month, source)"
            " values (?, ?, ?, ?)",
            [delivery, ACV, month(text), source],
        )

    def published(self, delivery: str, text: str, **values: int) -> None:
        """Put published totals on record; keywords: ``FR`` or ``r84`` for region 84."""
        self.insert(
            "validated.published_totals",
            *(
                (
                    delivery,
                    ACV,
                    "national" if name == "FR" else "region",
                    name.removeprefix("r"),
                    month(text),
                    value,
                )
                for name, value in values.items()
            ),
        )
