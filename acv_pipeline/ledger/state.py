"""What is in force while the fold goes on, and the observations it leaves behind."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from acv_pipeline.contract import Month
from acv_pipeline.gate.case import Totals
from acv_pipeline.gate.trajectory import Figures
from acv_pipeline.ledger.blocks import Block

if TYPE_CHECKING:
    from acv_pipeline.ledger.verdicts import Verdict

_EPOCH = dt.date(1970, 1, 1).toordinal()
NO_DAY = -1  # of days counted from 1970, none of which is earlier
CHANGES = ("replaced", "withdrawn", "corrected")

Series = tuple[str, str]
"""A source and an indicator."""


@dataclass(frozen=True)
class Cells:
    """Some départements' figures of one month, with their provenance.

    Attributes:
        positions: indices of the départements.
        values: cumulative dwellings.
        deliveries: ordinal of the delivery that brought each.
        rows: row number in that delivery.
        since: day each came into force, in days since 1970.
        corrected: whether the corrections register says so, not the delivery.
    """

    positions: npt.NDArray[np.int64]
    values: Figures
    deliveries: npt.NDArray[np.int32]
    rows: npt.NDArray[np.int32]
    since: npt.NDArray[np.int32]
    corrected: npt.NDArray[np.bool_]


class MonthInForce:
    """The figures of one month that are in force, by position of the département."""

    def __init__(self, size: int) -> None:
        self.values: Figures = np.full(size, np.nan)
        self.deliveries = np.full(size, -1, dtype=np.int32)
        self.rows = np.full(size, -1, dtype=np.int32)
        self.since = np.zeros(size, dtype=np.int32)
        self.corrected = np.zeros(size, dtype=bool)

    def cells(self, mask: npt.NDArray[np.bool_] | None = None) -> Cells:
        """The cells (those under ``mask``) that have a figure."""
        known = ~np.isnan(self.values)
        at = np.flatnonzero(known if mask is None else known & mask)
        return Cells(
            at,
            self.values[at],
            self.deliveries[at],
            self.rows[at],
            self.since[at],
            self.corrected[at],
        )

    def block(self) -> Block:
        """The same as if one delivery had brought it."""
        nothing = np.zeros(len(self.values), dtype=bool)
        return Block(self.values, self.rows, nothing, self.corrected)


@dataclass
class SeriesState:
    """One (source, indicator).

    Attributes:
        in_force: by month.
        superseded: earlier versions of a month, oldest first.
        held: the last held figures of a month, until something is accepted in their place; several
            where files of one day each have their own.
        definitive: figures of a month as a file marked definitive brought them last, and its name.
        published: regional and national rows last seen, by month.
    """

    size: int
    in_force: dict[Month, MonthInForce] = field(default_factory=dict)
    superseded: dict[Month, list[Figures]] = field(default_factory=dict)
    held: dict[Month, list[tuple[Block, Verdict]]] = field(default_factory=dict)
    definitive: dict[Month, tuple[Figures, str]] = field(default_factory=dict)
    published: dict[Month, Totals] = field(default_factory=dict)

    def settle(self, month: Month) -> None:
        """A later delivery says what this month is: the holds before it are superseded."""
        for _, verdict in self.held.pop(month, ()):
            verdict.status = "superseded"

    def hold(self, month: Month, block: Block, verdict: Verdict) -> None:
        """Keep held figures; those held before are superseded, unless they came the same day.

        Of one day's, those with the very same figures are.
        """
        kept = []
        for figures, before in self.held.get(month, ()):
            is_same = np.array_equal(figures.values, block.values, equal_nan=True)
            if before.delivered_on == verdict.delivered_on and not is_same:
                kept.append((figures, before))
            else:
                before.status = "superseded"
                verdict.is_repeat |= is_same
        self.held[month] = [*kept, (block, verdict)]

    def release(self, month: Month, block: Block, known: Callable[[str], bool]) -> list[Verdict]:
        """Let go of holds of these very figures; their verdicts.

        If there are any, those that say something else for some département are superseded, as far
        as their deliveries were known to whoever released these.
        """
        held = self.held.get(month, [])
        same = [v for b, v in held if np.array_equal(b.values, block.values, equal_nan=True)]
        if same:
            rest = [(b, v) for b, v in held if v not in same]
            settled = [v for b, v in rest if b.differs_from(block) and known(v.delivery_id)]
            for verdict in settled:
                verdict.status = "superseded"
            self.held[month] = [(b, v) for b, v in rest if v not in settled]
            if not self.held[month]:
                del self.held[month]
        return same

    def accept(
        self, month: Month, block: Block, day: dt.date, delivery: int | None = None
    ) -> Cells | None:
        """Bring a block into force; the replaced cells, or None if there were none.

        Args:
            delivery: its ordinal; None for corrected figures, which keep the delivery and the row
                that they were delivered with.
        """
        current = self.in_force.setdefault(month, MonthInForce(self.size))
        differs = (block.values != current.values) | (block.corrected != current.corrected)
        changed = differs & ~np.isnan(block.values)
        replaced = current.cells(changed)
        if (block.values[replaced.positions] != replaced.values).any():
            self.superseded.setdefault(month, []).append(current.values)
        # cases that were judged hold on to the old array
        current.values = np.where(changed, block.values, current.values)
        current.corrected = np.where(changed, block.corrected, current.corrected)
        current.since[changed] = _days(day)
        if delivery is not None:
            current.rows[changed] = block.rows[changed]
            current.deliveries[changed] = delivery
        return replaced if len(replaced.positions) else None

    def withdraw(self, month: Month, mask: npt.NDArray[np.bool_]) -> Cells | None:
        """Take the cells under ``mask`` out of force; those cells, or None."""
        current = self.in_force.get(month)
        if current is None:
            return None
        cells = current.cells(mask)
        if not len(cells.positions):
            return None
        current.values = np.where(mask, np.nan, current.values)
        if np.isnan(current.values).all():
            del self.in_force[month]
        return cells


class Observations:
    """Collects every figure ever accepted, with the days it was in force."""

    def __init__(
        self, codes: Sequence[str], sources: Sequence[str], indicators: Sequence[str]
    ) -> None:
        self._codes, self._sources, self._indicators = codes, sources, indicators
        self._parts: dict[str, list[npt.NDArray[Any]]] = {part.name: [] for part in fields(Cells)}
        self._facts: list[dict[str, int]] = []

    def add(
        self,
        series: Series,
        month: Month,
        cells: Cells | None,
        until: dt.date | None = None,
        closed_by: int | None = None,
        change: str | None = None,
    ) -> None:
        """Cells, if any, that are in force at the end, or were until a day.

        Args:
            closed_by: because of which delivery (its ordinal).
            change: one of ``CHANGES``.
        """
        if cells is None:
            return
        source, indicator = series
        for name, parts in self._parts.items():
            parts.append(getattr(cells, name))
        self._facts.append(
            {
                "source": self._sources.index(source),
                "indicator_id": self._indicators.index(indicator),
                "month": _days(month),
                "valid_to": NO_DAY if until is None else _days(until),
                "closed_by": -1 if closed_by is None else closed_by,
                "change": -1 if change is None else CHANGES.index(change),
            }
        )

    def frame(self, delivery_ids: Sequence[str]) -> pd.DataFrame:
        """All observations, columns as ``validated.observations``; asked for once.

        Numbers take four bytes: those of rows, and days, which count from 1970 (``NO_DAY``: none).
        What was collected is let go of part by part: millions of figures are not there twice.
        """
        sizes = list(map(len, self._parts["positions"]))

        def of_month(fact: str) -> npt.NDArray[Any]:
            return np.repeat(np.array([facts[fact] for facts in self._facts], dtype="int32"), sizes)

        def of_cell(part: str, kind: str = "int32") -> npt.NDArray[Any]:
            parts = [np.empty(0, kind), *self._parts.pop(part)]
            return np.concatenate(parts, dtype=kind, casting="unsafe")

        def named(numbers: npt.NDArray[Any], names: Sequence[str]) -> pd.Categorical[Any]:
            return pd.Categorical.from_codes(numbers, dtype=pd.CategoricalDtype(list(names)))

        return pd.DataFrame(
            {
                "indicator_id": named(of_month("indicator_id"), self._indicators),
                "source": named(of_month("source"), self._sources),
                "month": of_month("month"),
                "department_code": named(of_cell("positions"), self._codes),
                "cumulative_dwellings": of_cell("values", "int64"),
                "delivery_id": named(of_cell("deliveries"), delivery_ids),
                "row_number": of_cell("rows"),
                "valid_from": of_cell("since"),
                "valid_to": of_month("valid_to"),
                "closed_by": named(of_month("closed_by"), delivery_ids),
                "change": named(of_month("change"), CHANGES),
                "is_corrected": of_cell("corrected", "bool"),
            },
            copy=False,
        )


def _days(day: dt.date) -> int:
    """Days since 1970."""
    return day.toordinal() - _EPOCH
