"""What an indicator's past says of its habits: its panel, its revisions, its thresholds.

A threshold that the contract lets history raise (``up_to``) is raised where the common one would
have held months of the past: to half above what these needed. Nothing is learned from few months.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import pairwise

import numpy as np

from acv_pipeline.calibration.past import Past, Version
from acv_pipeline.contract import Indicator, Month
from acv_pipeline.contract.entries import Threshold, Thresholds
from acv_pipeline.contract.months import elapsed
from acv_pipeline.gate.case import MonthCase, Totals
from acv_pipeline.gate.rule import Rule
from acv_pipeline.gate.rules import ON_MOVEMENT, RULES_BY_NAME, judge
from acv_pipeline.gate.rules_completeness import panel_department_missing
from acv_pipeline.gate.rules_revisions import large_revision
from acv_pipeline.language import _, marked

MIN_STEPS = 3  # a month is judged once so many steps are known, as most rules ask for
MIN_JUDGED = 6  # months judged; fewer say nothing of what is usual
GAPS = (1, 2)  # months before a month that may have been held
MIN_PANEL = 3  # months, to tell who has figures
MARGIN = 1.5  # what the past needed, and half above
RARE = 0.05  # of the months is no habit
MIN_REVISED = 3  # deliveries with a large revision, and a third of all, make a routine

Need = tuple[str, str]  # rule and threshold


@dataclass(frozen=True)
class Habits:
    """What is learned; ``indicator`` is the contract's with all of it.

    Attributes:
        learned: the thresholds that differ from the contract's common ones.
        notes: what could not be learned, and months that stand out.
    """

    indicator: Indicator
    learned: Thresholds
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Revision:
    """One change of a month that was delivered before."""

    delivered_on: object
    month: Month
    age: int
    cells: float
    national: float


class Evidence:
    """What the past shows, measured once; ``habits`` draws on all of it, or on all but a month."""

    def __init__(self, past: Past) -> None:
        self.past = past
        self.cases = past.cases
        self.judged = [
            case.trajectory is not None and len(case.trajectory.paces) >= MIN_STEPS
            for case in self.cases
        ]

    @property
    def is_enough(self) -> bool:
        """Whether there are months enough to learn thresholds from."""
        return sum(self.judged) >= MIN_JUDGED

    @cached_property
    def needs(self) -> list[dict[Need, float]]:
        """By month, what thresholds it needs to pass where the common ones hold it.

        Infinite where even the highest that the contract allows holds it.
        """
        return [
            self._needs_of(case) if judged else {}
            for case, judged in zip(self.cases, self.judged, strict=True)
        ]

    def _needs_of(self, case: MonthCase) -> dict[Need, float]:
        """What a month needs, also where the months before it were not accepted.

        A threshold that is too low for one month must not hold those that follow as well. What
        moves across a break teaches nothing.
        """
        if case.crosses_break:
            return {}
        needs = dict(_needs(case))
        for gap in GAPS:
            after_gap = replace(case, history=case.history[:-gap])
            steps = after_gap.trajectory
            enough = steps is not None and len(steps.paces) >= MIN_STEPS
            if enough and not after_gap.crosses_break:
                for key, value in _needs(after_gap):
                    if math.isfinite(value):  # a break stays one
                        needs[key] = max(value, needs.get(key, 0.0))
        return needs

    @cached_property
    def revisions(self) -> list[Revision]:
        """Every change of a figure that was delivered before, but of those that were errors."""
        found = []
        for month, versions in self.past.versions.items():
            for before, after in pairwise(versions):
                common = ~np.isnan(before.figures) & ~np.isnan(after.figures)
                change = (after.figures - before.figures)[common]
                total = before.figures[common].sum()
                if change.any() and total > 0 and not self._is_error(month, before):
                    age = max(elapsed(month, max(after.months)), 0)
                    national = abs(float(change.sum())) / float(total)
                    cells = float((change != 0).mean())
                    found.append(Revision(after.delivered_on, month, age, cells, national))
        return found

    def _is_error(self, month: Month, version: Version) -> bool:
        """Whether the gate would have held a version, so that putting it right is no habit."""
        if month not in self.past.months:
            return True
        case = self.cases[self.past.months.index(month)]
        wrong = replace(case, delivered=version.figures, in_force=None, totals=Totals())
        rules = [finding.rule for finding in judge(wrong) if finding.blocking]
        return rules not in ([], [panel_department_missing.name])

    def habits(self, without: Month | None = None) -> Habits:
        """What is learned from the past, or from all months of it but one."""
        kept = [month != without for month in self.past.months]
        notes: list[str] = []
        panel, learned = self._panel(np.array(kept), notes)
        panel["months_between"] = self._months_between()
        enough = sum(k and j for k, j in zip(kept, self.judged, strict=True))
        if enough < MIN_JUDGED:
            notes.append(
                _(
                    "{count} months have {steps} steps before them; below {least} no threshold is "
                    "learned: the common ones stay, which are cautious",
                    count=enough,
                    steps=MIN_STEPS,
                    least=MIN_JUDGED,
                )
            )
        else:
            panel["unusual_months"] = self._raised(kept, enough, learned, notes)
            self._routine(without, learned)
        own = {
            rule: {**names, **learned.get(rule, {})}
            for rule, names in self.past.indicator.thresholds.items()
        }
        return Habits(
            self.past.indicator.model_copy(update={**panel, "thresholds": own}), learned, notes
        )

    def _panel(self, kept: np.ndarray, notes: list[str]) -> tuple[dict[str, object], Thresholds]:
        """Who never, sometimes or once it joined has a figure; which figures may be missing."""
        months = [m for m, k in zip(self.past.months, kept, strict=True) if k]
        if len(months) < MIN_PANEL:
            notes.append(
                _(
                    "{count} months are too few to tell who has figures: all are expected",
                    count=len(months),
                )
            )
            return {}, {}
        figures = self.past.final[kept]
        has, codes = ~np.isnan(figures), self.past.codes
        ever = (figures > 0).any(axis=0)
        begins = has.argmax(axis=0)
        after = np.arange(len(months))[:, None] >= begins
        holes = after & ~has & ever
        often = ever & (holes.sum(axis=0) > np.maximum(RARE * after.sum(axis=0), 1))
        once = ever & holes.any(axis=0) & ~often
        late = ever & ~often & (begins > 0)
        # where départements join, those without a figure so far may join as well; so may a zero
        joins = late | (~ever & (late.any() | has[-1]))
        learned: dict[str, Threshold] = {}
        common = self.past.indicator.thresholds[panel_department_missing.name]
        missing = (holes & once).sum(axis=1)
        if (missing > 0).sum() >= max(MIN_STEPS, len(months) / 4):
            why = _(
                "in {count} of {months} past months some département that usually has a figure had "
                "none, up to {most} at once; half above.",
                count=int((missing > 0).sum()),
                months=len(months),
                most=missing.max(),
            )
            value = min(math.ceil(MARGIN * missing.max()), common["max_missing"].up_to or 0)
            learned["max_missing"] = Threshold(value=value, why=why)
        elif once.any():
            notes.append(
                _(
                    "{codes}: one month or two without a figure are taken for errors",
                    codes=", ".join(codes[once]),
                )
            )
        lost = [figures[m - 1, d] for m, d in np.argwhere(holes) if has[m - 1, d]]
        limit = common["small_figure"].up_to or 0
        if len(lost) >= MIN_STEPS and (most := max(lost) + 1) <= limit:
            why = _(
                "{count} départements had no figure now and then, after {most:g} at most: small "
                "figures are left out by habit.",
                count=int(holes.any(axis=0).sum()),
                most=max(lost),
            )
            learned["small_figure"] = Threshold(value=most, why=why)
        panel = {
            "panel_excludes": codes[~ever & ~joins].tolist(),
            "panel_sometimes": codes[often].tolist(),
            "panel_joins": codes[joins].tolist(),
        }
        return panel, {panel_department_missing.name: learned} if learned else {}

    def _months_between(self) -> int:
        """How many months lie between figures, if nearly always as many; else 1."""
        months = self.past.months
        gaps = Counter(elapsed(*pair) for pair in pairwise(months))
        if gaps.total() < MIN_STEPS:
            return 1
        [(usual, count)] = gaps.most_common(1)
        in_step = all(gap % usual == 0 for gap in gaps)
        return usual if in_step and count >= (1 - 2 * RARE) * gaps.total() else 1

    def _raised(
        self, kept: list[bool], enough: int, learned: Thresholds, notes: list[str]
    ) -> list[Month]:
        """Thresholds that the common ones are too low for; returns months that none would pass."""
        unusual: set[Month] = set()
        by_threshold: dict[Need, list[tuple[float, Month]]] = {}
        for needs, keep, month in zip(self.needs, kept, self.past.months, strict=True):
            for key, value in needs.items() if keep else ():
                by_threshold.setdefault(key, []).append((value, month))
        for (rule, name), found in by_threshold.items():
            common = self.past.indicator.thresholds[rule][name]
            for value, month in found:
                if math.isinf(value):
                    notes.append(
                        _(
                            "{rule} would hold {month:%Y-%m} whatever is learned: taken for an "
                            "unusual month; take it out of the entry if it was an error, and put "
                            "it into breaks if something else is counted since",
                            rule=rule,
                            month=month,
                        )
                    )
                    unusual |= {month} & ({month} if rule in ON_MOVEMENT else set())
            needed = sorted((value, month) for value, month in found if math.isfinite(value))
            if not needed:
                continue
            most = needed[-1][0]
            value = min(_upwards(MARGIN * most), common.up_to or common.value)
            room = _("half above leaves room for a good month.")
            if value == common.up_to:
                room = _(
                    "half above would pass the highest that the contract allows, {value:g}.",
                    value=value,
                )
            why = _(
                "{count} of {months} past months would be held by the common {common:g}, alone or "
                "after a held one ({which}); the most was {most:.3g}, and {room}",
                count=len(needed),
                months=enough,
                common=common.value,
                which=_some([month for _value, month in needed]),
                most=most,
                room=room,
            )
            learned.setdefault(rule, {})[name] = Threshold(value=value, why=why)

        return sorted(unusual)

    def _routine(self, without: Month | None, learned: Thresholds) -> None:
        """Revisions that come so often that they are no event."""
        common = self.past.indicator.thresholds[large_revision.name]
        large = [
            revision
            for revision in self.revisions
            if revision.month != without
            and (
                revision.cells > common["max_cell_share"].value
                or revision.national > common["max_national_share"].value
            )
        ]
        revised = len({revision.delivered_on for revision in large})
        if revised < MIN_REVISED or revised < self.past.deliveries / 3:
            return
        oldest = max(revision.age for revision in large) + 1
        if oldest > len(self.past.months) / 2:  # they reach back as far as there are months
            oldest = int(common["routine_months"].up_to or oldest)
        most = {
            "routine_months": oldest,
            "routine_cell_share": max(revision.cells for revision in large),
            "routine_national_share": max(revision.national for revision in large),
        }
        says = {
            "routine_months": marked(
                "they reached back {most:.0f} months, the month itself included"
            ),
            "routine_cell_share": marked("they changed up to {most:.0%} of the figures"),
            "routine_national_share": marked("they moved the national total by up to {most:.1%}"),
        }
        learned[large_revision.name] = {
            name: Threshold(
                value=min(
                    math.ceil(MARGIN * value)
                    if name == "routine_months"
                    else _upwards(MARGIN * value),
                    common[name].up_to or 0,
                ),
                why=_(
                    "{count} of {deliveries} past deliveries revised earlier months: {how}; half "
                    "above leaves room.",
                    count=revised,
                    deliveries=self.past.deliveries,
                    how=_(says[name], most=value),
                ),
            )
            for name, value in most.items()
        }


def _needs(case: MonthCase) -> Iterator[tuple[Need, float]]:
    """The thresholds that must be raised for a month to pass, and how far."""
    for name, thresholds in case.indicator.thresholds.items():
        free = {key: entry.up_to for key, entry in thresholds.items() if entry.up_to is not None}
        rule = RULES_BY_NAME[name]
        limits = case.indicator.limits(name)
        if not free or rule in (panel_department_missing, large_revision):
            continue  # what these need is learned from the panel, and from the revisions
        if not _holds(rule, case, limits):
            continue
        needed = {**limits, **free}
        if _holds(rule, case, needed):
            yield from (((name, key), math.inf) for key in free)
            continue
        for key, up_to in free.items():  # each as low as it may be, beside those before it
            low, high = limits[key], up_to
            if not _holds(rule, case, {**needed, key: low}):
                needed[key] = low
                continue
            for _step in range(12):
                middle = (low + high) / 2
                if _holds(rule, case, {**needed, key: middle}):
                    low = middle
                else:
                    high = middle
            needed[key] = high
            yield (name, key), high


def _holds(rule: Rule, case: MonthCase, limits: dict[str, float]) -> bool:
    alarm = rule.check(case, limits)
    return alarm is not None and (rule.blocking if alarm.blocking is None else alarm.blocking)


def _upwards(value: float) -> float:
    """Two figures that say something, rounded up."""
    if value <= 0:
        return 0.0
    unit = 10.0 ** (math.floor(math.log10(value)) - 1)
    return float(f"{math.ceil(round(value / unit, 6)) * unit:.6g}")


def _some(months: list[Month]) -> str:
    """The latest three months, and how many others."""
    latest = [f"{month:%Y-%m}" for month in sorted(months)[-3:]]
    if len(months) > 3:
        latest.append(_("{count} others", count=len(months) - 3))
    return ", ".join(latest)
