"""What a run prints is kept, except for what it prints to somebody's terminal."""

from __future__ import annotations

import dagster as dg
from dagster import DagsterInstance

from acv_pipeline.orchestration.compute_logs import leave_to_terminal
from acv_pipeline.orchestration.instance import instance as open_instance
from acv_pipeline.warehouse.home import Home


@dg.op
def says() -> None:
    print("a line of a library's own")


@dg.job(executor_def=dg.in_process_executor)
def talking() -> None:
    says()


def kept(instance: DagsterInstance) -> str:
    """What is kept of a run that prints."""
    run = talking.execute_in_process(instance=instance).run_id
    (captured,) = [
        event.dagster_event.logs_captured_data
        for event in instance.all_logs(run, of_type=dg.DagsterEventType.LOGS_CAPTURED)
        if event.dagster_event
    ]
    manager = instance.compute_log_manager
    data = manager.get_log_data([run, "compute_logs", captured.file_key])
    return (data.stdout or b"").decode()


def test_what_a_run_prints_is_kept_where_retention_deletes_it(home: Home) -> None:
    with open_instance(home) as instance:
        assert "a line of a library's own" in kept(instance)
        (run,) = instance.get_run_ids()
        assert list((home.dagster / "storage" / run).rglob("*.out"))


def test_what_is_printed_to_a_terminal_stays_there(home: Home) -> None:
    with open_instance(home) as instance:
        leave_to_terminal(instance)
        assert kept(instance) == ""
