"""Runs of the real definitions on a real instance: months, ranges, holds, what is recorded."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path

import dagster as dg
import pytest
from click.testing import CliRunner
from dagster import DagsterEventType, DagsterInstance

from acv_pipeline.assets.resources import Warehouse
from acv_pipeline.cli.main import main
from acv_pipeline.contract import Contract
from acv_pipeline.contract.months import month_of
from acv_pipeline.definitions import JOB, build_definitions
from acv_pipeline.flow.pipeline import Pipeline
from acv_pipeline.orchestration import dead_runs
from acv_pipeline.orchestration.instance import has_unended_run
from acv_pipeline.warehouse import read_published
from acv_pipeline.warehouse.home import Home
from acv_pipeline_tests.assets.conftest import MONTHS, Run
from acv_pipeline_tests.deliveries import deliver, steady_figures
from acv_pipeline_tests.torture.apart import ProcessDied, apart
from acv_pipeline_tests.torture.forks import acv_run

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


@pytest.mark.usefixtures("ran")
def test_months_one_by_one_and_a_range_give_the_same_tables(pipeline: Pipeline, run: Run) -> None:
    as_range = marts(pipeline)
    for mart in MARTS:
        assert as_range[f"marts.{mart}"], mart
    pipeline.home.warehouse.unlink()
    # not in order: months don't wait for each other
    for months in (["2018-11"], ["2018-09"], ["2018-10", "2018-12"]):
        assert run(*months).success
    assert marts(pipeline) == as_range


def test_a_run_records_every_month_with_deliveries_of_every_asset_and_every_check(
    ran: dg.ExecuteInProcessResult, pipeline: Pipeline, instance: DagsterInstance
) -> None:
    for asset in ["anah_extract", "validated_dwellings", "quarantined_rows", *MARTS]:
        assert recorded(instance, asset) == MONTHS, asset
    assert recorded(instance, "barometre_release") == MONTHS, "not awaited: it had no row"
    seen = {(e.asset_key.to_user_string(), e.check_name, e.partition) for e in evaluations(ran)}
    for check in pipeline.checks():
        for month in MONTHS:
            assert (check.asset, check.name, f"{month}-01") in seen
    assert not [e for e in evaluations(ran) if not e.passed and e.severity.value == "ERROR"]


@pytest.mark.usefixtures("ran")
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

    assert outdated() == set()
    assert run("2018-10").success
    assert outdated() == set(), "recorded again, checked again"
    october = steady_figures(contract, month_of("2018-10"), source="anah")
    october["59"] += 1
    deliver(landing, "anah", "2018-12-20", {"2018-10": october})
    assert run("2018-10").success
    assert outdated() == set(), "November's increments moved: they are checked too"
    instance.report_runless_asset_event(dg.AssetMaterialization("series", partition="2018-09-01"))
    assert outdated() == {("series", "2018-09-01")}


def test_a_held_month_is_not_recorded_and_the_others_reach_the_rankings(
    ran_held: dg.ExecuteInProcessResult, pipeline: Pipeline, instance: DagsterInstance
) -> None:
    received, good = ["2018-09", "2018-11", "2018-12"], ["2018-09", "2018-12"]
    assert recorded(instance, "action_logement_extract") == received
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
    (shown,) = (
        e
        for e in evaluations(ran_held)
        if e.check_name == "panel_department_missing" and not e.passed
    )
    assert (shown.partition, shown.severity) == ("2018-11-01", dg.AssetCheckSeverity.ERROR)
    assert shown.description and "62" in str(shown.metadata["evidence"].value)
    assert "what to do" in shown.metadata


@pytest.mark.usefixtures("good_months")
def test_one_asset_alone_can_be_materialised(
    pipeline: Pipeline, run: Run, instance: DagsterInstance
) -> None:
    assert run("2018-09", assets=["anah_extract", "validated_dwellings"]).success
    assert recorded(instance, "validated_dwellings") == ["2018-09"]
    assert recorded(instance, "series") == []
    assert run("2018-09", assets=["series"]).success
    assert recorded(instance, "series") == ["2018-09"]
    due, _ = pipeline.receive_due()
    assert month_of("2018-09") in due, "a run of some assets is not the whole flow"


def test_no_landing_zone_fails_in_one_line(pipeline: Pipeline, run: Run, landing: Path) -> None:
    landing.rmdir()
    result = run("2018-09")
    assert not result.success
    (failure,) = [event for event in result.all_events if event.is_step_failure]
    data = failure.step_failure_data.user_failure_data
    assert data is not None and "is not a folder" in (data.description or "")


def run_and_die_at_the_end(home: Home, landing: Path) -> None:
    whole = Warehouse.end_turn
    Warehouse.end_turn = lambda self: (whole(self), os.kill(os.getpid(), 9))  # type: ignore[method-assign]
    acv_run(home, landing)


@pytest.mark.usefixtures("good_months")
def test_a_run_killed_at_its_very_end_is_ended_by_the_next_although_nothing_is_due(
    pipeline: Pipeline, instance: DagsterInstance, landing: Path
) -> None:
    """Its months are on record, its end is not."""
    with pytest.raises(ProcessDied):
        apart(run_and_die_at_the_end, pipeline.home, landing)
    assert pipeline.receive_due()[0] == []
    assert dead_runs.is_run_going_on(instance) and has_unended_run(pipeline.home)
    work = ["run", "--landing", str(landing), "--home", str(pipeline.home.root)]
    again = CliRunner().invoke(main, work)
    assert again.exit_code == 0, again.output
    assert "Nothing to do: no new figures, nothing changed." in again.output
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


@pytest.mark.usefixtures("ran")
def test_a_mart_that_contradicts_itself_is_not_published(
    pipeline: Pipeline,
    run: Run,
    landing: Path,
    contract: Contract,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    october = steady_figures(contract, month_of("2018-10"))
    deliver(landing, "anah", "2018-12-20", {"2018-10": october | {"59": october["59"] + 1}})
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
        kept = connection.execute(
            "select cumulative_dwellings from marts.series where series = 'anah'"
            " and department_code = '59' and month = '2018-10-01'"
        ).fetchall()
    assert kept == [(october["59"],)], "readers keep the last copy"
    monkeypatch.undo()
    due, _ = pipeline.receive_due()
    assert month_of("2018-10") in due
