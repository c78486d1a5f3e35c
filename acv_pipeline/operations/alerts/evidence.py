"""Rows of evidence in words: names for codes, months without a day, digits in groups."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from acv_pipeline.contract import Contract
from acv_pipeline.language import _, in_language, language, marked, of_file, plural
from acv_pipeline.operations.alerts.message_parts import Table

POINT = "  - "  # what an entry of a fact's list begins with, in its lines
WORST = 3
PLACE = "place"
PLACES = ("department", "department_code", "territory", "territory_code")
# what is not here is called by its name in the table it comes from
_COLUMNS = {
    "previous": marked("previous"),
    "delivered": marked("delivered"),
    "expected": marked("expected"),
    "expected_low": marked("expected low"),
    "expected_high": marked("expected high"),
    "increment": marked("increment"),
    "increment_per_month": marked("increment per month"),
    "difference": marked("difference"),
    "ratio": marked("ratio"),
    "target": marked("target"),
    "change": marked("change"),
    "share_of_increase": marked("share of increase"),
    "previous_rank": marked("previous rank"),
    "delivered_rank": marked("delivered rank"),
    "other_partner": marked("other partner"),
    "other_file": marked("other file"),
    "other": marked("other"),
    "row": marked("row"),
    "value": marked("value"),
    "computed": marked("computed"),
    "published": marked("published"),
    "month": marked("month"),
    "previous_month": marked("previous month"),
    "source": marked("source"),
    "series": marked("series"),
    "indicator_id": marked("indicator"),
    "delivery_id": marked("delivery"),
    "level": marked("level"),
    PLACE: marked("territory"),
}


def worst_rows(contract: Contract, rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """The worst rows as ``59 Nord: previous 1,847, delivered 3,810``, and how many more."""
    lines = []
    for row in rows[:WORST]:
        cells = {name: shown(contract, name, v) for name, v in row.items() if v not in (None, "")}
        place = next((cells.pop(name) for name in PLACES if name in cells), None)
        said = ", ".join(f"{heading(name)} {v}" for name, v in cells.items())
        if place:
            said = _("{place}: {figures}", place=place, figures=said)
        lines.append(f"{POINT}{said}")
    if len(rows) > WORST:
        more = len(rows) - WORST
        lines.append(POINT + plural("and at least {count} more", "and at least {count} more", more))
    return lines


def worst_table(
    contract: Contract, rows: Sequence[Mapping[str, Any]], most: int, in_: str
) -> Table | None:
    """The worst rows as a table in that language; None where there is none."""
    columns: dict[str, list[Any]] = {}
    for at, row in enumerate(rows[:most]):
        for name, value in row.items():
            if value not in (None, ""):
                # a sum stands beside the départements it is of
                column = columns.setdefault(PLACE if name in PLACES else name, [""] * at)
                column += [""] * (at - len(column))
                column.append(shown(contract, name, value, in_))
    if not columns:
        return None
    names = sorted(columns, key=lambda name: name != PLACE)
    cells = [
        [columns[name][at] if at < len(columns[name]) else "" for name in names]
        for at in range(len(rows[:most]))
    ]
    words = [
        place
        for place, name in enumerate(names)
        if name == PLACE or any(isinstance(row.get(name), str) for row in rows)
    ]
    return Table([heading(name, in_).capitalize() for name in names], cells, words)


def heading(column: str, in_: str | None = None) -> str:
    """What a column of evidence is called, in the user's language or another."""
    label = _COLUMNS.get(PLACE if column in PLACES else column)
    if label is None:
        return column.removesuffix("_id").replace("_", " ")
    return in_language(in_ or language(), label)


def shown(contract: Contract, column: str, value: Any, in_: str | None = None) -> str:
    """A cell of evidence in words, in the user's language or another."""
    if column == "department_code" and value in contract.territories.departments:
        return f"{value} {contract.territories.departments[value]}"
    if column == "indicator_id":
        return contract.indicator(str(value)).programme
    if column in ("source", "series") and value in contract.sources:
        return contract.sources[value].label
    if column == "delivery_id":
        return str(value)[:12]
    if "month" in column and re.fullmatch(r"\d{4}-\d\d-01", str(value)):
        return str(value)[:7]
    if column == "row" or column in PLACES:
        return of_file(str(value))[in_ or language()]
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)
    return in_language(in_ or language(), "{value:,}", value=value)
