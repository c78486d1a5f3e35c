"""What people are told of a run that failed."""

from __future__ import annotations

import dagster as dg
import pytest
from dagster import DagsterInstance
from dagster._core.errors import DagsterExecutionInterruptedError

from acv_pipeline.orchestration.alerting import why_failed


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (DagsterExecutionInterruptedError(), "interrupted, as by a restart of the code server"),
        (ValueError("no such thing"), "ValueError: no such thing"),
        (dg.Failure("held", allow_retries=False), "held"),
    ],
)
def test_why_a_run_failed_is_said_in_a_line(error: BaseException, said: str) -> None:
    @dg.op
    def work() -> None:
        raise error

    @dg.job
    def somebodys() -> None:
        work()

    with DagsterInstance.ephemeral() as instance:
        somebodys.execute_in_process(instance=instance, raise_on_error=False)
        (run,) = instance.get_runs()
        why = why_failed(instance, run.run_id)
    assert said in why and "\n" not in why
