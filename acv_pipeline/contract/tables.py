"""The warehouse's own tables, as ``tables.yml`` describes them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from acv_pipeline.contract.yaml_file import read_yaml

TABLES_FILE = Path(__file__).with_name("tables.yml")


@dataclass(frozen=True)
class Column:
    """One column: DuckDB type, meaning, unit if it counts something."""

    name: str
    type: str
    description: str
    unit: str | None = None


@dataclass(frozen=True)
class Table:
    """One table of the warehouse.

    Attributes:
        name: schema and table, such as ``raw.deliveries``.
        key: the columns that identify a row.
        view: the SQL file that defines it, if it is a view.
    """

    name: str
    description: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    view: str | None = None

    @property
    def column_names(self) -> list[str]:
        """The columns' names, in order."""
        return [column.name for column in self.columns]

    @property
    def types(self) -> dict[str, str]:
        """DuckDB's types, by column."""
        return {column.name: column.type for column in self.columns}


@cache
def tables() -> dict[str, Table]:
    """Every table by its name, in the order of the flow."""
    described = read_yaml(TABLES_FILE)
    return {
        name: Table(
            name=name,
            description=entry["description"],
            key=tuple(entry["key"]),
            columns=tuple(Column(column, **facts) for column, facts in entry["columns"].items()),
            view=entry.get("view"),
        )
        for name, entry in described.items()
    }
