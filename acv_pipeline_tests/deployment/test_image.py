"""The image, made by its Dockerfile's steps and started as ``compose.yaml`` says.

It takes minutes: ``make image`` runs it, ``make test`` skips it.
"""

from __future__ import annotations

import json
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
from acv_pipeline_tests.deployment.browsing import Someone
from acv_pipeline_tests.deployment.image import ROOT, Image, Stage, inside, missing
from acv_pipeline_tests.deployment.machine import ALERTS, PATIENCE_SECONDS, Machine, free_ports
from acv_pipeline_tests.deployment.machine import missing as missing_programs

COMPOSE = yaml.safe_load((ROOT / "deploy" / "compose.yaml").read_text(encoding="utf-8"))
MONTH = "2018-09"
WITH_PORTS = (
    "/opt/acv/workspace.yaml",
    "/etc/apache2/ports.conf",
    "/etc/apache2/sites-enabled/acv.conf",
)


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
        made.build("build", "front")
        yield made
    finally:
        shutil.rmtree(folder)  # whatever was mounted in it was so for its own process alone


@pytest.fixture(scope="module")
def stage(image: Image) -> Stage:
    return image.stages[""]


class Containers(Machine):
    """The services of ``compose.yaml``, but for the database, which is this machine's."""

    def __init__(self, image: Image) -> None:
        super().__init__()
        self.volume = self.root / "data"
        self.volume.mkdir()
        self.home = self.volume / "home"
        self.image = image
        stage = image.stages[""]
        self.code, self.observer = free_ports(2)
        shutil.chown(self.volume, *map(int, stage.user.split(":")))

    def start(self) -> None:
        self.start_postgres()
        self._make_certificate()
        self._write_secret("storage-url", self.storage_url)
        self._write_secret("alert-urls", ALERTS)
        (self.root / "etc/acv/tls/key.pem").chmod(0o644)
        self._start_provider()
        done = subprocess.run(self.service("prepare"), check=False, stderr=subprocess.PIPE)
        assert done.returncode == 0, done.stderr.decode()
        for name in ("code", "web", "daemon", "observe", "front"):
            self._spawn(self.service(name))
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not self._answers():
            assert time.monotonic() < deadline, self.tail()
            time.sleep(0.5)

    def service(self, name: str) -> list[str]:
        """The command that starts one."""
        said = COMPOSE["services"][name]
        stage = self.image.stages[said["build"].get("target", "")]
        environment = {key: self._here(value) for key, value in said["environment"].items()}
        # one look at the landing zone, when the daemon starts: the run here is the operator's
        environment["ACV_TICK_SECONDS"] = "3600"
        return inside(
            stage,
            [self._here(word) for word in said.get("command", stage.command)],
            stage.environment | environment,
            files=self._volumes(said)
            | self._secrets(said, stage)
            | self._with_ports_of_here(stage),
            writable=not said["read_only"],
            tmpfs=tuple(said["tmpfs"]),
        )

    def _volumes(self, said: dict[str, Any]) -> dict[Path, str]:
        here = {
            "data": self.volume,
            "${ACV_LANDING:?}": self.landing,
            "${ACV_TLS:?}": self.root / "etc/acv/tls",
        }
        volumes = [re.fullmatch(r"(.+?):(/[^:]+)(:ro)?", volume) for volume in said["volumes"]]
        return {here[volume[1]]: volume[2] for volume in volumes if volume}

    def _secrets(self, said: dict[str, Any], stage: Stage) -> dict[Path, str]:
        """As an engine mounts them, here each for the service's user alone."""
        mounted = {}
        for name in said["secrets"]:
            written = self.root / "etc/acv/secrets" / name
            mine = self.root / f"{stage.name}-{name}"
            shutil.copy(written, mine)
            mine.chmod(0o400)
            shutil.chown(mine, *map(int, stage.user.split(":")))
            mounted[mine] = f"/run/secrets/{name}"
        return mounted

    def _with_ports_of_here(self, stage: Stage) -> dict[Path, str]:
        """Files of the image that name ports, which containers have to themselves."""
        changed = {}
        for file in WITH_PORTS:
            if (stage.tree / file.lstrip("/")).exists():
                mine = self.root / f"{stage.name}-{Path(file).name}"
                text = (stage.tree / file.lstrip("/")).read_text(encoding="utf-8")
                mine.write_text(self._here(text), encoding="utf-8")
                changed[mine] = file
        return changed

    def _answers(self) -> bool:
        try:
            Someone(self).ask("GET", "/", allow_redirects=False)
            self.observed("/health")
            return requests.get(f"http://127.0.0.1:{self.ui}/server_info", timeout=60).ok
        except requests.ConnectionError:
            return False

    def observed(self, path: str) -> requests.Response:
        """What ``observe`` says."""
        return requests.get(f"http://127.0.0.1:{self.observer}{path}", timeout=120)

    def _here(self, text: str) -> str:
        """With the names and ports that containers have replaced by those of this machine."""
        for written, here in {
            "3002": str(self.observer),
            "${ACV_LOG_FORMAT:-colored}": "json",
            "${ACV_NAME:?}": f"localhost:{self.sign_in}",
            "${ACV_OIDC_CLIENT_ID:?}": self.client_id,
            "${ACV_OIDC_ISSUER:?}": f"http://127.0.0.1:{self.provider}",
            "web:3000": f"127.0.0.1:{self.ui}",
            "host: code": "host: 127.0.0.1",
            "0.0.0.0": "127.0.0.1",
            "4266": str(self.code),
            "3000": str(self.ui),
            "Listen 443": f"Listen {self.sign_in}",
            "*:443": f"*:{self.sign_in}",
        }.items():
            text = text.replace(written, here)
        text = re.sub(r"\$\{\w+:-(.*?)\}", r"\1", text)
        return re.sub(r"\$\{(\w+):\?\}", r"some-\1", text)


@pytest.fixture(scope="module")
def containers(image: Image, contract: Contract) -> Iterator[Containers]:
    containers = Containers(image)
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


def test_the_helm_chart_starts_what_is_meant(stage: Stage) -> None:
    values = yaml.safe_load((ROOT / "deploy" / "values.yaml").read_text(encoding="utf-8"))
    (path,) = [env["value"] for env in values["dagsterWebserver"]["env"] if env["name"] == "PATH"]
    started = "dagster-webserver -h 0.0.0.0 -p 3000 -w /opt/acv/workspace.yaml"  # as it does
    helped = said_in(stage, f"PATH={path}; /bin/bash -c '{started} --help'")
    assert "behind a proxy that signs people in" in helped
    assert "behind a proxy" not in said_in(stage, f"/bin/bash -c '{started} --help'")
    daemon = f"PATH={path} ACV_LOG_FORMAT=wrong /bin/bash -c 'dagster-daemon run' 2>&1"
    assert "Invalid value for '--log-format': 'wrong'" in said_in(stage, daemon)


def test_its_user_is_nobody_special_and_writes_nowhere_but_where_data_are(stage: Stage) -> None:
    assert said_in(stage, "id -u; id -g; id -G").split() == ["10001"] * 3
    writable = said_in(stage, "find / -xdev -writable -not -type l 2>/dev/null | sort").split()
    own = {"/srv/acv/data", "/srv/acv/landing"}
    common = ("/tmp", "/run", "/var/tmp", "/proc", "/dev", "/var/lock")
    assert own <= set(writable)
    assert not [path for path in writable if path not in own and not path.startswith(common)]
    kept = said_in(
        stage, "for d in / /srv/acv /opt/acv /var/tmp; do touch $d/x 2>&1; done", writable=False
    )
    assert kept.count("Read-only file system") == 4, kept


def test_the_lock_of_a_home_holds_between_containers(stage: Stage, tmp_path: Path) -> None:
    """Neither sees the other's processes; the kernel is one."""
    shutil.chown(tmp_path, *map(int, stage.user.split(":")))
    tmp_path.chmod(0o755)

    def python(code: str) -> list[str]:
        code = (
            f"from acv_pipeline.warehouse.home import Home; home = Home.from_environment()\n{code}"
        )
        return inside(
            stage, ["python", "-c", code], stage.environment,
            files={tmp_path: "/srv/acv/data"}, tmpfs=("/tmp",), alone=True,
        )  # fmt: skip

    hold = "with home.at_work('a run'): print('at work', flush=True); input()"
    look = "import os; print(os.getpid(), home.nobody_at_work())"
    with subprocess.Popen(
        python(hold), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdin and holder.stdout and holder.stdout.readline() == "at work\n"
        looked = subprocess.run(python(look), capture_output=True, text=True, check=True)
        assert looked.stdout == "1 False\n"
        holder.stdin.write("\n")
    looked = subprocess.run(python(look), capture_output=True, text=True, check=True)
    assert looked.stdout == "1 True\n"


def test_a_month_is_run_by_who_is_signed_in(containers: Containers) -> None:
    otto = Someone(containers, "otto")
    run = otto.ended(otto.launch("monthly_figures_job", MONTH))
    assert run["status"] == "SUCCESS", containers.tail()
    assert {"key": "user", "value": "otto@example.org"} in run["tags"]
    home = Home(containers.home)
    with read_published(home) as connection:
        months = connection.execute(
            "select distinct strftime(month, '%Y-%m') from marts.series"
        ).fetchall()
    assert months == [(MONTH,)]
    assert {path.stat().st_uid for path in home.root.rglob("*")} == {10001}
    assert home.report.exists() and (home.releases / "latest").exists()
    assert not (home.dagster / "history").exists(), "Dagster's record is in Postgres"


def test_it_is_observed(containers: Containers) -> None:
    """After the run of above."""
    found = containers.observed("/health").json()["aspects"]
    ill = {name: aspect["says"] for name, aspect in found.items() if not aspect["is_fine"]}
    # space is this machine's; while a run is at work nobody looks, and the next look is not ours
    assert set(ill) <= {"space", "landing_zone"}, ill
    assert {"record", "daemon", "alerts", "landing_zone", "runs"} <= set(found)
    metrics = containers.observed("/metrics").text
    assert 'acv_healthy{aspect="record"} 1.0' in metrics
    assert 'acv_last_run_failed{job="monthly_figures_job"} 0.0' in metrics


def test_logs_are_json_where_that_is_asked_for(containers: Containers) -> None:
    lines = containers.log.read_text(encoding="utf-8", errors="replace").splitlines()
    told = [json.loads(line) for line in lines if line.startswith('{"')]
    assert {"dagster.code_server", "dagster.daemon"} <= {said["logger"] for said in told}
    assert not [line for line in lines if "\x1b[" in line], "Dagster's own form has colours"


def test_it_ends_when_it_is_told_to(containers: Containers) -> None:
    """As an engine does: SIGTERM, and ten seconds until SIGKILL."""
    for process in containers.processes:
        process.send_signal(signal.SIGTERM)
    for process in containers.processes:
        process.wait(timeout=PATIENCE_SECONDS)
