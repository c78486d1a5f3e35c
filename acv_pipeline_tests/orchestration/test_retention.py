"""Old runs go; months stay materialised, checks keep their last word."""

# no "from __future__ import annotations" here: Dagster reads annotations of decorated functions

import datetime as dt
import time
from collections.abc import Iterator

import dagster as dg
import pytest
from dagster import DagsterInstance

from acv_pipeline.definitions import build_definitions
from acv_pipeline.flow.pipeline import Pipeline
from acv_pipeline.orchestration.instance import instance as open_instance
from acv_pipeline.orchestration.retention import prune
from acv_pipeline.warehouse.home import Home

PARTITIONS = dg.MonthlyPartitionsDefinition("2018-09-01", end_offset=0)
MONTHS = ["2018-09-01", "2018-10-01"]


@dg.asset(partitions_def=PARTITIONS, check_specs=[dg.AssetCheckSpec("good", asset="figures")])
def figures(context: dg.AssetExecutionContext):  # type: ignore[no-untyped-def]
    return dg.MaterializeResult(
        check_results=[dg.AssetCheckResult(passed=context.partition_key != MONTHS[1])]
    )


@pytest.fixture
def instance(home: Home) -> Iterator[DagsterInstance]:
    with open_instance(home) as opened:
        yield opened


def run(instance: DagsterInstance, month: str) -> str:
    result = dg.materialize(
        [figures],
        partition_key=month,
        instance=instance,
        run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
    )
    return result.run_id


def test_runs_with_the_last_word_stay_and_so_does_what_the_others_said(
    instance: DagsterInstance, home: Home
) -> None:
    old = [run(instance, MONTHS[0]) for _ in range(4)]
    last_of_first = run(instance, MONTHS[0])
    last_of_second = run(instance, MONTHS[1])
    time.sleep(1.1)  # creation is kept in whole seconds
    moment = dt.datetime.now(dt.UTC)
    check = dg.AssetCheckKey(dg.AssetKey("figures"), "good")

    def said() -> object:
        record = instance.event_log_storage.get_latest_asset_check_execution_by_key([check])[check]
        return record.status, record.evaluation and record.evaluation.partition

    before = said()
    assert prune(instance, home, moment - dt.timedelta(days=1)) == []
    assert sorted(prune(instance, home, moment)) == sorted(old)
    assert {r.run_id for r in instance.get_runs()} == {last_of_first, last_of_second}
    assert instance.get_materialized_partitions(dg.AssetKey("figures")) == set(MONTHS)
    assert said() == before
    files = {path.name.partition(".")[0] for path in (home.dagster / "history/runs").iterdir()}
    assert not files & set(old) and {last_of_first, last_of_second} <= files
    assert prune(instance, home, dt.datetime.now(dt.UTC)) == []
    run(instance, MONTHS[0])
    time.sleep(1.1)
    assert prune(instance, home, dt.datetime.now(dt.UTC)) == [last_of_first]


def test_a_run_that_goes_on_is_left_alone(instance: DagsterInstance, home: Home) -> None:
    going_on = instance.create_run_for_job(
        dg.Definitions(assets=[figures]).resolve_implicit_global_asset_job_def()
    )
    time.sleep(1.1)
    assert prune(instance, home, dt.datetime.now(dt.UTC)) == []
    assert instance.get_run_by_id(going_on.run_id) is not None


def test_the_daemon_does_it_by_itself(instance: DagsterInstance, home: Home) -> None:
    pipeline = Pipeline.configured(home, home.landing)
    sensor = build_definitions(pipeline).get_sensor_def("retention")
    assert sensor.default_status == dg.DefaultSensorStatus.RUNNING
    for _ in range(2):
        run(instance, MONTHS[0])
    context = dg.build_sensor_context(instance=instance)
    ticked = sensor.evaluate_tick(context)
    assert ticked.skip_message == "0 old runs deleted"
