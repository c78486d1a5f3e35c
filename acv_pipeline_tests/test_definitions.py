"""What Dagster loads: the graph, the checks and the jobs, held by a snapshot."""

from __future__ import annotations

import ast
import pkgutil
import subprocess
import sys
from collections import defaultdict
from graphlib import TopologicalSorter
from pathlib import Path

import dagster as dg
import pytest
import yaml

import acv_pipeline.assets
from acv_pipeline.contract.tables import tables
from acv_pipeline.definitions import build_definitions
from acv_pipeline.flow.pipeline import Pipeline
from acv_pipeline.warehouse.home import Home

ROOT = Path(__file__).parents[1]
SNAPSHOT = Path(__file__).with_name("definitions.snapshot.yml")


@pytest.fixture(scope="module")
def definitions(tmp_path_factory: pytest.TempPathFactory) -> dg.Definitions:
    home = Home(tmp_path_factory.mktemp("home"))
    return build_definitions(Pipeline.configured(home, home.landing))


def shown(definitions: dg.Definitions) -> dict[str, object]:
    graph = definitions.resolve_asset_graph()
    return {
        "assets": {
            key.to_user_string(): {
                "group": node.group_name,
                "kinds": sorted(node.kinds),
                "depends_on": sorted(parent.to_user_string() for parent in node.parent_keys),
                "checks": sorted(
                    check.name for check in graph.asset_check_keys if check.asset_key == key
                ),
            }
            for key in graph.toposorted_asset_keys
            if (node := graph.get(key))
        },
        "jobs": sorted(
            job.name for job in definitions.resolve_all_job_defs() if not job.name.startswith("__")
        ),
    }


def test_graph_checks_and_jobs_are_those_of_the_snapshot(definitions: dg.Definitions) -> None:
    """To change it on purpose: ``python -m acv_pipeline_tests.test_definitions``."""
    assert shown(definitions) == yaml.safe_load(SNAPSHOT.read_text(encoding="utf-8"))


def test_every_module_of_the_layers_is_loaded(definitions: dg.Definitions) -> None:
    groups = {node["group"] for node in shown(definitions)["assets"].values()}  # type: ignore[attr-defined]
    modules = {module.name for module in pkgutil.iter_modules(acv_pipeline.assets.__path__)}
    not_layers = {
        "datagouv", "evaluated", "lineage_told", "partitions", "resources", "run", "shown",
        "step", "ui",
    }  # fmt: skip
    assert not_layers <= modules
    assert modules - not_layers == groups


def test_every_asset_is_described_to_the_last_column(definitions: dg.Definitions) -> None:
    for spec in definitions.resolve_all_asset_specs():
        assert spec.description and spec.owners and spec.kinds, spec.key
        if spec.group_name == "publication":
            continue  # files, whose columns the release describes itself
        schema = spec.metadata["dagster/column_schema"]
        assert schema.columns, spec.key
        for column in schema.columns:
            assert column.description, (spec.key, column.name)


def test_every_check_says_what_to_do(definitions: dg.Definitions) -> None:
    for check in definitions.resolve_asset_graph().assets_defs:
        for spec in check.check_specs:
            assert "If it fails: " in (spec.description or ""), spec.name


def test_every_table_of_the_contract_has_a_key_and_descriptions() -> None:
    for table in tables().values():
        assert set(table.key) <= set(table.column_names), table.name
        assert table.description and all(column.description for column in table.columns)


def test_dagsters_own_validation_passes(tmp_path: Path) -> None:
    """The other one, of the workspace file: ``deployment/test_wheel``."""
    binary = Path(sys.executable).with_name("dg")
    result = subprocess.run(
        [str(binary), "check", "defs"],
        cwd=ROOT,
        env={
            "PATH": f"{binary.parent}:/usr/bin:/bin",
            "HOME": str(tmp_path),
            "ACV_HOME": str(tmp_path / "home"),
            "DAGSTER_DISABLE_TELEMETRY": "yes",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stdout + result.stderr


if __name__ == "__main__":
    home = Home(Path("unused"))
    current = shown(build_definitions(Pipeline.configured(home, home.landing)))
    SNAPSHOT.write_text(
        "# Written by python -m acv_pipeline_tests.test_definitions\n"
        + yaml.safe_dump(current, sort_keys=False, allow_unicode=True),
        encoding="utf-8",
    )


def test_no_room_needs_another_that_needs_it() -> None:
    """Imports inside functions, and those for types alone, count too."""
    package = ROOT / "acv_pipeline"
    imports: dict[str, set[str]] = defaultdict(set)
    for file in package.rglob("*.py"):
        room = file.relative_to(package).parts[0].removesuffix(".py")
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            named = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            if isinstance(node, ast.Import):
                named = [alias.name for alias in node.names]
            imports[room] |= {n.split(".")[1] for n in named if n.startswith("acv_pipeline.")}
    needs = {room: others - {room} for room, others in imports.items()}
    assert needs["orchestration"] and needs["definitions"]
    list(TopologicalSorter(needs).static_order())  # raises CycleError, with the circle


def test_loading_them_waits_for_no_large_library() -> None:
    """Beyond importing Dagster it takes half a second at most (``make bench``)."""
    code = (
        "import sys, dagster; known = set(sys.modules); import acv_pipeline.definitions as d;"
        "d.defs(); new = sys.modules.keys() - known;"
        "sys.exit(str({'great_expectations', 'pandas', 'sqlalchemy', 'sqlglot'} & new or '') or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
