"""The charts, as Vega-Lite specifications."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from acv_pipeline.contract import Month
from acv_pipeline.publishing.report.figures import CourseMonth, breaks, neighbours
from acv_pipeline.publishing.report.palette import Colour
from acv_pipeline.publishing.report.plot import (
    Frame,
    Plot,
    Spec,
    by_kind,
    config,
    month_end,
    month_start,
    nominal,
)
from acv_pipeline.publishing.report.queries import DepartmentMonth, PartnerMonth
from acv_pipeline.publishing.report.words import text

FEW_POINTS = 24  # up to so many, every month of the course gets its point
LEAST_LABELLED_SHARE = 0.1  # a thinner part of the last bar has no room for its name
LETTER = 8  # pixels; a name longer than a quarter of the plot would leave the bars it is on
BAR_GAP = 1 / 120  # years


def course(
    months: Sequence[CourseMonth], frame: Frame, colour: Colour, target: float | None = None
) -> Spec:
    """The national total: a line where months are neighbours, dots across gaps, nothing across
    breaks.

    Held months, and months whose total is incomplete, are bands; an announced target is a rule.
    """
    known = [
        (m.month, m.total.cumulative_dwellings) for m in months if m.state == "complete" and m.total
    ]
    points = [{"x": month_end(month), "y": value} for month, value in known]
    top = max([value for _, value in known] + [target or 1])
    plot = _over(months, frame, colour, (0, top * 1.12))
    lines: list[Spec] = []
    run = 0
    for earlier, later, elapsed in neighbours(months):
        kind = "month" if elapsed == 1 else "gap"
        start = {"x": month_end(earlier.month), "y": earlier.cumulative_dwellings}
        if not lines or lines[-1] != {**start, "run": run, "kind": "month"} or kind == "gap":
            run += 1
            lines.append({**start, "run": run, "kind": kind})
        end = {"x": month_end(later.month), "y": later.cumulative_dwellings}
        lines.append({**end, "run": run, "kind": kind})
    runs = {"detail": nominal("run")}
    under = {"color": colour("accent"), "opacity": 0.09}
    plot.marks("area", lines, under, **runs)
    plot.marks(
        "line",
        lines,
        {"color": colour("accent"), "strokeWidth": 2.5, "strokeCap": "round"},
        strokeDash=by_kind({"month": [1, 0], "gap": [1, 7]}),
        **runs,
    )
    if target:
        plot.rule(target, "@target_here", colour("target"))
    dots = {
        "filled": True, "size": 50, "opacity": 1, "color": colour("accent"),
        "stroke": colour("paper"), "strokeWidth": 1.5,
    }  # fmt: skip
    plot.marks("point", points if len(points) <= FEW_POINTS else points[-1:], dots)
    label = {
        "align": "right", "dx": -8, "dy": -12, "fontSize": 17, "fontWeight": "bold",
        "color": colour("accent"),
    }  # fmt: skip
    figure = {"field": "y", "type": "quantitative", "format": ",d"}
    plot.marks("text", points[-1:], label, text=figure)
    return plot.spec()


def increments(months: Sequence[CourseMonth], frame: Frame, colour: Colour) -> Spec:
    """What each month added; over a gap, one wide pale bar at the mean of its months."""
    bars = [
        {
            "x": month_end(total.previous_month) + BAR_GAP,
            "x2": month_end(total.month) - BAR_GAP,
            "y": total.pace,
            "y2": 0,
            "kind": "month" if total.months_elapsed == 1 else "mean",
        }
        for total in (m.total for m in months)
        if total and total.previous_month
    ]
    paces = [m.total.pace for m in months if m.total and m.total.pace is not None]
    plot = _over(months, frame, colour, (min([0, *paces]) * 1.1, max([1, *paces]) * 1.1))
    plot.rects(
        bars,
        {"strokeWidth": 1},
        fill=by_kind({"month": colour("bar"), "mean": colour("bar-mean")}),
        stroke=by_kind({"month": colour("bar"), "mean": colour("bar")}),
    )
    return plot.spec()


def split(
    months: Sequence[CourseMonth],
    parts: Sequence[PartnerMonth],
    partners: Sequence[tuple[str, str, str]],
    frame: Frame,
    colour: Colour,
) -> Spec:
    """The total of each month as a bar made of its partners' parts, the first at the bottom.

    ``partners`` are source, name and colour of each, in order.
    """
    values = {(part.month, part.source): part.cumulative_dwellings for part in parts}
    last = max(part.month for part in parts)
    whole: dict[Month, int] = defaultdict(int)
    bars: list[Spec] = []
    names: list[Spec] = []
    for source, name, _ in partners:
        for month in sorted({part.month for part in parts}):
            value, low = values.get((month, source), 0), whole[month]
            whole[month] += value
            x, x2 = month_start(month), month_end(month)
            bars.append({"x": x, "x2": x2, "y": low, "y2": low + value, "kind": source})
            if month == last:
                names.append({"x": x2, "y": low + value / 2, "text": name, "part": value})
    plot = _over(months, frame, colour, (0, max(whole.values()) * 1.08))
    fills = by_kind({source: colour(fill) for source, _, fill in partners})
    plot.rects(bars, {"strokeWidth": 0.7}, fill=fills, stroke=fills)
    label = {
        "align": "right", "dx": -8, "fontSize": 14, "fontWeight": "bold",
        "color": colour("on-accent"),
    }  # fmt: skip
    roomy = [
        name
        for name in names
        if not breaks(months)  # left of one the bars are other partners'
        and name["part"] >= LEAST_LABELLED_SHARE * whole[last]
        and LETTER * len(name["text"]) <= frame.width / 4
    ]
    plot.marks("text", roomy, label, text=nominal("text"))
    return plot.spec()


def movers(
    rows: Sequence[tuple[str, DepartmentMonth]],
    title: str,
    width: int,
    colour: Colour,
    language: str,
) -> Spec:
    """What départements added, in the order of ``rows``: names and figures.

    A figure of several months says since when, lest it be taken for one month's.
    """
    shared = {
        "y": {"field": "name", "type": "nominal", "sort": None,
              "axis": {"title": None, "domain": False, "ticks": False, "labelPadding": 6}},
        "x": {"field": "y", "type": "quantitative", "axis": None},
    }  # fmt: skip
    values = [
        {
            "name": name,
            "y": row.increment,
            "figure": text(
                "mover" if row.months_elapsed == 1 else "mover_since",
                language,
                gain=row.increment,
                since=row.previous_month,
            ),
        }
        for name, row in rows
    ]
    return {
        "data": {"values": values},
        "title": {"text": title, "anchor": "start", "color": colour("ink"), "fontSize": 13},
        "width": width,
        "height": {"step": 21},
        "encoding": shared,
        "layer": [
            {"mark": {"type": "bar", "color": colour("bar"), "height": {"band": 0.7}}},
            {
                "mark": {"type": "text", "align": "left", "dx": 5, "color": colour("ink")},
                "encoding": {"text": nominal("figure")},
            },
        ],
        "config": config(colour),
    }


def beneath(*charts: Spec) -> Spec:
    """Charts of the same width as one image."""
    whole = ("config", "padding", "autosize")
    parts = [{key: chart[key] for key in chart if key not in whole} for chart in charts]
    return {"vconcat": parts, "spacing": 4, "padding": 8, "config": charts[0]["config"]}


def _over(
    months: Sequence[CourseMonth], frame: Frame, colour: Colour, reach: tuple[float, float]
) -> Plot:
    """A plot of all months, with breaks and those months marked that are held or incomplete."""
    plot = Plot(frame, colour, (months[0].month, months[-1].month), reach)
    for state in ("held", "incomplete"):
        which = [m.month for m in months if m.state == state]
        bands = [{"x": month_start(month), "x2": month_end(month)} for month in which]
        plot.rects(bands, {"color": colour(f"{state}-band"), "opacity": 1})
    plot.breaks([month for month, _ in breaks(months)], "@break_here", colour("muted"))
    return plot
