"""``python -m benchmarks [WAY…]``: measure and, unless ways are named, write the page."""

from __future__ import annotations

import argparse
import itertools
import os
import shutil
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import duckdb

from benchmarks import measuring
from benchmarks.deliveries import MONTHS, demo, long_table
from benchmarks.measuring import GIB, BenchmarkError, Measure, alternate
from benchmarks.references import empty_run

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "performance.md"
REFERENCES = Path(__file__).parent / "references"
ACV = ["-c", "from acv_pipeline.cli.main import acv; acv()"]
RANKING = (
    "indicator_id::varchar, series::varchar, month::date, department_code::varchar,"
    " cumulative_dwellings::bigint, increment::bigint, rank_cumulative::bigint,"
    " rank_increment::bigint"
)
SCRIPTS = ("duckdb_script", "pandas_script")
Figures = dict[str, float]


class Bench:
    """The work folder, and the ways that are compared in it, on a history of so many months."""

    def __init__(self, work: Path, runs: int, months: int = MONTHS) -> None:
        self.work, self.runs, self.months = work.resolve(), runs, months
        self.work.mkdir(parents=True, exist_ok=True)

    def fresh(self, name: str) -> Path:
        """A path in the work folder where nothing is."""
        path = self.work / name
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
        return path

    def python(self, *arguments: str | Path, env: dict[str, str] | None = None) -> Measure:
        """This Python in a process of its own."""
        return measuring.run([sys.executable, *arguments], env)

    def acv_run(self, landing: Path, home: Path) -> Measure:
        """``acv run`` with everything, in a fresh home."""
        return self.python(*ACV, "run", "--landing", landing, "--home", self.fresh(home.name))

    def empty(self, home: Path, landing: Path) -> Callable[[], Measure]:
        """An empty run of the graph of the home's last run, on Dagster's own storage."""
        graph = self.work / "graph.json"
        empty_run.take_down(home, landing, graph)
        command = ("-m", "benchmarks.references.empty_run", graph)

        def way() -> Measure:
            dagster = self.fresh("empty_run")
            self.python(*command, dagster)  # the home, too, has been there for months
            return self.python(*command, dagster)

        return way


def definitions(bench: Bench) -> Figures:
    """What loading the definitions takes beyond importing Dagster, in seconds."""
    load = "import acv_pipeline.definitions as d; d.defs()"
    ways = {"dagster": "import dagster", "definitions": load}
    home = {"ACV_HOME": str(bench.work / "no_home")}
    took = alternate(
        {name: partial(bench.python, "-c", code, env=home) for name, code in ways.items()}, 5
    )
    return {
        "definitions, beyond importing Dagster (s)": took["definitions"].wall - took["dagster"].wall
    }


def month(bench: Bench) -> Figures:
    """One new month on top of 51, over the empty run."""
    _, before, landing = demo(bench.work / "demo", bench.months)
    history, home = bench.fresh("month_history"), bench.fresh("month_home")
    bench.acv_run(before, home)
    shutil.copytree(home, history)

    def ours() -> Measure:  # Dagster's record names its folder: a home is put back, not moved
        shutil.copytree(history, bench.fresh(home.name))
        return bench.python("-m", "benchmarks.pipeline", landing, home)

    ours()
    empty = bench.empty(home, landing)
    took = alternate({"one new month": ours, "empty run": empty}, bench.runs)
    return {
        "one new month, over the empty run": took["one new month"].wall / took["empty run"].wall
    }


def history(bench: Bench) -> Figures:
    """The demo's whole history over dbt, and beside a project as the tutorials teach it."""
    landing, _, _ = demo(bench.work / "demo", bench.months)
    home, database = bench.work / "history_home", bench.work / "dbt.duckdb"
    bench.acv_run(landing, home)
    tables = bench.fresh("sources.duckdb")
    shutil.copy(home / "warehouse.duckdb", tables)
    with duckdb.connect(str(tables)) as connection:
        connection.execute("drop schema marts cascade; drop schema reference cascade")

    def dbt() -> Measure:
        shutil.copy(tables, database)
        project, target = str(ROOT / "dbt_like_sql"), str(bench.fresh("dbt_target"))
        options = ["--project-dir", project, "--profiles-dir", project, "--target-path", target]
        env = {"ACV_DBT_DATABASE": str(database), "DBT_LOG_PATH": target}
        return measuring.run([os.environ.get("ACV_DBT", "dbt"), "build", *options], env)

    everything = partial(bench.acv_run, landing, home)
    took = alternate({"everything": everything, "dbt": dbt}, bench.runs)
    must_agree(home / "warehouse.duckdb", database)
    ours = took["everything"].wall
    found = {"the demo's history, over real dbt": ours / took["dbt"].wall}
    for executor, config in (("in_process", "{}"), ("multiprocess", "{max_concurrent: 1}")):
        of_a_month = tutorial(bench, home / "warehouse.duckdb", executor, config)
        found[f"times as fast as the tutorials' way, {executor}"] = of_a_month * bench.months / ours
    return found


def tutorial(bench: Bench, warehouse: Path, executor: str, config: str) -> float:
    """Seconds per month of the tutorial's project; its first month makes the tables."""
    figures, dagster = bench.fresh("tutorial_figures"), bench.fresh("tutorial_home")
    database, months = bench.fresh("tutorial.duckdb"), ("2018-09-01", "2018-10-01", "2018-11-01")
    dagster.mkdir()
    (dagster / "dagster.yaml").write_text("telemetry: {enabled: false}\n")
    (dagster / "run.yaml").write_text(f"execution: {{config: {{{executor}: {config}}}}}\n")
    figures.mkdir()
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        for source, day in itertools.product(("anah", "action_logement", "barometre"), months):
            connection.execute(
                "copy (select indicator_id, month, department_code, cumulative_dwellings"
                f" from validated.dwellings where source = '{source}' and month = '{day}')"
                f" to '{figures}/raw_{source}-{day}.csv' (header)"
            )
    env = {
        "DAGSTER_HOME": str(dagster), "TUTORIAL_FIGURES": str(figures),
        "TUTORIAL_DATABASE": str(database),
    }  # fmt: skip
    file, config_file = REFERENCES / "tutorial.py", dagster / "run.yaml"
    command = ("-m", "dagster", "job", "execute", "-f", file, "-j", "monthly", "-c", config_file)
    tags = [f'{{"dagster/partition": "{day}"}}' for day in months]
    took = [bench.python(*command, "--tags", tag, env=env).wall for tag in tags]
    must_agree(warehouse, database, where=f"where month <= '{months[-1]}'")
    return sum(took[1:]) / len(took[1:])


def bulk(bench: Bench, rows: int = 3_744_000, few: int = 10_000) -> Figures:
    """A long table over scripts by hand, less what a small one takes."""
    took = {}
    for size in (few, rows):
        landing, env = long_table(bench.work / f"long_{size}", size, bench.months)
        home = bench.work / f"bulk_home_{size}"
        ways = {"pipeline": partial(pipeline, bench, landing, home, env)}
        ways |= {name: partial(script, bench, name, landing, env) for name in SCRIPTS}
        took[size] = alternate(ways, bench.runs)
        databases = [bench.work / f"{name}.duckdb" for name in SCRIPTS]
        must_agree(home / "warehouse.duckdb", *databases)
    marginal = {way: took[rows][way].wall - took[few][way].wall for way in took[rows]}
    ours_marginal = marginal.pop("pipeline")
    return {
        f"{rows:,} rows, marginal, over the {way.replace('_', ' ')}": ours_marginal / seconds
        for way, seconds in marginal.items()
    }


def growth(bench: Bench) -> Figures:
    """What a row costs at twenty million rows over one million, and the memory."""
    took = {}
    for rows in (10_000, 1_000_000, 20_000_000):
        landing, env = long_table(bench.work / f"long_{rows}", rows, bench.months)
        took[rows] = pipeline(bench, landing, bench.work / "growth_home", env)
        print(f"  {rows:,} rows: {took[rows].wall:.1f} s", flush=True)
    small, million, most = took.values()
    cost = (most.wall - small.wall) / 20 / (million.wall - small.wall)
    return {
        "a row at 20 million, over one at 1 million": cost,
        "20 million rows (GiB)": most.memory / GIB,
    }


def pipeline(bench: Bench, landing: Path, home: Path, env: dict[str, str]) -> Measure:
    """The pipeline in a fresh home, without release and report."""
    return bench.python("-m", "benchmarks.pipeline", landing, bench.fresh(home.name), env=env)


def script(bench: Bench, name: str, landing: Path, env: dict[str, str]) -> Measure:
    """A script by hand."""
    database = bench.fresh(f"{name}.duckdb")
    return bench.python(REFERENCES / f"{name}.py", landing, env["ACV_SEEDS"], database)


def must_agree(warehouse: Path, *others: Path, where: str = "") -> None:
    """Raises ``BenchmarkError`` unless all hold the same rankings, and some."""
    found = []
    for path in (warehouse, *others):
        with duckdb.connect(str(path), read_only=True) as connection:
            sql = f"select count(*), sum(hash({RANKING})) from marts.department_rankings {where}"
            found += connection.execute(sql).fetchall()
    if len(set(found)) > 1 or not found[0][0]:
        raise BenchmarkError(f"results differ: {found}")


ALL = (definitions, month, history, bulk, growth)
# at most (or, of ratios "times as fast", at least)
LIMITS = {
    "definitions": 0.6, "one new month": 1.5, "the demo's history, over real": 2.0,
    "multiprocess": 150, "in_process": 15, "duckdb": 3.0, "pandas": 1.0,
    "a row": 1.3, "20 million rows (GiB)": 6.0,
}  # fmt: skip
OPENING = """\
# Performance

Written by `make bench`. Ways of one line took turns in one session on one machine; ratios are of
medians. Marginal: less what ten thousand rows take. The empty run records the same events of the
same graph with Dagster's own storage and does nothing else.

| | measured | asked |
| --- | ---: | --- |
"""


def line(name: str, value: float) -> str:
    """A line of the page's table."""
    limit = next((limit for words, limit in LIMITS.items() if words in name), None)
    least = name.startswith("times")
    met = limit is None or (value >= limit if least else value <= limit)
    asked = "" if limit is None else f"at {'least' if least else 'most'} {limit:g}"
    return f"| {name} | {value:.2f} | {asked}{'' if met else ', **not met**'} |\n"


def main() -> None:
    """Measure and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("only", nargs="*", choices=[[], *(way.__name__ for way in ALL)])
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--work", type=Path, default=ROOT / "bench_work")
    options = parser.parse_args()
    os.chdir(ROOT)  # the references are modules of this folder
    lines = []
    for way in ALL:
        if not options.only or way.__name__ in options.only:
            print(way.__name__)
            try:
                figures = way(Bench(options.work, options.runs))
            except BenchmarkError as error:
                sys.exit(f"{way.__name__}: {error}")
            lines += [line(name, value) for name, value in figures.items()]
            print(*lines[-len(figures) :], sep="", end="", flush=True)
    if not options.only:
        PAGE.write_text(OPENING + "".join(lines), encoding="utf-8")


if __name__ == "__main__":
    main()
