"""The wheel holds all it needs: installed elsewhere, it runs and Dagster opens its definitions."""

from __future__ import annotations

import shutil
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest

from acv_pipeline.contract import load_contract
from acv_pipeline_tests.deliveries import deliver_trajectory

ROOT = Path(__file__).parents[2]
BUILT_FROM = ["acv_pipeline", "dbt_like_sql"]
FILES = ["pyproject.toml", "setup.py", "MANIFEST.in", "workspace.yaml", "README.md", "LICENSE"]


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment of its own with the wheel in it; the libraries are those of this one."""
    root = tmp_path_factory.mktemp("wheel")
    source = root / "source"  # building leaves files behind
    for folder in BUILT_FROM:
        shutil.copytree(
            ROOT / folder, source / folder, ignore=shutil.ignore_patterns("__pycache__")
        )
    for file in FILES:
        shutil.copy(ROOT / file, source)
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    here = ["--no-deps", "--no-build-isolation"]
    done(*pip, "wheel", *here, "--wheel-dir", str(root), str(source), cwd=root)
    shutil.rmtree(source)
    (wheel,) = root.glob("*.whl")
    environment = root / "environment"
    venv.create(environment, with_pip=False)
    (packages,) = environment.glob("lib/python*/site-packages")
    # a path alone: what is installed there by reference, such as this checkout, is not
    (packages / "libraries.pth").write_text(sysconfig.get_path("purelib"))
    python = str(environment / "bin" / "python")
    done(*pip, "--python", python, "install", *here, "--no-index", str(wheel), cwd=root)
    return environment / "bin"


def done(*command: str, cwd: Path, **environment: str) -> str:
    result = subprocess.run(
        command,
        cwd=cwd,
        env={"PATH": f"{Path(command[0]).parent}:/usr/bin:/bin", "HOME": str(cwd), **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


def test_it_runs_without_the_repository(installed: Path, tmp_path: Path) -> None:
    where = done(
        str(installed / "python"), "-c", "import acv_pipeline as a; print(a.__file__)", cwd=tmp_path
    )
    assert Path(where.strip()).is_relative_to(installed.parent)
    for source in ("anah", "action_logement"):
        deliver_trajectory(tmp_path / "landing", load_contract(), source, ["2018-09", "2018-10"])
    home = tmp_path / "home"
    said = done(
        str(installed / "acv"), "run", "--landing", str(tmp_path / "landing"),
        "--home", str(home), cwd=tmp_path, ACV_HOME=str(home),
    )  # fmt: skip
    assert "2 months accepted" in said
    for made in ("published/acv.duckdb", "releases/latest", "report/index.html"):
        assert (home / made).exists(), made


def test_dagster_opens_its_definitions_by_the_workspace_file(
    installed: Path, tmp_path: Path
) -> None:
    code = "from acv_pipeline.cli.dev import WORKSPACE; print(WORKSPACE)"
    workspace = done(str(installed / "python"), "-c", code, cwd=tmp_path).strip()
    assert Path(workspace).is_relative_to(installed.parent)
    settings = {"ACV_HOME": str(tmp_path / "home"), "DAGSTER_DISABLE_TELEMETRY": "yes"}
    done(
        str(installed / "python"), "-m", "dagster", "definitions", "validate", "-w", workspace,
        cwd=tmp_path, **settings,
    )  # fmt: skip
