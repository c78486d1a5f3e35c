"""Lineage events of real runs, taken by a receiver that wants them valid; or by none in time."""

from __future__ import annotations

import datetime as dt
import json
import os
import socket
import subprocess
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from acv_pipeline.contract import Contract
from acv_pipeline.contract.months import month_of
from acv_pipeline.contract.tables import tables
from acv_pipeline.definitions import JOB
from acv_pipeline.environment.open_lineage import is_wanted
from acv_pipeline.flow.lineage_events import AT_THE_END_SECONDS
from acv_pipeline.models import Project
from acv_pipeline.orchestration.dead_runs import end_dead_runs
from acv_pipeline.orchestration.instance import instance
from acv_pipeline.warehouse.home import Home
from acv_pipeline_tests.deliveries import deliver, deliver_trajectory, steady_figures
from acv_pipeline_tests.observing.conftest import ACV, acv, acv_apart

KEY = "zq7-key-of-the-receiver"
STEPS = ["receive", "judge", "build", "publish", "release", "report", "accepted"]


def valid(event: dict[str, Any]) -> bool:
    """Has what the specification requires, in the form it requires."""
    uuid.UUID(event["run"]["runId"])
    assert dt.datetime.fromisoformat(event["eventTime"]).tzinfo
    assert event["eventType"] in ("START", "RUNNING", "COMPLETE", "ABORT", "FAIL", "OTHER")
    assert event["job"]["namespace"] and event["job"]["name"]
    addresses = [event["producer"], event["schemaURL"]]
    datasets = [*event["inputs"], *event["outputs"]]
    for dataset in datasets:
        assert dataset["namespace"] and dataset["name"]
    for part in (event["run"], event["job"], *datasets):
        for facet in (part.get("facets") or {}).values():
            addresses += [facet["_producer"], facet["_schemaURL"]]
    for address in addresses:
        assert urlsplit(address).scheme, address
    for output in event["outputs"]:
        lineage = output.get("facets", {}).get("columnLineage", {"fields": {}})
        for of in lineage["fields"].values():
            for origin in of["inputFields"]:
                assert origin["namespace"] and origin["name"] and origin["field"]
    return True


class Receiver:
    """An HTTP server that keeps the valid events it gets, and refuses others."""

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []
        self.refused: list[str] = []
        self.keys: set[str | None] = set()
        self.status = 200
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.keys.add(self.headers["Authorization"])
                try:
                    assert self.path == "/api/v1/lineage"
                    event = json.loads(body)
                    assert valid(event)
                except Exception as error:
                    receiver.refused.append(f"{error!r}: {body[:300]!r}")
                    self.send_error(422)
                    return
                receiver.events.append(event)
                self.send_response(receiver.status)
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def of(self, step: str, state: str) -> dict[str, Any]:
        (event,) = [
            e for e in self.events
            if e["job"]["name"] == f"{JOB}.{step}" and e["eventType"] == state
        ]  # fmt: skip
        return event


@contextmanager
def receiving() -> Iterator[Receiver]:
    receiver = Receiver()
    try:
        yield receiver
    finally:
        receiver.stop()


@pytest.fixture(scope="module")
def told(
    contract: Contract, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Receiver, Home, Path]]:
    """All that a receiver with a key heard of a run of two months, one of them held."""
    folder = tmp_path_factory.mktemp("lineage")
    home, landing, key = Home(folder / "home"), folder / "landing", folder / "key"
    key.write_text(KEY + "\n")
    for source in ("anah", "action_logement"):
        deliver_trajectory(landing, contract, source, ["2018-09"])
    figures = steady_figures(contract, month_of("2018-10"))
    del figures["62"]
    deliver(landing, "anah", "2018-11-10", {"2018-10": figures})
    with receiving() as receiver:
        environment = {
            "OPENLINEAGE_URL": receiver.url,
            "OPENLINEAGE_API_KEY_FILE": str(key),
            "OPENLINEAGE_NAMESPACE": "statistics",
        }
        ran = acv(home, "run", "--landing", str(landing), environment=environment)
        assert ran.returncode == 1 and "HELD" in ran.stdout, ran
        assert "lineage events" not in ran.stdout + ran.stderr
        yield receiver, home, landing


def test_every_step_begins_and_ends_once(told: tuple[Receiver, Home, Path]) -> None:
    receiver, *_ = told
    assert receiver.refused == [] and receiver.keys == {f"Bearer {KEY}"}
    states = [(e["job"]["name"].rpartition(".")[2], e["eventType"]) for e in receiver.events]
    ends = ["COMPLETE"] * 6 + ["FAIL"]
    assert states == [
        pair for step, end in zip(STEPS, ends, strict=True)
        for pair in ((step, "START"), (step, end))
    ]  # fmt: skip
    assert {e["job"]["namespace"] for e in receiver.events} == {"statistics"}
    runs = {e["run"]["facets"]["parent"]["run"]["runId"] for e in receiver.events}
    assert len(runs) == 1 and {
        e["run"]["facets"]["parent"]["job"]["name"] for e in receiver.events
    } == {JOB}
    assert len({e["run"]["runId"] for e in receiver.events}) == len(STEPS)
    held = receiver.of("accepted", "FAIL")["run"]["facets"]["errorMessage"]
    assert "held, everything else is recorded" in held["message"]


def test_the_datasets_are_the_tables_with_their_columns(
    told: tuple[Receiver, Home, Path],
) -> None:
    receiver, home, landing = told
    place = f"duckdb://{home.warehouse}"

    def names(step: str, side: str) -> set[tuple[str, str]]:
        return {(d["namespace"], d["name"]) for d in receiver.of(step, "START")[side]}

    project = Project.load()
    assert names("receive", "inputs") == {("file", str(landing))}
    assert names("receive", "outputs") == {(place, "raw.extract_rows")}
    assert names("judge", "inputs") == {(place, "raw.extract_rows")}
    assert {(place, "validated.dwellings"), (place, "validated.quarantined_rows")} < names(
        "judge", "outputs"
    )
    marts = {(place, model.table) for model in project.models.values()}
    assert names("build", "outputs") == marts
    assert {(place, table) for table in project.sources} <= names("build", "inputs")
    assert names("publish", "inputs") == marts
    assert names("publish", "outputs") == {("file", str(home.published))}
    outputs = {d["name"]: d for d in receiver.of("build", "COMPLETE")["outputs"]}
    for model in project.models.values():
        fields = outputs[model.table]["facets"]["schema"]["fields"]
        assert [(f["name"], f["type"]) for f in fields] == [
            (column.name, column.data_type) for column in model.columns
        ]
    (dwellings,) = [
        d for d in receiver.of("judge", "COMPLETE")["outputs"] if d["name"] == "validated.dwellings"
    ]
    assert [f["name"] for f in dwellings["facets"]["schema"]["fields"]] == list(
        tables()["validated.dwellings"].column_names
    )
    origins = dwellings["facets"]["columnLineage"]["fields"]
    assert origins["cumulative_dwellings"]["inputFields"] == [
        {"namespace": place, "name": "raw.extract_rows", "field": "cells", "transformations": []}
    ]


def test_the_column_lineage_is_that_of_the_sql(told: tuple[Receiver, Home, Path]) -> None:
    receiver, *_ = told
    project = Project.load()
    outputs = {d["name"]: d for d in receiver.of("build", "COMPLETE")["outputs"]}
    for name, lineage in project.column_lineage.items():
        fields = outputs[project.models[name].table]["facets"]["columnLineage"]["fields"]
        assert {
            column: {(origin["name"], origin["field"]) for origin in of["inputFields"]}
            for column, of in fields.items()
        } == {column: set(origins) for column, origins in lineage.items()}
    ranks = outputs["marts.department_rankings"]["facets"]["columnLineage"]["fields"]
    assert ("marts.monthly_increments", "cumulative_dwellings") in {
        (origin["name"], origin["field"]) for origin in ranks["cumulative_dwellings"]["inputFields"]
    }


def run_of_a_month(folder: Path, contract: Contract, **environment: str) -> str:
    """What a good run printed."""
    home, landing = Home(folder / "home"), folder / "landing"
    deliver_trajectory(landing, contract, "anah", ["2018-09"])
    ran = acv_apart(home, "run", "--landing", str(landing), environment=environment)
    assert ran.returncode == 0, ran
    events = b"".join(path.read_bytes() for path in (home.dagster / "history").rglob("*.db*"))
    return ran.stdout + ran.stderr + events.decode(errors="replace")


def test_the_end_of_what_was_killed_is_told_by_the_next_run(
    tmp_path: Path, contract: Contract
) -> None:
    home, landing = Home(tmp_path / "home"), tmp_path / "landing"
    deliver_trajectory(landing, contract, "anah", ["2018-09"])
    with receiving() as receiver:
        environment = {"OPENLINEAGE_URL": receiver.url}
        command = [ACV, "run", "--home", str(home.root), "--landing", str(landing)]
        with subprocess.Popen(command, env=os.environ | environment) as killed:
            while not any(e["job"]["name"] == f"{JOB}.judge" for e in receiver.events):
                assert killed.poll() is None
                time.sleep(0.01)
            killed.kill()
        with instance(home) as dagster:
            (dead,) = end_dead_runs(dagster, home, young_seconds=0)  # as the daemon does
        for month in ("2018-10", "2018-11"):
            deliver_trajectory(landing, contract, "anah", [month])
            ran = acv_apart(home, "run", "--landing", str(landing), environment=environment)
            assert ran.returncode == 0, ran
        assert receiver.refused == []
        told = [e for e in receiver.events
                if e["run"]["facets"]["parent"]["run"]["runId"] == dead]  # fmt: skip
    steps = [(e["job"]["name"].rpartition(".")[2], e["eventType"]) for e in told]
    begun = [("receive", "START"), ("receive", "COMPLETE"), ("judge", "START")]
    assert steps == [*begun, ("judge", "FAIL")], "once"
    assert told[-1]["run"]["runId"] == told[-2]["run"]["runId"]
    assert told[-1]["run"]["facets"]["errorMessage"]["message"] == "its process was killed"


def test_off_until_configured(
    tmp_path: Path, contract: Contract, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not is_wanted({}) and not is_wanted({"OPENLINEAGE_NAMESPACE": "x"})
    assert not is_wanted({"OPENLINEAGE_URL": "http://h", "OPENLINEAGE_DISABLED": "true"})
    for name in ("OPENLINEAGE_URL", "OPENLINEAGE_URL_FILE", "OPENLINEAGE_CONFIG"):
        assert is_wanted({name: "/x"})
    assert is_wanted({"OPENLINEAGE__TRANSPORT__TYPE": "console"})
    with receiving() as receiver:
        said = run_of_a_month(
            tmp_path, contract, OPENLINEAGE_URL=receiver.url, OPENLINEAGE_DISABLED="true"
        )
        assert receiver.events == receiver.refused == [] and "lineage events" not in said


def test_a_receiver_that_is_not_there_or_refuses_fails_no_run(
    tmp_path: Path, contract: Contract
) -> None:
    away = "http://someone:zq7-password@127.0.0.1:9/"
    said = run_of_a_month(tmp_path / "1", contract, OPENLINEAGE_URL=away)
    assert "the receiver of lineage events did not take 14 events (ConnectionError)" in said
    assert "zq7-password" not in said
    with receiving() as receiver:
        receiver.status = 503
        said = run_of_a_month(tmp_path / "2", contract, OPENLINEAGE_URL=receiver.url)
    assert "did not take 14 events (HTTP 503)" in said and len(receiver.events) == 14
    said = run_of_a_month(
        tmp_path / "3", contract, OPENLINEAGE_URL=away, OPENLINEAGE_API_KEY_FILE="/none"
    )
    assert "no lineage events are sent: OPENLINEAGE_API_KEY_FILE: cannot read /none" in said


def test_a_receiver_that_never_answers_keeps_no_run_waiting(
    tmp_path: Path, contract: Contract
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:  # takes connections
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        said = run_of_a_month(tmp_path, contract, OPENLINEAGE_URL=url)
    assert f"did not take them within {AT_THE_END_SECONDS:.0f} s: the rest was dropped" in said
