"""Départements and regions of the Code officiel géographique, from the SQL project's seeds."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Territories:
    """The territories that figures can be about.

    Attributes:
        departments: name by département code (text, ``2A``, ``971``), in code order.
        regions: name by region code, in code order.
        region_of: region code by département code.
        population: people by département code.
    """

    departments: dict[str, str]
    regions: dict[str, str]
    region_of: dict[str, str]
    population: dict[str, int]

    @classmethod
    def from_seeds(cls, seeds: Path) -> Territories:
        """Read ``departments.csv`` and ``regions.csv`` of the folder ``seeds``."""
        with (seeds / "departments.csv").open(encoding="utf-8", newline="") as file:
            departments = sorted(csv.DictReader(file), key=lambda row: row["department_code"])
        with (seeds / "regions.csv").open(encoding="utf-8", newline="") as file:
            regions = sorted(csv.DictReader(file), key=lambda row: row["region_code"])
        return cls(
            departments={row["department_code"]: row["department_name"] for row in departments},
            regions={row["region_code"]: row["region_name"] for row in regions},
            region_of={row["department_code"]: row["region_code"] for row in departments},
            population={row["department_code"]: int(row["population"]) for row in departments},
        )
