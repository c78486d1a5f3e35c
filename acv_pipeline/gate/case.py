"""What a gate rule sees (``MonthCase``), and what it may say (``Finding``)."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from acv_pipeline.contract import Indicator, Month, Source
from acv_pipeline.contract.months import elapsed
from acv_pipeline.gate.trajectory import Figures, Trajectory, trajectory_of
from acv_pipeline.language import Both


@dataclass(frozen=True)
class Totals:
    """What the source states beside the départements, in dwellings.

    Attributes:
        national: the national row; None when the delivery has none for this month.
        regions: value by region code.
        stated_sum: the control total's sum of values (total row or sidecar); compare it with
            ``covered_sum``.
        stated_rows: the control total's count of rows; compare it with ``covered_rows`` plus
            ``covered_quarantined``.
        covered_sum: sum of the delivered figures that the statement covers (this month, or the
            whole delivery where it doesn't say).
        covered_rows: how many figures it covers.
        covered_quarantined: how many of the rows it covers were quarantined; while there are
            any, a sum below the stated one proves nothing.
    """

    national: float | None = None
    regions: dict[str, float] = field(default_factory=dict)
    stated_sum: float | None = None
    stated_rows: int | None = None
    covered_sum: float = 0.0
    covered_rows: int = 0
    covered_quarantined: int = 0

    @property
    def is_contradicted(self) -> bool:
        """Whether the figures are not what the statement says."""
        return (self.stated_sum is not None and self.stated_sum != self.covered_sum) or (
            self.stated_rows is not None
            and self.stated_rows != self.covered_rows + self.covered_quarantined
        )


@dataclass(frozen=True)
class Rival:
    """Another file of the same source and day that brings other figures for the month.

    Attributes:
        figures: by position of the département.
        outcome: ``counts`` (in the place of the file judged), ``gives way`` or ``undecided``.
        why: what puts one of the two first, or why neither is.
    """

    file_name: str
    figures: Figures
    outcome: Literal["counts", "gives way", "undecided"]
    why: Both


@dataclass(frozen=True)
class MonthCase:
    """One (source, indicator, month) of a delivery, to be judged against what was accepted.

    All arrays follow ``codes``: every département of the territories, in code order.

    Attributes:
        in_panel: whether the département is in the indicator's panel.
        delivered: figures as delivered.
        quarantined: départements whose row of this month was quarantined (known holes).
        in_force: this month's figures accepted before, or None.
        history: accepted earlier months, oldest first (this delivery's own included).
        later: accepted later months, oldest first.
        superseded: earlier versions of this month that were replaced since, oldest first.
        totals: what the source states beside the départements.
        sister: figures of the indicator's sister known so far (accepted, or in the same
            delivery), by month.
        sister_label: what the sister is called in findings; None: by its id.
        partners: accepted figures of the other partners of the indicator, by source and month.
        delivered_months: all months this delivery carries for the indicator.
        rivals: other files of the source and day with other figures for this month.
        provisional_by: the word that marks the delivery as provisional; empty where none does.
        definitive: figures of this month as a delivery marked definitive brought them, or None.
        unreadable: quarantined rows of this month whose département is not known.
    """

    source: Source
    indicator: Indicator
    month: Month
    delivered_on: dt.date
    codes: npt.NDArray[np.str_]
    regions: npt.NDArray[np.str_]
    in_panel: npt.NDArray[np.bool_]
    delivered: Figures
    quarantined: npt.NDArray[np.bool_]
    in_force: Figures | None = None
    history: list[tuple[Month, Figures]] = field(default_factory=list)
    later: list[tuple[Month, Figures]] = field(default_factory=list)
    superseded: list[Figures] = field(default_factory=list)
    totals: Totals = Totals()
    sister: dict[Month, Figures] = field(default_factory=dict)
    sister_label: str | None = None
    partners: dict[str, dict[Month, Figures]] = field(default_factory=dict)
    delivered_months: tuple[Month, ...] = ()
    rivals: tuple[Rival, ...] = ()
    provisional_by: str = ""
    definitive: Figures | None = None
    definitive_file: str = ""
    unreadable: int = 0

    def panel(self, figures: Figures) -> Figures:
        """``figures`` of the panel's départements; NaN elsewhere."""
        return figures if self._is_whole else np.where(self.in_panel, figures, np.nan)

    @cached_property
    def _is_whole(self) -> bool:
        """Whether the indicator expects every département there is."""
        return bool(self.in_panel.all())

    @cached_property
    def figures(self) -> Figures:
        """The delivered figures of the panel."""
        return self.panel(self.delivered)

    @property
    def is_in_force(self) -> bool:
        """Whether the delivered figures are those in force (quarantined rows say nothing)."""
        if self.in_force is None:
            return False
        same = (self.delivered == self.in_force) | self.quarantined
        return bool(np.all(same | (np.isnan(self.delivered) & np.isnan(self.in_force))))

    @cached_property
    def expected(self) -> npt.NDArray[np.bool_]:
        """Whether the indicator expects a figure of the département in this month."""
        entry = self.indicator
        if not (entry.panel_sometimes or entry.panel_joins):
            return self.in_panel
        there = [figures > 0 for _, figures in self.history]
        absent = ~np.any(there, axis=0) & np.isin(self.codes, entry.panel_joins)
        absent |= np.isin(self.codes, entry.panel_sometimes)
        return np.asarray(self.in_panel & ~absent)

    @cached_property
    def missing(self) -> npt.NDArray[np.bool_]:
        """Expected départements without a delivered figure."""
        return self.expected & np.isnan(self.delivered)

    @property
    def age(self) -> int:
        """How many months back it is from the newest month that is known or delivered with it."""
        newest = max([*self.delivered_months, *(month for month, _ in self.later)], default=None)
        return max(elapsed(self.month, newest), 0) if newest else 0

    @property
    def crosses_break(self) -> bool:
        """Whether something else is counted than in the figures it is compared with."""
        before = self.trajectory.previous_month if self.trajectory else self.month
        return any(before < month <= self.month for month in self.indicator.months_of_breaks)

    @cached_property
    def trajectory(self) -> Trajectory | None:
        """How the panel's figures have moved; None when nothing was accepted before."""
        history = [(month, self.panel(figures)) for month, figures in self.history]
        return trajectory_of(self.month, self.figures, history, self.indicator.months_of_breaks)


@dataclass(frozen=True)
class Finding:
    """A rule that does not hold for a month.

    Attributes:
        rule: the rule's name, as its check is called.
        blocking: whether the month is held.
        summary: one sentence with figures: what is wrong and by how much.
        evidence: rows of a table (département, previous, delivered, expected, ...), the worst
            first, at most 20.
        probable_cause: the likely explanation, where one is known.
    """

    rule: str
    blocking: bool
    summary: Both
    probable_cause: Both | None = None
    evidence: list[dict[str, Any]] = field(default_factory=list)

    @property
    def recorded(self) -> dict[str, Any]:
        """As it is kept, in JSON: the texts in English, and in French under ``…_fr``."""
        cause = self.probable_cause
        return {
            "rule": self.rule,
            "blocking": self.blocking,
            "summary": self.summary.en,
            "summary_fr": self.summary.fr,
            "probable_cause": cause and cause.en,
            "probable_cause_fr": cause and cause.fr,
            "evidence": self.evidence,
        }
