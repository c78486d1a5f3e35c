"""Hand-made months, small enough to see why a rule alarms.

The examples hold their numbers as literals on both sides of every threshold, so that a changed
threshold breaks them.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np

from acv_pipeline.contract import Indicator, load_contract
from acv_pipeline.contract.months import shift
from acv_pipeline.gate.case import Figures, MonthCase
from acv_pipeline.gate.rule import Rule

CONTRACT = load_contract()
ACV = CONTRACT.indicators["nb-logement-accompagnement"]
MONTH = dt.date(2021, 6, 1)
SIZE = 96
OUTSIDE = 4

Outcome = Literal["silent", "warns", "holds"]


@dataclass(frozen=True)
class Example:
    """A month, and what one rule says of it."""

    rule: Rule
    name: str
    outcome: Outcome
    case: MonthCase

    def observed(self, indicator: Indicator = ACV) -> Outcome:
        """What the rule says with the thresholds of ``indicator``."""
        finding = self.rule(replace(self.case, indicator=indicator))
        if finding is None:
            return "silent"
        return "holds" if finding.blocking else "warns"

    def __str__(self) -> str:
        return f"{self.rule.name}: {self.name}"


def with_habits(rule: Rule, indicator: Indicator = ACV, **values: float) -> Indicator:
    """``indicator`` with thresholds of its own for one rule."""
    thresholds = {key: dict(entries) for key, entries in indicator.thresholds.items()}
    for name, value in values.items():
        entry = thresholds[rule.name][name]
        thresholds[rule.name][name] = entry.model_copy(update={"value": value})
    return indicator.model_copy(update={"thresholds": thresholds})


def level(value: float = 1000, size: int = SIZE) -> Figures:
    """The same figure in every département."""
    return np.full(size, float(value))


def distinct(size: int = SIZE) -> Figures:
    """Figures that differ from one another: 500, 510, 520, ..."""
    return 500 + 10 * np.arange(size, dtype=float)


def with_first(figures: Figures, count: int, value: Any) -> Figures:
    """``figures`` with the first ``count`` départements set to ``value``."""
    changed = figures.copy()
    changed[:count] = value
    return changed


def steady(last: Figures, steps: int = 4, step: float | Figures = 10) -> list[Figures]:
    """A history that ends in ``last`` after ``steps`` equal monthly increments."""
    return [last - step * back for back in range(steps, -1, -1)]


def case_of(
    delivered: Figures, history: Sequence[Figures] = (), outside: float = np.nan, **more: Any
) -> MonthCase:
    """A case of June 2021 whose history fills the months before it without a gap.

    Args:
        delivered: figures of the panel's départements.
        history: earlier figures of the panel, oldest first.
        outside: what the four départements outside the panel deliver.
        more: other attributes of the case; arrays and lists of arrays are padded.
    """
    size = len(delivered)

    def padded(figures: Figures, value: float = np.nan) -> Figures:
        return np.concatenate([figures, np.full(OUTSIDE, value)])

    for name in ("in_force", "quarantined", "definitive"):
        if more.get(name) is not None:
            more[name] = padded(more[name], 0 if name == "quarantined" else np.nan)
    more["rivals"] = tuple(
        replace(rival, figures=padded(rival.figures)) for rival in more.get("rivals", ())
    )
    more["quarantined"] = np.asarray(more.get("quarantined", np.zeros(size + OUTSIDE)), dtype=bool)
    more["superseded"] = [padded(figures) for figures in more.get("superseded", [])]
    more["later"] = [
        (shift(MONTH, n), padded(figures)) for n, figures in enumerate(more.get("later", []), 1)
    ]
    for name in ("sister",):
        more[name] = {m: padded(figures) for m, figures in more.get(name, {}).items()}
    more["partners"] = {
        partner: {m: padded(figures) for m, figures in by_month.items()}
        for partner, by_month in more.get("partners", {}).items()
    }
    return MonthCase(
        source=CONTRACT.sources[more.pop("source", "anah")],
        indicator=more.pop("indicator", ACV),
        month=MONTH,
        delivered_on=dt.date(2021, 7, 10),
        codes=np.array([f"{n:03d}" for n in range(size + OUTSIDE)]),
        regions=np.array([f"{n * 10 // size:02d}" for n in range(size + OUTSIDE)]),
        in_panel=np.arange(size + OUTSIDE) < size,
        delivered=padded(delivered, outside),
        history=[
            (shift(MONTH, n - len(history)), padded(figures)) for n, figures in enumerate(history)
        ],
        **more,
    )
