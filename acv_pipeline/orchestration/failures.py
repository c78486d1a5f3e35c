"""Runs that failed: why, which of them another run makes up for by itself, and how often."""

from __future__ import annotations

from collections.abc import Sequence

import dagster as dg
from dagster import DagsterInstance
from dagster._core.definitions.assets.job.asset_job import IMPLICIT_ASSET_JOB_NAME
from dagster_shared.error import SerializableErrorInfo

from acv_pipeline.assets.step import held_a_month
from acv_pipeline.assets.ui import FIGURES
from acv_pipeline.language import _
from acv_pipeline.operations.failure import Failure
from acv_pipeline.publishing.published_copy import COPY, RELEASE, REPORT

# the tag of a run that makes up for one that failed: how many were there before it to do so
REPEAT = "acv/repeat"
# an hour apart, as of a backup that fails; then a person has to
MOST_REPEATS = 4
PUBLICATION = frozenset(map(dg.AssetKey, (COPY, RELEASE, REPORT)))
LOOK_BACK_RUNS = 20
# for what Dagster itself says of a run that somebody else declares to have failed
OUTSIDE = "marked as failed from outside"


def has_failed(run: dg.DagsterRun) -> bool:
    """Whether it did not do its work: one that held a month did, and is told of as such."""
    return run.status == dg.DagsterRunStatus.FAILURE and not held_a_month(run)


def last_failed(instance: DagsterInstance) -> dg.RunRecord | None:
    """The run of figures that failed last, unless one made up for it since."""
    ended = [dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE]
    records: dict[str, dg.RunRecord] = {}
    for job, limit in ((FIGURES, 1), (IMPLICIT_ASSET_JOB_NAME, LOOK_BACK_RUNS)):
        asked = dg.RunsFilter(statuses=ended, job_name=job)
        found = instance.get_run_records(asked, limit=limit)
        records |= {record.dagster_run.run_id: record for record in found}
    newest_first = sorted(records.values(), key=lambda record: record.storage_id, reverse=True)
    failed = _of_figures([record.dagster_run for record in newest_first])
    return records[failed.run_id] if failed else None


def standing(runs: Sequence[dg.DagsterRun]) -> list[dg.DagsterRun]:
    """Of runs that ended, newest first, those that failed and were not made good since."""
    of_figures = _of_figures(runs)
    last: dict[str, dg.DagsterRun] = {}
    for run in runs:
        if not is_of_figures(run):
            last.setdefault(run.job_name, run)
    others = [run for run in last.values() if has_failed(run)]
    return [*([of_figures] if of_figures else []), *others]


def _of_figures(newest_first: Sequence[dg.DagsterRun]) -> dg.DagsterRun | None:
    """The one that failed; what a person or the automation publishes receives no delivery."""
    by_hand = None
    for run in newest_first:
        if run.job_name == FIGURES:
            return next((each for each in (by_hand, run) if each and has_failed(each)), None)
        if by_hand is None and is_of_figures(run):
            by_hand = run
    return by_hand if by_hand and has_failed(by_hand) else None


def is_of_figures(run: dg.DagsterRun) -> bool:
    """Whether another run makes up for it by itself, should it fail.

    Runs of the job of all figures, and those of some assets, launched by a person or by the
    automation, that were to publish: nothing else comes to publish what they did not.
    """
    return run.job_name == FIGURES or (run.job_name == IMPLICIT_ASSET_JOB_NAME and publishes(run))


def publishes(run: dg.DagsterRun) -> bool:
    """Whether it was to publish, be it other things besides."""
    if not run.asset_selection:
        return run.job_name == FIGURES
    return bool(run.asset_selection & PUBLICATION)


def repeats_of(run: dg.DagsterRun) -> int:
    """How many runs there were, up to it, that were to make up for the first that failed."""
    # who re-executes a run has it tried anew; its tags are those of the other
    said = "" if run.parent_run_id else run.tags.get(REPEAT, "")
    return int(said) if said.isdecimal() else 0


def is_given_up(run: dg.DagsterRun) -> bool:
    """Whether it is for a person to have it tried again."""
    return repeats_of(run) >= MOST_REPEATS


def matter_of(run: dg.DagsterRun) -> str:
    """The same for runs of which one makes good what another did not."""
    return FIGURES if is_of_figures(run) else run.job_name


def failure_of(instance: DagsterInstance, run: dg.DagsterRun) -> Failure:
    """Why a run failed, and how it goes on."""
    why, was_interrupted = _why(instance, run.run_id)
    tries = repeats_of(run) + 1 if is_given_up(run) else 1
    return Failure(why, was_interrupted, is_of_figures(run), tries)


def was_interrupted(error: SerializableErrorInfo | None) -> bool:
    """Whether a signal is behind an error, as Python, Dagster or DuckDB say it."""
    while error is not None:
        if "Interrupt" in (error.cls_name or "") or "Query interrupted" in error.message:
            return True
        error = error.cause or error.context
    return False


def _why(instance: DagsterInstance, run_id: str) -> tuple[str, bool]:
    """Why a run failed, in one line, and whether its process ended in the midst of it."""
    kind = dg.DagsterEventType
    for event in _events(instance, run_id, kind.STEP_FAILURE):
        data = event.step_failure_data
        if was_interrupted(data.error):
            return _("it was interrupted, as by a restart of the code server"), True
        if data.user_failure_data and data.user_failure_data.description:
            return data.user_failure_data.description, False
        if data.error:
            error = data.error.cause or data.error  # Dagster's own says only in which step it was
            return error.message.strip().splitlines()[-1], False
    engine = _events(instance, run_id, kind.ENGINE_EVENT)
    ends = _events(instance, run_id, kind.RUN_FAILURE)
    errors = [event.engine_event_data.error for event in engine]
    errors += [event.job_failure_data.error for event in ends if event.event_specific_data]
    for error in filter(None, reversed(errors)):
        return error.message.strip().splitlines()[-1], was_interrupted(error)
    # what a code server says of a process that is gone, it says right before the end
    told = [event.message or "" for event in (*ends, *engine[-1:])]
    why = next((line for line in told if line and OUTSIDE not in line), None)
    has_begun = bool(_events(instance, run_id, kind.RUN_START))
    return why or _("it ended before any step could say why"), has_begun


def _events(
    instance: DagsterInstance, run_id: str, kind: dg.DagsterEventType
) -> list[dg.DagsterEvent]:
    entries = instance.all_logs(run_id, of_type=kind)
    return [entry.dagster_event for entry in entries if entry.dagster_event]
