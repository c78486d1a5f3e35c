"""The SQL project by the pipeline's own engine: seeds, models, tests, and nothing else.

Usage: ``python -m benchmarks.references.engine DATABASE SEEDS``.
"""

from __future__ import annotations

import sys
from pathlib import Path

import duckdb

from acv_pipeline.models import Project
from acv_pipeline.warehouse.connection import DICTIONARIES


def main(database: str, seeds: str) -> None:
    """Build and test in ``database``, which holds the sources' tables."""
    project = Project.load()
    with duckdb.connect(database) as connection:
        connection.execute(DICTIONARIES)
        project.load_seeds(connection, Path(seeds))
        project.build(connection)
        for test in project.tests.values():
            outcome = project.run_test(connection, test.name)
            if not outcome.passed and test.severity == "error":
                sys.exit(f"{test.name}: {outcome.total} rows")


if __name__ == "__main__":
    main(*sys.argv[1:])
