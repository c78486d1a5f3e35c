"""What the report shows of one indicator: which series, which months, which figures."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby, pairwise

import duckdb

from acv_pipeline.contract import Contract, Indicator, Month, Source
from acv_pipeline.contract.months import elapsed, month_range
from acv_pipeline.contract.synthetic import FILE_MARK
from acv_pipeline.language import Both, of_record
from acv_pipeline.models.headline import headline_series
from acv_pipeline.operations.explain import Figure, FigureKey, explain, series_of, sources_of
from acv_pipeline.publishing.report.queries import (
    DepartmentMonth,
    PartnerMonth,
    Region,
    Row,
    Total,
    fetch,
)


@dataclass(frozen=True)
class CourseMonth:
    """A month of the national course, with or without a figure.

    Of the sources that count in this month, ``held`` are those whose delivery of it is held,
    ``delivered`` those in force, ``missing`` the others.
    """

    month: Month
    total: Total | None
    held: tuple[str, ...]
    delivered: tuple[str, ...]
    missing: tuple[str, ...]

    @property
    def state(self) -> str:
        """``complete``, ``incomplete``, ``held`` (no figure), ``partial`` (a source is missing)
        or ``none``."""
        if self.total:
            return "complete" if self.total.is_complete else "incomplete"
        if self.held:
            return "held"
        return "partial" if self.delivered else "none"


@dataclass(frozen=True)
class IndicatorFigures:
    """Everything the report shows of one indicator.

    Attributes:
        series: whose figures: the total of the partners, else the published ones, else a partner's.
        sources: who sends them.
        course: every month from the first figure to the last one known of, in order.
        departments: every month of every département of the series, in order of month and rank.
        regions: the sums of that ranking's month by region, those with a rank first.
        absent: the expected départements without a figure in the last month, each explained.
        partners: the complete totals split by partner; empty when the series is no total.
        provenance: the files behind the figures in force.
    """

    indicator: Indicator
    series: str
    sources: list[Source]
    expected: list[str]
    course: list[CourseMonth]
    departments: list[DepartmentMonth]
    regions: list[Region]
    absent: list[Figure]
    holds: list[Row]
    revisions: list[Row]
    published_revisions: list[Row]
    corrections: list[Row]
    partners: list[PartnerMonth]
    compared: list[Row]
    differences: list[Row]
    provenance: Row

    @cached_property
    def totals(self) -> list[Total]:
        """The months with figures, in order."""
        return [month.total for month in self.course if month.total]

    @cached_property
    def headline(self) -> Total | None:
        """The last complete national total."""
        return next((total for total in reversed(self.totals) if total.is_complete), None)

    @cached_property
    def comparable(self) -> list[Total]:
        """The complete totals up to the headline that count the same, in order."""
        return [
            total
            for total in self.totals
            if self.headline
            and total.is_complete
            and total.comparable_since == self.headline.comparable_since
        ]

    @cached_property
    def ranking_month(self) -> Month:
        """The last month with figures: the date of map and ranking."""
        return self.totals[-1].month

    @cached_property
    def ranking(self) -> list[DepartmentMonth]:
        """The départements of ``ranking_month``, in order of rank."""
        return [row for row in self.departments if row.month == self.ranking_month]

    @cached_property
    def ranked_since(self) -> Month | None:
        """The month that most départements' increments and rank changes count from."""
        since = [row.previous_month for row in self.ranking if row.previous_month]
        return max(set(since), key=lambda month: (since.count(month), month), default=None)

    @cached_property
    def by_department(self) -> dict[str, list[DepartmentMonth]]:
        """Every month of a département, in order."""
        found: dict[str, list[DepartmentMonth]] = defaultdict(list)
        for row in self.departments:
            found[row.department_code].append(row)
        return found

    @cached_property
    def later(self) -> list[CourseMonth]:
        """Months after the headline: known of, and without a complete total."""
        after = self.headline.month if self.headline else None
        return [m for m in self.course if after is None or m.month > after]

    def lines(self) -> list[list[CourseMonth]]:
        """The national table, the latest first: months with a total each, others put together."""
        return [
            list(months)[::-1]
            for _, months in groupby(
                reversed(self.course),
                lambda m: (m.state, m.held, m.delivered, m.missing, m.total and m.month),
            )
        ]

    def revision_groups(self) -> list[list[Row]]:
        """Revisions of one day, source, month and kind, the latest first."""
        return [
            list(cells)
            for _, cells in groupby(
                self.revisions, lambda r: (r.revised_on, r.source, r.month, r.kind)
            )
        ]


def summaries(hold: Row) -> list[Both]:
    """What each blocking rule found, in its own words.

    Nothing unless the delivery was signed off: findings tell of figures, and others are not in
    force.
    """
    if hold.status != "signed_off":
        return []
    found = [finding for finding in json.loads(hold.evidence) if finding["blocking"]]
    return [of_record(finding, "summary") for finding in found]


def neighbours(course: Sequence[CourseMonth]) -> list[tuple[Total, Total, int]]:
    """Each complete total with the next, where the two compare, and the months between them."""
    known = [month.total for month in course if month.total and month.total.is_complete]
    return [
        (earlier, later, elapsed(earlier.month, later.month))
        for earlier, later in pairwise(known)
        if earlier.comparable_since == later.comparable_since
    ]


def breaks(course: Sequence[CourseMonth]) -> list[tuple[Month, Month]]:
    """The months since which something else is counted, each with the one that held before."""
    known = {m.total.comparable_since or Month.min for m in course if m.total}
    return [(later, earlier) for earlier, later in pairwise(sorted(known))]


def figures(connection: duckdb.DuckDBPyConnection, contract: Contract) -> list[IndicatorFigures]:
    """What to show of every indicator that has figures, in the contract's order."""
    series = shown_series(connection, contract)
    return [
        _of_indicator(connection, contract, contract.indicators[indicator_id], name)
        for indicator_id, name in series.items()
    ]


def shown_series(connection: duckdb.DuckDBPyConnection, contract: Contract) -> dict[str, str]:
    """The series to show, of every indicator that has figures, in the contract's order.

    The headline series; where there is none yet, a partner's own stands in.
    """
    headline = headline_series(connection, contract)
    known = fetch(connection, "series", Row)
    shown = {}
    for indicator_id in contract.indicators:
        have = {row.series for row in known if row.indicator_id == indicator_id}
        if have:
            stand_ins = (s for s in series_of(contract, indicator_id) if s in have)
            shown[indicator_id] = headline.get(indicator_id) or next(stand_ins)
    return shown


def national_course(
    connection: duckdb.DuckDBPyConnection, contract: Contract, indicator_id: str, series: str
) -> list[CourseMonth]:
    """Every month from the series' first figure to the last one known of, in order."""
    of = {"indicator": indicator_id}
    totals = {t.month: t for t in fetch(connection, "totals", Total, **of, series=series)}
    holds = fetch(connection, "holds", Row, **of)
    held = {(hold.month, hold.source) for hold in holds if hold.status == "held"}
    delivered = {(row.month, row.source) for row in fetch(connection, "in_force", Row, **of)}
    course = []
    for month in month_range(min(totals), max(month for month, _ in held | delivered)):
        counted = [source.id for source in sources_of(contract, indicator_id, series, month)]
        course.append(
            CourseMonth(
                month,
                totals.get(month),
                tuple(source for source in counted if (month, source) in held),
                tuple(source for source in counted if (month, source) in delivered),
                tuple(source for source in counted if (month, source) not in delivered),
            )
        )
    while course[-1].state == "none":  # what is known of it is other series'
        course.pop()
    return course


def _of_indicator(
    connection: duckdb.DuckDBPyConnection, contract: Contract, indicator: Indicator, series: str
) -> IndicatorFigures:
    sources = sources_of(contract, indicator.id, series)
    names = [source.id for source in sources]
    of = {"indicator": indicator.id}
    rows = fetch(connection, "departments", DepartmentMonth, **of, series=series, month=None)
    expected = contract.panel(indicator.id)
    last = rows[-1].month
    ranked = {row.department_code for row in rows if row.month == last}
    (provenance,) = fetch(connection, "provenance", Row, **of, sources=names, mark=FILE_MARK)
    course = national_course(connection, contract, indicator.id, series)
    complete = {month.month for month in course if month.state == "complete"}
    parts = fetch(connection, "partners", PartnerMonth, **of) if series == "total" else []
    return IndicatorFigures(
        indicator=indicator,
        series=series,
        sources=sources,
        expected=expected,
        course=course,
        departments=rows,
        regions=fetch(connection, "regions", Region, **of, series=series, month=last),
        absent=[
            explain(connection, contract, FigureKey(code, indicator, last, series))
            for code in expected
            if code not in ranked
        ],
        holds=[row for row in fetch(connection, "holds", Row, **of) if row.source in names],
        revisions=[row for row in fetch(connection, "revisions", Row, **of) if row.source in names],
        published_revisions=fetch(connection, "published_revisions", Row, **of),
        corrections=fetch(connection, "corrections", Row, **of),
        partners=[part for part in parts if part.month in complete],
        compared=fetch(connection, "reconciliation", Row, **of),
        differences=fetch(connection, "reconciliation_national", Row, **of),
        provenance=provenance,
    )
