"""Colours keep their contrast on both papers (WCAG 2.2: 4.5 for text, 3 for marks)."""

from __future__ import annotations

import pytest

from acv_pipeline.publishing.report.palette import COLOURS, PARTNERS


def luminance(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str, theme: int) -> float:
    lights = sorted(luminance(COLOURS[name][theme]) for name in (one, other))
    return (lights[1] + 0.05) / (lights[0] + 0.05)


TEXTS = [
    *((text, paper) for text in ("ink", "muted", "accent", "warning", "good", "target")
      for paper in ("paper", "card")),
    *((text, "warning-card") for text in ("ink", "warning", "accent")),
    *((f"on-class-{level}", f"class-{level}") for level in range(1, 6)),
    *(("on-accent", partner) for partner in PARTNERS),
]  # fmt: skip
MARKS = [("bar", "paper"), *((partner, "paper") for partner in PARTNERS), ("class-5", "paper")]


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(("text", "paper"), TEXTS)
def test_texts(text: str, paper: str, theme: int) -> None:
    assert contrast(text, paper, theme) >= 4.5


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(("mark", "paper"), MARKS)
def test_marks(mark: str, paper: str, theme: int) -> None:
    assert contrast(mark, paper, theme) >= 3


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
def test_map_classes_are_told_apart_by_lightness_alone(theme: int) -> None:
    lights = [luminance(COLOURS[f"class-{level}"][theme]) for level in range(1, 6)]
    assert lights == sorted(lights, reverse=theme == 0)
    for level in range(1, 5):
        assert contrast(f"class-{level}", f"class-{level + 1}", theme) >= 1.25
