"""The alert sensor: compares what stands with what people were told, every tick."""

# no "from __future__ import annotations" here: Dagster reads annotations of decorated functions

import datetime as dt
import sqlite3
from zoneinfo import ZoneInfo

import dagster as dg
import duckdb
from dagster import DagsterInstance

from acv_pipeline.assets.ui import ui_address
from acv_pipeline.environment import SecretError
from acv_pipeline.flow.pipeline import Pipeline
from acv_pipeline.language import _
from acv_pipeline.operations.alerts.deliver import deliver, send_digest
from acv_pipeline.operations.alerts.fact import FailedRun
from acv_pipeline.orchestration.failures import failure_of, matter_of, standing
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
    """Runs that failed and were not made good since."""
    ended = instance.get_runs(dg.RunsFilter(statuses=ENDED), limit=LOOK_BACK_RUNS)
    return [
        FailedRun(
            matter_of(run),
            run.job_name,
            failure_of(instance, run),
            f"{links_base}/runs/{run.run_id}",
        )
        for run in standing(ended)
    ]
