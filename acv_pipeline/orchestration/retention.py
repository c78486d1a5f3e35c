"""Old runs go, what they established stays: a year of daily runs must not slow the UI."""

# no "from __future__ import annotations" here: Dagster reads annotations of decorated functions

import datetime as dt
import os
import shutil

import dagster as dg
from dagster import DagsterInstance

from acv_pipeline.language import plural
from acv_pipeline.warehouse.home import Home

KEEP_DAYS = 90
PAGE = 1000
A_DAY = 24 * 3600
ENDED = [
    dg.DagsterRunStatus.SUCCESS,
    dg.DagsterRunStatus.FAILURE,
    dg.DagsterRunStatus.CANCELED,
]


def keep_days() -> int:
    """How long runs are kept: ``$ACV_KEEP_RUNS_DAYS``, or 90 days."""
    return int(os.environ.get("ACV_KEEP_RUNS_DAYS") or KEEP_DAYS)


def prune(instance: DagsterInstance, home: Home, before: dt.datetime) -> list[str]:
    """Delete the runs that ended before a moment, except those that have the last word.

    Deleting a run deletes its materialisations: a run stays while it is the latest to have
    materialised some month of some asset. What checks said of a month stays in any case.

    Returns:
        The ids of the deleted runs.
    """
    records = instance.get_run_records(
        dg.RunsFilter(statuses=ENDED, created_before=before), order_by="id", ascending=True
    )
    old = [record.dagster_run.run_id for record in records]
    if not old:
        return []
    needed = last_words(instance)
    deleted = [run_id for run_id in old if run_id not in needed]
    for run_id in deleted:
        instance.delete_run(run_id)
        _delete_files(home, run_id)
    return deleted


def last_words(instance: DagsterInstance) -> set[str]:
    """The runs that were the latest to materialise some partition of some asset."""
    runs: set[str] = set()
    for asset in instance.all_asset_keys():
        seen: set[str | None] = set()
        cursor, more = None, True
        while more:
            page = instance.fetch_materializations(asset, limit=PAGE, cursor=cursor)
            for record in page.records:
                if record.partition_key not in seen:
                    seen.add(record.partition_key)
                    runs.add(record.run_id)
            cursor, more = page.cursor, page.has_more
    return runs


def _delete_files(home: Home, run_id: str) -> None:
    """What Dagster leaves behind of a deleted run: the run's own event file, and its logs."""
    events = home.dagster / "history" / "runs"
    for path in events.glob(f"{run_id}.db*"):
        path.unlink(missing_ok=True)
    shutil.rmtree(home.dagster / "storage" / run_id, ignore_errors=True)


def retention_sensor(home: Home) -> dg.SensorDefinition:
    """Deletes old runs once a day."""

    @dg.sensor(
        name="retention",
        minimum_interval_seconds=A_DAY,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description=(
            "Deletes runs older than three months once a day, except those that were the last to "
            "materialise a month."
        ),
    )
    def retention(context: dg.SensorEvaluationContext) -> dg.SkipReason:
        before = dt.datetime.now(dt.UTC) - dt.timedelta(days=keep_days())
        deleted = prune(context.instance, home, before)
        return dg.SkipReason(
            plural("{count} old run deleted", "{count} old runs deleted", len(deleted))
        )

    return retention
