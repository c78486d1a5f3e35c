"""The long table: territories × 52 months × 2 partners, dirty rows included.

Here: the pipeline's marginal cost (its time less that of a small table) beside a hand-written
DuckDB script, a pandas script and real dbt. Not here: how the table is made (``inputs``), and
larger ones (``growth``).
"""

from __future__ import annotations

import shutil
from pathlib import Path

from benchmarks.context import Context, Result, requirement, row
from benchmarks.inputs import Inputs, long_table
from benchmarks.measure import GIB, Measure, alternate, python, run
from benchmarks.rankings import must_agree
from benchmarks.references import dbt

SMALL = 96  # territories: ten thousand rows
MEMORY_GIB = 4
DUCKDB_GIB = 3  # of these
# beyond this, pandas needs more memory than most machines have, and dbt's turn is known
PANDAS_ROWS = 6_000_000
SCRIPTS = ("duckdb_script", "pandas_script")
KEEPING = {f"{script}_keeping": script for script in SCRIPTS}


def benchmark(context: Context) -> Result:
    """Run it; rows, requirements, and that all end in the same rankings."""
    small = long_table(context.work / "long_small", SMALL)
    large = long_table(context.work / f"long_{context.territories}", context.territories)
    compared = large.rows <= PANDAS_ROWS
    took = {}
    hashes = {}
    for size, inputs in (("small", small), ("large", large)):
        ways = {"pipeline": lambda: pipeline(context, inputs, size)}  # noqa: B023
        scripts = (
            (*SCRIPTS, *KEEPING)
            if compared or size == "small"
            else ("duckdb_script", "duckdb_script_keeping")
        )
        for script in scripts:
            ways[script] = lambda script=script: _script(context, script, inputs, size)  # noqa: B023
        context.say(f"{inputs.rows:,} rows")
        took[size] = alternate(ways, context.runs, context.say)
        hashes[size] = must_agree(
            {
                "pipeline": context.work / f"bulk_home_{size}" / "warehouse.duckdb",
                **{name: context.work / f"{name}_{size}.duckdb" for name in scripts},
            }
        )
    found = _rows(took, small, large)
    if compared:
        models = _models(context, large)
        found["rows"] += [
            row(
                f"SQL models and tests, {large.rows:,} rows: the pipeline's engine",
                models["engine"],
            ),
            row(f"SQL models and tests, {large.rows:,} rows: dbt build", models["dbt"]),
        ]
        found["requirements"].append(
            requirement("SQL models: × dbt build", models["engine"].wall / models["dbt"].wall, 1.0)
        )
    return found | {
        "title": f"The long table: {large.rows:,} rows",
        "note": f"{context.territories:,} territories × 52 months × 2 partners. Marginal: less the "
        f"time for {small.rows:,} rows. All ways: {hashes['large']}.",
    }


def _rows(took: dict[str, dict[str, Measure]], small: Inputs, large: Inputs) -> Result:
    names = {
        "pipeline": f"pipeline (DuckDB's memory limit {DUCKDB_GIB} GiB)",
        "duckdb_script": "hand-written DuckDB script (keeps no received rows)",
        "pandas_script": "pandas script (keeps no received rows)",
        "duckdb_script_keeping": "the DuckDB script, keeping the received rows",
        "pandas_script_keeping": "the pandas script, keeping the received rows",
    }
    rows, marginal = [], {}
    for way, measure in took["large"].items():
        marginal[way] = measure.wall - took["small"][way].wall
        rows.append(row(f"{names[way]}, {small.rows:,} rows", took["small"][way]))
        rows.append(row(f"{names[way]}, {large.rows:,} rows", measure, marginal=marginal[way]))
    requirements = [
        requirement(
            "marginal cost: × the DuckDB script",
            marginal["pipeline"] / marginal["duckdb_script"],
            2.0,
        ),
        requirement("peak memory, GiB", took["large"]["pipeline"].memory / GIB, MEMORY_GIB),
    ]
    if "pandas_script" in marginal:
        requirements.insert(
            1,
            requirement(
                "marginal cost: times as fast as the pandas script",
                marginal["pandas_script"] / marginal["pipeline"],
                2.0,
                at_least=True,
            ),
        )
    per_row = marginal["pipeline"] / (large.rows - small.rows) * 1e6
    return {"rows": rows, "requirements": requirements, "microseconds_per_row": round(per_row, 2)}


def pipeline(
    context: Context, inputs: Inputs, size: str, *, duckdb_gib: float = DUCKDB_GIB
) -> Measure:
    """The pipeline on a long table in a fresh home, DuckDB's memory bounded."""
    limit = {"ACV_MEMORY_LIMIT": f"{duckdb_gib}GiB"}
    home = context.fresh(f"bulk_home_{size}")
    return context.pipeline(inputs.landing, home, inputs.env | limit)


def _script(context: Context, name: str, inputs: Inputs, size: str) -> Measure:
    file = Path(__file__).parent / "references" / f"{KEEPING.get(name, name)}.py"
    target = context.fresh(f"{name}_{size}.duckdb")
    seeds = inputs.env["ACV_SEEDS"]
    keep = ["keep"] if name in KEEPING else []
    return run(python(file, inputs.landing, seeds, target, *keep), log=context.work / f"{name}.log")


def _models(context: Context, inputs: Inputs) -> dict[str, Measure]:
    """Models, seeds and tests alone, on the same figures in force."""
    sources = context.fresh("bulk_sources.duckdb")
    dbt.sources_only(context.work / "bulk_home_large" / "warehouse.duckdb", sources)
    command = dbt.command()
    ours, theirs = context.work / "bulk_engine.duckdb", context.work / "bulk_dbt.duckdb"
    seeds = Path(inputs.env["ACV_SEEDS"])

    def engine() -> Measure:
        shutil.copy(sources, context.fresh(ours.name))
        module = "benchmarks.references.engine"
        return run(python("-m", module, ours, seeds), log=context.work / "engine.log")

    def build() -> Measure:
        shutil.copy(sources, context.fresh(theirs.name))
        folder = context.fresh("bulk_dbt")
        folder.mkdir()
        return dbt.build(command, theirs, folder, seeds)

    took = alternate({"engine": engine, "dbt": build}, 1, context.say)
    must_agree({"engine": ours, "dbt": theirs})
    return took
