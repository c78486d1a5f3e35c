"""One change of a file's bytes, and what may be read afterwards."""

from __future__ import annotations

import itertools
import random
from pathlib import Path
from typing import Any

from acv_pipeline.reading.sheet import BLANK_ROWS_KEPT
from acv_pipeline.tidying import DeliveryRefused, TidyDelivery
from acv_pipeline_tests.fuzz.oracle import figures_of, read_checked

Said = tuple[str, str, int]


def damaged_bytes(dice: random.Random, content: bytes) -> tuple[str, bytes]:
    """One change of the bytes."""
    at = dice.randrange(len(content))
    until = min(len(content), at + dice.randint(1, 60))
    changes: dict[str, bytes] = {
        "byte changed": content[:at] + bytes([dice.randrange(256)]) + content[at + 1 :],
        "bit flipped": content[:at]
        + bytes([content[at] ^ 1 << dice.randrange(8)])
        + content[at + 1 :],
        "byte lost": content[:at] + content[at + 1 :],
        "byte added": content[:at] + bytes([dice.randrange(256)]) + content[at:],
        "cut short": content[:at],
        "piece lost": content[:at] + content[until:],
        "piece twice": content[:until] + content[at:],
        "sign added": content[:at]
        + dice.choice((b'"', b";", b"\n", b",", b"\r", b"\t", b"\0"))
        + content[at:],
        "joined": content + content[at:],
    }
    name = dice.choice(sorted(changes))
    return name, changes[name]


def figures_by_cells(delivery: TidyDelivery) -> dict[tuple[str, ...], set[Said]]:
    """The figures of an undamaged file, by the cells of their record."""
    found: dict[tuple[str, ...], set[Said]] = {}
    for row in figures_of(delivery):
        found.setdefault(_cells(row), set()).add(_said(row))
    return found


def _cells(row: dict[str, Any]) -> tuple[str, ...]:
    """The cells of a record; of several months in columns, its column's letter before them."""
    texts = (str(text).strip() for text in row["cells"])
    return str(row["sheet_column"]), *texts


def _said(row: dict[str, Any]) -> Said:
    return str(row["territory_code"]), str(row["month"])[:7], int(str(row["value"]))


def judge_bytes(name: str, before: TidyDelivery, path: Path) -> str:
    """Rows whose cells are untouched say what they said; others only what their cells say.

    Months that stand in a header are as good as the header: a digit changed there is a month.
    """
    try:
        delivery = read_checked(path)
    except DeliveryRefused as refusal:
        assert path.name in refusal.reason, refusal.reason
        return f"{name}: refused"
    rows = sorted(set(delivery.records["sheet_row"]))
    gaps = [after - before - 1 for before, after in itertools.pairwise(rows)]
    # a row that is moved far away leaves nothing but blank ones behind
    assert all(gap == 0 or gap > BLANK_ROWS_KEPT for gap in gaps), f"{name}: lines lost"
    originals = figures_by_cells(before)
    same_header = delivery.header == before.header
    for row in figures_of(delivery):
        cells, (territory, month, value) = _cells(row), _said(row)
        months = {said[1] for said in originals.get(cells, ())} if same_header else {month}
        if cells in originals:
            known = {(said[0], m, said[2]) for said in originals[cells] for m in months}
            assert (territory, month, value) in known, f"{name}: {cells} read as {_said(row)}"
        else:
            assert _written(value, cells), f"{name}: {cells} read as {_said(row)}"
    return f"{name}: read"


def _written(value: int, cells: tuple[str, ...]) -> bool:
    """Whether one of the cells says ``value`` when its separators are taken away."""
    spellings = {str(value), f"{value}0", f"{value}00"}
    digits = ("".join(c for c in cell if c in "0123456789") for cell in cells)
    return any(found in spellings for found in digits)
