"""What the page says of a département or a month that is pointed at: whole sentences."""

from __future__ import annotations

from collections.abc import Sequence

from acv_pipeline.contract import Month
from acv_pipeline.language import Both
from acv_pipeline.publishing.report.figures import CourseMonth
from acv_pipeline.publishing.report.queries import Total
from acv_pipeline.publishing.report.views import IndicatorView
from acv_pipeline.publishing.report.words import both, listed

_NOTHING = Both("", "")


def of_department(view: IndicatorView, code: str) -> Both:
    """A département on the map."""
    name = view.contract.territories.departments[code]
    row = view.ranked.get(code)
    month = view.figures.ranking_month
    if row:
        rank = both(
            "fact_rank_tied" if row.is_tied else "fact_rank",
            rank=row.rank,
            of=len(view.figures.ranking),
        )
        n = row.cumulative_dwellings
        return both("says_figure", name=name, code=code, n=n, month=month, rate=row.rate, rank=rank)
    if code in view.figures.expected:
        return both("says_absent", name=name, code=code, month=month)
    return both("says_outside", name=name, code=code)


def of_months(view: IndicatorView, line: Sequence[CourseMonth]) -> Both:
    """A line of the national table: one month, or neighbours that all have no total."""
    first, last = line[0], line[-1]
    if first.total and first.total.is_complete:
        total = first.total
        growth = _growth(total)
        return both("says_total", month=first.month, n=total.cumulative_dwellings, growth=growth)
    if first.total:
        return both(
            "says_incomplete",
            month=first.month,
            total=first.total.cumulative_dwellings,
            n=first.total.departments,
            expected=len(view.figures.expected),
        )
    when = (
        both("when_at_end", month=first.month)
        if first is last
        else both("when_between", first=first.month, last=last.month)
    )
    if first.state == "held":
        return both("says_held", when=when, n=len(first.held), sources=view.labels(first.held))
    if first.state == "none":
        return both("says_none", when=when)
    if first.missing:
        return both("says_partial", when=when, missing=view.labels(first.missing))
    return both("says_disjoint", when=when)


def _growth(total: Total) -> Both:
    if total.is_break:
        return both("growth_break")
    if total.increment is None or total.previous_month is None:
        return _NOTHING
    kind = "more" if total.increment > 0 else "fewer" if total.increment < 0 else "same"
    said = both(f"growth_{kind}", gain=abs(total.increment), since=total.previous_month)
    if total.months_elapsed == 1 or not total.increment:
        return said
    pace = round(total.pace or 0)
    if not pace:
        return said
    mean = both("growth_mean", pace=pace)
    return Both(f"{said.fr} {mean.fr}", f"{said.en} {mean.en}")


def of_partners(view: IndicatorView, month: Month, values: Sequence[int | None]) -> Both:
    """The split of a month's total."""
    parts = [
        both("says_part", source=part.label, value=value)
        for part, value in zip(view.parts, values, strict=True)
        if value is not None
    ]
    listing = Both(listed([p.fr for p in parts]).fr, listed([p.en for p in parts]).en)
    return both("says_parts", month=month, parts=listing, n=sum(filter(None, values)))
