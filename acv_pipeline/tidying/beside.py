"""What the columns beside the figures say against them: parts, their sums, a few corrections."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt

from acv_pipeline.tidying.column import Column, constant
from acv_pipeline.tidying.numbers import Value, parse_values
from acv_pipeline.tidying.roles import RoleReader, are_alike
from acv_pipeline.tidying.row_reasons import Verdicts
from acv_pipeline.tidying.table import Table
from acv_pipeline.tidying.texts import clean

NEARLY_ALL = 0.9  # of the rows


@dataclass(frozen=True)
class Beside:
    """The columns beside one of figures.

    Attributes:
        position: that of the column of figures.
        counts: what it says; -1 for nothing.
    """

    table: Table
    roles: RoleReader
    position: int
    counts: npt.NDArray[np.int64]

    def settle(self, verdicts: Verdicts) -> None:
        """Quarantine the rows whose figure the columns beside it contradict."""
        # of several months nobody knows which a column of parts belongs to
        parts = [] if self.table.month_columns else self.roles.of_kind("part_figures")
        for part in parts:
            more = (self._counts(part) > self.counts) & (self.counts >= 0)
            verdicts.settle(more, "conflicting_values", self.table.column(part).map(clean).at)
        if not self.table.month_columns:
            self._settle_sums(verdicts, parts)
            self._settle_sums(verdicts, self.roles.of_kind("part_figures", "numbers"))
        for place in self.roles.of_kind("few_numbers"):
            self._settle_corrections(verdicts, place)

    def _counts(self, place: int) -> npt.NDArray[np.int64]:
        values = parse_values(self.table.cells(place), self.roles.finder.contract)
        return values.array(_count, np.int64)

    def _settle_sums(self, verdicts: Verdicts, parts: list[int]) -> None:
        """Where the parts of nearly all rows add up to their whole, those of each have to."""
        if len(parts) < 2:
            return
        every = [self._counts(part) for part in parts]
        known = np.all([part >= 0 for part in every], axis=0) & (self.counts > 0)
        wrong = known & (np.sum(every, axis=0) != self.counts)
        if wrong.sum() <= (1 - NEARLY_ALL) * known.sum():
            said = self._named([self.position, *parts])
            verdicts.settle(wrong, "conflicting_values", said.at)

    def _settle_corrections(self, verdicts: Verdicts, place: int) -> None:
        """A number beside a few of the figures may be what counts, whatever its column says.

        Unless it is far from the figure: a rank, a wave, an extension.
        """
        numbers = self._counts(place)
        same = [numbers == self._counts(f) for f in self.table.value_columns]
        other = are_alike(numbers, self.counts) & ~np.any(same, axis=0)
        verdicts.settle(other, "conflicting_values", self._named([self.position, place]).at)

    def _named(self, places: list[int]) -> Column[str]:
        """The cells of some columns in one text, each behind the name of its column."""
        said = constant("", len(self.table.body))
        for place in places:
            name = self.table.name_of(place)
            texts = self.table.column(place).map(partial(_behind, name))
            said = said.beside(texts).map(lambda pair: ", ".join(filter(None, pair)))
        return said


def _behind(name: str, text: str) -> str:
    return f"{clean(name)} {clean(text)}".strip()


def _count(value: Value) -> int:
    return -1 if value.count is None else value.count
