"""One new month, from the file in the landing zone to ranking, beside an empty Dagster run.

Here: a home with the history up to 2022-11, then the partners' deliveries of December.
"""

from __future__ import annotations

import shutil

from benchmarks.context import Context, Result, requirement, row
from benchmarks.inputs import demo
from benchmarks.measure import Measure, alternate, python, run
from benchmarks.rankings import fingerprint
from benchmarks.references import floor, recorded


def benchmark(context: Context) -> Result:
    """Run it; rows and requirements."""
    _, before, landing = demo(context.work / "demo")
    history, home = context.fresh("month_history"), context.fresh("month_home")
    graph = context.work / "month_graph.json"
    context.say("the history before the month")
    context.acv_run(before, home)
    shutil.copytree(home, history)

    def pipeline() -> Measure:
        # Dagster's record names its folder in full: a home can be put back, not moved
        shutil.copytree(history, context.fresh(home.name))
        return context.pipeline(landing, home)

    pipeline()
    events = recorded.take_down(home, landing, graph)

    def empty() -> Measure:
        dagster = context.fresh("month_floor")
        floor.prepare(dagster, stock=True)
        module = "benchmarks.references.floor"
        return run(python("-m", module, graph, dagster), log=context.work / "floor.log")

    took = alternate({"pipeline": pipeline, "empty": empty}, context.runs, context.say)
    return {
        "title": "One new month",
        "note": f"the partners' deliveries of December on top of 51 months: {events:,} events. "
        f"Afterwards: {fingerprint(home / 'warehouse.duckdb')}.",
        "rows": [
            row("pipeline: from the files to the ranking, publication excluded", took["pipeline"]),
            row("empty run of the same graph, Dagster's own event storage", took["empty"]),
        ],
        "requirements": [
            requirement("× the empty run", took["pipeline"].wall / took["empty"].wall, 1.5)
        ],
    }
