"""Rules on figures seen elsewhere before: stale copies, the sister indicator, another partner."""

from __future__ import annotations

import numpy as np

from acv_pipeline.contract import Month
from acv_pipeline.gate.case import MonthCase
from acv_pipeline.gate.rule import Alarm, Limits, moved, rule, table
from acv_pipeline.gate.trajectory import Figures, has_figures, unchanged_share
from acv_pipeline.language import Both, both, marked


def _usual_unchanged(case: MonthCase, limits: Limits) -> float | None:
    """The share of unchanged départements, always or of late; None while too few are known."""
    trajectory, enough = case.trajectory, int(limits["min_earlier_paces"])
    if trajectory is None or len(trajectory.unchanged_shares) < enough:
        return None
    shares = trajectory.unchanged_shares
    return float(max(np.median(shares), np.median(shares[-enough:])))


@rule(
    blocking=True,
    title=marked("Most départements have not moved"),
    what_to_do=marked(
        "Ask {contact} whether the file was made before the month was closed. A month without "
        "activity (January, before the new budget opens) is released by a sign-off."
    ),
    rationale=(
        "Every month brings dossiers in most départements: 0 to 31 % stood still in good months, "
        "48 % in the quietest. A series that usually stands still (published monthly, updated "
        "quarterly) is compared with its own habit and not held."
    ),
)
def most_departments_unchanged(case: MonthCase, limits: Limits) -> Alarm | None:
    """Share of the départements above zero with their previous figure, against the usual share."""
    trajectory, usual = case.trajectory, _usual_unchanged(case, limits)
    if trajectory is None or usual is None:
        return None
    share = unchanged_share(trajectory.previous, case.figures)
    if share <= limits["max_share"] or share <= limits["min_ratio_to_usual"] * usual:
        return None
    still = (trajectory.previous > 0) & (case.figures == trajectory.previous)
    return Alarm(
        summary=both(
            "{share:.0%} of the départements have their figure of {month:%Y-%m}; usually "
            "{usual:.0%} do",
            share=share,
            month=trajectory.previous_month,
            usual=usual,
        ),
        evidence=moved(case, still, case.figures, increment=trajectory.increments),
        probable_cause=both("a file made before the month was closed, or only partly updated"),
    )


@rule(
    blocking=True,
    title=marked("The figures are those of another month"),
    what_to_do=marked(
        "Ask {contact} for the file of this month; the one received repeats an earlier delivery "
        "under a new name."
    ),
    rationale=(
        "The same figures in nearly a hundred départements are no coincidence, unless the series "
        "stood as still before. With too short a history to know whether it ever does, this only "
        "warns."
    ),
)
def figures_repeat_earlier_month(case: MonthCase, limits: Limits) -> Alarm | None:
    """Figures equal those of another accepted month in nearly all départements above zero."""
    if not has_figures(case.figures):
        return None
    others = [(m, case.panel(f)) for m, f in [*reversed(case.history), *case.later]]
    shares = [(unchanged_share(f, case.figures), m, f) for m, f in others if has_figures(f)]
    repeated = [entry for entry in shares if entry[0] >= limits["min_share"]]
    if not repeated:
        return None
    share, month, figures = max(repeated, key=lambda entry: entry[0])
    usual, trajectory = _usual_unchanged(case, limits), case.trajectory
    if usual is not None and trajectory is not None:
        quietest = 1 - float(trajectory.unchanged_shares.max())
        if (
            1 - usual < limits["min_usual_moving"]
            or 1 - share >= limits["max_share_of_quietest"] * quietest
        ):
            return None
    same = (figures > 0) & (figures == case.figures)
    return Alarm(
        summary=both(
            "{count} of {known} départements have exactly their figure of {month:%Y-%m}",
            count=int(same.sum()),
            known=int((figures > 0).sum()),
            month=month,
        ),
        evidence=table(case.codes, same, case.figures, previous=figures, delivered=case.figures),
        probable_cause=both(
            "figures equal those of {month:%Y-%m}: a stale file under a new name", month=month
        ),
        blocking=usual is not None,
    )


@rule(
    blocking=True,
    title=marked("The increments are those of the sister indicator"),
    what_to_do=marked(
        "Ask {contact} for the export of this indicator alone; dwellings of the sister programme "
        "were delivered under its name or added to it."
    ),
    rationale=(
        "Two programmes never grow by the same numbers in many départements. Increments below five "
        "are left out, since small numbers agree by chance; windows of any length are tried, since "
        "the two series need not be of the same age."
    ),
)
def increments_equal_sister(case: MonthCase, limits: Limits) -> Alarm | None:
    """Increments, or the figures themselves, equal to the sister's over any pair of its months."""
    if not case.sister:
        return None
    months = sorted(case.sister)
    levels = np.array([case.panel(case.sister[month]) for month in months])
    starts, ends = np.triu_indices(len(months), k=1)
    # The increments against every window of the sister, and the figures against its levels.
    compared = [(case.figures, levels)]
    if case.trajectory is not None:
        compared.insert(0, (case.trajectory.increments, levels[ends] - levels[starts]))
    best_share, best = 0.0, None
    for ours, theirs in compared:
        large = ours >= limits["min_increment"]
        counts = ((theirs == ours) & large).sum(axis=1)
        if not len(counts) or counts.max() < limits["min_departments"]:
            continue
        share = float(counts.max() / large.sum())
        if share > max(limits["max_share"], best_share):
            best_share, best = share, (ours, theirs, int(counts.argmax()))
    if best is None:
        return None
    ours, theirs, at = best
    equal = (ours == theirs[at]) & (ours != 0)
    known = {
        "name": case.sister_label or case.indicator.sister,
        "count": int(equal.sum()),
        "known": int((~np.isnan(ours)).sum()),
    }
    if theirs is levels:
        cause = both(
            "figures equal those of {name} in {month:%Y-%m} in {count} of {known} départements",
            month=months[at],
            **known,
        )
    else:
        cause = both(
            "increments equal those of {name} from {start:%Y-%m} to {end:%Y-%m} in {count} of "
            "{known} départements",
            start=months[starts[at]],
            end=months[ends[at]],
            **known,
        )
    trajectory = case.trajectory
    nothing = np.full(len(case.codes), np.nan)
    return Alarm(
        summary=both(
            "{share:.0%} of the larger increments equal the sister indicator's", share=best_share
        ),
        evidence=moved(
            case,
            equal,
            np.nan_to_num(case.figures if trajectory is None else trajectory.increments),
            increment=nothing if trajectory is None else trajectory.increments,
        ),
        probable_cause=cause,
    )


def _latest(figures: dict[Month, Figures], month: Month) -> Figures | None:
    known = [m for m in figures if m <= month]
    return figures[max(known)] if known else None


@rule(
    blocking=True,
    title=marked("A partner's figures are counted twice"),
    what_to_do=marked(
        "Ask {contact} for its own dwellings only: the file contains those of the other partner, "
        "which are added again downstream."
    ),
    rationale=(
        "Each partner counts its own dwellings and the indicator adds them up. A file with both, "
        "or the other partner's file under this name, counts them twice; it shows as a surplus "
        "equal to the other partner's own figure, département by département."
    ),
)
def partners_counted_twice(case: MonthCase, limits: Limits) -> Alarm | None:
    """Surplus over the expected figure equal to another partner's figure, in most départements."""
    others = {
        name: case.panel(figures)
        for name, by_month in case.partners.items()
        if name != case.source.id and (figures := _latest(by_month, case.month)) is not None
    }
    for name, other in others.items():
        for base, slack, exceeds, cause in _bases(case, name, limits):
            surplus = case.figures - base
            judged = (other > np.maximum(slack, limits["min_dwellings"])) & ~np.isnan(surplus)
            fits = judged & (surplus >= other - 0.5) & (surplus <= other + slack + 0.5)
            if judged.sum() < limits["min_departments"]:
                continue
            if fits.sum() > limits["min_share"] * judged.sum():
                return Alarm(
                    summary=both(
                        exceeds,
                        count=int(fits.sum()),
                        judged=int(judged.sum()),
                        partner=name,
                    ),
                    evidence=table(
                        case.codes,
                        fits,
                        surplus,
                        delivered=case.figures,
                        expected_low=base,
                        expected_high=base + slack,
                        other_partner=other,
                    ),
                    probable_cause=cause,
                )
    return None


EXCEEDS_PARTNERS = marked(
    "in {count} of {judged} départements the figure exceeds the sum of the partners by the figure "
    "of {partner}"
)
EXCEEDS_ZERO = marked(
    "in {count} of {judged} départements the figure exceeds zero by the figure of {partner}"
)
EXCEEDS_IN_FORCE = marked(
    "in {count} of {judged} départements the figure exceeds the figure in force by the figure of "
    "{partner}"
)
EXCEEDS_PREVIOUS = marked(
    "in {count} of {judged} départements the figure exceeds the previous figure by the figure of "
    "{partner}"
)


def _bases(case: MonthCase, other: str, limits: Limits) -> list[tuple[Figures, Figures, str, Both]]:
    """What the figures should be without ``other``: base, what it may grow by, and the wording."""
    nothing = np.zeros(len(case.codes))
    twice = both(
        "equals the sum of the expected figure and that of {partner}: counted twice", partner=other
    )
    if case.source.role == "reference":
        parts = [by_month.get(case.month) for by_month in case.partners.values()]
        if not parts or any(part is None for part in parts):
            return []
        total = np.sum([case.panel(part) for part in parts if part is not None], axis=0)
        return [(total, nothing, EXCEEDS_PARTNERS, twice)]
    renamed = both(
        "the file of {partner} under the name of {source}", partner=other, source=case.source.id
    )
    bases = [(nothing, nothing, EXCEEDS_ZERO, renamed)]
    if case.in_force is not None:
        bases.append((case.panel(case.in_force), nothing, EXCEEDS_IN_FORCE, twice))
    trajectory = case.trajectory
    if trajectory is not None and len(trajectory.paces) >= limits["min_earlier_paces"]:
        slack = limits["max_ratio_to_fastest"] * trajectory.fastest_paces * trajectory.months
        bases.append((trajectory.previous, slack, EXCEEDS_PREVIOUS, twice))
    return bases
