"""What deliveries hold beside the figures: columns and sheets with numbers that were not used."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import duckdb

from acv_pipeline.language import _, kept, marked, plural


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
        what = _(_PARTS[bool(self.column), bool(self.header), bool(self.sheet)], **vars(self))
        numbers = plural("{count:,} number", "{count:,} numbers", self.numbers)
        if not self.why:
            return _("{what} ({numbers})", what=what, numbers=numbers)
        return _("{what} ({numbers}: {why})", what=what, numbers=numbers, why=self.why)


# whether it is a column, has a header, and a sheet with a name
_PARTS = {
    (True, True, True): marked("column {column} “{header}” of sheet “{sheet}”"),
    (True, True, False): marked("column {column} “{header}”"),
    (True, False, True): marked("column {column} of sheet “{sheet}”"),
    (True, False, False): marked("column {column}"),
    (False, False, True): marked("sheet “{sheet}”"),
    (False, False, False): marked("the sheet"),
}


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
                    kept(column, "why") or "",
                )
                for column in columns
                if not column["used"] and column["numbers"]
            ]  # fmt: skip
        elif numbers := sum(column["numbers"] for column in columns):
            parts.append(UnusedPart(sheet["sheet"], "", "", numbers, kept(sheet, "why") or ""))
    return parts
