"""Starting runs from the command line: in this process, on the home's own Dagster record."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import dagster as dg
from dagster import DagsterInstance
from dagster._core.definitions.job_base import InMemoryJob
from dagster._core.execution.api import execute_run
from dagster._core.execution.job_execution_result import JobExecutionResult
from dagster._core.remote_origin import (
    ManagedGrpcPythonEnvCodeLocationOrigin,
    RemoteJobOrigin,
    RemoteRepositoryOrigin,
)
from dagster._core.types.loadable_target_origin import LoadableTargetOrigin

from acv_pipeline.assets.step import held_a_month, tags_of
from acv_pipeline.assets.ui import LOCATION, REPOSITORY
from acv_pipeline.contract import Month
from acv_pipeline.definitions import JOB, build_definitions
from acv_pipeline.engines.engine import Log
from acv_pipeline.environment import logs
from acv_pipeline.flow.pipeline import Pipeline
from acv_pipeline.language import _
from acv_pipeline.orchestration.arrivals import stretches
from acv_pipeline.orchestration.compute_logs import leave_to_terminal
from acv_pipeline.orchestration.failures import was_interrupted

# as workspace.yaml has it, so that the UI knows whose runs these are
MODULE = "acv_pipeline.definitions"


@dataclass(frozen=True)
class RunResult:
    """How a run ended: its id, and why it failed if it did; that a month is held is no failure."""

    run_id: str
    failure: str | None


def run_months(
    pipeline: Pipeline,
    instance: DagsterInstance,
    months: Sequence[Month],
    *,
    assets: Sequence[str] | None = None,
    listen: Log,
) -> RunResult:
    """Materialise months: a run for each stretch of adjoining ones, of all assets or those named.

    Args:
        months: none for assets that have no months.

    Returns:
        How the last run ended, or the first that failed.

    Raises:
        KeyboardInterrupt: Ctrl-C ended the run; Dagster's record has it as failed.
    """
    leave_to_terminal(instance)
    job = build_definitions(pipeline, listen).resolve_job_def(JOB)
    if assets is not None:
        job = job.get_subset(asset_selection={dg.AssetKey(name) for name in assets})
    for stretch in [*stretches(months)] or [[]]:
        result = _run(job, instance, stretch)
        if result.failure:
            break
    return result


def _run(job: dg.JobDefinition, instance: DagsterInstance, months: list[Month]) -> RunResult:
    run = instance.create_run_for_job(
        job,
        run_config={
            # the terminal shows progress of its own; the record keeps every line
            "loggers": {"console": {"config": {"log_level": _level()}}},
        },
        tags=tags_of(months),
        asset_selection=job.asset_selection,
        remote_job_origin=_origin(job.name),
    )
    result = execute_run(InMemoryJob(job), run, instance, raise_on_error=False)
    if any(was_interrupted(event.step_failure_data.error) for event in _failures(result)):
        raise KeyboardInterrupt
    ended = instance.get_run_by_id(run.run_id)
    is_fine = result.success or (ended is not None and held_a_month(ended))
    return RunResult(run.run_id, None if is_fine else _failure(result))


def _level() -> str:
    return "INFO" if logs.are_json() else "CRITICAL"


def _origin(job_name: str) -> RemoteJobOrigin:
    """Where the UI finds the job: runs without one are not on its timeline."""
    location = ManagedGrpcPythonEnvCodeLocationOrigin(
        LoadableTargetOrigin(module_name=MODULE), LOCATION
    )
    return RemoteJobOrigin(RemoteRepositoryOrigin(location, REPOSITORY), job_name)


def _failures(result: JobExecutionResult) -> list[dg.DagsterEvent]:
    return [event for event in result.all_events if event.is_step_failure]


def _failure(result: JobExecutionResult) -> str:
    for event in _failures(result):
        data = event.step_failure_data
        if data.user_failure_data and data.user_failure_data.description:
            return data.user_failure_data.description
        return data.error_display_string if data.error else event.message or ""
    return _("the run failed; its log in the Dagster UI says why")
