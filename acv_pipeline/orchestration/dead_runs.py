"""Runs whose process died: Dagster believes they are still going on, and keeps others waiting."""

from __future__ import annotations

import datetime as dt
import time

import dagster as dg
from dagster import DagsterInstance

from acv_pipeline.language import _
from acv_pipeline.warehouse.home import Home

# a living run takes its lock within seconds of its start, also on a machine that is swapping
YOUNG_SECONDS = 60.0
# and has ended on the record next to no time after it gave the lock back
BETWEEN_LOOKS_SECONDS = 5.0
GOING_ON = [
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]


def is_run_going_on(instance: DagsterInstance) -> bool:
    """Whether Dagster's record has a run that has not ended."""
    return bool(instance.get_run_ids(dg.RunsFilter(statuses=GOING_ON), limit=1))


def end_dead_runs(
    instance: DagsterInstance, home: Home, *, young_seconds: float = YOUNG_SECONDS
) -> list[str]:
    """End the runs that go on although no process is at work or waits for its turn; their ids.

    Args:
        young_seconds: leave alone what began more recently: it may be about to take its turn.
            What Dagster is starting or cancelling is left alone for a minute in any case.
    """
    suspects = _begun_by_nobody(instance, home, young_seconds)
    if not suspects:
        return []
    time.sleep(BETWEEN_LOOKS_SECONDS)
    dead = sorted(suspects & _begun_by_nobody(instance, home, young_seconds))
    for run_id in dead:
        run = instance.get_run_by_id(run_id)
        if run is not None and not run.is_finished:
            instance.report_run_failed(run, _("Its process died; the next run makes up for it."))
    return dead


def _begun_by_nobody(instance: DagsterInstance, home: Home, young_seconds: float) -> set[str]:
    """Runs begun a while ago that have not ended, while no process is at work."""
    if not home.nobody_at_work():
        return set()
    begun = [dg.DagsterRunStatus.NOT_STARTED, dg.DagsterRunStatus.STARTED]
    return _unchanged(instance, begun, young_seconds) | _unchanged(
        # its process is loading Dagster, and takes no lock before it has, or is giving it back
        instance,
        [dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.CANCELING],
        max(young_seconds, YOUNG_SECONDS),
    )


def _unchanged(
    instance: DagsterInstance, statuses: list[dg.DagsterRunStatus], seconds: float
) -> set[str]:
    """Runs that have had one of the statuses for so many seconds."""
    since = dt.datetime.now(dt.UTC) - dt.timedelta(seconds=seconds)
    return set(instance.get_run_ids(dg.RunsFilter(statuses=statuses, updated_before=since)))
