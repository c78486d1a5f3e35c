"""What people are told of a run that failed, and which of them another run makes up for."""

from __future__ import annotations

from collections.abc import Iterator

import dagster as dg
import pytest
from dagster import DagsterInstance
from dagster._core.errors import DagsterExecutionInterruptedError
from dagster._core.test_utils import create_run_for_test

from acv_pipeline.assets.ui import FIGURES, SIGN_OFF
from acv_pipeline.operations.failure import Failure
from acv_pipeline.orchestration.failures import (
    MOST_REPEATS,
    REPEAT,
    failure_of,
    last_failed,
    standing,
)
from acv_pipeline.publishing.published_copy import COPY

BY_HAND = "__ASSET_JOB"
FAILED, DONE = dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.SUCCESS


@pytest.fixture
def instance() -> Iterator[DagsterInstance]:
    with DagsterInstance.ephemeral() as opened:
        yield opened


@pytest.mark.parametrize(
    ("error", "said", "was_interrupted"),
    [
        (DagsterExecutionInterruptedError(), "interrupted, as by a restart of the code", True),
        (ValueError("no such thing"), "ValueError: no such thing", False),
        (dg.Failure("held", allow_retries=False), "held", False),
    ],
)
def test_why_a_run_failed_is_said_in_a_line(
    instance: DagsterInstance, error: BaseException, said: str, was_interrupted: bool
) -> None:
    @dg.op
    def work() -> None:
        raise error

    @dg.job
    def somebodys() -> None:
        work()

    somebodys.execute_in_process(instance=instance, raise_on_error=False)
    (run,) = instance.get_runs()
    failure = failure_of(instance, run)
    assert said in failure.why and "\n" not in failure.why
    assert failure.was_interrupted == was_interrupted


def test_a_process_that_is_gone_left_nothing_to_put_right(instance: DagsterInstance) -> None:
    """As a code server reports it, and Dagster's daemon of a run that never began."""
    killed = create_run_for_test(instance, job_name=FIGURES, status=dg.DagsterRunStatus.STARTING)
    began = dg.DagsterEvent(dg.DagsterEventType.RUN_START.value, FIGURES)
    instance.report_dagster_event(began, killed.run_id)
    instance.report_engine_event("Run execution process was terminated by signal 9", killed)
    instance.report_run_failed(killed)
    failure = failure_of(instance, killed)
    assert failure.was_interrupted and failure.why.endswith("terminated by signal 9")
    late = create_run_for_test(instance, job_name=FIGURES, status=dg.DagsterRunStatus.STARTING)
    instance.report_run_failed(late, "It took longer than 180 seconds to start.")
    failure = failure_of(instance, late)
    assert not failure.was_interrupted and "180 seconds" in failure.why


@pytest.mark.parametrize(
    ("failure", "said"),
    [
        (Failure("x"), "put that right, then re-execute it in the UI"),
        (Failure("x", is_repeated=True), "put that right: it is tried again within the hour"),
        (Failure("x", True, True), "there is nothing to put right: within the hour"),
        (Failure("x", True), "there is nothing to put right: re-execute it in the UI"),
        (Failure("x", True, True, 5), "it was tried 5 times and is not tried again by itself: "),
    ],
)
def test_what_is_to_be_done_is_true_of_each(failure: Failure, said: str) -> None:
    assert failure.what_to_do().startswith(said)
    assert "by itself" not in (by_hand := failure.what_to_do(with_daemon=False))
    assert ("the next 'acv run' makes up for it" in by_hand) == failure.was_interrupted


@pytest.mark.parametrize(
    ("ended", "unmade"),
    [
        ([(FIGURES, None, FAILED)], 0),
        ([(FIGURES, None, FAILED), (FIGURES, None, DONE)], None),
        # who publishes receives nothing
        ([(FIGURES, None, FAILED), (BY_HAND, COPY, DONE)], 0),
        ([(FIGURES, None, FAILED), (BY_HAND, COPY, FAILED)], 1),
        ([(BY_HAND, COPY, FAILED), (BY_HAND, "series", DONE)], 0),
        ([(BY_HAND, COPY, FAILED), (BY_HAND, COPY, DONE)], None),
        ([(BY_HAND, COPY, FAILED), (FIGURES, None, DONE)], None),
        # nobody knows better than who launched it what it was for
        ([(BY_HAND, "series", FAILED)], None),
        ([("somebodys", None, FAILED)], None),
    ],
)
def test_the_last_run_of_figures_that_failed(
    instance: DagsterInstance,
    ended: list[tuple[str, str | None, dg.DagsterRunStatus]],
    unmade: int | None,
) -> None:
    runs = [
        create_run_for_test(
            instance, job_name=job, status=status,
            asset_selection=frozenset({dg.AssetKey(asset)}) if asset else None,
        ) for job, asset, status in ended
    ]  # fmt: skip
    record = last_failed(instance)
    assert (record and record.dagster_run.run_id) == (
        None if unmade is None else runs[unmade].run_id
    )
    told = [run.run_id for run in standing(instance.get_runs())]
    assert (record is None) or record.dagster_run.run_id in told
    assert len(told) == (1 if unmade is not None or ended[-1][2] == FAILED else 0)


def test_a_run_that_was_tried_often_is_given_up(instance: DagsterInstance) -> None:
    for job, repeats, tries in ((FIGURES, MOST_REPEATS, MOST_REPEATS + 1), (FIGURES, 3, 1)):
        tags = {REPEAT: str(repeats)}
        run = create_run_for_test(instance, job_name=job, status=FAILED, tags=tags)
        assert failure_of(instance, run).tries == tries
    again = {"parent_run_id": run.run_id, "root_run_id": run.run_id}
    tags = {REPEAT: str(MOST_REPEATS)}
    run = create_run_for_test(instance, job_name=FIGURES, status=FAILED, tags=tags, **again)
    assert failure_of(instance, run).tries == 1, "a person re-executed it"
    run = create_run_for_test(instance, job_name=SIGN_OFF, status=FAILED)
    assert not failure_of(instance, run).is_repeated
