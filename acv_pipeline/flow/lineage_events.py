"""OpenLineage events of the steps of a run, handed over in a thread that no run waits long for.

The only module that needs the package ``openlineage-python`` (the extra ``lineage``).
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from queue import Full, Queue
from threading import Event, Thread
from typing import Any

from openlineage.client import OpenLineageClient
from openlineage.client.event_v2 import (
    InputDataset,
    Job,
    OutputDataset,
    Run,
    RunEvent,
    RunState,
    set_producer,
)
from openlineage.client.facet_v2 import (
    column_lineage_dataset,
    error_message_run,
    job_type_job,
    parent_run,
    schema_dataset,
)
from openlineage.client.transport.http import HttpConfig, HttpTransport

from acv_pipeline.environment.open_lineage import namespace, receiver
from acv_pipeline.flow.datasets import Dataset
from acv_pipeline.language import _, plural

PRODUCER = f"urn:acv-pipeline:{version('acv_pipeline')}"
# how long a run that ends waits for the receiver to take what was told; the rest is dropped
AT_THE_END_SECONDS = 5.0
MOST_WAITING = 1000


@dataclass(frozen=True)
class StepOfRun:
    """A step, as the receiver knows it.

    Attributes:
        run_id: of the whole run in Dagster.
        job: what Dagster calls the run's job.
    """

    run_id: str
    job: str
    step: str
    read: Sequence[Dataset]
    written: Sequence[Dataset]

    def began(self) -> RunEvent:
        """It begins now."""
        return self._event(RunState.START)

    def ended(self) -> RunEvent:
        """It has done its work."""
        return self._event(RunState.COMPLETE)

    def failed(self, why: str) -> RunEvent:
        """It failed, for a reason that may be told."""
        return self._event(RunState.FAIL, why)

    def _event(self, state: RunState, error: str | None = None) -> RunEvent:
        facets: dict[str, Any] = {
            "parent": parent_run.ParentRunFacet(
                run=parent_run.Run(runId=self.run_id),
                job=parent_run.Job(namespace=namespace(), name=self.job),
            )
        }
        if error is not None:
            facets["errorMessage"] = error_message_run.ErrorMessageRunFacet(error, "PYTHON")
        own_id = str(uuid.uuid5(uuid.UUID(self.run_id), self.step))
        kind = job_type_job.JobTypeJobFacet(
            processingType="BATCH", integration="DAGSTER", jobType="STEP"
        )
        return RunEvent(
            eventType=state,
            eventTime=dt.datetime.now(dt.UTC).isoformat(),
            run=Run(runId=own_id, facets=facets),
            job=Job(namespace(), f"{self.job}.{self.step}", facets={"jobType": kind}),
            inputs=[InputDataset(d.place, d.name, facets=_facets(d)) for d in self.read],
            outputs=[
                OutputDataset(d.place, d.name, facets=_facets(d, with_lineage=True))
                for d in self.written
            ],
            producer=PRODUCER,
        )


def _facets(dataset: Dataset, *, with_lineage: bool = False) -> dict[str, Any]:
    facets: dict[str, Any] = {}
    if dataset.columns:
        facets["schema"] = schema_dataset.SchemaDatasetFacet(
            fields=[
                schema_dataset.SchemaDatasetFacetFields(name, kind, description)
                for name, kind, description in dataset.columns
            ]
        )
    if with_lineage and dataset.lineage:
        facets["columnLineage"] = column_lineage_dataset.ColumnLineageDatasetFacet(
            fields={
                column: column_lineage_dataset.Fields(
                    inputFields=[
                        column_lineage_dataset.InputField(dataset.place, table, origin)
                        for table, origin in origins
                    ]
                )
                for column, origins in dataset.lineage.items()
            }
        )
    return facets


class Receiver:
    """Takes events at once and hands them over one after the other, in its own time."""

    def __init__(self) -> None:
        set_producer(PRODUCER)
        reached = receiver()
        transport = HttpTransport(HttpConfig.from_dict(reached)) if reached else None
        self._client = OpenLineageClient(transport=transport)
        self._waiting: Queue[RunEvent | Event] = Queue(MOST_WAITING)
        self._refused: list[str] = []
        Thread(target=self._work, daemon=True).start()  # the process may end before it does

    def tell(self, event: RunEvent) -> None:
        """Have it handed over; never waits."""
        try:
            self._waiting.put_nowait(event)
        except Full:
            self._refused.append("Full")

    def finish(self, seconds: float = AT_THE_END_SECONDS) -> str | None:
        """Wait until all of it was handed over, but no longer than so.

        Returns:
            What went wrong, for people, without the receiver's address; None if nothing did.
        """
        done = Event()
        try:
            self._waiting.put_nowait(done)
        except Full:
            seconds = 0
        if not done.wait(seconds):
            while not self._waiting.empty():
                self._waiting.get_nowait()
            return _(
                "the receiver of lineage events did not take them within {seconds:.0f} s: the "
                "rest was dropped",
                seconds=AT_THE_END_SECONDS,
            )
        refused, self._refused = self._refused, []
        if not refused:
            return None
        return plural(
            "the receiver of lineage events did not take {count} event ({why})",
            "the receiver of lineage events did not take {count} events ({why})",
            len(refused),
            why=", ".join(sorted(set(refused))),
        )

    def _work(self) -> None:
        while True:
            event = self._waiting.get()
            if isinstance(event, Event):
                event.set()
                continue
            try:
                self._client.emit(event)
            except Exception as error:  # its text may quote the address
                status = getattr(getattr(error, "response", None), "status_code", None)
                self._refused.append(f"HTTP {status}" if status else type(error).__name__)


@cache
def the_receiver() -> Receiver:
    """That of this process.

    Raises:
        SecretError: its address or key cannot be read.
        Exception: whatever the client's library has against the settings.
    """
    return Receiver()
