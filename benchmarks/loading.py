"""What it costs to load the definitions, and what importing takes.

Here: fresh processes, ``python -X importtime``. Not here: running anything.
"""

from __future__ import annotations

import re
import subprocess
import sys

from benchmarks.context import Context, Result, requirement, row
from benchmarks.measure import Measure, alternate, python, run

DAGSTER = "import dagster"
DEFINITIONS = "import acv_pipeline.definitions as d; d.defs()"
LINE = re.compile(r"import time: +(\d+) \| +(\d+) \| ( *)(\S+)")
SHOWN = 12


def benchmark(context: Context) -> Result:
    """Run it; rows, requirement, and the dearest imports beyond Dagster's."""
    runs = max(5, context.runs)
    home = {"ACV_HOME": str(context.work / "loading_home")}
    ways = {
        "nothing": "pass",
        "dagster": DAGSTER,
        "definitions": DEFINITIONS,
    }

    def way(code: str) -> Measure:
        return run(python("-c", code), home, context.work / "loading.log")

    took = alternate(
        {name: lambda code=code: way(code) for name, code in ways.items()}, runs, context.say
    )
    beyond = took["definitions"].wall - took["dagster"].wall
    return {
        "title": "Loading the definitions",
        "note": "Fresh processes with compiled bytecode. Beyond Dagster, the dearest imports are "
        + "; ".join(f"{name} {seconds * 1000:.0f} ms" for name, seconds in _beyond())
        + " (own time of each package's modules). Great Expectations is not among them: it is "
        "imported inside the code that validates.",
        "rows": [
            row("python -c pass", took["nothing"]),
            row("import dagster", took["dagster"]),
            row("import dagster and load all definitions", took["definitions"]),
        ],
        "requirements": [requirement("seconds beyond importing Dagster", beyond, 0.5)],
    }


def _beyond() -> list[tuple[str, float]]:
    """Own import time by top-level package, of what Dagster alone does not import."""
    known = _import_times(DAGSTER)
    times: dict[str, float] = {}
    for module, seconds in _import_times(DEFINITIONS).items():
        if module not in known:
            package = module.partition(".")[0]
            times[package] = times.get(package, 0) + seconds
    return sorted(times.items(), key=lambda item: -item[1])[:SHOWN]


def _import_times(code: str) -> dict[str, float]:
    said = subprocess.run(
        [sys.executable, "-X", "importtime", "-c", code], capture_output=True, text=True, check=True
    ).stderr
    return {name: int(own) / 1e6 for own, _, _, name in LINE.findall(said)}
