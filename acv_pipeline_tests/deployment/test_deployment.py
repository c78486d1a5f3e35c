"""The documented server, brought up on this machine: who may do what, and two runs at once."""

from __future__ import annotations

import datetime as dt
import http.client
import json
import os
import shutil
import signal
import subprocess
import sys
import tarfile
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from acv_pipeline.contract import Contract
from acv_pipeline.warehouse import read_published
from acv_pipeline.warehouse.home import Home
from acv_pipeline_tests.deliveries import deliver_trajectory
from acv_pipeline_tests.deployment.machine import (
    COOKIE_KEY,
    FILES,
    HAS_IPV6,
    NAME,
    PATIENCE_SECONDS,
    SECRETS,
    Machine,
    missing,
)

LAUNCH = """
    mutation ($month: String!) {
        launchRun(executionParams: {
            selector: {
                repositoryName: "__repository__", repositoryLocationName: "acv_pipeline",
                pipelineName: "monthly_figures_job"
            },
            runConfigData: {},
            executionMetadata: {tags: [{key: "dagster/partition", value: $month}]}
        }) {
            __typename
            ... on LaunchRunSuccess { run { runId } }
            ... on PythonError { message }
        }
    }
"""
RUNS = """
    { runsOrError { ... on Runs { results { runId status startTime endTime } } } }
"""
MESSAGES = """
    query ($run: ID!) {
        logsForRun(runId: $run) {
            ... on EventConnection { events { ... on MessageEvent { message } } }
        }
    }
"""
LOCATIONS = """
    { workspaceOrError { ... on Workspace { locationEntries {
        name loadStatus locationOrLoadError { __typename }
    } } } }
"""
CONFIGURATION = "{ instance { info } }"
ENDED = {"SUCCESS", "FAILURE", "CANCELED"}
MONTHS = ["2018-09", "2018-10"]


@pytest.fixture(scope="module")
def machine() -> Iterator[Machine]:
    if why := missing():
        pytest.skip(why)
    machine = Machine()
    try:
        machine.start()
        yield machine
    finally:
        machine.stop()


def test_nobody_gets_in_without_a_password(machine: Machine) -> None:
    for path in ("/", "/server_info", "/runs", "/assets"):
        assert machine.request("GET", path)[0] == 401, path
    assert machine.request("POST", "/graphql", body={"query": RUNS})[0] == 401
    wrong = {"Authorization": "Basic b3BlcmF0b3I6d3Jvbmc="}
    assert machine.request("GET", "/", headers=wrong)[0] == 401
    if HAS_IPV6:
        assert machine.request("GET", "/", at="::1")[0] == 401
        assert machine.request("GET", "/", at="::1", host="other.example.org")[0] == 421


def test_who_types_the_name_alone_is_sent_to_https(machine: Machine) -> None:
    for port, name, origin in (
        (machine.http, NAME, f"https://{NAME}"),
        (machine.http_of_sign_in, "localhost", machine.signed_in_origin),
    ):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        connection.request("GET", "/runs?q=1", headers={"Host": name})
        answer = connection.getresponse()
        assert (answer.status, answer.headers["Location"]) == (301, f"{origin}/runs?q=1")
        connection.close()


@pytest.mark.parametrize("user", ["operator", "viewer"])
def test_who_has_one_sees_the_ui(machine: Machine, user: str) -> None:
    status, page = machine.request("GET", "/", user=user)
    assert status == 200 and "Dagster" in page
    assert "results" in machine.graphql(user, RUNS)["runsOrError"]


def test_a_viewer_cannot_launch(machine: Machine) -> None:
    before = machine.graphql("viewer", RUNS)["runsOrError"]["results"]
    answer = machine.graphql("viewer", LAUNCH, month="2018-09-01")["launchRun"]
    assert answer["__typename"] == "UnauthorizedError", answer
    assert machine.graphql("viewer", RUNS)["runsOrError"]["results"] == before


@pytest.mark.parametrize(
    "path",
    [
        "/graphql?query=",
        "//graphql?query=",
        "/%67raphql?query=",
        "/GraphQL?query=",
        "/graphql/?query=",
    ],
)
def test_a_mutation_in_an_address_is_refused(machine: Machine, path: str) -> None:
    query = quote("mutation { reloadWorkspace { __typename } }")
    for method in ("GET", "HEAD", "PUT"):
        assert machine.request(method, f"{path}?query={query}", user="operator")[0] == 405, method


def test_a_page_of_somebody_elses_is_refused(machine: Machine) -> None:
    foreign = {"Origin": "https://elsewhere.example"}
    status, _ = machine.request(
        "POST", "/graphql", user="operator", body={"query": RUNS}, headers=foreign
    )
    assert status == 403
    own = {"Origin": machine.signed_in_origin}  # that of $ACV_UI_URL
    body = {"query": RUNS}
    assert machine.request("POST", "/graphql", user="operator", body=body, headers=own)[0] == 200


@pytest.mark.parametrize("host", ["elsewhere.example", "127.0.0.1", "localhost"])
def test_a_foreign_host_is_refused(machine: Machine, host: str) -> None:
    assert machine.request("GET", "/", user="operator", host=host)[0] == 421


def test_the_one_code_server_may_die_and_come_back(machine: Machine) -> None:
    """UI and daemon have none of their own: those end when the machine pauses, for good."""
    servers = [
        process for process in machine.family()
        if b"api\0grpc" in (process / "cmdline").read_bytes()
    ]  # fmt: skip
    assert len(servers) == 1 and b"--heartbeat" not in (servers[0] / "cmdline").read_bytes()
    os.kill(int(servers[0].name), signal.SIGKILL)
    (machine.root / "run/acv/code.sock").unlink()  # as systemd does
    machine.start_unit("acv-code")
    location = {
        "name": "acv_pipeline",
        "loadStatus": "LOADED",
        "locationOrLoadError": {"__typename": "RepositoryLocation"},
    }
    assert machine.graphql("viewer", LOCATIONS)["workspaceOrError"]["locationEntries"] == [location]


def test_nobody_else_on_the_machine_reaches_the_code_server() -> None:
    unit = (FILES / "acv-code.service").read_text(encoding="utf-8")
    assert "RuntimeDirectoryMode=0700" in unit and " --socket /run/acv/" in unit
    assert "port" not in unit


def test_two_runs_that_an_operator_launches_work_at_once_and_take_turns(
    machine: Machine, contract: Contract
) -> None:
    for source in ("anah", "action_logement"):
        deliver_trajectory(machine.landing, contract, source, MONTHS)
    for path in machine.landing.rglob("*.csv"):
        os.utime(path, (time.time() - 60,) * 2)  # else a quick run takes it for unfinished
    first, second = launched_together(machine)
    assert first["status"] == second["status"] == "SUCCESS", machine.tail()
    assert second["startTime"] < first["endTime"], "both were going on for a while"
    lines = {run["runId"]: messages(machine, run["runId"]) for run in (first, second)}
    workers = {
        line for said in lines.values() for line in said if "Started process for run" in line
    }
    assert len(workers) == 2, workers
    names = [r["runId"][:8] for r in (first, second)]
    waited = [line for said in lines.values() for line in said if "waiting for run" in line]
    assert len(waited) == 1 and any(f"waiting for run {n} (PID " in waited[0] for n in names), lines
    assert "Conflicting lock" not in machine.log.read_text(encoding="utf-8", errors="replace")
    with read_published(Home(machine.home)) as connection:
        months = connection.execute(
            "select distinct strftime(month, '%Y-%m') from marts.series order by 1"
        ).fetchall()
    assert [month for (month,) in months] == MONTHS


def launched_together(machine: Machine) -> list[dict[str, Any]]:
    """Two runs of a month each, as recorded when both have ended, in the order of their start."""
    launched = set()
    for month in MONTHS:
        answer = machine.graphql("operator", LAUNCH, month=f"{month}-01")["launchRun"]
        assert answer["__typename"] == "LaunchRunSuccess", answer
        launched.add(answer["run"]["runId"])
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        results = machine.graphql("viewer", RUNS)["runsOrError"]["results"]
        runs = [run for run in results if run["runId"] in launched]
        if {run["status"] for run in runs} <= ENDED:
            return sorted(runs, key=lambda run: run["startTime"])
        assert time.monotonic() < deadline, (runs, machine.tail())
        time.sleep(1)


def messages(machine: Machine, run_id: str) -> list[str]:
    """The lines of a run's log, as a viewer reads them."""
    events = machine.graphql("viewer", MESSAGES, run=run_id)["logsForRun"]["events"]
    return [event["message"] for event in events if "message" in event]


def test_dagsters_record_is_in_postgres_and_no_secret_shows(machine: Machine) -> None:
    """After the runs of above, and a round of alerts that reaches nobody."""
    assert not (machine.home / "dagster" / "history").exists()
    round_of_alerts = [sys.executable, "-m", "acv_pipeline_tests.alerts.process"]
    now = f"{dt.datetime.now(dt.UTC):%FT%T}+00:00"
    subprocess.run(
        [*round_of_alerts, str(machine.home), now, "never"], env=machine.environment, check=True,
        stdout=machine.log.open("ab"), stderr=subprocess.STDOUT,
    )  # fmt: skip
    assert machine.log.read_text("utf-8", "replace").count("does not work, its messages wait") == 2
    places = {str(path): path for path in (machine.log, *machine.home.rglob("*")) if path.is_file()}
    assert any("outbox" in place or "alerts.sqlite" in place for place in places)
    family = machine.family()
    for folder in family:
        places |= {f"{folder}/{name}": folder / name for name in ("cmdline", "environ")}
    told = {}
    for place, path in places.items():
        with suppress(OSError):  # its process has ended
            told[place] = path.read_bytes()
    apaches = [p.rpartition("/")[0] for p, text in told.items()
               if "cmdline" in p and b"apache2\0-f" in text]  # fmt: skip
    environments = [told.pop(f"{process}/environ") for process in apaches]
    assert environments and all(COOKIE_KEY.encode() in text for text in environments)
    commands = [text for place, text in told.items() if "cmdline" in place]
    for program in (b"acv-webserver", b"dagster-daemon", b"api\0grpc"):
        assert any(program in command for command in commands), program
    dumped = subprocess.run(
        ["pg_dump"], check=True, capture_output=True,
        env=os.environ | machine.database_login(),
    )  # fmt: skip
    assert b"PIPELINE_SUCCESS" in dumped.stdout
    told["Dagster's record"] = dumped.stdout
    told["the UI"] = json.dumps(machine.graphql("viewer", CONFIGURATION)).encode()
    assert b"telemetry" in told["the UI"]
    found = [
        (secret, place) for place, text in told.items()
        for secret in (*SECRETS, machine.client_secret, COOKIE_KEY) if secret.encode() in text
    ]  # fmt: skip
    assert found == []


def test_the_nightly_backup_has_the_home_and_dagsters_record(machine: Machine) -> None:
    """After the runs of above."""
    machine.run("acv-backup")
    (home,) = machine.backups.glob("home-*.tar.gz")
    (record,) = machine.backups.glob("dagster-*.dump")
    with tarfile.open(home) as archive:
        assert any(name.endswith("warehouse.duckdb") for name in archive.getnames())
    listed = subprocess.run(
        ["pg_restore", "--list", record], capture_output=True, text=True, check=True
    )
    assert "TABLE DATA public event_logs" in listed.stdout


def test_systemd_accepts_the_units(tmp_path: Path) -> None:
    verify = shutil.which("systemd-analyze")
    if verify is None:
        pytest.skip("systemd-analyze is not installed")
    dropped = tmp_path / "acv-.service.d"
    dropped.mkdir()
    shutil.copy(FILES / "acv-secrets.conf", dropped)
    for unit in (*FILES.glob("*.service"), *FILES.glob("*.timer")):
        shutil.copy(unit, tmp_path)
    units = sorted(map(str, [*tmp_path.glob("*.service"), *tmp_path.glob("*.timer")]))
    result = subprocess.run([verify, "verify", *units], capture_output=True, text=True, check=False)
    # the programs are not installed where the units say: nothing else may be wrong
    said = [line for line in result.stderr.splitlines() if "is not executable" not in line]
    assert said == [], said
