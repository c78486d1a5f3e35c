"""What a row costs as tables grow: from one million rows to twenty million, memory bounded.

Here: the pipeline alone. Not here: other ways to do the same (``bulk``).
"""

from __future__ import annotations

from benchmarks.bulk import MEMORY_GIB, SMALL, pipeline
from benchmarks.context import Context, Result, requirement, row
from benchmarks.inputs import MONTHS, PARTNERS, long_table
from benchmarks.measure import GIB

FROM, TO = 1_000_000, 20_000_000
DUCKDB_GIB = 1.5  # of the four: Python holds what was judged until it is written


def benchmark(context: Context) -> Result:
    """Run it; rows and requirements."""
    least = long_table(context.work / "long_small", SMALL)
    base = pipeline(context, least, "small", duckdb_gib=DUCKDB_GIB)
    rows, costs, memory = [], [], 0
    for size in (FROM, TO):
        territories = size // (MONTHS * PARTNERS)
        inputs = long_table(context.work / f"long_{territories}", territories)
        context.say(f"{inputs.rows:,} rows")
        taken = pipeline(context, inputs, "growing", duckdb_gib=DUCKDB_GIB)
        marginal = taken.wall - base.wall
        costs.append(marginal / (inputs.rows - least.rows) * 1e6)
        memory = max(memory, taken.memory)
        context.say(f"{inputs.rows:,} rows: {taken.wall:.1f} s, {costs[-1]:.2f} µs a row")
        rows.append(row(f"pipeline, {inputs.rows:,} rows", taken, marginal=marginal))
    return {
        "title": f"Growing: {FROM:,} to {TO:,} rows",
        "note": f"Marginal: less the {base.wall:.1f} s for {least.rows:,} rows. A row costs "
        f"{costs[0]:.1f} µs at {FROM:,} rows and {costs[1]:.1f} µs at {TO:,}. DuckDB's part of the "
        f"memory is set to {DUCKDB_GIB} GiB (`ACV_MEMORY_LIMIT`); beyond it, it spills. Memory "
        "is that of the largest process; the one beside it that holds Great Expectations takes "
        "some 250 MiB whatever the size.",
        "rows": rows,
        "requirements": [
            requirement(
                f"a row's cost at {TO:,} rows × that at {FROM:,}", costs[1] / costs[0], 1.2
            ),
            requirement("peak memory, GiB", memory / GIB, MEMORY_GIB),
        ],
    }
