"""Runs whose process died: Dagster believes they are still going on, and keeps others waiting.

Here: noticing them by a lock that the system releases with the process, and ending them on
Dagster's record, so that the pool's slot is free. Not here: what they left undone, which the next
run does (``Pipeline.pending``).
"""

from __future__ import annotations

import time

import dagster as dg
from dagster import DagsterInstance

from acv_pipeline.assets.run import POOL
from acv_pipeline.home import Home

# between holding the pool's slot and taking the lock a living run needs next to no time
BETWEEN_LOOKS_SECONDS = 2.0
# a run that has started takes the slot within seconds, unless somebody is at work
LONG_AGO_SECONDS = 300.0
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


def failed_lately(instance: DagsterInstance, seconds: float) -> bool:
    """Whether the last run that ended failed, less than so many seconds ago."""
    ended = [dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE]
    records = instance.get_run_records(dg.RunsFilter(statuses=ended), limit=1)
    return any(
        record.dagster_run.status == dg.DagsterRunStatus.FAILURE
        and time.time() - (record.end_time or 0) < seconds
        for record in records
    )


def end_dead_runs(instance: DagsterInstance, home: Home) -> list[str]:
    """End the runs that hold the pool's slot although no process is at work; their ids."""
    suspects = _holders(instance, home)
    if not suspects:
        return []
    time.sleep(BETWEEN_LOOKS_SECONDS)
    dead = sorted(suspects & _holders(instance, home))
    for run_id in dead:
        run = instance.get_run_by_id(run_id)
        if run is not None and not run.is_finished:
            instance.report_run_failed(run, "Its process died; the next run makes up for it.")
        instance.event_log_storage.free_concurrency_slots_for_run(run_id)
    return dead


def _holders(instance: DagsterInstance, home: Home) -> set[str]:
    """Runs that hold the slot, or that started long ago, while nobody is at work."""
    if not home.nobody_at_work():
        return set()
    started = instance.get_run_records(dg.RunsFilter(statuses=[dg.DagsterRunStatus.STARTED]))
    long_ago = time.time() - LONG_AGO_SECONDS
    stuck = {r.dagster_run.run_id for r in started if (r.start_time or time.time()) < long_ago}
    slots = instance.event_log_storage.get_concurrency_info(POOL).claimed_slots
    return stuck | {slot.run_id for slot in slots}
