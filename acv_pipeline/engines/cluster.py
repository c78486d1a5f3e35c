"""Work handed out to Spark: an item a task, each tried again when its machine goes away."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from acv_pipeline.engines.engine import Log
from acv_pipeline.engines.family import Job, Work, WrongWorkerError
from acv_pipeline.language import _, plural
from acv_pipeline.models import SqlProjectError
from acv_pipeline.warehouse import WarehouseError

if TYPE_CHECKING:
    from pyspark import Broadcast, SparkContext

Item = TypeVar("Item")

RAISED = re.compile(r"(?:(?!py4j|org|java|pyspark)[\w.]*)(?:Error|Exception): (?!.*Traceback)")
# what another try would not change comes back as a value, so that Spark doesn't try
FINAL = (SqlProjectError, WarehouseError, WrongWorkerError)


def run(master: str, job: Job, work: Work, items: Sequence[Any], log: Log) -> list[Any]:
    """What ``work`` gives for each item (one at least), in their order; each is a task.

    Only what successful tasks return comes back: of a task that ran twice, one result.

    Raises:
        SqlProjectError, WarehouseError: as the work raises them; or Spark is not there, or a task
            failed as often as Spark tries (``spark.task.maxFailures``).
    """
    context = _context(master, log)
    try:
        told = context.broadcast(job)
        try:
            tasks = context.parallelize(items, len(items))
            done = tasks.map(partial(_attempt, work, told)).collect()
        finally:
            told.destroy()
    except Exception as error:  # Py4J's, which is not there to be named without Spark
        raise WarehouseError(
            _("Spark gave up: {error}; nothing of it is on record", error=_said(error))
        ) from error
    if again := sum(attempt > 0 for attempt, _ in done):
        log(plural("{count} task was tried again", "{count} tasks were tried again", again))
    results = [result for _, result in done]
    if failed := next((result for result in results if isinstance(result, FINAL)), None):
        raise WarehouseError(str(failed)) if isinstance(failed, WrongWorkerError) else failed
    return results


def _attempt(work: Work, told: Broadcast[Job], item: Any) -> tuple[int, Any]:
    from pyspark import TaskContext

    context = TaskContext.get()
    assert context is not None
    try:
        return context.attemptNumber(), work(told.value, item, f"{context.taskAttemptId()}")
    except FINAL as error:
        return context.attemptNumber(), error


def packed(
    items: Iterable[Item], size_of: Callable[[Item], int], most_bytes: int, most: int
) -> Iterator[list[Item]]:
    """Items in their order, as many together as there is room for; one at least."""
    packed: list[Item] = []
    size = 0
    for item in items:
        if packed and (size + size_of(item) > most_bytes or len(packed) == most):
            yield packed
            packed, size = [], 0
        packed.append(item)
        size += size_of(item)
    if packed:
        yield packed


def _context(master: str, log: Log) -> SparkContext:
    """The session of this process, started when first asked for."""
    try:
        from pyspark import SparkConf, SparkContext
    except ImportError as error:
        raise WarehouseError(
            _("ACV_ENGINE is spark, and Spark isn't installed: pip install 'acv_pipeline[spark]'")
        ) from error
    if context := SparkContext._active_spark_context:
        stopped = _is_stopped(context)
        if stopped is False:
            return context
        with suppress(Exception):  # Py4J's
            context.stop()
        SparkContext._active_spark_context = None
        if stopped is None:
            SparkContext._gateway = SparkContext._jvm = None
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    settings = SparkConf().setMaster(master).setAppName("acv_pipeline")
    settings.setIfMissing("spark.ui.showConsoleProgress", "false")
    settings.setIfMissing("spark.log.level", "ERROR")
    try:
        context = SparkContext(conf=settings)
    except Exception as error:  # no Java, no master: Py4J's errors have no class of their own
        raise WarehouseError(
            _(
                "Spark cannot be started at {master}: {error}. It needs Java 17 or newer, and a "
                "master that is there",
                master=master,
                error=_said(error),
            )
        ) from error
    log(
        _(
            "Spark {version} at {master}: application {application}, {page}",
            version=context.version,
            master=master,
            application=context.applicationId,
            page=context.uiWebUrl or "-",
        )
    )
    return context


def _is_stopped(context: SparkContext) -> bool | None:
    """Whether the cluster ended a session; None if its JVM is gone."""
    try:
        return bool(context._jsc.sc().isStopped())
    except Exception:  # Py4J's
        return None


def _said(error: Exception) -> str:
    """The line that tells most: of a task's error, what Python raised there."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    raised = [line for line in lines if RAISED.match(line)]
    aborted = [line for line in lines if "Job aborted" in line]
    return (raised or aborted or lines or [type(error).__name__])[0]
