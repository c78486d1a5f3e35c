"""Runs of the real definitions on a real instance: months, ranges, holds, what is recorded."""

from __future__ import annotations

import dataclasses
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import dagster as dg
import duckdb
import pytest
from dagster import DagsterEventType, DagsterInstance

from acv_pipeline.contract import Contract
from acv_pipeline.contract.months import month_of
from acv_pipeline.definitions import JOB, build_definitions
from acv_pipeline.flow.pipeline import Pipeline
from acv_pipeline.orchestration import dead_runs
from acv_pipeline.orchestration.instance import has_unended_run
from acv_pipeline.warehouse import read_published
from acv_pipeline_tests.assets.conftest import Run
from acv_pipeline_tests.deliveries import course, deliver, deliver_course

MONTHS = ["2018-09", "2018-10", "2018-11", "2018-12"]
MARTS = ["series", "monthly_increments", "department_rankings", "territory_totals"]


def recorded(instance: DagsterInstance, asset: str) -> list[str]:
    return sorted(key[:7] for key in instance.get_materialized_partitions(dg.AssetKey(asset)))


def evaluations(result: dg.ExecuteInProcessResult) -> list[dg.AssetCheckEvaluation]:
    return [
        event.asset_check_evaluation_data
        for event in result.all_events
        if event.event_type == DagsterEventType.ASSET_CHECK_EVALUATION
    ]


def marts(pipeline: Pipeline) -> dict[str, list[tuple[object, ...]]]:
    with read_published(pipeline.home) as connection:
        tables = [f"marts.{name}" for name in pipeline.project.models]
        return {
            table: connection.execute(f"from {table} order by all").fetchall()
            for table in ["validated.dwellings", "validated.observations", *tables]
        }


@pytest.mark.usefixtures("good_months")
def test_months_one_by_one_and_a_range_give_the_same_tables(pipeline: Pipeline, run: Run) -> None:
    assert run("2018-09", "2018-12").success
    as_range = marts(pipeline)
    for mart in MARTS:
        assert as_range[f"marts.{mart}"], mart
    pipeline.home.warehouse.unlink()
    # not in order: months don't wait for each other
    for month in ["2018-11", "2018-09", "2018-12", "2018-10"]:
        assert run(month).success
    assert marts(pipeline) == as_range


@pytest.mark.usefixtures("good_months")
def test_a_run_records_every_month_of_every_asset_and_every_check(
    pipeline: Pipeline, run: Run, instance: DagsterInstance
) -> None:
    result = run("2018-09", "2018-11")
    assert result.success
    for asset in ["anah_extract", "validated_dwellings", "quarantined_rows", *MARTS]:
        assert recorded(instance, asset) == MONTHS[:3], asset
    assert recorded(instance, "barometre_release") == MONTHS[:3], "not awaited: it had no row"
    seen = {(e.asset_key.to_user_string(), e.check_name, e.partition) for e in evaluations(result)}
    for check in pipeline.checks():
        for month in MONTHS[:3]:
            assert (check.asset, check.name, f"{month}-01") in seen
    assert not [e for e in evaluations(result) if not e.passed and e.severity.value == "ERROR"]


@pytest.mark.usefixtures("good_months")
def test_what_checks_say_is_about_the_last_materialisation_of_their_month(
    pipeline: Pipeline, run: Run, instance: DagsterInstance, landing: Path, contract: Contract
) -> None:
    """Else the UI shows the check of that month as missing."""
    keys = [dg.AssetCheckKey(dg.AssetKey(c.asset), c.name) for c in pipeline.checks()]

    def outdated() -> set[tuple[str, str | None]]:
        infos = instance.event_log_storage.get_asset_check_partition_info(keys)
        assert {i.check_key for i in infos} == set(keys)
        return {
            (i.check_key.asset_key.to_user_string(), i.partition_key)
            for i in infos
            if not i.is_current
        }

    assert run("2018-09", "2018-12").success
    assert outdated() == set()
    assert run("2018-10").success
    assert outdated() == set(), "recorded again, checked again"
    october = course(contract, month_of("2018-10"), source="anah")
    october["59"] += 1
    deliver(landing, "anah", "2018-12-20", {"2018-10": october})
    assert run("2018-10").success
    assert outdated() == set(), "November's increments moved: they are checked too"
    instance.report_runless_asset_event(dg.AssetMaterialization("series", partition="2018-09-01"))
    assert outdated() == {("series", "2018-09-01")}


@pytest.mark.usefixtures("good_months")
def test_a_month_without_deliveries_is_not_recorded(run: Run, instance: DagsterInstance) -> None:
    assert run("2018-09", "2019-03").success
    assert recorded(instance, "department_rankings") == MONTHS


def test_a_held_month_is_not_recorded_and_the_others_reach_the_rankings(
    pipeline: Pipeline,
    run: Run,
    instance: DagsterInstance,
    landing: Path,
    contract: Contract,
) -> None:
    deliver_course(landing, contract, "anah", MONTHS)
    deliver_course(landing, contract, "action_logement", MONTHS[:2] + MONTHS[3:])
    november = course(contract, month_of("2018-11"), source="action_logement")
    del november["62"]  # without any row: nobody said why
    deliver(landing, "action_logement", "2018-12-10", {"2018-11": november})
    result = run("2018-09", "2018-12")
    assert not result.success
    good = [month for month in MONTHS if month != "2018-11"]
    assert recorded(instance, "action_logement_extract") == MONTHS, "it was received"
    for asset in ["validated_dwellings", *MARTS]:
        assert recorded(instance, asset) == good, asset
    with read_published(pipeline.home) as connection:
        totals = connection.execute(
            "select distinct strftime(month, '%Y-%m') from marts.department_rankings"
            " where series = 'total' order by 1"
        ).fetchall()
        held = connection.execute("from validated.held_months").fetchall()
    assert [month for (month,) in totals] == good
    assert len(held) == 1
    failed = {(e.check_name, e.partition, e.severity) for e in evaluations(result) if not e.passed}
    assert (
        "panel_department_missing",
        "2018-11-01",
        dg.AssetCheckSeverity.ERROR,
    ) in failed
    shown = next(
        e
        for e in evaluations(result)
        if e.check_name == "panel_department_missing" and not e.passed
    )
    assert shown.description and "62" in str(shown.metadata["evidence"].value)
    assert "what to do" in shown.metadata


@pytest.mark.usefixtures("good_months")
def test_a_correction_of_a_month_moves_its_neighbours_increment_too(
    run: Run, landing: Path, contract: Contract
) -> None:
    assert run("2018-09", "2018-12").success
    corrected = course(contract, month_of("2018-10"))
    corrected["62"] += 1
    deliver(landing, "anah", "2019-01-20", {"2018-10": corrected})
    result = run("2018-10")
    assert result.success
    again = [
        (event.asset_key.to_user_string(), event.partition[:7])
        for event in result.all_events
        if event.is_step_materialization and event.asset_key and event.partition
    ]
    assert ("monthly_increments", "2018-10") in again
    assert ("monthly_increments", "2018-11") in again
    assert ("series", "2018-11") not in again
    assert not [entry for entry in again if entry[1] in ("2018-09", "2018-12")]


@pytest.mark.usefixtures("good_months")
def test_one_asset_alone_can_be_materialised(
    pipeline: Pipeline, run: Run, instance: DagsterInstance
) -> None:
    assert run("2018-09", assets=["anah_extract", "validated_dwellings"]).success
    assert recorded(instance, "validated_dwellings") == ["2018-09"]
    assert recorded(instance, "series") == []
    assert run("2018-09", assets=["series"]).success
    assert recorded(instance, "series") == ["2018-09"]
    due, _ = pipeline.pending()
    assert month_of("2018-09") in due, "a run of some assets is not the whole flow"


def test_no_landing_zone_fails_in_one_line(pipeline: Pipeline, run: Run, landing: Path) -> None:
    landing.rmdir()
    result = run("2018-09")
    assert not result.success
    (failure,) = [event for event in result.all_events if event.is_step_failure]
    data = failure.step_failure_data.user_failure_data
    assert data is not None and "is not a folder" in (data.description or "")


@pytest.mark.usefixtures("good_months")
def test_runs_wait_for_a_process_that_holds_the_warehouse(pipeline: Pipeline, run: Run) -> None:
    assert run("2018-09").success
    connection = duckdb.connect(str(pipeline.home.published), read_only=True)
    assert run("2018-10").success, "a reader of the published copy is in nobody's way"
    assert connection.execute("select count(*) from raw.deliveries").fetchall() == [(8,)]
    connection.close()


@pytest.mark.usefixtures("good_months")
def test_a_run_whose_process_was_killed_keeps_nobody_waiting(
    pipeline: Pipeline, instance: DagsterInstance, landing: Path
) -> None:
    """SIGKILL while the run has its turn; the next ``acv run`` makes up for it."""
    command = [
        str(Path(sys.executable).with_name("acv")), "run",
        "--landing", str(landing), "--home", str(pipeline.home.root),
    ]  # fmt: skip

    def going_on() -> list[str]:
        return instance.get_run_ids(dg.RunsFilter(statuses=[dg.DagsterRunStatus.STARTED]))

    killed = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 300
    while not going_on() or pipeline.home.nobody_at_work():
        assert killed.poll() is None and time.monotonic() < deadline
        time.sleep(0.02)
    killed.kill()
    killed.wait()
    (dead,) = going_on()
    again = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert again.returncode == 0, again.stdout + again.stderr
    run_of_dead = instance.get_run_by_id(dead)
    assert run_of_dead is not None and run_of_dead.status == dg.DagsterRunStatus.FAILURE
    assert recorded(instance, "department_rankings") == MONTHS
    assert going_on() == []


@pytest.mark.usefixtures("good_months")
def test_a_run_killed_at_its_very_end_is_ended_by_the_next_although_nothing_is_due(
    pipeline: Pipeline, instance: DagsterInstance, landing: Path
) -> None:
    """Its months are on record, its end is not."""
    work = ["run", "--landing", str(landing), "--home", str(pipeline.home.root)]
    code = (
        "import os; from acv_pipeline.assets.resources import Warehouse;"
        "from acv_pipeline.cli.main import acv;"
        "whole = Warehouse.end_turn;"
        "Warehouse.end_turn = lambda self: (whole(self), os.kill(os.getpid(), 9));"
        "acv()"
    )
    killed = subprocess.run([sys.executable, "-c", code, *work], check=False, capture_output=True)
    assert killed.returncode == -9, killed.stderr.decode()
    assert pipeline.pending()[0] == []
    assert dead_runs.is_run_going_on(instance) and has_unended_run(pipeline.home)
    acv = str(Path(sys.executable).with_name("acv"))
    again = subprocess.run([acv, *work], capture_output=True, text=True, timeout=120, check=False)
    assert again.returncode == 0, again.stdout + again.stderr
    assert "Nothing to do: no new figures, nothing changed." in again.stdout
    assert not dead_runs.is_run_going_on(instance) and not has_unended_run(pipeline.home)
    assert [run.status for run in instance.get_runs()] == [dg.DagsterRunStatus.FAILURE]


def test_a_run_that_died_before_it_started_is_ended_too(
    pipeline: Pipeline, instance: DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else the arrival sensor waits for it for ever."""
    monkeypatch.setattr(dead_runs, "BETWEEN_LOOKS_SECONDS", 0.0)
    created = instance.create_run_for_job(build_definitions(pipeline).resolve_job_def(JOB))
    assert created.status == dg.DagsterRunStatus.NOT_STARTED
    assert dead_runs.end_dead_runs(instance, pipeline.home) == [], "it may be about to start"
    with pipeline.home.at_work():
        assert dead_runs.end_dead_runs(instance, pipeline.home, young_seconds=0) == []
    assert dead_runs.is_run_going_on(instance)
    assert dead_runs.end_dead_runs(instance, pipeline.home, young_seconds=0) == [created.run_id]
    assert not dead_runs.is_run_going_on(instance)


@pytest.mark.parametrize("event", ["RUN_STARTING", "RUN_CANCELING"])
def test_a_run_that_died_while_dagster_started_or_cancelled_it_is_ended_within_a_minute(
    pipeline: Pipeline, instance: DagsterInstance, monkeypatch: pytest.MonkeyPatch, event: str
) -> None:
    """Dagster itself gives up after minutes; a daemon that is killed leaves such runs."""
    monkeypatch.setattr(dead_runs, "BETWEEN_LOOKS_SECONDS", 0.0)
    created = instance.create_run_for_job(build_definitions(pipeline).resolve_job_def(JOB))
    begun = dg.DagsterEvent(dg.DagsterEventType[event].value, job_name=JOB, message="")
    instance.report_dagster_event(begun, run_id=created.run_id)
    assert dead_runs.is_run_going_on(instance)
    for young in (0, dead_runs.YOUNG_SECONDS):
        ended = dead_runs.end_dead_runs(instance, pipeline.home, young_seconds=young)
        assert ended == [], "its process may be at it"
    monkeypatch.setattr(dead_runs, "YOUNG_SECONDS", 0.0)
    assert dead_runs.end_dead_runs(instance, pipeline.home, young_seconds=0) == [created.run_id]
    assert not dead_runs.is_run_going_on(instance)


@pytest.mark.usefixtures("good_months")
def test_a_run_waits_for_its_turn_and_names_who_is_at_work(
    pipeline: Pipeline, run: Run, instance: DagsterInstance
) -> None:
    with ThreadPoolExecutor(1) as beside:
        with pipeline.home.at_work("somebody"):
            result = beside.submit(run, "2018-09")
            deadline = time.monotonic() + 300
            while not (waiting := said(instance, "waiting for")):
                assert not result.done() and time.monotonic() < deadline
                time.sleep(0.05)
            assert not result.done()
        assert result.result(timeout=600).success
    assert waiting == [f"waiting for somebody (PID {os.getpid()}), at work since {waiting[0][-8:]}"]


def said(instance: DagsterInstance, words: str) -> list[str]:
    """The lines of all runs that begin like this."""
    entries = [entry for run in instance.get_runs() for entry in instance.all_logs(run.run_id)]
    return [entry.user_message for entry in entries if entry.user_message.startswith(words)]


@pytest.mark.usefixtures("good_months")
def test_a_mart_that_contradicts_itself_is_not_published(
    pipeline: Pipeline, run: Run, instance: DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run("2018-09").success
    test = pipeline.project.tests["ranks_start_at_1"]
    broken = dataclasses.replace(
        test.select, text="select month, 1 as rank from {{ ref('department_rankings') }}"
    )
    monkeypatch.setitem(
        pipeline.project.tests, "ranks_start_at_1", dataclasses.replace(test, select=broken)
    )
    result = run("2018-10")
    assert not result.success
    (failure,) = [event for event in result.all_events if event.is_step_failure]
    data = failure.step_failure_data.user_failure_data
    assert data is not None and "ranks_start_at_1" in (data.description or "")
    assert data is not None and "must hold and does not" in (data.description or "")
    with read_published(pipeline.home) as connection:
        months = connection.execute("select distinct month from marts.series").fetchall()
    assert months == [(month_of("2018-09"),)], "readers keep the last copy"
    monkeypatch.undo()
    due, _ = pipeline.pending()
    assert month_of("2018-10") in due
