"""The alert sensor: compares what stands with what people were told, every tick."""

# no "from __future__ import annotations" here: Dagster reads annotations of decorated functions

import datetime as dt
import sqlite3
from zoneinfo import ZoneInfo

import dagster as dg
import duckdb
from dagster import DagsterInstance

from acv_pipeline.assets.step import held_a_month
from acv_pipeline.assets.ui import ui_address
from acv_pipeline.environment import SecretError
from acv_pipeline.flow.pipeline import Pipeline
from acv_pipeline.language import _
from acv_pipeline.operations.alerts.deliver import deliver, send_digest
from acv_pipeline.operations.alerts.fact import FailedRun
from acv_pipeline.orchestration.instance import tick_seconds
from acv_pipeline.orchestration.retention import ENDED
from acv_pipeline.orchestration.schedule import run_day
from acv_pipeline.warehouse import WarehouseError

ALERTS = "alerts"
LOOK_BACK_RUNS = 100


def alert_sensor(pipeline: Pipeline) -> dg.SensorDefinition:
    """Tells ``$ACV_ALERT_URLS`` what is wrong, and what is over."""

    @dg.sensor(
        name=ALERTS,
        minimum_interval_seconds=tick_seconds(),
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Tells people what is wrong, once, and when it is over; the monthly digest.",
    )
    def alerts(context: dg.SensorEvaluationContext) -> dg.SkipReason:
        now = dt.datetime.now(ZoneInfo(pipeline.contract.timezone))
        runs = failed_runs(context.instance, ui_address())
        try:
            done = deliver(pipeline.home, pipeline.contract, now, runs, ui_address())
            if now.day >= run_day(pipeline.contract) and pipeline.home.published.exists():
                send_digest(
                    pipeline.home, pipeline.contract, pipeline.last_month(), now, ui_address()
                )
        except (
            OSError, SecretError, sqlite3.Error, WarehouseError, duckdb.BinderException,
        ) as error:  # fmt: skip
            return dg.SkipReason(
                _("not told this time, tried again at the next tick: {why}", why=error)
            )
        return dg.SkipReason(
            _(
                "{told} told, {recovered} over, {waiting} waiting for a channel",
                told=done.told,
                recovered=done.recovered,
                waiting=done.waiting,
            )
        )

    return alerts


def failed_runs(instance: DagsterInstance, links_base: str) -> list[FailedRun]:
    """Jobs whose last finished run failed."""
    seen: set[str] = set()
    failed: list[FailedRun] = []
    for run in instance.get_runs(dg.RunsFilter(statuses=ENDED), limit=LOOK_BACK_RUNS):
        if run.job_name in seen:
            continue
        seen.add(run.job_name)
        # what is held is told of as such
        if run.status == dg.DagsterRunStatus.FAILURE and not held_a_month(run):
            failed.append(
                FailedRun(
                    run.run_id,
                    run.job_name,
                    why_failed(instance, run.run_id),
                    f"{links_base}/runs/{run.run_id}",
                )
            )
    return failed


def why_failed(instance: DagsterInstance, run_id: str) -> str:
    """Why a run failed, in one line."""
    events = instance.all_logs(run_id, of_type=dg.DagsterEventType.STEP_FAILURE)
    for entry in events:
        data = entry.dagster_event.step_failure_data if entry.dagster_event else None
        if data and data.user_failure_data and data.user_failure_data.description:
            return data.user_failure_data.description
        if data and data.error:
            error = data.error.cause or data.error  # Dagster's own says only in which step it was
            if error.cls_name == "DagsterExecutionInterruptedError":
                return _("it was interrupted, as by a restart of the code server")
            return error.message.strip().splitlines()[-1]
    ends = instance.all_logs(run_id, of_type=dg.DagsterEventType.RUN_FAILURE)
    said = [entry.dagster_event.message or "" for entry in ends if entry.dagster_event]
    return next(filter(None, said), _("it ended before any step could say why"))
