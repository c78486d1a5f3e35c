"""Real dbt builds the SQL project as it stands, with the result the engine gives.

dbt isn't a dependency: it stands in an environment of its own, which ``make .venv/.dbt`` makes.
Another ``dbt`` command with dbt-duckdb may be named by ``ACV_DBT``.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from acv_pipeline.models import Project
from acv_pipeline_tests.models.world import ACV, PVD, World

DBT = shutil.which(os.environ.get("ACV_DBT") or Path(sys.prefix, "dbt", "bin", "dbt"))
needs_dbt = pytest.mark.skipif(DBT is None, reason="no dbt: make .venv/.dbt installs it")


@pytest.fixture(params=["no marts", "our marts"])
def warehouse(world: World, tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """A warehouse file with figures of every kind."""
    for source, factor in (("anah", 2), ("action_logement", 3), ("barometre", 5)):
        for indicator in (ACV, PVD):
            world.figures(
                source,
                {
                    "2021-01": {"01": 10 * factor, "03": 7 * factor},
                    "2021-02": {"01": 11 * factor, "03": 7 * factor, "2A": 7 * factor},
                    "2021-05": {"01": 9 * factor, "03": 8 * factor, "2A": 8 * factor},
                },
                indicator,
            )
    for delivery, on in (("a", "2021-03-10"), ("b", "2021-06-10"), ("c", "2021-06-11")):
        world.delivered(delivery, on)
    world.published("a", "2021-01", FR=80, r84=85)
    world.published("b", "2021-01", FR=85, r84=85)
    world.published("b", "2020-12", r84=60)
    world.published("c", "2020-12", FR=61)
    world.observe(100, "a", "2021-03-10", "2021-06-10", "b")
    world.observe(90, "b", "2021-06-10")
    world.held("b", "2021-12")
    world.project.write_as_of_macros(world.build().connection)
    path = tmp_path / "warehouse.duckdb"
    world.connection.execute(f"attach '{path}' as copied (storage_version 'v1.0.0')")
    world.connection.execute("copy from database memory to copied")
    if request.param == "no marts":
        for schema in ("marts", "reference"):
            world.connection.execute(f"drop schema copied.{schema} cascade")
    world.connection.execute("detach copied")
    return path


@needs_dbt
def test_dbt_builds_the_same_tables(world: World, project: Project, warehouse: Path) -> None:
    folder = warehouse.parent
    done = subprocess.run(
        [
            str(DBT),
            "build",
            *("--project-dir", str(project.path), "--profiles-dir", str(project.path)),
            *("--target-path", str(folder / "target"), "--log-path", str(folder / "logs")),
        ],
        env={
            **os.environ,
            "ACV_DBT_DATABASE": str(warehouse),
            "DBT_SEND_ANONYMOUS_USAGE_STATS": "0",
        },
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    results = json.loads((folder / "target" / "run_results.json").read_text(encoding="utf-8"))
    kinds = [result["unique_id"].partition(".")[0] for result in results["results"]]
    assert kinds.count("model") == len(project.models)
    assert kinds.count("test") == len(project.tests)
    assert kinds.count("seed") == len(project.seeds)
    nodes = (*project.models.values(), *project.seeds.values())
    with duckdb.connect(str(warehouse), read_only=True) as built:
        for node in nodes:
            ours = world.connection.execute(f"from {node.table} order by all")
            theirs = built.execute(f"from {node.table} order by all")
            assert theirs.description == ours.description, node.name
            rows = ours.fetchall()
            assert rows, node.name
            assert theirs.fetchall() == rows, node.name
    # and the engine takes over from dbt
    with duckdb.connect(str(warehouse)) as taken_over:
        taken_over.execute("delete from validated.observations where source = 'anah'")
        project.build(taken_over)
        left = taken_over.execute("select distinct series from marts.series order by 1").fetchall()
        assert left == [("action_logement",), ("published",)]
