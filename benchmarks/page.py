"""From results to ``docs/performance.md``.

Here: tables and sentences made of measured figures, and the notes of ``notes.md``. Not here: any
measuring.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from benchmarks.context import Result
from benchmarks.measure import GIB

NOTES = Path(__file__).with_name("notes.md")
OPENING = """\
# Performance

Written by `make bench`: every figure below was measured, on the machine named, by
`benchmarks/` ([how](../benchmarks/__init__.py)). Ways of one table ran alternately in one session;
times are medians in seconds, memory is the highest peak of a way's largest process.

"Asked" is what this project set out to reach. "The empty run" is Dagster recording the same events
of the same graph whose steps do nothing, on Dagster's own event storage; the notes give the ratio
on ours, which is faster. What a tutorial-style project takes for the whole history is extrapolated
from the months named there.
"""


def render(results: dict[str, Result]) -> str:
    """The page."""
    parts = [OPENING, _summary(results)]
    parts += [_section(result) for result in results.values()]
    parts.append(NOTES.read_text(encoding="utf-8"))
    return "\n".join(parts)


def _summary(results: dict[str, Result]) -> str:
    lines = [
        [result["title"], entry["what"], _shown(entry["ratio"]), _limit(entry), _met(entry)]
        for result in results.values()
        for entry in result["requirements"]
    ]
    return "## What was asked, and what is\n\n" + _table(["", "", "measured", "asked", ""], lines)


def _section(result: Result) -> str:
    machine = result["machine"]
    rows = [
        [
            entry["way"],
            entry["runs"],
            f"{entry['wall']:.2f}",
            f"{entry['cpu']:.2f}",
            f"{entry['memory'] / GIB * 1024:,.0f}",
            f"{entry['marginal']:.2f}" if "marginal" in entry else "",
        ]
        for entry in result["rows"]
    ]
    header = ["", "runs", "seconds", "processor", "MiB", "marginal"]
    if not any(line[-1] for line in rows):
        header, rows = header[:-1], [line[:-1] for line in rows]
    facts = ", ".join(f"{name} {value}" for name, value in machine.items())
    return (
        f"## {result['title']}\n\n{result['note']}\n\n{_table(header, rows)}\nMachine: {facts}.\n"
    )


def _table(header: list[str], rows: list[list[Any]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "".join(f"| {' | '.join(map(str, line))} |\n" for line in lines)


def _shown(ratio: float) -> str:
    return f"{ratio:,.0f}" if ratio >= 100 else f"{ratio:.2f}"


def _limit(entry: Result) -> str:
    return f"at {'least' if entry['at_least'] else 'most'} {entry['limit']:g}"


def _met(entry: Result) -> str:
    return "✓" if entry["met"] else "**not met**"
