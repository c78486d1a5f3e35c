"""What a row costs as tables grow: from one million rows to twenty million, memory bounded.

Here: the pipeline alone. Not here: other ways to do the same (``bulk``).
"""

from __future__ import annotations

from benchmarks.bulk import MEMORY_GIB, SMALL, pipeline
from benchmarks.context import Context, Result, requirement, row
from benchmarks.inputs import MONTHS, PARTNERS, long_table
from benchmarks.measure import GIB, Measure, alternate

FROM, TO = 1_000_000, 20_000_000
DUCKDB_GIB = 2  # of the four: Python holds what was judged until it is written


def benchmark(context: Context) -> Result:
    """Run it; rows and requirements."""
    few, many = FROM // (MONTHS * PARTNERS), TO // (MONTHS * PARTNERS)
    sizes = {
        "least": long_table(context.work / "long_small", SMALL),
        "from": long_table(context.work / f"long_{few}", few),
        "to": long_table(context.work / f"long_{many}", many),
    }

    def take(size: str) -> Measure:
        return pipeline(context, sizes[size], f"growing_{size}", duckdb_gib=DUCKDB_GIB)

    # a second more or less is much of the cost of a million rows, and nothing of that of twenty
    took = alternate(
        {size: lambda size=size: take(size) for size in ("least", "from")},
        context.runs,
        context.say,
    )
    took |= alternate({"to": lambda: take("to")}, 1, context.say)
    rows, costs = [], []
    for size in ("from", "to"):
        marginal = took[size].wall - took["least"].wall
        costs.append(marginal / (sizes[size].rows - sizes["least"].rows) * 1e6)
        rows.append(row(f"pipeline, {sizes[size].rows:,} rows", took[size], marginal=marginal))
    memory = max(taken.memory for taken in took.values())
    return {
        "title": f"Growing: {FROM:,} to {TO:,} rows",
        "note": f"Marginal: less the {took['least'].wall:.1f} s for {sizes['least'].rows:,} rows. "
        f"A row costs {costs[0]:.1f} µs at {FROM:,} rows and {costs[1]:.1f} µs at {TO:,}. DuckDB's "
        f"part of the memory is set to {DUCKDB_GIB} GiB (`ACV_MEMORY_LIMIT`); beyond it, it "
        "spills.",
        "rows": rows,
        "requirements": [
            requirement(
                f"a row's cost at {TO:,} rows × that at {FROM:,}", costs[1] / costs[0], 1.2
            ),
            requirement("peak memory, GiB", memory / GIB, MEMORY_GIB),
        ],
    }
