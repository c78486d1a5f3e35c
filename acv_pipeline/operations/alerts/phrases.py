"""Months, and rows of evidence, as words."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from acv_pipeline.contract import Contract, Month

EVIDENCE_ROWS = 3
_MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
_PLACES = ("department", "department_code", "territory", "territory_code")


def month_name(month: Month) -> str:
    """``March 2021``, whatever the locale."""
    return f"{_MONTHS[month.month - 1]} {month.year}"


def evidence(contract: Contract, rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """The worst rows as ``59 Nord: previous 1,847, delivered 3,810``, and how many more."""
    lines = []
    for row in rows[:EVIDENCE_ROWS]:
        cells = {name: _shown(contract, name, v) for name, v in row.items() if v not in (None, "")}
        place = next((cells.pop(name) for name in _PLACES if name in cells), None)
        said = ", ".join(
            f"{name.removesuffix('_id').replace('_', ' ')} {v}" for name, v in cells.items()
        )
        lines.append(f"  - {place}: {said}" if place else f"  - {said}")
    if len(rows) > EVIDENCE_ROWS:
        lines.append(f"  - and {len(rows) - EVIDENCE_ROWS} more")
    return lines


def _shown(contract: Contract, column: str, value: Any) -> str:
    """A cell of evidence in words: names for codes, months without a day, digits in groups."""
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
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)
    return f"{value:,}"
