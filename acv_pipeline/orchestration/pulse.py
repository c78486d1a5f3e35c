"""What Dagster's record says of the daemon and of the last runs, for observers."""

from __future__ import annotations

import datetime as dt
from concurrent.futures import Future
from threading import Lock, Thread

import dagster as dg
from dagster import DagsterInstance
from dagster._core.scheduler.instigation import InstigatorType

from acv_pipeline.assets.ui import SIGN_OFF
from acv_pipeline.language import _
from acv_pipeline.operations.health import EndedRun, Record
from acv_pipeline.orchestration.alerting import ALERTS
from acv_pipeline.orchestration.failures import failure_of, has_failed, last_failed
from acv_pipeline.orchestration.instance import instance_as_it_is
from acv_pipeline.orchestration.retention import ENDED
from acv_pipeline.warehouse.home import Home

# the libraries that the first look loads take their time on a busy machine
PATIENCE_SECONDS = 30.0
LOOK_BACK_RUNS = 100


class Pulse:
    """Asks the record of a home, and waits half a minute at most.

    Whoever asks while an answer is awaited gets the same one: a database that is away costs one
    thread, not one for each look.
    """

    def __init__(self, home: Home) -> None:
        self._home = home
        self._lock = Lock()
        self._asked: Future[Record] | None = None

    def take(self, seconds: float = PATIENCE_SECONDS) -> Record:
        """What it says; with a problem, when it does not answer."""
        with self._lock:
            if self._asked is None or self._asked.done():
                self._asked = Future()
                Thread(target=self._ask, args=(self._asked,), daemon=True).start()
            asked = self._asked
        try:
            return asked.result(seconds)
        except TimeoutError:
            said = _("Dagster's record does not answer within {seconds:.0f} s", seconds=seconds)
            return Record(problem=said)

    def _ask(self, answer: Future[Record]) -> None:
        try:
            answer.set_result(read(self._home))
        except Exception as error:  # whatever the database's library raises
            said = " ".join(str(error).split())[:300] or type(error).__name__
            answer.set_result(Record(problem=_("Dagster's record cannot be read: {why}", why=said)))


def read(home: Home) -> Record:
    """What the record of a home says now."""
    with instance_as_it_is(home) as opened:
        if opened is None:
            return Record(problem=_("there is no record yet: nothing has run here"))
        beats = opened.get_daemon_heartbeats()
        return Record(
            {
                part: _moment(beats[part].timestamp) if part in beats else None
                for part in opened.get_required_daemon_types()
            },
            _last_runs(opened),
            _ended(opened, unmade) if (unmade := last_failed(opened)) else None,
            alerts_are_stopped=_is_stopped(opened, ALERTS),
        )


def _last_runs(opened: DagsterInstance) -> list[EndedRun]:
    last: dict[str, EndedRun] = {}
    for record in opened.get_run_records(dg.RunsFilter(statuses=ENDED), limit=LOOK_BACK_RUNS):
        if record.dagster_run.job_name not in last:
            last[record.dagster_run.job_name] = _ended(opened, record)
    return list(last.values())


def _ended(opened: DagsterInstance, record: dg.RunRecord) -> EndedRun:
    run = record.dagster_run
    ended = record.end_time or record.update_timestamp.timestamp()
    began = record.start_time or ended  # it failed before it could begin
    steps = {
        step.step_key: step.end_time - step.start_time
        for step in opened.get_run_step_stats(run.run_id)
        if step.start_time is not None and step.end_time is not None
    }
    return EndedRun(
        run.job_name,
        run.status.value,
        _moment(ended),
        ended - began,
        steps,
        failure_of(opened, run) if has_failed(run) else None,
        is_of_figures=run.job_name != SIGN_OFF,
    )


def _is_stopped(opened: DagsterInstance, sensor: str) -> bool:
    """Whether somebody stopped a sensor in the UI: what is not on record runs, as declared."""
    states = opened.all_instigator_state(instigator_type=InstigatorType.SENSOR)
    of_it = [state.is_running for state in states if state.instigator_name == sensor]
    return bool(of_it) and not any(of_it)


def _moment(timestamp: float) -> dt.datetime:
    return dt.datetime.fromtimestamp(timestamp, dt.UTC)
