"""The small charts of the départements' sections: the course above, what was added below.

Drawn here, since two hundred charts by Vega would take seconds; a line and some bars need no
library. Not here: the large charts (``charts``).
"""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from acv_pipeline.contract import Month
from acv_pipeline.contract.months import elapsed
from acv_pipeline.publishing.report.queries import DepartmentMonth

STEP = 6  # units a month is wide
COURSE, SPACE, BARS = 120, 16, 64  # heights: course, between, increments
HEIGHT = COURSE + SPACE + BARS


def sparkline(rows: Sequence[DepartmentMonth], first: Month, last: Month) -> Markup:
    """An SVG from ``first`` to ``last``, stretched to its box; gaps are dotted, means are pale,
    breaks are upright lines."""

    def x(month: Month) -> int:
        return (elapsed(first, month) + 1) * STEP

    top = max(row.cumulative_dwellings for row in rows) or 1
    line, gaps, breaks = "", "", ""
    before: DepartmentMonth | None = None
    was = 0
    for row in rows:
        level = _level(row.cumulative_dwellings, top)
        neighbours = before is not None and elapsed(before.month, row.month) == 1
        if neighbours and not row.is_break:
            line += f"l{STEP} {level - was}"
        else:
            line += f"M{x(row.month)} {level}"
        if row.is_break:
            breaks += f"M{x(row.month) - STEP // 2} 0V{HEIGHT}"
        elif before and not neighbours:
            gaps += f"M{x(before.month)} {was}L{x(row.month)} {level}"
        before, was = row, level
    paces = [(row, row.pace) for row in rows if row.pace is not None]
    high, low = max([1, *(p for _, p in paces)]), min([0, *(p for _, p in paces)])
    zero = round(COURSE + SPACE + BARS * high / (high - low))
    months, means = "", ""
    at, level = x(first) - STEP, 0
    for row, pace in paces:
        begins = x(row.month) - (row.months_elapsed or 1) * STEP
        height = round(pace * BARS / (high - low))
        if row.months_elapsed == 1:  # one outline along the tops, back to zero where months lack
            if begins != at:
                months += f"v{level}h{begins - at}"
                level = 0
            months += f"v{level - height}h{STEP}"
            at, level = x(row.month), height
        else:
            width = x(row.month) - begins
            means += f"M{begins} {zero}v{-height}h{width}v{height}z"
    if months:
        months = f"M{x(first) - STEP} {zero}{months}v{level}"
    wide = x(last) + 1
    parts = {"ln": line, "gp": gaps, "br": months, "mn": means, "bk": breaks}
    drawn = Markup("").join(
        Markup('<path class="{}" d="{}"/>').format(name, path.replace(" -", "-"))
        for name, path in parts.items()
        if path
    )
    return Markup(
        '<svg class="spark" viewBox="0 0 {} {}" preserveAspectRatio="none" aria-hidden="true">{}'
        "</svg>"
    ).format(wide, HEIGHT, drawn)


def _level(value: int, top: int) -> int:
    return round(COURSE - (COURSE - 6) * value / top)
