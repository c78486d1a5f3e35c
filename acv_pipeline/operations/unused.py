"""What deliveries hold beside the figures: columns and sheets with numbers that were not used."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import duckdb

from acv_pipeline.language import of_record


@dataclass(frozen=True)
class UnusedPart:
    """A column, or a whole sheet, with numbers that were not used.

    Attributes:
        sheet: the sheet's name; empty where the format has none.
        column: the column's letter; empty for a whole sheet.
        header: what stands above the column.
        numbers: how many of its cells hold a number.
        why: why it was not used, where that is known.
    """

    sheet: str
    column: str
    header: str
    numbers: int
    why: str

    def __str__(self) -> str:
        """In words."""
        of_sheet = f" of sheet “{self.sheet}”" if self.sheet else ""
        what = f"sheet “{self.sheet}”"
        if self.column:
            header = f" “{self.header}”" if self.header else ""
            what = f"column {self.column}{header}{of_sheet}"
        numbers = "1 number" if self.numbers == 1 else f"{self.numbers:,} numbers"
        return f"{what} ({numbers}{f': {self.why}' if self.why else ''})"


@dataclass(frozen=True)
class OfDelivery:
    """Something that is to be said of one delivery."""

    delivery_id: str
    source: str
    file_name: str
    delivered_on: dt.date


@dataclass(frozen=True)
class UnusedOfDelivery(OfDelivery):
    """The unused parts of one delivery."""

    parts: list[UnusedPart]


def unused_of(
    connection: duckdb.DuckDBPyConnection, deliveries: Sequence[str]
) -> list[UnusedOfDelivery]:
    """Those of the deliveries that hold numbers which were not used."""
    return _read(connection, "list_contains(?::varchar[], delivery_id)", [list(deliveries)])


def unused_of_latest(connection: duckdb.DuckDBPyConnection) -> list[UnusedOfDelivery]:
    """The same of what each source sent on the last day it sent anything."""
    latest = "select source, max(delivered_on) from raw.deliveries group by source"
    return _read(connection, f"(source, delivered_on) in ({latest})", [])


def _read(
    connection: duckdb.DuckDBPyConnection, condition: str, values: list[Any]
) -> list[UnusedOfDelivery]:
    rows = connection.execute(
        "select delivery_id, source, file_name, delivered_on, account from raw.deliveries"
        f" where account is not null and {condition} order by delivered_on, source, file_name",
        values,
    ).fetchall()
    found = [
        UnusedOfDelivery(delivery_id, source, file_name, day, unused_parts(json.loads(account)))
        for delivery_id, source, file_name, day, account in rows
    ]
    return [unused for unused in found if unused.parts]


def unused_parts(account: Sequence[dict[str, Any]]) -> list[UnusedPart]:
    """The columns and sheets of an account (see ``TidyDelivery``) that hold numbers for nothing."""
    parts = []
    for sheet in account:
        columns = sheet["columns"]
        if sheet["used"]:
            parts += [
                UnusedPart(
                    sheet["sheet"], column["column"], column["header"], column["numbers"],
                    str(of_record(column, "why")),
                )
                for column in columns
                if not column["used"] and column["numbers"]
            ]  # fmt: skip
        elif numbers := sum(column["numbers"] for column in columns):
            parts.append(UnusedPart(sheet["sheet"], "", "", numbers, str(of_record(sheet, "why"))))
    return parts
