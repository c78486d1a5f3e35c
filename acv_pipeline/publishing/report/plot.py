"""A plot over months in Vega-Lite: its axes, and the marks that charts are made of.

Time is counted in years since 0 (2020.5 is the end of June 2020), so no time zone matters.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from acv_pipeline.contract import Month
from acv_pipeline.publishing.report.palette import Colour

Spec = dict[str, Any]
Values = Sequence[Mapping[str, Any]]


YEAR_LABEL, MONTH_LABEL = 36, 62  # pixels that a label needs to the right of its tick


@dataclass(frozen=True)
class Frame:
    """The room of a chart in pixels: the plot, and what surrounds it."""

    width: int
    height: int
    left: int = 56
    right: int = 8
    top: int = 14
    bottom: int = 24


def month_start(month: Month) -> float:
    """The beginning of a month on the axis of time."""
    return (month.year * 12 + month.month - 1) / 12


def month_end(month: Month) -> float:
    """The end of a month on the axis of time: where its cumulative figure stands."""
    return (month.year * 12 + month.month) / 12


@dataclass
class Plot:
    """Layers over common axes: years below, figures to the left, both from a first to a last."""

    frame: Frame
    colour: Colour
    months: tuple[Month, Month]
    reach: tuple[float, float]
    layers: list[Spec] = field(default_factory=list)

    def rects(self, values: Values, mark: Spec, **channels: Spec) -> None:
        """Rectangles from x to x2 and from y to y2 (both 0 and the full height by default)."""
        full = {"y": {"value": 0}, "y2": {"value": self.frame.height}}
        y = {"y": self._y(), "y2": {"field": "y2"}} if values and "y" in values[0] else full
        encoding = {"x": self._x(), "x2": {"field": "x2"}, **y, **channels}
        self._add({"type": "rect", **mark}, encoding, values)

    def marks(self, kind: str, values: Values, mark: Spec, **channels: Spec) -> None:
        """Lines, areas (over one another), points or texts at x and y."""
        y = {**self._y(), "stack": None}
        self._add({"type": kind, **mark}, {"x": self._x(), "y": y, **channels}, values)

    def rule(self, y: float, text: str, colour: str) -> None:
        """A dashed level over the whole width, with its name at the left end."""
        at = [{"x": month_start(self.months[0]), "y": y, "text": text}]
        self._add({"type": "rule", "color": colour, "strokeDash": [6, 4]}, {"y": self._y()}, at)
        style = {"align": "left", "dx": 4, "dy": -8, "fontSize": 13, "color": colour}
        self.marks("text", at, style, text=nominal("text"))

    def breaks(self, months: Sequence[Month], text: str, colour: str) -> None:
        """A dotted line over the whole height in the middle of each month, named above it."""
        at = [{"x": (month_start(month) + month_end(month)) / 2, "text": text} for month in months]
        style = {"align": "right", "baseline": "bottom", "fontSize": 12, "color": colour}
        self._add({"type": "rule", "color": colour, "strokeDash": [2, 3]}, {"x": self._x()}, at)
        encoding = {"x": self._x(), "y": {"value": 0}, "text": nominal("text")}
        self._add({"type": "text", **style}, encoding, at)

    def spec(self) -> Spec:
        """The whole, as Vega-Lite wants it."""
        frame = self.frame
        return {
            "width": frame.width,
            "height": frame.height,
            "layer": self.layers,
            "autosize": {"type": "none"},
            "padding": {side: getattr(frame, side) for side in ("left", "right", "top", "bottom")},
            "config": config(self.colour),
        }

    def _add(self, mark: Spec, encoding: Spec, values: Values) -> None:
        if values:
            self.layers.append({"data": {"values": values}, "mark": mark, "encoding": encoding})

    def _x(self) -> Spec:
        start, end = month_start(self.months[0]), month_end(self.months[1])
        axis = {
            "title": None, **self._dates(start, end),
            "grid": False, "tickSize": 6, "labelAlign": "left", "labelOffset": 4,
            "labelPadding": -2, "labelBound": False, "labelOverlap": False, "labelFlush": False,
        }  # fmt: skip
        scale = {"domain": [start, end], "nice": False, "zero": False}
        return {"field": "x", "type": "quantitative", "scale": scale, "axis": axis}

    def _dates(self, start: float, end: float) -> Spec:
        """Years where there are two at least, else some months: ``04/2020`` in any language."""
        room = self.frame.width / (end - start)  # pixels a year
        if end - start >= 2:
            return {
                "format": "d",
                "values": list(range(math.ceil(start), math.ceil(end - YEAR_LABEL / room))),
            }
        step = next(step for step in (1, 3, 6, 12) if room * step / 12 >= MONTH_LABEL or step == 12)
        last = math.floor((end - MONTH_LABEL / room) * 12)
        months = [month / 12 for month in range(round(start * 12), last + 1) if month % step == 0]
        number = "round(datum.value * 12)"
        label = f"format({number} % 12 + 1, '02') + '/' + floor({number} / 12)"
        return {"values": months, "labelExpr": label}

    def _y(self) -> Spec:
        axis = {
            "title": None, "format": ",d", "tickCount": 4 if self.frame.height > 160 else 3,
            "domain": False, "ticks": False, "labelPadding": 8,
        }  # fmt: skip
        scale = {"domain": list(self.reach), "nice": False, "zero": False}
        return {"field": "y", "type": "quantitative", "scale": scale, "axis": axis}


def nominal(name: str) -> Spec:
    """A channel that takes its texts or kinds from a field."""
    return {"field": name, "type": "nominal"}


def by_kind(looks: Mapping[str, Any]) -> Spec:
    """A channel that looks up the field ``kind``."""
    scale = {"domain": list(looks), "range": list(looks.values())}
    return {"field": "kind", "type": "nominal", "scale": scale, "legend": None}


def config(colour: Colour) -> Spec:
    """What all charts have in common."""
    return {
        "aria": False,
        "background": None,
        "font": "inherit",
        "view": {"stroke": None},
        "axis": {
            "labelColor": colour("muted"), "labelFontSize": 13, "gridColor": colour("line"),
            "domainColor": colour("muted"), "tickColor": colour("muted"),
        },
    }  # fmt: skip
