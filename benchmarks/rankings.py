"""The hash by which results are compared: every ranking of every month and series.

Here: one canonical query. Not here: who made the rankings.
"""

from __future__ import annotations

from pathlib import Path

import duckdb

from benchmarks.measure import BenchmarkError

TABLE = "marts.department_rankings"
COLUMNS = {
    "indicator_id": "varchar",
    "series": "varchar",
    "month": "date",
    "department_code": "varchar",
    "cumulative_dwellings": "bigint",
    "increment": "bigint",
    "rank_cumulative": "bigint",
    "rank_increment": "bigint",
}


def fingerprint(database: Path) -> str:
    """Number of rankings and a hash of all of them, whatever their order.

    Args:
        database: a DuckDB file with ``marts.department_rankings``, which has at least ``COLUMNS``.
    """
    columns = ", ".join(f"{column}::{kind}" for column, kind in COLUMNS.items())
    with duckdb.connect(str(database), read_only=True) as connection:
        rows, total = connection.execute(
            f"select count(*), coalesce(sum(hash({columns})), 0) from {TABLE}"
        ).fetchall()[0]
    return f"{rows:,} rankings, hash {int(total):x}"


def must_agree(databases: dict[str, Path]) -> str:
    """The one fingerprint of all databases.

    Raises:
        BenchmarkError: they differ, or there are no rankings.
    """
    found = {name: fingerprint(path) for name, path in databases.items()}
    if len(set(found.values())) > 1 or any(said.startswith("0 ") for said in found.values()):
        raise BenchmarkError(f"results differ: {found}")
    return next(iter(found.values()))
