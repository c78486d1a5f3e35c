"""Quantile classes, and the outlines of the départements."""

from __future__ import annotations

import itertools
import re

from hypothesis import given
from hypothesis import strategies as st

from acv_pipeline.contract import Contract
from acv_pipeline.publishing.report.maps import CLASSES, classify
from acv_pipeline.publishing.report.outlines import HEIGHT, WIDTH, close_up, outlines


@given(st.lists(st.integers(0, 30), min_size=1, max_size=120))
def test_classes_part_the_figures_and_no_tie(figures: list[int]) -> None:
    values = {str(place): float(figure) for place, figure in enumerate(figures)}
    classes, level_of = classify(values)
    assert 1 <= len(classes) <= CLASSES
    assert level_of.keys() == values.keys()
    assert sum(of.count for of in classes) == len(values)
    assert [of.level for of in classes] == sorted({of.level for of in classes})
    for lower, upper in itertools.pairwise(classes):
        assert lower.high < upper.low
    for code, value in values.items():
        (of,) = [c for c in classes if c.level == level_of[code]]
        assert of.low <= value <= of.high


def test_without_ties_classes_are_of_equal_size() -> None:
    classes, _ = classify({str(n): float(n) for n in range(96)})
    assert [of.count for of in classes] == [20, 19, 19, 19, 19]
    assert [of.level for of in classes] == [1, 2, 3, 4, 5]


def test_where_most_are_equal_classes_merge() -> None:
    classes, _ = classify({str(n): 0.0 if n < 90 else float(n) for n in range(100)})
    assert [(of.level, of.count) for of in classes] == [(1, 100)]
    classes, _ = classify({str(n): 0.0 if n < 50 else float(n) for n in range(100)})
    assert [(of.level, of.low, of.count) for of in classes] == [
        (1, 0, 60), (3, 60, 20), (5, 80, 20),
    ]  # fmt: skip


def test_no_figures_no_classes() -> None:
    assert classify({}) == ([], {})


def test_every_departement_has_its_outline_on_the_map(contract: Contract) -> None:
    drawn = outlines(tuple(contract.territories.departments))
    assert drawn.keys() == contract.territories.departments.keys()
    for code, outline in drawn.items():
        assert re.fullmatch(r"(M\d+ \d+l[-\d ]+z)+", outline.path), code
        x, y = outline.centre
        assert 0 < x < WIDTH and 0 < y < HEIGHT
        assert (outline.name_at is not None) == (len(code) == 3)
    assert drawn["59"].centre[1] < drawn["75"].centre[1] < drawn["13"].centre[1]
    assert drawn["29"].centre[0] < drawn["75"].centre[0] < drawn["67"].centre[0]


def points(path: str) -> list[list[tuple[int, int]]]:
    """The rings of an outline."""
    rings = []
    for part in path.split("M")[1:]:
        start, steps = part.rstrip("z").split("l")
        x, y = map(int, start.split())
        ring = [(x, y)]
        numbers = [int(n) for n in re.findall(r"-?\d+", steps)]
        for dx, dy in zip(numbers[::2], numbers[1::2], strict=True):
            x, y = x + dx, y + dy
            ring.append((x, y))
        rings.append(ring)
    return rings


def is_within(x: float, y: float, ring: list[tuple[int, int]]) -> bool:
    crossings = 0
    for (x1, y1), (x2, y2) in zip(ring, [*ring[1:], ring[0]], strict=True):
        if (y1 > y) != (y2 > y) and x < x1 + (y - y1) * (x2 - x1) / (y2 - y1):
            crossings += 1
    return crossings % 2 == 1


def test_no_code_lies_on_a_border(contract: Contract) -> None:
    drawn = {**outlines(tuple(contract.territories.departments)), **close_up()}
    labelled = {code: outline for code, outline in drawn.items() if outline.has_room}
    assert len(labelled) > 90
    for code, outline in labelled.items():
        x, y = outline.centre
        corners = [(x + dx, y + dy) for dx in (-9, 0, 9) for dy in (-5, 0, 5)]
        (ring,) = [r for r in points(outline.path) if is_within(x, y, r)]
        assert all(is_within(*corner, ring) for corner in corners), code
        for px, py in ring:
            assert abs(px - x) > 9 or abs(py - y) > 5, code


def test_the_inner_suburbs_are_seen_in_the_close_up(contract: Contract) -> None:
    on_map = outlines(tuple(contract.territories.departments))
    large = close_up()
    assert set(large) == {"75", "92", "93", "94"}
    for code, outline in large.items():
        assert not on_map[code].has_room and outline.has_room
        assert len(points(outline.path)[0]) >= 5
    assert large["93"].centre[1] < large["75"].centre[1] < large["94"].centre[1]


def test_a_smaller_map_has_fewer_details(contract: Contract) -> None:
    codes = tuple(contract.territories.departments)
    large = sum(len(outline.path) for outline in outlines(codes).values())
    small = sum(len(outline.path) for outline in outlines(codes, 0.18).values())
    assert small < large / 2 < 30_000
