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
COURSE, SPACE, BARS = 60, 8, 32  # heights: course, between, increments
HEIGHT = COURSE + SPACE + BARS


def sparkline(rows: Sequence[DepartmentMonth], first: Month, last: Month) -> Markup:
    """An SVG from ``first`` to ``last``, stretched to its box; gaps are dotted, means are pale,
    breaks are upright lines."""

    def x(month: Month) -> int:
        return (elapsed(first, month) + 1) * STEP

    top = max(row.cumulative_dwellings for row in rows) or 1
    line, gaps, breaks = "", "", ""
    before: DepartmentMonth | None = None
    for row in rows:
        at = f"{x(row.month)} {_level(row.cumulative_dwellings, top):g}"
        neighbours = before is not None and elapsed(before.month, row.month) == 1
        line += f"{'L' if neighbours and not row.is_break else 'M'}{at}"
        if row.is_break:
            breaks += f"M{x(row.month) - STEP // 2} 0V{HEIGHT}"
        elif before and not neighbours:
            gaps += f"M{x(before.month)} {_level(before.cumulative_dwellings, top):g}L{at}"
        before = row
    paces = [(row, row.pace) for row in rows if row.pace is not None]
    high, low = max([1, *(p for _, p in paces)]), min([0, *(p for _, p in paces)])
    zero = COURSE + SPACE + BARS * high / (high - low)
    months, means = "", ""
    for row, pace in paces:
        width = (row.months_elapsed or 1) * STEP - 1
        height = pace * BARS / (high - low)
        bar = f"M{x(row.month) - width} {zero:.3g}h{width}v{-height:.3g}h-{width}z"
        if row.months_elapsed == 1:
            months += bar
        else:
            means += bar
    wide = x(last) + 1
    parts = {"ln": line, "gp": gaps, "br": months, "mn": means, "bk": breaks}
    drawn = Markup("").join(
        Markup('<path class="{}" d="{}"/>').format(name, path)
        for name, path in parts.items()
        if path
    )
    return Markup(
        '<svg class="spark" viewBox="0 0 {} {}" preserveAspectRatio="none" aria-hidden="true">{}'
        "</svg>"
    ).format(wide, HEIGHT, drawn)


def _level(value: int, top: int) -> float:
    return round(COURSE - (COURSE - 3) * value / top, 1)
