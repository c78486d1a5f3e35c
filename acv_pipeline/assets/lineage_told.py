"""What OpenLineage hears of the steps of a run; a run never fails for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

import dagster as dg

from acv_pipeline.environment import SecretError
from acv_pipeline.environment.open_lineage import is_wanted
from acv_pipeline.flow.datasets import read, written
from acv_pipeline.language import _

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
    is_last: bool,
) -> Iterator[None]:
    """Tell the receiver that the step begins, and how it ends, where one is configured.

    Args:
        name: of the step.
        assets: those that the step makes in this run.
        is_last: whether the run ends with it.
    """
    step = _begun(context, name, pipeline, assets) if is_wanted() else None
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
) -> StepOfRun | None:
    try:
        from acv_pipeline.flow.lineage_events import StepOfRun, the_receiver

        where = pipeline()
        step = StepOfRun(
            context.run.run_id, context.run.job_name, name,
            read(where, assets), written(where, assets),
        )  # fmt: skip
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


def _end(context: dg.OpExecutionContext, event: Callable[[], RunEvent], *, is_last: bool) -> None:
    from acv_pipeline.flow.lineage_events import the_receiver

    try:
        the_receiver().tell(event())
        problem = the_receiver().finish() if is_last else None
    except Exception as error:
        problem = _("no lineage events are sent: {why}", why=type(error).__name__)
    if problem:
        context.log.warning(problem)
