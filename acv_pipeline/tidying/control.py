"""What a source itself states beside its figures: total rows and sidecars."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from operator import eq
from pathlib import Path

import numpy as np
import numpy.typing as npt

from acv_pipeline.language import both
from acv_pipeline.reading import DeliveryRefused, read_file
from acv_pipeline.tidying.pairs import LEVELS, NATIONAL
from acv_pipeline.tidying.record_table import RecordTable, month_at
from acv_pipeline.tidying.records import ControlTotal
from acv_pipeline.tidying.texts import clean, compact

NAMES = ("rowcount", "total")


@dataclass(frozen=True)
class Sidecar:
    """``<file>.control.csv``: the source's own count of rows and sum of values, either unknown."""

    name: str
    row_count: int | None
    total: int | None


def read_sidecar(path: Path) -> Sidecar:
    """Read a sidecar: a header ``row_count,total`` and one line of numbers.

    Raises:
        DeliveryRefused: ``bad_sidecar`` where it says anything else.
    """
    lines = [
        [clean(text) for text in line]
        for line in read_file(path)[0].cells.to_numpy(dtype=object).tolist()
        if any(map(clean, line))
    ]
    stated: dict[str, str] = {}
    if len(lines) == 2:
        numbers = (text.replace(" ", "").removesuffix(".0") for text in lines[1])
        named = zip(map(compact, lines[0]), numbers, strict=True)
        stated = {name: text for name, text in named if name in NAMES}
    if not any(stated.values()) or not all(text.isdecimal() for text in stated.values() if text):
        raise DeliveryRefused(
            "bad_sidecar",
            both(
                "{file}: expected a line row_count,total and a line with the two numbers",
                file=path.name,
            ),
        )
    rows, total = (int(text) if (text := stated.get(name)) else None for name in NAMES)
    return Sidecar(path.name, rows, total)


def totals_of_rows(rows: RecordTable) -> tuple[list[ControlTotal], list[ControlTotal]]:
    """The totals and the regional subtotals that control rows state.

    A total that names no month or indicator is about the delivery's only one, if there is one.
    """
    only_indicator, only_month = rows.only()
    totals: list[ControlTotal] = []
    regional: list[ControlTotal] = []
    stated = rows.has_fate("control") & (rows.stated >= 0)
    blocks = _totals_of_blocks(rows, stated)
    for at in np.flatnonzero(stated & (rows.level > LEVELS.index("department"))):
        if at in blocks:
            continue
        (sheet,) = rows.sheet.at(np.array([at]))
        territory = rows.codes[rows.territory[at]]
        total = ControlTotal(
            rows.indicators[rows.indicator[at]] if rows.indicator[at] >= 0 else only_indicator,
            month_at(rows.month[at]) or only_month,
            None,
            int(rows.stated[at]),
            f"{sheet}, row {rows.sheet_row[at]}".removeprefix(", "),
            territory,
        )
        (totals if territory == NATIONAL else regional).append(total)
    return totals, regional


def _totals_of_blocks(rows: RecordTable, stated: npt.NDArray[np.bool_]) -> set[int]:
    """Of several totals, those that are the sums of the figures above them, up to the one before.

    They are subtotals (of a sheet, a page, a region) and all right.
    """
    totals = np.flatnonzero(stated & (rows.level == LEVELS.index("national")))
    figures = np.flatnonzero(rows.has_fate("figure"))
    found = set()
    for at in totals.tolist():
        alike = totals[_about_the_same(rows, at, totals)]
        every = figures[_about_the_same(rows, at, figures)]
        start = max((other for other in alike.tolist() if other < at), default=-1)
        block = every[(every > start) & (every < at)]
        block = block[rows.sheet.codes[block] == rows.sheet.codes[at]]
        is_sum = rows.stated[block].sum() == rows.stated[at]
        if len(alike) > 1 and 0 < len(block) < len(every) and is_sum:
            found.add(at)
    return found


def _about_the_same(
    rows: RecordTable, at: int, others: npt.NDArray[np.intp]
) -> npt.NDArray[np.bool_]:
    """Which other rows may be about the indicator, the month and the column of one."""
    indicator, month = rows.indicator[at], rows.month[at]
    (column,) = rows.sheet_column.at(np.array([at]))
    same = rows.sheet_column.where(partial(eq, column))[others]
    same &= (rows.indicator[others] == indicator) | (indicator < 0)
    same &= (rows.month[others] == month) | np.isnat(month)
    return np.asarray(same)


def total_of_sidecar(sidecar: Sidecar, rows: RecordTable) -> ControlTotal:
    """The sidecar's statement, about the delivery's only indicator and month where it has one."""
    return ControlTotal(*rows.only(), sidecar.row_count, sidecar.total, sidecar.name)
