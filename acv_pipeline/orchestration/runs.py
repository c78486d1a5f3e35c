"""Starting runs from the command line: in this process, on the home's own Dagster record.

Here: what ``acv run`` needs of Dagster. Not here: schedules and sensors, or any domain work.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import dagster as dg
from dagster import DagsterInstance
from dagster_shared.error import SerializableErrorInfo

from acv_pipeline.assets.partitions import key_of
from acv_pipeline.assets.run import STEP
from acv_pipeline.contract import Month
from acv_pipeline.definitions import JOB, build_definitions
from acv_pipeline.flow import Pipeline, Say


@dataclass(frozen=True)
class RunResult:
    """How a run ended: its id, and why it failed if it did."""

    run_id: str
    failure: str | None


def run_months(
    pipeline: Pipeline,
    instance: DagsterInstance,
    months: Sequence[Month],
    *,
    assets: Sequence[str] | None = None,
    listen: Say,
) -> RunResult:
    """Materialise the given months in one run: all assets, or those named, with their checks.

    Raises:
        KeyboardInterrupt: Ctrl-C ended the run; Dagster's record has it as failed.
    """
    job = build_definitions(pipeline, listen).resolve_job_def(JOB)
    result = job.execute_in_process(
        instance=instance,
        raise_on_error=False,
        asset_selection=None if assets is None else [dg.AssetKey(name) for name in assets],
        tags={
            "dagster/asset_partition_range_start": key_of(months[0]),
            "dagster/asset_partition_range_end": key_of(months[-1]),
        },
        run_config={
            "ops": {STEP: {"config": {"months": [f"{month:%Y-%m}" for month in months]}}},
            # the terminal shows progress of its own; the record keeps every line
            "loggers": {"console": {"config": {"log_level": "CRITICAL"}}},
        },
    )
    if any(_was_interrupted(event.step_failure_data.error) for event in _failures(result)):
        raise KeyboardInterrupt
    return RunResult(result.run_id, None if result.success else _failure(result))


def _failures(result: dg.ExecuteInProcessResult) -> list[dg.DagsterEvent]:
    return [event for event in result.all_events if event.is_step_failure]


def _was_interrupted(error: SerializableErrorInfo | None) -> bool:
    """Whether Ctrl-C is behind it, as Python, Dagster or DuckDB say it."""
    while error is not None:
        if "Interrupt" in (error.cls_name or "") or "Query interrupted" in error.message:
            return True
        error = error.cause or error.context
    return False


def _failure(result: dg.ExecuteInProcessResult) -> str:
    for event in _failures(result):
        data = event.step_failure_data
        if data.user_failure_data and data.user_failure_data.description:
            return data.user_failure_data.description
        return data.error_display_string if data.error else event.message or ""
    return "the run failed; its log in the Dagster UI says why"
