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

    def empty(*, stock: bool) -> Measure:
        dagster = context.fresh("month_floor")
        floor.prepare(dagster, stock=stock)
        module = "benchmarks.references.floor"
        command = python("-m", module, graph, dagster)
        # the pipeline's home has been there for months; so has the empty run's
        run(command, log=context.work / "floor.log")
        return run(command, log=context.work / "floor.log")

    took = alternate(
        {
            "pipeline": pipeline,
            "stock": lambda: empty(stock=True),
            "empty": lambda: empty(stock=False),
        },
        context.runs,
        context.say,
    )
    ours = took["pipeline"].wall
    return {
        "title": "One new month",
        "note": f"the partners' deliveries of December on top of 51 months: {events:,} events; "
        f"on the pipeline's own event storage it takes {ours / took['empty'].wall:.2f} × the empty "
        "run. "
        f"Afterwards: {fingerprint(home / 'warehouse.duckdb')}.",
        "rows": [
            row("pipeline: from the files to the ranking, publication excluded", took["pipeline"]),
            row("empty run of the same graph, Dagster's own event storage", took["stock"]),
            row("empty run of the same graph, the pipeline's event storage", took["empty"]),
        ],
        "requirements": [
            requirement("× the empty run", ours / took["stock"].wall, 1.5),
        ],
    }
