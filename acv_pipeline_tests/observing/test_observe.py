"""``acv observe``: what Prometheus reads is what the tables and Dagster's record say."""

from __future__ import annotations

import datetime as dt
import json
import os
import re
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import duckdb
import pytest
from prometheus_client.parser import text_string_to_metric_families

from acv_pipeline.contract import Contract
from acv_pipeline.definitions import JOB
from acv_pipeline.warehouse import open_warehouse
from acv_pipeline.warehouse.home import Home
from acv_pipeline_tests.observing.conftest import ACV, acv
from acv_pipeline_tests.observing.test_health import PAGE, beat

A_DAY = 24 * 3600


@dataclass
class Observer:
    """The process, and what it answers."""

    process: subprocess.Popen[str]
    address: str

    def get(self, path: str, method: str = "GET") -> tuple[int, str]:
        request = urllib.request.Request(self.address + path, method=method)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def metrics(self) -> dict[str, dict[tuple[str, ...], float]]:
        """Values by name and labels, which come in the order of their names."""
        status, text = self.get("/metrics")
        assert status == 200
        return {
            family.name: {tuple(s.labels.values()): s.value for s in family.samples}
            for family in text_string_to_metric_families(text)
        }


@contextmanager
def started(home: Home, *options: str) -> Iterator[Observer]:
    with subprocess.Popen(
        [ACV, "observe", "--home", str(home.root), "--port", "0", *options],
        stdout=subprocess.PIPE, text=True, env=os.environ | {"PYTHONUNBUFFERED": "1"},
        # in the background of a shell, tests ignore Ctrl-C, and what they start would too
        preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),
    ) as process:  # fmt: skip
        try:
            assert process.stdout
            line = process.stdout.readline()
            found = re.match(r"(http://127\.0\.0\.1:\d+)/health", line)
            assert found, line
            yield Observer(process, found[1])
            process.send_signal(signal.SIGINT)
            assert process.wait(60) == 130
        finally:
            process.kill()


@pytest.fixture(scope="module")
def observer(after_a_run: Home) -> Iterator[Observer]:
    with started(after_a_run, "--without-daemon") as running:
        yield running


def test_health_is_what_the_command_says(observer: Observer, after_a_run: Home) -> None:
    status, text = observer.get("/health")
    assert status == 200 and json.loads(text)["is_fine"]
    told = json.loads(acv(after_a_run, "health", "--without-daemon", "--json").stdout)
    assert told["aspects"].keys() == json.loads(text)["aspects"].keys()


def test_a_home_that_is_not_well_answers_503(home: Home) -> None:
    with started(home) as observer:
        status, text = observer.get("/health")
        assert status == 503 and not json.loads(text)["is_fine"]
        metrics = observer.metrics()
    assert metrics["acv_healthy"][("daemon",)] == 0 and metrics["acv_healthy"][("space",)] == 1
    assert "acv_deliveries" not in metrics and not home.root.exists()


def test_the_metrics_are_those_of_the_tables(observer: Observer, after_a_run: Home) -> None:
    metrics = observer.metrics()
    with duckdb.connect(str(after_a_run.published), read_only=True) as connection:
        deliveries = connection.execute(
            "select source, status, count(*) from raw.deliveries group by all"
        ).fetchall()
    assert metrics["acv_deliveries"] == {(s, status): n for s, status, n in deliveries}
    assert sum(metrics["acv_deliveries"].values()) == 6
    indicator = "nb-logement-accompagnement"
    assert metrics["acv_months_held"] == {(indicator, "action_logement"): 1}
    ((of, rows),) = metrics["acv_rows_quarantined"].items()
    assert of[1] == "anah" and rows == 1
    ages = metrics["acv_newest_month_age_seconds"]
    november = ages[(indicator, "anah")]
    assert ages[(indicator, "action_logement")] - november == pytest.approx(30 * A_DAY, abs=1)
    assert metrics["acv_warehouse_bytes"] == {(): after_a_run.warehouse.stat().st_size}
    assert metrics["acv_free_bytes"][()] > 0
    assert time.time() - metrics["acv_last_look_timestamp_seconds"][()] < 3600
    published = metrics["acv_published_timestamp_seconds"][()]
    assert published == pytest.approx(after_a_run.published.stat().st_mtime)


def test_the_steps_of_the_last_run_are_those_of_the_record(observer: Observer) -> None:
    metrics = observer.metrics()
    steps = metrics["acv_last_run_step_seconds"]
    names = ("receive", "judge", "build", "publish", "release", "report", "accepted")
    assert steps.keys() == {(JOB, f"monthly_figures.{name}") for name in names}
    assert all(seconds > 0 for seconds in steps.values())
    (took,) = metrics["acv_last_run_seconds"].values()
    assert sum(steps.values()) < took
    ((of, ended),) = metrics["acv_last_run_timestamp_seconds"].items()
    assert of == (JOB, "FAILURE") and time.time() - ended < 3600  # a month is held
    assert metrics["acv_last_run_failed"] == {(JOB,): 0}, "which is no error"


def test_the_page_lists_them_with_their_labels(observed: Home) -> None:
    beat(observed, dt.timedelta(0))
    with started(observed) as observer:
        _status, text = observer.get("/metrics")
    told = {
        family.name: set().union(*(sample.labels for sample in family.samples))
        for family in text_string_to_metric_families(text)
    }
    rows = re.findall(r"^\| `(acv_\w+)` \| ([\w, ]*?) ?\|", PAGE.read_text(), re.MULTILINE)
    assert {name: set(filter(None, labels.split(", "))) for name, labels in rows} == told


def test_nothing_else_is_answered(observer: Observer) -> None:
    assert observer.get("/")[0] == observer.get("/metrics/x")[0] == 404
    assert observer.get("/health", "POST")[0] == 405


def test_only_this_machine_is_answered(observer: Observer) -> None:
    port = f":{int(observer.address.rpartition(':')[2]):04X}"
    listening = [
        line.split()[1]
        for name in ("tcp", "tcp6")
        for line in Path(f"/proc/net/{name}").read_text().splitlines()
        if line.split()[1].endswith(port) and line.split()[3] == "0A"
    ]
    assert listening == [f"0100007F{port}"]


def test_a_port_in_use_is_one_line(after_a_run: Home) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        said = acv(after_a_run, "observe", "--port", str(taken.getsockname()[1]))
    assert said.returncode == 2 and said.stderr.startswith("acv: port "), said
    assert "Traceback" not in said.stderr


def test_being_asked_keeps_no_writer_waiting_and_nothing_open(
    observer: Observer, after_a_run: Home, contract: Contract
) -> None:
    def open_now() -> int:
        return len(list(Path(f"/proc/{observer.process.pid}/fd").iterdir()))

    def ask(_number: int) -> int:
        return observer.get("/metrics")[0]

    observer.metrics()
    before = open_now()
    with ThreadPoolExecutor(4) as pool:
        asked = pool.map(ask, range(12))
        for _ in range(20):  # fails at once if anybody holds it
            with open_warehouse(after_a_run, contract, wait_seconds=0):
                pass
        assert set(asked) == {200}
        with open_warehouse(after_a_run, contract, wait_seconds=0):
            assert set(pool.map(ask, range(4))) == {200}, "while it is being written"
    deadline = time.monotonic() + 10
    while open_now() > before and time.monotonic() < deadline:
        time.sleep(0.1)
    assert open_now() <= before
