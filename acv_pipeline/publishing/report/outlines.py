"""The outlines of the départements, from the package ``pygal_maps_fr``, drawn for a small map."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from xml.etree import ElementTree

PACKAGE, DRAWING = "pygal_maps_fr", "fr.departments.svg"
MAINLAND, OVERSEAS = "departements", "dom-com"  # groups of the drawing

WIDTH = 1000
MAINLAND_BOX = (60.0, 0.0, 940.0, 880.0)  # left, top, right, bottom
INSET_TOP, INSET_HEIGHT, INSET_GAP = 925.0, 120.0, 40.0
HEIGHT, NAME_ROOM = 1090, 12
LEAST_ISLAND = 12.0  # square units; smaller parts of a département would be specks

INNER_SUBURBS = ("75", "92", "93", "94")  # too small to be seen or pointed at on the map
CLOSE_UP_BOX = (22.0, 50.0, 212.0, 196.0)  # where the map has the sea

LINE = 3  # units between the lines on which room for a code is looked for
LEAST_LINES = 2  # above and below the code's middle: a code is 12 units high
CODE_SHAPE = 1.75  # a code with its margin is so much wider than high

Ring = list[tuple[float, float]]
GridRing = list[tuple[int, int]]
Spans = list[tuple[float, float]]

_SVG = "{http://www.w3.org/2000/svg}"
_TOKEN = re.compile(r"[a-zA-Z]|-?(?:\d+\.?\d*|\.\d+)(?:e-?\d+)?")
_CODE = re.compile(r"\bz(\w+)\b")


@dataclass(frozen=True)
class Outline:
    """A département on the map.

    Attributes:
        path: SVG path data, whole numbers in a box of ``WIDTH`` by ``HEIGHT``.
        centre: the middle of the largest room for its code, else of its largest part.
        has_room: its code can be written in it without touching a border.
        name_at: where the name of an overseas département goes, below it.
    """

    path: str
    centre: tuple[int, int]
    has_room: bool
    name_at: tuple[int, int] | None = None


@cache
def outlines(codes: tuple[str, ...], scale: float = 1) -> dict[str, Outline]:
    """The outlines of those of ``codes`` that are drawn; a smaller ``scale`` has fewer details."""
    drawing = ElementTree.fromstring((files(PACKAGE) / DRAWING).read_text(encoding="utf-8"))
    mainland = _fitted(_group(drawing, MAINLAND, codes), MAINLAND_BOX, scale)
    placed = {code: _outline(rings) for code, rings in mainland.items()}
    overseas = _group(drawing, OVERSEAS, codes)
    width = (WIDTH - INSET_GAP * (len(overseas) + 1)) / max(len(overseas), 1)
    for place, code in enumerate(code for code in codes if code in overseas):
        left = INSET_GAP + place * (width + INSET_GAP)
        box = (left, INSET_TOP, left + width, INSET_TOP + INSET_HEIGHT)
        rings = _fitted({code: overseas[code]}, box, scale)[code]
        placed[code] = _outline(rings, name_at=(round(left + width / 2), HEIGHT - NAME_ROOM))
    return placed


@cache
def close_up() -> dict[str, Outline]:
    """Paris and the départements around it once more, large, in a corner of the map."""
    drawing = ElementTree.fromstring((files(PACKAGE) / DRAWING).read_text(encoding="utf-8"))
    shapes = _group(drawing, MAINLAND, INNER_SUBURBS)
    return {code: _outline(rings) for code, rings in _fitted(shapes, CLOSE_UP_BOX, 1).items()}


def _group(
    drawing: ElementTree.Element, name: str, codes: tuple[str, ...]
) -> dict[str, list[Ring]]:
    found: dict[str, list[Ring]] = {}
    for group in drawing.iterfind(f"{_SVG}g[@id='{name}']/{_SVG}g"):
        code = _CODE.search(group.get("class", ""))
        if code and code[1] in codes:
            found[code[1]] = [
                ring for path in group.iter(f"{_SVG}path") for ring in _rings(path.get("d", ""))
            ]
    return found


def _rings(path: str) -> Iterator[Ring]:
    """The closed lines of SVG path data; of curves, their ends, which lie close together."""
    tokens = _TOKEN.findall(path)
    ring: Ring = []
    x = y = 0.0
    command, place = "", 0
    while place < len(tokens):
        if tokens[place].isalpha():
            command = tokens[place]
            place += 1
            if command in "zZ":
                if ring:
                    x, y = ring[0]
                    yield ring
                ring = []
                continue
        step = 6 if command in "cC" else 2
        values = [float(token) for token in tokens[place : place + step]]
        place += step
        before = (x, y) if command.islower() else (0.0, 0.0)
        x, y = before[0] + values[-2], before[1] + values[-1]
        ring.append((x, y))
        command = {"m": "l", "M": "L"}.get(command, command)
    if ring:
        yield ring


def _fitted(
    shapes: dict[str, list[Ring]], box: tuple[float, float, float, float], map_scale: float
) -> dict[str, list[Ring]]:
    """The shapes in the middle of a box, as large as it allows."""
    xs = [x for rings in shapes.values() for ring in rings for x, _ in ring]
    ys = [y for rings in shapes.values() for ring in rings for _, y in ring]
    left, top, right, bottom = (side * map_scale for side in box)
    scale = min((right - left) / (max(xs) - min(xs)), (bottom - top) / (max(ys) - min(ys)))
    dx = (left + right - scale * (max(xs) + min(xs))) / 2
    dy = (top + bottom - scale * (max(ys) + min(ys))) / 2
    return {
        code: [[(x * scale + dx, y * scale + dy) for x, y in ring] for ring in rings]
        for code, rings in shapes.items()
    }


def _outline(rings: list[Ring], name_at: tuple[int, int] | None = None) -> Outline:
    """On whole numbers: neighbours keep their common border, details vanish."""
    snapped = [_snapped(ring) for ring in rings]
    largest = max(snapped, key=_area)
    path = "".join(
        _written(ring) for ring in snapped if ring is largest or _area(ring) >= LEAST_ISLAND
    )
    room = _room(largest) if name_at is None else None
    return Outline(path, room or _centre(largest), room is not None, name_at)


def _snapped(ring: Ring) -> GridRing:
    """On whole numbers, without points that change nothing."""
    points: GridRing = []
    for x, y in ring:
        point = (round(x), round(y))
        if points and point == points[-1]:
            continue
        if len(points) > 1 and _lies_between(points[-2], points[-1], point):
            points.pop()
        points.append(point)
    return points


def _lies_between(a: tuple[int, int], b: tuple[int, int], c: tuple[int, int]) -> bool:
    (dx, dy), (ex, ey) = (b[0] - a[0], b[1] - a[1]), (c[0] - b[0], c[1] - b[1])
    return dx * ey == dy * ex and dx * ex + dy * ey > 0


def _written(ring: GridRing) -> str:
    """Path data relative to the point before, without a space where a sign separates."""
    (x, y), *others = ring
    steps = []
    for to_x, to_y in others:
        steps.append(f"{to_x - x} {to_y - y}")
        x, y = to_x, to_y
    return f"M{ring[0][0]} {ring[0][1]}l{' '.join(steps)}z".replace(" -", "-")


def _edges(ring: GridRing) -> Iterator[tuple[int, int, int, int, int]]:
    """Each side of a ring: its two ends, and twice the signed area it spans with the origin."""
    for (x1, y1), (x2, y2) in zip(ring, [*ring[1:], ring[0]], strict=True):
        yield x1, y1, x2, y2, x1 * y2 - x2 * y1


def _area(ring: GridRing) -> float:
    return abs(sum(double for *_, double in _edges(ring))) / 2


def _centre(ring: GridRing) -> tuple[int, int]:
    """The centre of gravity."""
    three = 3 * sum(double for *_, double in _edges(ring)) or 1
    x = sum((x1 + x2) * double for x1, _, x2, _, double in _edges(ring)) / three
    y = sum((y1 + y2) * double for _, y1, _, y2, double in _edges(ring)) / three
    return round(x), round(y)


def _room(ring: GridRing) -> tuple[int, int] | None:
    """The middle of the largest box of a code's shape that lies within; None if none does."""
    low, high = min(y for _, y in ring), max(y for _, y in ring)
    lines = [_spans(ring, y + 0.5) for y in range(low, high, LINE)]  # between points of the grid
    found = None
    common = dict(enumerate(lines))
    for around in range(1, len(lines)):
        common = {
            at: _overlaps(_overlaps(spans, lines[at - around]), lines[at + around])
            for at, spans in common.items()
            if around <= at < len(lines) - around
        }
        width = CODE_SHAPE * 2 * around * LINE
        fitting = [
            (b - a, at, a) for at, spans in common.items() for a, b in spans if b - a >= width
        ]
        if not fitting:
            break
        if around >= LEAST_LINES:
            span, at, left = max(fitting)
            found = (round(left + span / 2), round(low + 0.5 + at * LINE))
    return found


def _spans(ring: GridRing, y: float) -> Spans:
    """From where to where a horizontal line is within a ring."""
    crossed = sorted(
        x1 + (y - y1) * (x2 - x1) / (y2 - y1)
        for x1, y1, x2, y2, _ in _edges(ring)
        if (y1 < y) != (y2 < y)
    )
    return list(zip(crossed[::2], crossed[1::2], strict=True))


def _overlaps(these: Spans, those: Spans) -> Spans:
    return [(max(a, c), min(b, d)) for a, b in these for c, d in those if max(a, c) < min(b, d)]
