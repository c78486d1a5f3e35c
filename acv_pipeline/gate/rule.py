"""What a gate rule is: a small pure function with a name, a title, advice and a reason."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from acv_pipeline.contract import Source
from acv_pipeline.gate.case import Finding, MonthCase
from acv_pipeline.language import Both, both, marked

MAX_EVIDENCE_ROWS = 20
NATIONAL = marked("national")
"""What evidence calls the whole country; such words are translated where evidence is shown."""

Limits: TypeAlias = Mapping[str, float]
"""The thresholds of one rule for the indicator at hand, by name (from the contract)."""

Evidence: TypeAlias = list[dict[str, Any]]


@dataclass(frozen=True)
class Alarm:
    """What a rule says when it does not hold.

    Attributes:
        summary: one sentence with figures.
        evidence: rows of a table, the worst first (see ``table``).
        probable_cause: the likely explanation, where one is known.
        blocking: overrides the rule's own weight, for rules that hold gross cases only.
    """

    summary: Both
    evidence: Evidence
    probable_cause: Both | None = None
    blocking: bool | None = None


Check: TypeAlias = Callable[[MonthCase, Limits], Alarm | None]


@dataclass(frozen=True)
class Rule:
    """One rule of the gate; calling it judges a case.

    Attributes:
        blocking: whether the rule can hold a month (else it only warns).
        title: what is wrong when it alarms, in one line.
        what_to_do: advice to the data engineer; ``{contact}`` stands for the role to ask.
            It and the title are translated where they are shown.
        rationale: why the rule exists, from the nature of the data.
    """

    name: str
    blocking: bool
    title: str
    what_to_do: str
    rationale: str
    check: Check

    def __call__(self, case: MonthCase) -> Finding | None:
        """The finding of this rule on ``case``, or None when the rule holds."""
        alarm = self.check(case, case.indicator.limits(self.name))
        if alarm is None:
            return None
        return Finding(
            rule=self.name,
            blocking=self.blocking if alarm.blocking is None else alarm.blocking,
            summary=alarm.summary,
            evidence=alarm.evidence[:MAX_EVIDENCE_ROWS],
            probable_cause=alarm.probable_cause,
        )

    def advice(self, source: Source) -> Both:
        """``what_to_do`` with the role to ask filled in."""
        return both(self.what_to_do, contact=source.contact)


def rule(*, blocking: bool, title: str, what_to_do: str, rationale: str) -> Callable[[Check], Rule]:
    """Make a rule of a function; the function's name is the rule's name."""

    def make(check: Check) -> Rule:
        return Rule(check.__name__, blocking, title, what_to_do, rationale, check)

    return make


def plain(value: Any) -> Any:
    """``value`` as a plain Python int, float, str or None (NaN), fit for JSON."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float):
        if np.isnan(value):
            return None
        return int(value) if value.is_integer() else round(value, 2)
    return value


def of_one(territory: str, **columns: Any) -> Evidence:
    """Evidence on one territory, or on a sum."""
    return [{"territory": territory, **{name: plain(value) for name, value in columns.items()}}]


def moved(
    case: MonthCase,
    where: npt.NDArray[np.bool_],
    badness: npt.NDArray[np.float64],
    **columns: npt.NDArray[Any],
) -> Evidence:
    """``table`` of the panel's départements beside their previous figures, where there are some."""
    nothing = np.full(len(case.codes), np.nan)
    previous = nothing if case.trajectory is None else case.trajectory.previous
    columns = {"previous": previous, "delivered": case.figures, **columns}
    return table(case.codes, where, badness, "department_code", **columns)


def table(
    codes: npt.NDArray[np.str_],
    where: npt.NDArray[np.bool_],
    badness: npt.NDArray[np.float64],
    key: str = "department_code",
    **columns: npt.NDArray[Any],
) -> Evidence:
    """Evidence rows of the territories ``where`` is true, by falling ``badness``, at most 20."""
    chosen = np.flatnonzero(where)
    order = np.argsort(-np.nan_to_num(badness[chosen], nan=np.inf), kind="stable")
    return [
        {key: plain(codes[i]), **{name: plain(column[i]) for name, column in columns.items()}}
        for i in chosen[order][:MAX_EVIDENCE_ROWS]
    ]
