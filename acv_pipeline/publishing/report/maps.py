"""The map of the départements: quantile classes, and the map as SVG."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from acv_pipeline.publishing.report.outlines import HEIGHT, WIDTH, outlines
from acv_pipeline.publishing.report.palette import Colour

CLASSES = 5
SMALL = 0.18  # of the page's map; borders on every second pixel keep the file small


@dataclass(frozen=True)
class MapClass:
    """A class of the legend.

    Attributes:
        level: 1 (lowest) to ``CLASSES``: its colour.
        low: the lowest figure in it.
        high: the highest figure in it.
        count: how many départements are in it.
    """

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


def symbols(codes: tuple[str, ...]) -> Markup:
    """What the page's drawings share: the outlines, and the pattern of what is held or absent."""
    paths = Markup("").join(
        Markup('<path id="o{}" d="{}"/>').format(code, outline.path)
        for code, outline in outlines(codes).items()
    )
    return Markup(
        '<svg class="symbols" aria-hidden="true"><defs>'
        '<pattern id="hatch" width="6" height="6" patternUnits="userSpaceOnUse"'
        ' patternTransform="rotate(45)"><rect width="6" height="6"/><path d="M0 0V6"/></pattern>'
        "{}</defs></svg>"
    ).format(paths)


def page_map(
    codes: tuple[str, ...], css_class: Mapping[str, str], names: Mapping[str, str]
) -> Markup:
    """The map with a CSS class per département; its colours come from the style sheet."""
    shapes, labels, insets = [], [], []
    # those without a class come last: their dashed borders lie above their neighbours'
    unclassed = ("absent", "outside")
    ordered = sorted(outlines(codes).items(), key=lambda item: css_class[item[0]] in unclassed)
    for code, outline in ordered:
        shapes.append(
            Markup('<use href="#o{0}" class="{1}" data-code="{0}"/>').format(code, css_class[code])
        )
        if outline.name_at:
            insets.append(
                Markup('<text x="{}" y="{}">{}</text>').format(*outline.name_at, names[code])
            )
        if outline.has_room:
            x, y = outline.centre
            labels.append(
                Markup('<text x="{}" y="{}" class="{}">{}</text>').format(
                    x, y + 5, css_class[code], code
                )
            )
    return Markup(
        '<svg class="map" viewBox="0 0 {} {}" aria-hidden="true"><g class="shapes">{}</g>'
        '<g class="codes">{}</g><g class="insets">{}</g></svg>'
    ).format(WIDTH, HEIGHT, *(Markup("").join(part) for part in (shapes, labels, insets)))


def plain_map(
    codes: tuple[str, ...],
    classes: Sequence[MapClass],
    level_of: Mapping[str, int],
    written: Callable[[float], str],
    colour: Colour,
) -> str:
    """A small map with its legend as an SVG document of its own; no figure, no colour.

    Args:
        written: how a figure of the legend is written.
    """
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
