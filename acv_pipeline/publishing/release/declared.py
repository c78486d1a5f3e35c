"""What a release holds, as ``tables.yml`` declares it: tables, columns, files they become."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict

from acv_pipeline.contract import Contract, Indicator
from acv_pipeline.contract.entries import Words
from acv_pipeline.contract.yaml_file import read_yaml

TABLES_FILE = Path(__file__).with_name("tables.yml")
PARTNER = "{partner}"

SQL_TYPES = {
    "string": "VARCHAR",
    "integer": "BIGINT",
    "number": "DOUBLE",
    "boolean": "BOOLEAN",
    "date": "DATE",
}
"""DuckDB's type by Table Schema's."""


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Column(_Entry):
    """One column: what it means in both languages, and what its values look like.

    Attributes:
        heading: what spreadsheets call it, in French.
        empty: when it has no value; a column without always has one.
        pattern: regular expression that a whole text matches.
        values: every value it can take, with its meaning.
        decimals: numbers are rounded to so many.
    """

    name: str
    type: Literal["string", "integer", "number", "boolean", "date"]
    heading: str
    fr: str
    en: str
    unit: str | None = None
    empty: Words | None = None
    pattern: str | None = None
    values: dict[str, Words] | None = None
    minimum: int | None = None
    decimals: int | None = None

    @property
    def looks_numeric(self) -> bool:
        """Whether it is a text that readers would take for a number, as 01 or 123456789012."""
        return self.type == "string" and (self.pattern or "").startswith("[0-9")

    def filled(self, **words: str) -> Column:
        """The column with ``words`` in the places that its texts leave for them."""
        changed = {
            key: getattr(self, key).format(**words) for key in ("name", "heading", "fr", "en")
        }
        return self.model_copy(update=changed)


class Table(_Entry):
    """One table, that is one file, or one per indicator.

    ``headline``: the figures that people quote; ``territory``: the column that says where.
    """

    name: str
    file: str
    per: Literal["indicator"] | None = None
    headline: bool = False
    territory: str | None = None
    title: Words
    description: Words
    key: list[str]
    columns: list[str]


@dataclass(frozen=True)
class ReleaseFile:
    """One table of a release as it is written, partners filled in; ``stem`` has no extension."""

    table: Table
    stem: str
    title: Words
    columns: tuple[Column, ...]
    indicator: Indicator | None = None

    @property
    def csv(self) -> str:
        """Name of the CSV."""
        return f"{self.stem}.csv"

    @property
    def parquet(self) -> str:
        """Name of its twin."""
        return f"{self.stem}.parquet"

    @property
    def xlsx(self) -> str:
        """Name of its twin for people with a spreadsheet."""
        return f"{self.stem}.xlsx"

    @property
    def schema(self) -> str:
        """Name of its Table Schema."""
        return f"{self.stem}.schema.json"


@cache
def tables() -> tuple[Table, ...]:
    """Every table, in the order in which people should meet them."""
    return tuple(
        Table(name=name, **entry) for name, entry in read_yaml(TABLES_FILE)["tables"].items()
    )


@cache
def columns() -> dict[str, Column]:
    """Every column by its name in ``tables.yml``."""
    found = {}
    for name, entry in read_yaml(TABLES_FILE)["columns"].items():
        column = Column(name=name, **entry)
        if column.decimals is not None:
            column = column.filled(decimals=str(column.decimals))
        found[name] = column
    return found


def release_files(contract: Contract, indicators: list[str]) -> list[ReleaseFile]:
    """The files of a release with figures of ``indicators``: theirs, then the common ones."""
    return [
        *(
            _file(table, contract, contract.indicators[indicator])
            for indicator in indicators
            for table in tables()
            if table.per
        ),
        *(_file(table, contract) for table in tables() if not table.per),
    ]


def _file(table: Table, contract: Contract, indicator: Indicator | None = None) -> ReleaseFile:
    name = indicator.short_name if indicator else ""
    partners = list(contract.components(indicator.id)) if indicator else []
    return ReleaseFile(
        table=table,
        stem=table.file.format(indicator=name.lower()),
        title=Words(
            fr=table.title.fr.format(indicator=name), en=table.title.en.format(indicator=name)
        ),
        columns=_columns(table, contract, partners),
        indicator=indicator,
    )


def _columns(table: Table, contract: Contract, partners: list[str]) -> tuple[Column, ...]:
    found: list[Column] = []
    for name in table.columns:
        column = columns()[name]
        if PARTNER in name:
            found += [
                column.filled(partner=partner, label=contract.sources[partner].label)
                for partner in partners
            ]
        else:
            found.append(column)
    return tuple(found)
