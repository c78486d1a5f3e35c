"""The arrival sensor: what changes in the landing zone starts runs for the months it touches."""

# no "from __future__ import annotations" here: Dagster reads annotations of decorated functions

import contextlib
import datetime as dt
import hashlib
import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import dagster as dg

from acv_pipeline.assets.step import tags_of
from acv_pipeline.contract import Month
from acv_pipeline.contract.months import shift
from acv_pipeline.flow.pipeline import Pipeline
from acv_pipeline.landing import LandingError
from acv_pipeline.language import _, plural
from acv_pipeline.ledger.corrections import CorrectionsError
from acv_pipeline.operations import standstill
from acv_pipeline.orchestration.dead_runs import end_dead_runs, is_run_going_on
from acv_pipeline.orchestration.failures import (
    PUBLICATION,
    REPEAT,
    is_given_up,
    last_failed,
    publishes,
    repeats_of,
)
from acv_pipeline.orchestration.instance import tick_seconds
from acv_pipeline.warehouse import WarehouseError, mend

# a run that failed is tried again after this, a few times, or as soon as something arrives
PATIENCE_SECONDS = 3600
UNREAD = " unread"


def arrival_sensor(pipeline: Pipeline, job_name: str) -> dg.SensorDefinition:
    """Starts one run per stretch of adjoining months that new deliveries touch."""

    @dg.sensor(
        name="arrivals",
        job_name=job_name,
        minimum_interval_seconds=tick_seconds(),
        default_status=dg.DefaultSensorStatus.RUNNING,
        description=(
            "Looks at the landing zone; a new or changed delivery, a sign-off or a correction "
            "starts runs for exactly the months it touches."
        ),
    )
    def arrivals(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
        try:
            return _look(context, pipeline)
        except (CorrectionsError, LandingError, WarehouseError) as error:
            standstill.begin(pipeline.home, str(error), dt.datetime.now(dt.UTC))
            return dg.SkipReason(str(error))
        except Exception as error:
            # Dagster shows its traceback; people who don't look there are told all the same
            with contextlib.suppress(Exception):
                reason = f"{type(error).__name__}: {error}"
                standstill.begin(pipeline.home, reason, dt.datetime.now(dt.UTC))
            raise

    return arrivals


@dataclass(frozen=True)
class Seen:
    """What there is at a tick.

    Attributes:
        arrived, warehouse: as ``Pipeline.fingerprint`` has them.
        failed: the run of figures that failed last, if none made up for it.
    """

    arrived: str
    warehouse: str
    failed: dg.RunRecord | None

    @property
    def run(self) -> dg.DagsterRun | None:
        """The run that failed."""
        return self.failed.dagster_run if self.failed else None

    @property
    def failure(self) -> str:
        """What the cursor says of it, as it may have left the warehouse as it was."""
        return f" {self.run.run_id}" if self.run else ""

    @property
    def cursor(self) -> str:
        """The cursor of a tick that leaves nothing to be done."""
        return f"{self.arrived} {self.warehouse}{self.failure}"

    @property
    def is_given_up(self) -> bool:
        """Whether it is for a person to have tried again what failed."""
        return self.run is not None and is_given_up(self.run)

    @property
    def is_soon(self) -> bool:
        """Whether it failed less than an hour ago."""
        return self.failed is not None and (
            time.time() - (self.failed.end_time or 0) < PATIENCE_SECONDS
        )


def _look(
    context: dg.SensorEvaluationContext, pipeline: Pipeline
) -> dg.SensorResult | dg.SkipReason:
    end_dead_runs(context.instance, pipeline.home)
    if is_run_going_on(context.instance):
        # what it has not recorded yet would look as if nobody were at work on it
        return dg.SkipReason(_("a run is going on: looking again when it has ended"))
    has_mended = mend(pipeline.home, context.log.warning)
    seen, cursor = (
        Seen(*pipeline.fingerprint(), last_failed(context.instance)),
        context.cursor or "",
    )
    nothing_came = cursor.startswith(seen.arrived) and not has_mended
    standstill.seen(pipeline.home)
    if nothing_came and (waits := _waits(seen, cursor)):
        if not cursor.endswith(UNREAD):  # else it goes on
            standstill.end(pipeline.home)
        return waits
    due, report = pipeline.receive_due(log=context.log.info)
    standstill.looked(pipeline.home, report.unread, dt.datetime.now(dt.UTC))
    # receiving wrote to the warehouse; what arrived meanwhile is for the next tick
    after = replace(seen, warehouse=pipeline.fingerprint()[1])
    if nothing_came and not report.new and seen.is_given_up and cursor.endswith(UNREAD):
        requests = []  # they still cannot be read, and nothing else is to be tried
    else:
        requests = _requests(after, due, pipeline, is_repeat=nothing_came and not seen.is_given_up)
    # with files still to be read the cursor is like no state of the warehouse: the next tick looks
    now = f"{seen.arrived}{UNREAD}" if report.unread else after.cursor
    if requests:
        return dg.SensorResult(run_requests=requests, cursor=now)
    said = plural(
        "{count} new delivery, no month to run",
        "{count} new deliveries, no month to run",
        len(report.new),
    )
    return dg.SensorResult(skip_reason="; ".join([said, *report.unread]), cursor=now)


def _waits(seen: Seen, cursor: str) -> dg.SensorResult | dg.SkipReason | None:
    """What a tick says that has nothing to do, where nothing came since the last; else None."""
    # once it is noted that a run is given up, only somebody else changes the warehouse, as by a
    # sign-off: that is something to be done
    gives_up = seen.is_given_up and not cursor.endswith((seen.failure, UNREAD))
    if gives_up or cursor == seen.cursor:
        said = _("nothing changed in the landing zone")
        often = _("the last run failed like those before it: a person has to re-execute it")
        return dg.SensorResult(skip_reason=often if seen.is_given_up else said, cursor=seen.cursor)
    if seen.is_soon and not seen.is_given_up:
        return dg.SkipReason(_("the last run failed: trying again within the hour"))
    return None


def _requests(
    seen: Seen, due: Sequence[Month], pipeline: Pipeline, *, is_repeat: bool
) -> list[dg.RunRequest]:
    """A run for each stretch of months; where there are none, for what a run did not publish."""
    run = seen.run
    tags = {REPEAT: str(repeats_of(run) + 1)} if run and is_repeat else {}
    wanted = list(stretches(due))
    if not wanted and run and publishes(run) and pipeline.home.published.exists():
        wanted = [[]]  # what that run did not, no month brings
    return [_request(seen.cursor, tags, months) for months in wanted]


def stretches(months: Sequence[Month]) -> Iterator[list[Month]]:
    """Adjoining months together: one run for each stretch."""
    stretch: list[Month] = []
    for month in sorted(months):
        if stretch and month != shift(stretch[-1], 1):
            yield stretch
            stretch = []
        stretch.append(month)
    if stretch:
        yield stretch


def _request(state: str, tags: dict[str, str], months: list[Month]) -> dg.RunRequest:
    """A run of months, or without any of what is published."""
    names = [f"{month:%Y-%m}" for month in months]
    return dg.RunRequest(
        # Dagster starts nothing for a key that it has had
        run_key=hashlib.sha256(json.dumps([state, names]).encode()).hexdigest(),
        tags=tags_of(months) | tags,
        asset_selection=None if months else sorted(PUBLICATION),
    )
