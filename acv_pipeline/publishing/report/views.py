"""An indicator as the page shows it: its figures, with charts, map and words around them."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import cycle

from markupsafe import Markup

from acv_pipeline.contract import Contract, Month
from acv_pipeline.contract.months import elapsed, shift
from acv_pipeline.language import Both
from acv_pipeline.operations.explain import sources_of
from acv_pipeline.publishing.report import charts
from acv_pipeline.publishing.report.drawing import inline
from acv_pipeline.publishing.report.figures import IndicatorFigures, breaks
from acv_pipeline.publishing.report.maps import MapClass, classify
from acv_pipeline.publishing.report.outlines import Outline, outlines
from acv_pipeline.publishing.report.palette import PARTNERS, variable
from acv_pipeline.publishing.report.plot import Frame, Spec
from acv_pipeline.publishing.report.queries import DepartmentMonth, Region, Total
from acv_pipeline.publishing.report.sparklines import sparkline
from acv_pipeline.publishing.report.words import both, contract_words, listed

# One for screens and paper, one for telephones: letters keep a readable size in both.
WIDE, NARROW = Frame(790, 250), Frame(340, 210, right=4)
WIDE_LOW, NARROW_LOW = Frame(790, 120), Frame(340, 110, right=4)
CELLS_NAMED = 6  # revised départements named in the common table; the others are in their sections


@dataclass(frozen=True)
class Part:
    """A partner's part of the total of the last month."""

    source: str
    label: str
    colour: str
    value: int
    share: float


@dataclass(frozen=True)
class RegionLine:
    """A region of the ranking's month.

    Attributes:
        total: its sum; None while none of its départements has a figure.
        departments: how many of those ``expected`` there have a figure.
        population: of all its départements that have a figure.
    """

    code: str
    total: Region | None
    departments: int
    expected: int
    population: int

    @property
    def rate(self) -> float | None:
        """Dwellings per 10,000 people who live in the départements with a figure."""
        return 10_000 * self.total.cumulative_dwellings / self.population if self.total else None


@dataclass(frozen=True)
class IndicatorView:
    """One indicator on the page."""

    figures: IndicatorFigures
    contract: Contract

    @property
    def slug(self) -> str:
        """What anchors begin with."""
        return "".join(c for c in self.figures.indicator.short_name.lower() if c.isalnum())

    @property
    def is_one_partner(self) -> bool:
        """Whether the figures are a partner's own, for want of the indicator's."""
        return self.figures.series not in ("total", "published")

    @cached_property
    def whose(self) -> Both:
        """Whose figures these are."""
        shown = self.figures
        counted = sources_of(self.contract, shown.indicator.id, shown.series, shown.ranking_month)
        names = listed([source.label for source in counted])
        if self.is_one_partner:
            return both("series_partner", sources=names)
        if shown.series == "published":
            return both("series_published", sources=names)
        return both("series_total" if len(counted) > 1 else "series_single", sources=names)

    @property
    def cited(self) -> list[str]:
        """The sources that count in the ranking's month."""
        shown = self.figures
        counted = sources_of(self.contract, shown.indicator.id, shown.series, shown.ranking_month)
        return [source.id for source in counted]

    @property
    def regions_since(self) -> Month | None:
        """The month that most regions' increments count from."""
        since = Counter(row.previous_month for row in self.figures.regions if row.previous_month)
        return max(since, key=lambda month: (since[month], month), default=None)

    def labels(self, sources: Sequence[str]) -> Both:
        """Sources by their names."""
        return listed([self.contract.source(source).label for source in sources])

    @property
    def breaks(self) -> list[tuple[Month, Both, list[Both]]]:
        """The months since which something else is counted: who joined, and what else changed."""
        of_total = self.figures.series == "total"
        since = self.contract.components(self.figures.indicator.id) if of_total else {}
        return [
            (
                month,
                self.labels([s for s, first in since.items() if before < first <= month]),
                [
                    contract_words(entry.words)
                    for entry in self.figures.indicator.breaks
                    if before < entry.month <= month
                ],
            )
            for month, before in breaks(self.figures.course)
        ]

    @property
    def a_year_before(self) -> Total | None:
        """The complete total twelve months before the headline, where the two compare."""
        comparable = self.figures.comparable
        before = shift(comparable[-1].month, -12) if comparable else None
        return next((total for total in comparable if total.month == before), None)

    @property
    def fastest(self) -> Total | None:
        """The complete total with the highest pace, where one alone has it and others have less."""
        grown = [total for total in self.figures.comparable if total.pace is not None]
        grown.sort(key=lambda total: total.pace or 0)
        if len(grown) < 2 or (grown[-1].pace or 0) <= max(grown[-2].pace or 0, 0):
            return None
        return grown[-1]

    @property
    def gap_count(self) -> int:
        """Months between the first total that compares and the headline without a complete one."""
        comparable = self.figures.comparable
        if not comparable:
            return 0
        return elapsed(comparable[0].month, comparable[-1].month) + 1 - len(comparable)

    @property
    def leader(self) -> DepartmentMonth | None:
        """The département with most dwellings, where all are known and one alone has them."""
        first = self.figures.ranking[0]
        is_known = self.figures.totals[-1].is_complete
        return first if is_known and first.cumulative_dwellings and not first.is_tied else None

    @property
    def outside(self) -> list[str]:
        """Départements outside the perimeter, and without a figure in the ranking's month."""
        excluded = self.figures.indicator.panel_excludes
        return [code for code in excluded if code not in self.ranked]

    @cached_property
    def course_chart(self) -> Markup:
        """The national total."""
        target = self.figures.indicator.target
        value = target.value if target else None
        return self._drawn(
            WIDE, NARROW, lambda frame: charts.course(self.figures.course, frame, variable, value)
        )

    @cached_property
    def increments_chart(self) -> Markup:
        """What each month added."""
        return self._drawn(
            WIDE_LOW,
            NARROW_LOW,
            lambda frame: charts.increments(self.figures.course, frame, variable),
        )

    @cached_property
    def partners_chart(self) -> Markup:
        """The total of each month, by partner."""
        known = [(part.source, part.label, part.colour) for part in self.parts]
        return self._drawn(
            WIDE,
            NARROW,
            lambda frame: charts.split(
                self.figures.course, self.figures.partners, known, frame, variable
            ),
        )

    def _drawn(self, wide: Frame, narrow: Frame, spec: Callable[[Frame], Spec]) -> Markup:
        """A chart in its two widths, and where months lie in them."""
        course = self.figures.course
        return Markup("").join(
            inline(
                spec(frame),
                css_class,
                first=f"{course[0].month:%Y-%m}",
                count=len(course),
                left=frame.left,
                width=frame.width,
            )
            for frame, css_class in ((wide, "wide"), (narrow, "narrow"))
        )

    @cached_property
    def parts(self) -> list[Part]:
        """The partners' parts of the last total, in the contract's order."""
        rows = self.figures.partners
        last = max((row.month for row in rows), default=None)
        values = {row.source: row.cumulative_dwellings for row in rows if row.month == last}
        whole = sum(values.values()) or 1
        return [
            Part(source.id, source.label, colour, values[source.id], values[source.id] / whole)
            for source, colour in zip(self.figures.sources, cycle(PARTNERS), strict=False)
            if source.id in values
        ]

    @cached_property
    def partner_rows(self) -> list[tuple[Month, list[int | None]]]:
        """The split of every month, the latest first; None where a partner doesn't count yet."""
        values = {(r.month, r.source): r.cumulative_dwellings for r in self.figures.partners}
        months = sorted({row.month for row in self.figures.partners}, reverse=True)
        return [(m, [values.get((m, part.source)) for part in self.parts]) for m in months]

    @cached_property
    def measures(self) -> dict[str, tuple[list[MapClass], dict[str, int]]]:
        """What the map can show: the rate (as the ranking writes it) and the number."""
        ranking = self.figures.ranking
        return {
            "rate": classify({row.department_code: round(row.rate, 1) for row in ranking}),
            "count": classify({row.department_code: row.cumulative_dwellings for row in ranking}),
        }

    @cached_property
    def shapes(self) -> list[tuple[str, str, Outline]]:
        """Code, CSS class and outline of the départements on the map of the ranking's month.

        Those without a figure come last: their dashed borders lie above their neighbours'.
        """
        rates, counts = self.measures["rate"][1], self.measures["count"][1]
        absent = {figure.department_code for figure in self.figures.absent}
        drawn = outlines(tuple(self.contract.territories.departments)).items()
        return [
            *((c, f"r{rates[c]} c{counts[c]}", outline) for c, outline in drawn if c in rates),
            *(
                (code, "absent" if code in absent else "outside", outline)
                for code, outline in drawn
                if code not in rates
            ),
        ]

    @cached_property
    def regions(self) -> list[RegionLine]:
        """The regions that have a figure in the ranking's month, or of which one is expected."""
        known = {row.region_code: row for row in self.figures.regions}
        places = self.contract.territories
        expected = Counter(places.region_of[code] for code in self.figures.expected)
        counted: dict[str, list[str]] = defaultdict(list)
        for code in self.ranked:
            counted[places.region_of[code]].append(code)
        return [
            RegionLine(
                code,
                known.get(code),
                len(set(counted[code]) & set(self.figures.expected)),
                expected[code],
                sum(places.population[department] for department in counted[code]),
            )
            for code in [*known, *(code for code in expected if code not in known)]
        ]

    @cached_property
    def ranked(self) -> dict[str, DepartmentMonth]:
        """The ranking's rows by département."""
        return {row.department_code: row for row in self.figures.ranking}

    def spark(self, code: str) -> Markup:
        """The small chart of a département."""
        course = self.figures.course
        return sparkline(self.figures.by_department[code], course[0].month, course[-1].month)

    def named(self, codes: Sequence[str]) -> Both:
        """Départements by name and code; ``nobody`` for none."""
        names = self.contract.territories.departments
        return listed([f"{names[code]} ({code})" for code in codes]) if codes else both("nobody")
