"""Dagster's record in a real Postgres: however its address is written, and as the chart has it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from dagster import AssetCheckEvaluation, AssetKey, AssetMaterialization, DagsterInstance
from dagster_postgres import PostgresEventLogStorage
from sqlalchemy import text

from acv_pipeline.contract import Contract
from acv_pipeline.orchestration.instance import instance
from acv_pipeline.warehouse import open_warehouse
from acv_pipeline.warehouse.home import Home
from acv_pipeline_tests.deployment.database import SECRET, postgres_programs
from acv_pipeline_tests.deployment.machine import Machine
from acv_pipeline_tests.deployment.test_manifests import VALUES


@pytest.fixture(scope="module")
def database() -> Iterator[Machine]:
    """A Postgres, and nothing else of the server."""
    if postgres_programs() is None:
        pytest.skip("postgresql is not installed")
    machine = Machine()
    try:
        machine.start_postgres()
        yield machine
    finally:
        machine.stop()


def ran(home: Home, *command: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """A command of the pipeline, in the environment of a server."""
    return subprocess.run(
        command,
        env=os.environ | {"ACV_HOME": str(home.root)} | settings,
        capture_output=True, text=True, check=False,
    )  # fmt: skip


PREPARE = (sys.executable, "-m", "acv_pipeline.orchestration.instance")
ACV = str(Path(sys.executable).with_name("acv"))


@pytest.mark.parametrize("scheme", ["postgresql+psycopg2", "postgresql", "postgres"])
def test_the_record_is_had_however_its_address_is_written(
    scheme: str, database: Machine, home: Home
) -> None:
    address = database.storage_url.replace("postgresql+psycopg2", scheme)
    said = ran(home, *PREPARE, ACV_STORAGE_URL=address)
    assert said.returncode == 0 and said.stderr == "", said
    listed = subprocess.run(
        ["psql", "--tuples-only", "--command", "select count(*) from runs"],
        env=os.environ | database.database_login(), capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert listed.stdout.strip() == "0"


def test_the_record_is_known_before_any_command_made_settings_in_the_home(
    database: Machine, home: Home
) -> None:
    """As in the pod of the code server, whose runs are told the record by the daemon."""
    said = ran(home, ACV, "health", ACV_STORAGE_URL=database.storage_url)
    assert "✓ record: Dagster's record answers" in said.stdout, said
    assert "✓ runs: none has ended yet" in said.stdout and not home.root.exists()


def test_events_go_through_one_connection_that_survives_a_restart_of_the_server(
    database: Machine, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ACV_STORAGE_URL", database.storage_url)

    def backend(dagster: DagsterInstance) -> int:
        """Which process of the server serves the events."""
        storage = dagster.event_log_storage
        assert isinstance(storage, PostgresEventLogStorage)
        with storage.index_connection() as connection:
            return int(connection.execute(text("select pg_backend_pid()")).scalar_one())

    def told(number: int) -> None:
        month = f"2021-{number:02}-01"
        dagster.report_runless_asset_event(AssetMaterialization("a", partition=month))
        dagster.report_runless_asset_event(
            AssetCheckEvaluation(asset_key=AssetKey("a"), check_name="c", passed=True)
        )

    with instance(home) as dagster:
        told(1)  # the first time it looks around, at what a second connection tells
        first = backend(dagster)
        told(2)
        assert backend(dagster) == first
        database.stop_postgres()
        database.go_on_with_postgres()
        told(3)
        assert backend(dagster) != first
        at_last = backend(dagster)
    stock = PostgresEventLogStorage(database.storage_url)
    assert len(stock.get_materialized_partitions(AssetKey("a"))) == 3
    asked = text("select count(*) from pg_stat_activity where pid = :pid")
    with stock.index_connection() as connection:
        left = connection.execute(asked, {"pid": at_last}).scalar_one()
    assert left == 0, "closed with the record"


def test_a_driver_that_is_not_there_is_told_in_one_line(database: Machine, home: Home) -> None:
    address = database.storage_url.replace("psycopg2", "psycopg3")
    said = ran(home, *PREPARE, ACV_STORAGE_URL=address)
    (line,) = said.stderr.splitlines()
    assert said.returncode == 2 and line.startswith("acv-prepare: the database driver psycopg3 of")
    assert SECRET not in line


def test_acv_prepare_waits_for_a_database_that_comes_up_late(database: Machine, home: Home) -> None:
    (command,) = database.commands("acv-prepare")
    script = command[-1].replace("sleep 10", "sleep 0.2")
    settings = {"ACV_HOME": str(home.root), "ACV_STORAGE_URL": database.storage_url}
    database.stop_postgres()
    with subprocess.Popen(
        [*command[:-1], script], env=os.environ | settings, stderr=subprocess.PIPE, text=True
    ) as waiting:
        try:
            assert waiting.stderr and any("cannot be had" in line for line in waiting.stderr)
        finally:
            database.go_on_with_postgres()
        try:
            assert waiting.wait(60) == 0
        finally:
            waiting.kill()


DOCKER = """#!/bin/sh
# the command alone, in no container
case $2 in stop | up) exit ;; esac
until [ "$1" = code ] || [ "$1" = postgres ]; do shift; done
shift
exec "$@"
"""


def test_what_is_backed_up_of_containers_comes_back(
    database: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, contract: Contract
) -> None:
    """By the page's own commands."""
    page = (Path(__file__).parents[2] / "docs" / "containers.md").read_text(encoding="utf-8")
    section = page.partition("## Backup and restore\n")[2].partition("\n## ")[0]
    _, nightly, back = re.findall(r"^```\n(.*?)^```", section, re.MULTILINE | re.DOTALL)
    backups, home = tmp_path / "backups", Home(tmp_path / "home")
    backups.mkdir()
    (tmp_path / "docker").write_text(DOCKER, encoding="utf-8")
    (tmp_path / "docker").chmod(0o755)
    places = [str(tmp_path), str(Path(ACV).parent), str(postgres_programs()), os.environ["PATH"]]
    settings = database.database_login() | {
        "PATH": ":".join(places),
        "ACV_HOME": str(home.root),
        "ACV_STORAGE_URL": database.storage_url,
    }
    for name, value in settings.items():
        monkeypatch.setenv(name, value)

    def do(script: str) -> None:
        for there, here in {
            "/var/backups/acv": str(backups), " /backups": f" {backups}",
            "/opt/acv/deploy": str(tmp_path),
        }.items():  # fmt: skip
            script = script.replace(there, here)
        subprocess.run(["sh", "-ec", script], check=True)

    with open_warehouse(home, contract), instance(home) as dagster:
        dagster.report_runless_asset_event(AssetMaterialization("before"))
    do(nightly)
    with instance(home) as dagster:
        dagster.report_runless_asset_event(AssetMaterialization("after"))
    home.warehouse.write_bytes(b"lost")
    (kept,) = backups.glob("home-*.tar.gz")
    night = kept.name.removeprefix("home-").removesuffix(".tar.gz")
    do(back.replace("<day and time in the files' names>", night))
    with open_warehouse(home, contract), instance(home) as dagster:
        known = dagster.all_asset_keys()
    assert AssetKey("before") in known and AssetKey("after") not in known


def yaml_of_the_chart(values: dict[str, Any], *, host: str, port: int) -> str:
    """``dagster.yaml`` as the chart's ``configmap-instance.yaml`` writes it from its values."""
    given, daemon = values["postgresql"], values["dagsterDaemon"]
    record = {
        "postgres_db": {
            "username": given["postgresqlUsername"],
            "password": {"env": "DAGSTER_PG_PASSWORD"},
            "hostname": host,
            "db_name": given["postgresqlDatabase"],
            "port": port,
            "params": given.get("postgresqlParams", {}),
            # left out if there is none
            **({"scheme": given["postgresqlScheme"]} if given.get("postgresqlScheme") else {}),
        }
    }
    launcher = values["runLauncher"]["config"]["customRunLauncher"]
    queued = daemon["runCoordinator"]["config"]["queuedRunCoordinator"]
    settings = {
        "scheduler": {"module": "dagster.core.scheduler", "class": "DagsterDaemonScheduler"},
        "run_launcher": launcher,
        "run_coordinator": {
            "module": "dagster.core.run_coordinator",
            "class": "QueuedRunCoordinator",
            "config": {"max_concurrent_runs": queued["maxConcurrentRuns"]},
        },
        "compute_logs": {
            "module": "dagster.core.storage.noop_compute_log_manager",
            "class": values["computeLogManager"]["type"],
        },
        "run_monitoring": {"enabled": daemon["runMonitoring"]["enabled"]},
        "telemetry": values["telemetry"],
        "retention": {
            name: {"purge_after_days": values["retention"][name]["purgeAfterDays"]}
            for name in ("schedule", "sensor")
        },
    } | {
        f"{name}_storage": {"module": f"dagster_postgres.{module}", "class": of, "config": record}
        for name, module, of in (
            ("schedule", "schedule_storage", "PostgresScheduleStorage"),
            ("run", "run_storage", "PostgresRunStorage"),
            ("event_log", "event_log", "PostgresEventLogStorage"),
        )
    }
    return yaml.dump(settings)


def test_dagster_loads_what_the_chart_writes(
    database: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = yaml_of_the_chart(VALUES, host="127.0.0.1", port=database.database)
    (tmp_path / "dagster.yaml").write_text(text, encoding="utf-8")
    monkeypatch.setenv("DAGSTER_PG_PASSWORD", SECRET)
    with DagsterInstance.from_config(str(tmp_path)) as opened:
        assert opened.get_runs() == []
        assert "QUEUED_RUN_COORDINATOR" in opened.get_required_daemon_types()
