"""The arrival sensor: what changes in the landing zone starts runs for the months it touches."""

# no "from __future__ import annotations" here: Dagster reads annotations of decorated functions

import contextlib
import datetime as dt
import hashlib
import json
import time
from collections.abc import Iterator, Sequence

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


def _look(
    context: dg.SensorEvaluationContext, pipeline: Pipeline
) -> dg.SensorResult | dg.SkipReason:
    end_dead_runs(context.instance, pipeline.home)
    if is_run_going_on(context.instance):
        # what it has not recorded yet would look as if nobody were at work on it
        return dg.SkipReason(_("a run is going on: looking again when it has ended"))
    has_mended = mend(pipeline.home, context.log.warning)
    arrived, warehouse = pipeline.fingerprint()
    record = last_failed(context.instance)
    failed = record.dagster_run if record else None
    # which may have left the warehouse as it was
    failure = f" {failed.run_id}" if failed else ""
    cursor, now = context.cursor or "", f"{arrived} {warehouse}{failure}"
    nothing_came = cursor.startswith(arrived) and not has_mended
    has_unread = cursor == f"{arrived}{UNREAD}"
    is_often = failed is not None and is_given_up(failed)
    # once that is noted, only somebody else changes the warehouse, as by a sign-off
    gives_up = nothing_came and is_often and not cursor.endswith(failure)
    standstill.seen(pipeline.home)
    if nothing_came and (cursor == now or (gives_up and not has_unread)):
        standstill.end(pipeline.home)
        said = _("nothing changed in the landing zone")
        often = _("the last run failed like those before it: a person has to re-execute it")
        return dg.SensorResult(skip_reason=often if is_often else said, cursor=now)
    is_soon = record is not None and time.time() - (record.end_time or 0) < PATIENCE_SECONDS
    if nothing_came and is_soon and not is_often:
        if not has_unread:  # else it goes on
            standstill.end(pipeline.home)
        return dg.SkipReason(_("the last run failed: trying again within the hour"))
    due, report = pipeline.receive_due(log=context.log.info)
    if gives_up and not report.new:
        due = []
    # receiving wrote to the warehouse; what arrived meanwhile is for the next tick
    warehouse = pipeline.fingerprint()[1]
    after = f"{arrived} {warehouse}{failure}"
    standstill.looked(pipeline.home, report.unread, dt.datetime.now(dt.UTC))
    # with files still to be read the cursor is like no state of the warehouse: the next tick looks
    cursor = f"{arrived}{UNREAD}" if report.unread else after
    is_repeat = failed is not None and nothing_came and not is_often
    tags = {REPEAT: str(repeats_of(failed) + 1)} if failed and is_repeat else {}
    requests = [_request(after, tags, stretch) for stretch in stretches(due)]
    is_published = failed is None or gives_up or not publishes(failed)
    if not due and not is_published and pipeline.home.published.exists():
        # what that run did not, no month brings
        requests = [_request(after, tags, [])]
    if requests:
        return dg.SensorResult(run_requests=requests, cursor=cursor)
    said = plural(
        "{count} new delivery, no month to run",
        "{count} new deliveries, no month to run",
        len(report.new),
    )
    return dg.SensorResult(skip_reason="; ".join([said, *report.unread]), cursor=cursor)


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
