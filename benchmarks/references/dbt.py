"""Real dbt, building ``dbt_like_sql`` as it stands in a copy of the pipeline's warehouse.

Here: finding dbt, the copy, the command. Not here: the SQL project.
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import duckdb

from acv_pipeline.contract.model import SQL_PROJECT
from acv_pipeline.models import Project
from benchmarks.measure import BenchmarkError, Measure, run


def command() -> str:
    """The ``dbt`` that ``ACV_DBT`` names, else the one that ``make .venv/.dbt`` installs.

    Raises:
        BenchmarkError: there is none.
    """
    found = shutil.which(os.environ.get("ACV_DBT") or Path(sys.prefix, "dbt", "bin", "dbt"))
    if not found:
        raise BenchmarkError("no dbt: make .venv/.dbt installs it")
    return found


def sources_only(warehouse: Path, target: Path) -> None:
    """A copy of the warehouse without what dbt builds."""
    shutil.copy(warehouse, target)
    with duckdb.connect(str(target)) as connection:
        for schema in {table.partition(".")[0] for table in _built()}:
            connection.execute(f"drop schema if exists {schema} cascade")


def _built() -> list[str]:
    project = Project.load()
    return [node.table for node in (*project.models.values(), *project.seeds.values())]


def build(dbt: str, database: Path, folder: Path, seeds: Path | None = None) -> Measure:
    """``dbt build`` of models, seeds and tests in ``database``, parsed afresh.

    Args:
        folder: for dbt's own files.
        seeds: reference tables other than the project's own.
    """
    project = SQL_PROJECT
    if seeds:
        project = folder / "project"
        if not project.exists():
            shutil.copytree(SQL_PROJECT, project, ignore=shutil.ignore_patterns("target"))
            shutil.copytree(seeds, project / "seeds", dirs_exist_ok=True)
    shutil.rmtree(folder / "target", ignore_errors=True)
    return run(
        [
            dbt, "build",
            "--project-dir", str(project), "--profiles-dir", str(project),
            "--target-path", str(folder / "target"), "--log-path", str(folder / "logs"),
        ],
        {"ACV_DBT_DATABASE": str(database), "DBT_SEND_ANONYMOUS_USAGE_STATS": "0"},
        folder / "dbt.log",
    )  # fmt: skip
