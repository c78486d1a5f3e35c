"""The map of the départements: quantile classes, and a small map as SVG."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from acv_pipeline.publishing.report.outlines import HEIGHT, WIDTH, outlines
from acv_pipeline.publishing.report.palette import Colour

CLASSES = 5
SMALL = 0.18  # of the page's map; borders on every second pixel keep the file small


@dataclass(frozen=True)
class MapClass:
    """A class of the legend: its colour, from 1 to ``CLASSES``, its figures, how many have them."""

    level: int
    low: float
    high: float
    count: int


def classify(values: Mapping[str, float]) -> tuple[list[MapClass], dict[str, int]]:
    """Quantile classes, and the level of each département.

    Equal figures are always in one class: where a tie reaches over a border the classes merge, so
    there may be fewer than ``CLASSES``; their colours are spread over the whole scale.
    """
    if not values:
        return [], {}
    ordered = sorted(values.values())
    size = len(ordered)
    cuts = {math.ceil(size * part / CLASSES) for part in range(1, CLASSES)} - {size}
    starts = sorted({ordered[0], *(ordered[cut] for cut in cuts)})
    levels = [
        1 + round(place * (CLASSES - 1) / max(len(starts) - 1, 1)) for place in range(len(starts))
    ]
    level_of = {code: levels[bisect_right(starts, v) - 1] for code, v in values.items()}
    classes = []
    for level in levels:
        members = [value for code, value in values.items() if level_of[code] == level]
        classes.append(MapClass(level, min(members), max(members), len(members)))
    return classes, level_of


def plain_map(
    codes: tuple[str, ...],
    classes: Sequence[MapClass],
    level_of: Mapping[str, int],
    written: Callable[[float], str],
    colour: Colour,
) -> str:
    """A small map with its legend as an SVG document of its own; no figure, no colour."""
    width, height = round(WIDTH * SMALL), round(HEIGHT * SMALL)
    drawn = outlines(codes, SMALL)
    by_level = {
        level: "".join(o.path for code, o in drawn.items() if level_of.get(code) == level)
        for level in (None, *sorted(set(level_of.values())))
    }
    paths = "".join(
        f'<path d="{path}" fill="{_fill(level, colour)}"/>' for level, path in by_level.items()
    )
    legend = "".join(
        f'<rect y="{8 * place}" width="9" height="5" fill="{_fill(of.level, colour)}"/>'
        f'<text x="12" y="{8 * place + 5}">{written(of.low)} – {written(of.high)}</text>'
        for place, of in enumerate(reversed(classes))
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}"'
        f' width="{2 * width}" height="{2 * height}">'
        f'<rect width="{width}" height="{height}" fill="{colour("paper")}"/>'
        f'<g stroke="{colour("muted")}" stroke-width=".25">{paths}</g>'
        f'<g font-family="sans-serif" font-size="5.5" fill="{colour("ink")}">{legend}</g></svg>'
    )


def _fill(level: int | None, colour: Colour) -> str:
    return colour(f"class-{level}") if level else colour("paper")
