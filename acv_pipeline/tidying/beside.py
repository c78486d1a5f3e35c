"""What stands beside the figures and speaks against them: parts, their sums, numbers, remarks."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt

from acv_pipeline.tidying.column import Column, Mask, constant, of_contract
from acv_pipeline.tidying.names import ColumnNames
from acv_pipeline.tidying.numbers import Value, parse_values
from acv_pipeline.tidying.pairs import Territory
from acv_pipeline.tidying.remarked_numbers import RemarkedNumbers
from acv_pipeline.tidying.roles import WORDS, RoleReader, are_alike
from acv_pipeline.tidying.row_reasons import Verdicts
from acv_pipeline.tidying.table import Table
from acv_pipeline.tidying.texts import clean

NEARLY_ALL = 0.9  # of the rows
ANSWERS = 1  # a column of ones and zeros answers yes or no


@dataclass(frozen=True)
class Beside:
    """The columns beside one of figures.

    Attributes:
        position: that of the column of figures.
        counts: what it says; -1 for nothing.
        territories: what each line is about.
    """

    table: Table
    roles: RoleReader
    position: int
    counts: npt.NDArray[np.int64]
    territories: Column[Territory]

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
        for place in self.roles.of_kind(*WORDS):
            self._settle_remarks(verdicts, self.table.column(place))
        self._settle_remarks(verdicts, self.table.comments_beside(self.position))

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

        Unless it is far from the figure: a rank, a wave, an extension. Where the column is called
        a version of the figures it counts all the same.
        """
        numbers = self._counts(place)
        meant = are_alike(numbers, self.counts)
        if self._names.is_a_version(self.table.name_of(place)) and numbers.max() > ANSWERS:
            meant = (numbers >= 0) & (self.counts >= 0)
        other = meant & ~self._is_a_figure(numbers)
        verdicts.settle(other, "conflicting_values", self._named([self.position, place]).at)

    def _settle_remarks(self, verdicts: Verdicts, texts: Column[str]) -> None:
        """A remark may name the number that counts, or a change: ``lire 44``, ``ajouter 12``."""
        remarks = of_contract(RemarkedNumbers, self._names.contract)
        sure = texts.array(remarks.right, np.int64)
        likely = texts.array(remarks.likely, np.int64)
        changes = texts.where(remarks.asks_for_change)
        codes = self.territories.map(lambda territory: territory.code)
        changes |= texts.beside(codes).where(lambda pair: remarks.names_another(*pair))
        changes &= self.counts >= 0
        verdicts.settle(changes, "something_else", texts.map(clean).at)
        other = np.zeros(len(self.counts), dtype=bool)
        if (np.maximum(sure, likely) >= 0).any():
            other = other | ((sure >= 0) & ~self._is_a_figure(sure))
            other |= are_alike(likely, self.counts) & ~self._is_a_figure(likely)
        figures = self.table.column(self.position)
        verdicts.settle(
            other & (self.counts >= 0),
            "conflicting_values",
            lambda rows: [
                f"{clean(figure)}, {clean(text)}"
                for figure, text in zip(figures.at(rows), texts.at(rows), strict=True)
            ],
        )

    def _is_a_figure(self, numbers: npt.NDArray[np.int64]) -> Mask:
        """Which numbers are a figure of their row."""
        same = [numbers == self._counts(place) for place in self.table.value_columns]
        return np.asarray(np.any(same, axis=0))

    @property
    def _names(self) -> ColumnNames:
        return self.roles.finder.names

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
