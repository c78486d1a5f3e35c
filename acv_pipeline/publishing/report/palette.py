"""The colours of the report, by what they stand for, on light and on dark paper."""

from __future__ import annotations

from collections.abc import Callable

COLOURS: dict[str, tuple[str, str]] = {
    "paper": ("#ffffff", "#12141c"),
    "card": ("#f5f6fa", "#1b1e29"),
    "ink": ("#161a2b", "#e8eaf2"),
    "muted": ("#555c73", "#a6adc2"),
    "line": ("#dcdfe9", "#333848"),
    "accent": ("#1b3a93", "#a9bcff"),
    "on-accent": ("#ffffff", "#12141c"),
    "bar": ("#5672c4", "#7a92e2"),
    "bar-mean": ("#c3cef0", "#3d4c86"),
    "warning": ("#a33c10", "#ffa27a"),
    "warning-card": ("#fdf1ea", "#2e1f1a"),
    "held-band": ("#f3cdb9", "#5a3526"),
    "incomplete-band": ("#ebe4cc", "#3a3524"),
    "target": ("#7a5b00", "#f0c75a"),
    "good": ("#146c43", "#6fd3a1"),
    # classes of the map, from the lowest to the highest
    "class-1": ("#dfe6f8", "#252d4d"),
    "class-2": ("#b3c3ec", "#36447a"),
    "class-3": ("#7f98d9", "#5067b1"),
    "class-4": ("#4a66b8", "#7f98e6"),
    "class-5": ("#1b3a93", "#c3d0ff"),
    # codes written on the classes
    "on-class-1": ("#161a2b", "#e8eaf2"),
    "on-class-2": ("#161a2b", "#e8eaf2"),
    "on-class-3": ("#161a2b", "#ffffff"),
    "on-class-4": ("#ffffff", "#12141c"),
    "on-class-5": ("#ffffff", "#12141c"),
    # partners, in the contract's order; texts are written on them
    "partner-1": ("#1b3a93", "#9fb4ff"),
    "partner-2": ("#0b706b", "#56c7bf"),
    "partner-3": ("#8a4b08", "#e2a75f"),
    "partner-4": ("#6b3a97", "#c3a3f2"),
}
PATTERNS = {"held-band": "hatch"}
"""Colours that the page fills with a pattern of this id, so that they show without colour too."""
PARTNERS = [name for name in COLOURS if name.startswith("partner-")]

Colour = Callable[[str], str]
"""From what a colour stands for to how it is written."""


def variable(name: str) -> str:
    """The colour as the page's style sheet knows it; follows the reader's theme."""
    if name not in COLOURS:
        raise KeyError(name)
    return f"url(#{PATTERNS[name]})" if name in PATTERNS else f"var(--{name})"


def light(name: str) -> str:
    """The colour on light paper, for images that know no theme."""
    return COLOURS[name][0]


def style_sheet() -> str:
    """The variables that ``variable`` names."""
    pairs = ";".join(
        f"--{name}:light-dark({on_light},{on_dark})"
        for name, (on_light, on_dark) in COLOURS.items()
    )
    return f":root{{{pairs}}}"
