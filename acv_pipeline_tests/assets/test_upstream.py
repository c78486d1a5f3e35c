"""Dagster's behaviour that the assets rely on; when one fails, an upgrade has changed it."""

import warnings
from collections.abc import Iterator

import dagster as dg
import pytest
from dagster import DagsterInstance

MONTHS = dg.MonthlyPartitionsDefinition("2021-01-01", end_date="2021-05-01")
RANGE = {
    "dagster/asset_partition_range_start": "2021-01-01",
    "dagster/asset_partition_range_end": "2021-03-01",
}


def defined() -> dg.Definitions:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", category=dg.PreviewWarning)
        check = dg.AssetCheckSpec("good", asset="first", partitions_def=MONTHS)

    @dg.multi_asset(
        name="step",
        specs=[
            dg.AssetSpec("first", partitions_def=MONTHS),
            dg.AssetSpec("second", deps=["first"], partitions_def=MONTHS),
        ],
        check_specs=[check],
        can_subset=True,
        partitions_def=MONTHS,
        backfill_policy=dg.BackfillPolicy.single_run(),
    )
    def step(context: dg.AssetExecutionContext) -> Iterator[object]:
        yield dg.AssetMaterialization("first", partition=context.partition_keys[0])
        yield dg.AssetMaterialization("second", partition="2021-04-01")
        yield dg.AssetCheckEvaluation(
            asset_key=dg.AssetKey("first"),
            check_name="good",
            passed=False,
            partition="2021-02-01",
            severity=dg.AssetCheckSeverity.WARN,
        )

    return dg.Definitions(assets=[step])


@pytest.fixture
def ran() -> tuple[DagsterInstance, dg.ExecuteInProcessResult]:
    instance = DagsterInstance.ephemeral()
    job = defined().resolve_implicit_global_asset_job_def()
    return instance, job.execute_in_process(instance=instance, tags=RANGE)


def test_a_step_may_yield_no_output_and_record_single_months(
    ran: tuple[DagsterInstance, dg.ExecuteInProcessResult],
) -> None:
    instance, result = ran
    assert result.success
    assert instance.get_materialized_partitions(dg.AssetKey("first")) == {"2021-01-01"}


def test_a_month_outside_the_run_may_be_recorded(
    ran: tuple[DagsterInstance, dg.ExecuteInProcessResult],
) -> None:
    instance, _ = ran
    assert instance.get_materialized_partitions(dg.AssetKey("second")) == {"2021-04-01"}


def test_a_check_evaluation_keeps_its_month(
    ran: tuple[DagsterInstance, dg.ExecuteInProcessResult],
) -> None:
    _, result = ran
    (evaluation,) = result.get_asset_check_evaluations()
    assert (evaluation.partition, evaluation.passed) == ("2021-02-01", False)


def test_a_failed_check_leaves_the_run_green(
    ran: tuple[DagsterInstance, dg.ExecuteInProcessResult],
) -> None:
    assert ran[1].success
