"""The demo's whole history in one run, beside an empty Dagster run, dbt and the tutorials' way.

Here: 2018-09 to 2022-12, three sources, every check of every month; all assets, and all but the
release and the report, which dbt has no counterpart of.
"""

from __future__ import annotations

import csv
import shutil
from pathlib import Path

import duckdb

from benchmarks.context import Context, Result, requirement, row
from benchmarks.inputs import FIRST, demo
from benchmarks.measure import Measure, alternate, median, python, run
from benchmarks.rankings import must_agree
from benchmarks.references import dbt, floor, recorded, tutorial

MONTHS = 52


def benchmark(context: Context) -> Result:
    """Run it; rows, requirements and what agreed."""
    landing, _, _ = demo(context.work / "demo")
    home = context.work / "history_home"
    graph, database = context.work / "history_graph.json", context.work / "history_dbt.duckdb"
    command = dbt.command()

    def pipeline() -> Measure:
        return context.pipeline(landing, context.fresh("history_unpublished"))

    def everything() -> Measure:
        return context.acv_run(landing, context.fresh(home.name))

    context.say("once to learn the events, and the tables that dbt reads")
    everything()
    events = recorded.take_down(home, landing, graph)
    sources = context.fresh("history_sources.duckdb")
    dbt.sources_only(home / "warehouse.duckdb", sources)

    def empty(*, stock: bool) -> Measure:
        dagster = context.fresh("history_floor")
        floor.prepare(dagster, stock=stock)
        module = "benchmarks.references.floor"
        return run(python("-m", module, graph, dagster), log=context.work / "floor.log")

    def build() -> Measure:
        shutil.copy(sources, context.fresh(database.name))
        (context.work / "history_dbt").mkdir(exist_ok=True)
        return dbt.build(command, database, context.work / "history_dbt")

    took = alternate(
        {
            "everything": everything,
            "pipeline": pipeline,
            "empty": lambda: empty(stock=False),
            "dbt": build,
        },
        context.runs,
        context.say,
    )
    stock = empty(stock=True)
    context.say(f"empty run on Dagster's own event storage: {stock.wall:.2f} s")
    taught = _tutorial(context, home / "warehouse.duckdb")
    hashed = must_agree(
        {
            "pipeline": home / "warehouse.duckdb",
            "unpublished": context.work / "history_unpublished" / "warehouse.duckdb",
            "dbt": database,
        }
    )
    ours = took["everything"].wall
    single, default = (taught[name].wall * MONTHS for name in ("in_process", "multiprocess"))
    return {
        "title": "The demo's whole history",
        "note": f"149 deliveries, {MONTHS} months, {events:,} events on Dagster's record; on "
        f"the pipeline's own event storage `acv run` takes {ours / took['empty'].wall:.2f} × the "
        "empty run. "
        f"The tutorial-style project ran {context.tutorial_months} months with each executor; its "
        f"times for {MONTHS} are extrapolated. Pipeline and dbt: {hashed}; the tutorial-style "
        "project has the same rankings in the months it ran. With the default executor its steps "
        "are processes, one at a time, since DuckDB lets one write.",
        "rows": [
            row("`acv run`: all assets, with release and report", took["everything"]),
            row("the same without release and report", took["pipeline"]),
            row("empty run: same graph and events, the pipeline's event storage", took["empty"]),
            row("empty run: same graph and events, Dagster's own event storage", stock),
            row("dbt build of `dbt_like_sql` (figures in force given)", took["dbt"]),
            row(
                "tutorial-style, `dagster job execute`, in-process executor, one month",
                taught["in_process"],
            ),
            row(
                "tutorial-style, `dagster job execute`, default executor, one month",
                taught["multiprocess"],
            ),
        ],
        "requirements": [
            requirement("× the empty run", ours / stock.wall, 1.5),
            requirement(
                "× dbt build, without release and report",
                took["pipeline"].wall / took["dbt"].wall,
                1.5,
            ),
            requirement("× dbt build, with release and report", ours / took["dbt"].wall, 1.5),
            *(
                requirement(
                    f"times as fast as tutorial-style, {executor}, {how} release and report",
                    whole / took[way].wall,
                    asked,
                    at_least=True,
                )
                for executor, whole, asked in (
                    ("in-process executor", single, 20),
                    ("default executor", default, 200),
                )
                for how, way in (("without", "pipeline"), ("with", "everything"))
            ),
        ],
    }


def _tutorial(context: Context, warehouse: Path) -> dict[str, Measure]:
    """A few months of the tutorial-style project, through each executor; medians per month."""
    figures, home = context.work / "tutorial_figures", context.fresh("tutorial_home")
    # the first makes the databases, and is not counted
    months = _write_figures(warehouse, figures)[: context.tutorial_months + 1]
    found = {}
    for executor in ("in_process", "multiprocess"):
        dagster, database = context.fresh("tutorial_home"), context.fresh("tutorial.duckdb")
        dagster.mkdir()
        (dagster / "dagster.yaml").write_text("telemetry: {enabled: false}\n", encoding="utf-8")
        config = dagster / "run.yaml"
        config.write_text(f"execution: {{config: {{{executor}: {{}}}}}}\n", encoding="utf-8")
        # the assets' tables come into being one by one: two processes at once can't have the file
        if executor == "multiprocess":
            config.write_text(
                "execution: {config: {multiprocess: {max_concurrent: 1}}}\n", encoding="utf-8"
            )
        measures = []
        for month in months:
            measures.append(
                run(
                    python(
                        "-m", "dagster", "job", "execute", "-f", tutorial.__file__, "-j", "monthly",
                        "-c", config, "--tags", f'{{"dagster/partition": "{month}"}}',
                    ),
                    {
                        "DAGSTER_HOME": str(dagster),
                        "TUTORIAL_FIGURES": str(figures),
                        "TUTORIAL_DATABASE": str(database),
                    },
                    context.work / "tutorial.log",
                )
            )  # fmt: skip
            context.say(f"tutorial-style, {executor}, {month}: {measures[-1].wall:.1f} s")
        found[executor] = median(measures[1:])
        must_agree(
            {"tutorial": database, "pipeline": _first_months(context, warehouse, len(months))}
        )
    shutil.rmtree(home, ignore_errors=True)
    return found


def _write_figures(warehouse: Path, folder: Path) -> list[str]:
    """The figures in force as one tidy file per source and month; the months."""
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        rows = connection.execute(
            "select source, month, indicator_id, department_code, cumulative_dwellings"
            " from validated.dwellings order by all"
        ).fetchall()
    months = sorted({month for _, month, *_ in rows})
    for source in tutorial.SOURCES:
        (folder / source).mkdir(parents=True, exist_ok=True)
        for month in months:
            with (folder / source / f"{month}.csv").open("w", newline="") as file:
                writer = csv.writer(file)
                writer.writerow(
                    ["indicator_id", "month", "department_code", "cumulative_dwellings"]
                )
                writer.writerows(
                    (indicator, month, code, value)
                    for from_source, of, indicator, code, value in rows
                    if (from_source, of) == (source, month)
                )
    return [month.isoformat() for month in months]


def _first_months(context: Context, warehouse: Path, count: int) -> Path:
    """The pipeline's rankings of the first ``count`` months, as a database of their own."""
    path = context.fresh("first_months.duckdb")
    with duckdb.connect(str(path)) as connection:
        connection.execute(f"attach '{warehouse}' as whole (read_only)")
        connection.execute("create schema marts")
        connection.execute(
            "create table marts.department_rankings as from whole.marts.department_rankings"
            f" where month < date '{FIRST}' + interval {count} month"
        )
    return path
