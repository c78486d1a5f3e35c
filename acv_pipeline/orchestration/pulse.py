"""What Dagster's record says of the daemon and of the last runs, for observers."""

from __future__ import annotations

import datetime as dt
from concurrent.futures import Future
from threading import Lock, Thread

import dagster as dg
from dagster import DagsterInstance

from acv_pipeline.language import _
from acv_pipeline.operations.health import EndedRun, Record
from acv_pipeline.orchestration.instance import instance
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
    if not (home.dagster / "dagster.yaml").exists():  # opening it would make one
        return Record(problem=_("there is no record yet: nothing has run here"))
    with instance(home) as opened:
        beats = opened.get_daemon_heartbeats()
        return Record(
            {
                part: _moment(beats[part].timestamp) if part in beats else None
                for part in opened.get_required_daemon_types()
            },
            _last_runs(opened),
        )


def _last_runs(opened: DagsterInstance) -> list[EndedRun]:
    last: dict[str, EndedRun] = {}
    for record in opened.get_run_records(dg.RunsFilter(statuses=ENDED), limit=LOOK_BACK_RUNS):
        run, began, ended = record.dagster_run, record.start_time, record.end_time
        if run.job_name in last or began is None or ended is None:
            continue
        steps = {
            step.step_key: step.end_time - step.start_time
            for step in opened.get_run_step_stats(run.run_id)
            if step.start_time is not None and step.end_time is not None
        }
        last[run.job_name] = EndedRun(
            run.job_name, run.status.value, _moment(ended), ended - began, steps
        )
    return list(last.values())


def _moment(timestamp: float) -> dt.datetime:
    return dt.datetime.fromtimestamp(timestamp, dt.UTC)
