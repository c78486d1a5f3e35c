"""What OpenLineage hears of the steps of a run; a run never fails for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

import dagster as dg
from dagster._core.execution.stats import StepEventStatus

from acv_pipeline.environment import SecretError
from acv_pipeline.environment.open_lineage import is_wanted
from acv_pipeline.flow.datasets import read, written
from acv_pipeline.language import _

# the tag of a run whose end the receiver heard of from another
ENDED = "acv/lineage_ended"
LOOK_BACK_RUNS = 5

if TYPE_CHECKING:
    from openlineage.client.event_v2 import RunEvent

    from acv_pipeline.flow.lineage_events import StepOfRun
    from acv_pipeline.flow.pipeline import Pipeline


@contextmanager
def lineage_told(
    context: dg.OpExecutionContext,
    name: str,
    pipeline: Callable[[], Pipeline],
    assets: list[str],
    *,
    is_first: bool,
    is_last: bool,
) -> Iterator[None]:
    """Tell the receiver that the step begins, and how it ends, where one is configured.

    Args:
        name: of the step.
        assets: those that the step makes in this run.
        is_first, is_last: whether the run begins, or ends, with it.
    """
    step = _begun(context, name, pipeline, assets, is_first) if is_wanted() else None
    if step is None:
        yield
        return
    try:
        yield
    except BaseException as error:
        # a failure of ours says what people may read; other errors may quote anything
        ours = error.description if isinstance(error, dg.Failure) else None
        _end(context, partial(step.failed, ours or type(error).__name__), is_last=True)
        raise
    _end(context, step.ended, is_last=is_last)


def _begun(
    context: dg.OpExecutionContext,
    name: str,
    pipeline: Callable[[], Pipeline],
    assets: list[str],
    is_first: bool,
) -> StepOfRun | None:
    try:
        from acv_pipeline.flow.lineage_events import StepOfRun, the_receiver

        where = pipeline()
        step = StepOfRun(
            context.run.run_id, context.run.job_name, name,
            read(where, assets), written(where, assets),
        )  # fmt: skip
        if is_first:
            for killed in _killed(context):
                the_receiver().tell(killed.failed("its process was killed"))
        the_receiver().tell(step.began())
        return step
    except ImportError:
        why = "pip install 'acv_pipeline[lineage]'"
    except SecretError as error:
        why = str(error)
    except Exception as error:  # of the client's library, which may quote the address
        why = type(error).__name__
    context.log.warning(_("no lineage events are sent: {why}", why=why))
    return None


def _killed(context: dg.OpExecutionContext) -> Iterator[StepOfRun]:
    """Steps of runs that failed which began and could not say how they ended, once."""
    from acv_pipeline.flow.lineage_events import StepOfRun

    instance, flow = context.instance, str(context.op_handle.parent)
    failed = dg.RunsFilter(statuses=[dg.DagsterRunStatus.FAILURE])
    for run in instance.get_runs(failed, limit=LOOK_BACK_RUNS):
        # a run that is executed again has the tags of the other
        is_told = run.tags.get(ENDED) == run.run_id
        steps = [] if is_told else instance.get_run_step_stats(run.run_id)
        for step in steps:
            of, _dot, name = step.step_key.rpartition(".")
            if of == flow and step.status == StepEventStatus.IN_PROGRESS:
                yield StepOfRun(run.run_id, run.job_name, name, [], [])
                instance.add_run_tags(run.run_id, {ENDED: run.run_id})


def _end(context: dg.OpExecutionContext, event: Callable[[], RunEvent], *, is_last: bool) -> None:
    from acv_pipeline.flow.lineage_events import the_receiver

    try:
        the_receiver().tell(event())
        problem = the_receiver().finish() if is_last else None
    except Exception as error:
        problem = _("no lineage events are sent: {why}", why=type(error).__name__)
    if problem:
        context.log.warning(problem)
