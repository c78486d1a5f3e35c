"""A home after a real run: two good months, one that is held, a row in quarantine."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from acv_pipeline.cli.main import main
from acv_pipeline.contract import Contract
from acv_pipeline.contract.months import month_of
from acv_pipeline.warehouse.home import Home
from acv_pipeline_tests.deliveries import deliver, deliver_trajectory, steady_figures

ACV = str(Path(sys.executable).with_name("acv"))
MONTHS = ["2018-09", "2018-10"]
HELD = "2018-11"


def acv(
    home: Home, *arguments: str, environment: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """The command, in this process, which has imported all that one of its own would have to."""
    said = CliRunner().invoke(main, [*arguments, "--home", str(home.root)], env=environment)
    if said.exception is not None and not isinstance(said.exception, SystemExit):
        raise said.exception
    return subprocess.CompletedProcess(arguments, said.exit_code, said.stdout, said.stderr)


def acv_apart(
    home: Home, *arguments: str, environment: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """The program ``acv``, in a process of its own."""
    return subprocess.run(
        [ACV, *arguments, "--home", str(home.root)],
        env=os.environ | (environment or {}),
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="session")
def after_a_run(tmp_path_factory: pytest.TempPathFactory, contract: Contract) -> Home:
    """Whoever changes it, copies it first."""
    folder = tmp_path_factory.mktemp("observed")
    home, landing = Home(folder / "home"), folder / "landing"
    for source in ("anah", "action_logement"):
        deliver_trajectory(landing, contract, source, MONTHS)
    figures = steady_figures(contract, month_of(HELD), source="action_logement")
    del figures["62"]
    deliver(landing, "action_logement", "2018-12-10", {HELD: figures})
    odd = steady_figures(contract, month_of(HELD)) | {"59": "many"}
    deliver(landing, "anah", "2018-12-11", {HELD: odd})
    ran = acv(home, "run", "--landing", str(landing))
    assert ran.returncode == 1 and "HELD" in ran.stdout, ran
    return home


@pytest.fixture
def observed(after_a_run: Home, tmp_path: Path) -> Home:
    """A home of one's own."""
    subprocess.run(["cp", "-a", str(after_a_run.root), str(tmp_path / "observed")], check=True)
    return Home(tmp_path / "observed")
