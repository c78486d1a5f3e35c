"""The image, made by its Dockerfile's steps and started as ``compose.yaml`` says.

It takes minutes: ``make image`` runs it, ``make test`` skips it.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
import yaml

from acv_pipeline.contract import Contract
from acv_pipeline.warehouse import read_published
from acv_pipeline.warehouse.home import Home
from acv_pipeline.warehouse.migrations import program_version
from acv_pipeline_tests.deliveries import deliver_trajectory
from acv_pipeline_tests.deployment.image import ROOT, Image, Stage, inside, missing
from acv_pipeline_tests.deployment.machine import PATIENCE_SECONDS, SECRET, Machine, free_ports
from acv_pipeline_tests.deployment.machine import missing as missing_programs

COMPOSE = yaml.safe_load((ROOT / "deploy" / "compose.yaml").read_text(encoding="utf-8"))
OPERATOR = {"X-Forwarded-User": "otto@example.org", "X-Forwarded-Groups": "acv-operators"}
LAUNCH = """
    mutation {
        launchRun(executionParams: {
            selector: {
                repositoryName: "__repository__", repositoryLocationName: "acv_pipeline",
                pipelineName: "monthly_figures_job"
            },
            runConfigData: {},
            executionMetadata: {tags: [{key: "dagster/partition", value: "2018-09-01"}]}
        }) { __typename ... on LaunchRunSuccess { run { runId } } ... on PythonError { message } }
    }
"""
STATUS = "query ($run: ID!) { runOrError(runId: $run) { ... on Run { status } } }"
MONTH = "2018-09"


@pytest.fixture(scope="module")
def image() -> Iterator[Image]:
    if "ACV_IMAGE" not in os.environ:
        pytest.skip("making the image takes minutes: 'make image'")
    if why := missing() or missing_programs():
        pytest.skip(why)
    folder = Path(tempfile.mkdtemp(prefix="acv-image-"))
    folder.chmod(0o755)
    made = Image(folder)
    try:
        made.build("build")
        yield made
    finally:
        shutil.rmtree(folder)  # whatever was mounted in it was so for its own process alone


@pytest.fixture(scope="module")
def stage(image: Image) -> Stage:
    return image.stages[""]


class Containers(Machine):
    """The services of ``compose.yaml`` that are made of the image, beside a real Postgres."""

    def __init__(self, stage: Stage) -> None:
        super().__init__()
        self.stage = stage
        (self.code,) = free_ports(1)
        for folder in (self.home, self.landing):
            folder.mkdir(parents=True, exist_ok=True)
        shutil.chown(self.home, int(stage.user.split(":")[0]), int(stage.user.split(":")[1]))
        workspace = (ROOT / "deploy" / "workspace.yaml").read_text(encoding="utf-8")
        self.workspace = self.root / "workspace.yaml"
        self.workspace.write_text(self._here(workspace), encoding="utf-8")

    def start(self) -> None:
        self._start_postgres()
        done = subprocess.run(self.service("prepare"), check=False, stderr=subprocess.PIPE)
        assert done.returncode == 0, done.stderr.decode()
        for name in ("code", "web", "daemon"):
            self._spawn(self.service(name))
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not self._answers():
            assert time.monotonic() < deadline, self.tail()
            time.sleep(0.5)

    def service(self, name: str) -> list[str]:
        """The command that starts one."""
        said = COMPOSE["services"][name]
        environment = {key: self._here(value) for key, value in said["environment"].items()}
        # one look at the landing zone, when the daemon starts: the run here is the operator's
        environment["ACV_TICK_SECONDS"] = "3600"
        return inside(
            self.stage,
            [self._here(word) for word in said["command"]],
            self.stage.environment | environment,
            files={
                self.home: "/srv/acv/home",
                self.landing: "/srv/acv/landing",
                self.workspace: "/opt/acv/workspace.yaml",
            },
            writable=not said["read_only"],
            tmpfs=tuple(said["tmpfs"]),
        )

    def graphql(self, query: str, **variables: Any) -> dict[str, Any]:  # type: ignore[override]
        asked = {"query": query, "variables": variables}
        said = requests.post(self.address + "/graphql", json=asked, headers=OPERATOR, timeout=120)
        assert said.ok and "errors" not in said.json(), said.text
        (only,) = said.json()["data"].values()
        return dict(only)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.ui}"

    def _answers(self) -> bool:
        try:
            return requests.get(f"{self.address}/server_info", timeout=60).ok
        except requests.ConnectionError:
            return False

    def _here(self, text: str) -> str:
        """With the names and ports that containers have replaced by those of this machine."""
        for written, here in {
            "${ACV_DATABASE_PASSWORD:?}": SECRET,
            "${ACV_NAME:?}": "acv.example.org",
            "@postgres:5432": f"@127.0.0.1:{self.database}",
            "host: code": "host: 127.0.0.1",
            "0.0.0.0": "127.0.0.1",
            "4266": str(self.code),
            "3000": str(self.ui),
        }.items():
            text = text.replace(written, here)
        return re.sub(r"\$\{\w+:-(.*?)\}", r"\1", text)


@pytest.fixture(scope="module")
def containers(stage: Stage, contract: Contract) -> Iterator[Containers]:
    containers = Containers(stage)
    try:
        for source in ("anah", "action_logement"):
            deliver_trajectory(containers.landing, contract, source, [MONTH])
        for path in containers.landing.rglob("*.csv"):
            os.utime(path, (time.time() - 60,) * 2)  # else a quick run takes it for unfinished
        containers.start()
        yield containers
    finally:
        containers.stop()


def said_in(stage: Stage, script: str, *, writable: bool = True, **more: Any) -> str:
    """What a script of the image's own shell says, as the image's user."""
    command = inside(
        stage, ["/bin/sh", "-c", script], stage.environment, files={}, writable=writable, **more
    )
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout


def test_what_is_installed_is_what_the_lock_says(stage: Stage) -> None:
    names = "((x.name, x.version) for x in metadata.distributions())"
    listing = f"from importlib import metadata; print(*{names})"
    found = re.findall(r"\('(\S+)', '(\S+)'\)", said_in(stage, f'python -c "{listing}"'))
    installed = {(re.sub("[._-]+", "-", name.lower()), version) for name, version in found}
    lock = (ROOT / "requirements" / "server.lock").read_text(encoding="utf-8")
    locked = set(re.findall(r"^([a-z0-9-]+)(?:\[.*\])?==(\S+)", lock, re.MULTILINE))
    assert len(installed) > 80
    assert installed - locked == {("acv-pipeline", program_version())}


def test_nothing_to_build_with_is_left(stage: Stage) -> None:
    asked = "gcc cc make pip pip3 git curl"
    assert said_in(stage, f"for p in {asked} python; do command -v $p; done").split() == [
        "/opt/acv/bin/python"
    ]
    assert "No module named pip" in said_in(
        stage, "python -m pip 2>&1; /usr/bin/python3 -m pip 2>&1"
    )
    assert not list((stage.tree / "var/lib/apt/lists").glob("*Packages*"))


def test_its_user_is_nobody_special_and_writes_nowhere_but_in_the_home(stage: Stage) -> None:
    assert said_in(stage, "id -u; id -g; id -G").split() == ["10001"] * 3
    writable = said_in(stage, "find / -xdev -writable -not -type l 2>/dev/null | sort").split()
    own = {"/srv/acv", "/srv/acv/home", "/srv/acv/landing"}
    common = ("/tmp", "/run", "/var/tmp", "/proc", "/dev", "/var/lock")
    assert own <= set(writable)
    assert not [path for path in writable if path not in own and not path.startswith(common)]
    kept = said_in(
        stage, "for d in / /srv/acv /opt/acv /var/tmp; do touch $d/x 2>&1; done", writable=False
    )
    assert kept.count("Read-only file system") == 4, kept


def test_a_month_is_run(containers: Containers) -> None:
    launched = containers.graphql(LAUNCH)
    assert launched["__typename"] == "LaunchRunSuccess", (launched, containers.tail())
    deadline = time.monotonic() + PATIENCE_SECONDS
    while (status := containers.graphql(STATUS, run=launched["run"]["runId"])["status"]) not in {
        "SUCCESS", "FAILURE", "CANCELED",
    }:  # fmt: skip
        assert time.monotonic() < deadline, containers.tail()
        time.sleep(1)
    assert status == "SUCCESS", containers.tail()
    home = Home(containers.home)
    with read_published(home) as connection:
        months = connection.execute(
            "select distinct strftime(month, '%Y-%m') from marts.series"
        ).fetchall()
    assert months == [(MONTH,)]
    assert {path.stat().st_uid for path in home.root.rglob("*")} == {10001}
    assert home.report.exists() and (home.releases / "latest").exists()
    assert not (home.dagster / "history").exists(), "Dagster's record is in Postgres"


def test_it_ends_when_it_is_told_to(containers: Containers) -> None:
    """As an engine does: SIGTERM, and ten seconds until SIGKILL."""
    for process in containers.processes:
        process.send_signal(signal.SIGTERM)
    for process in containers.processes:
        process.wait(timeout=PATIENCE_SECONDS)
