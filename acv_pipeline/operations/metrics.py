"""Numbers for Prometheus, read when it asks: from the published copy and from small files."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator

import duckdb
from prometheus_client import Metric
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from acv_pipeline.contract.months import month_end
from acv_pipeline.operations.health import (
    Health,
    Record,
    free_bytes,
    last_look,
    warehouse_bytes,
)
from acv_pipeline.warehouse import WarehouseError, read_published
from acv_pipeline.warehouse.home import Home

_DELIVERIES = "select source, status, count(*) from raw.deliveries group by all order by all"
_HELD = """
select source, indicator_id, count(distinct month)
from validated.held_months where status = 'held' group by all order by all
"""
_QUARANTINED = """
select source, reason_code, count(*)
from validated.quarantined_rows where released_by is null group by all order by all
"""
_NEWEST = """
select source, indicator_id, max(month) from validated.dwellings group by all order by all
"""


class Observed(Collector):
    """What a home is like at the moment of asking.

    Args:
        look: how the home is, and what Dagster's record says.
    """

    def __init__(self, home: Home, look: Callable[[], tuple[Health, Record]]) -> None:
        self._home = home
        self._look = look

    def describe(self) -> list[Metric]:
        """Nothing: whoever registers this needn't look for it."""
        return []

    def collect(self) -> Iterator[Metric]:
        """All of them; those of the figures are left out while no copy of them can be read."""
        found, record = self._look()
        yield _gauge(
            "acv_healthy", "1 if it works, as /health says.", ["aspect"],
            {(name,): aspect.is_fine for name, aspect in found.aspects.items()},
        )  # fmt: skip
        yield _gauge("acv_free_bytes", "What is left on the disk of the home.", [],
                     {(): free_bytes(self._home)})  # fmt: skip
        yield _gauge("acv_warehouse_bytes", "The size of the warehouse's file.", [],
                     {(): warehouse_bytes(self._home)})  # fmt: skip
        if looked := last_look(self._home):
            yield _gauge("acv_last_look_timestamp_seconds",
                         "When the landing zone was last looked at.", [],
                         {(): looked.timestamp()})  # fmt: skip
        if self._home.published.exists():
            yield _gauge("acv_published_timestamp_seconds",
                         "When the copy that people read was last published.", [],
                         {(): self._home.published.stat().st_mtime})  # fmt: skip
        yield from _of_record(record)
        yield from self._of_figures()

    def _of_figures(self) -> Iterator[Metric]:
        if not self._home.published.exists():
            return
        now = dt.datetime.now(dt.UTC)
        try:
            with read_published(self._home) as connection:
                rows = {
                    sql: connection.execute(sql).fetchall()
                    for sql in (_DELIVERIES, _HELD, _QUARANTINED, _NEWEST)
                }
        except (WarehouseError, duckdb.Error):  # its aspect says why
            return
        yield _gauge(
            "acv_deliveries", "Deliveries on record.", ["source", "status"],
            {(source, status): count for source, status, count in rows[_DELIVERIES]},
        )  # fmt: skip
        yield _gauge(
            "acv_months_held", "Months that a rule holds and nobody released.",
            ["source", "indicator"],
            {(source, indicator): count for source, indicator, count in rows[_HELD]},
        )  # fmt: skip
        yield _gauge(
            "acv_rows_quarantined", "Rows in quarantine.", ["source", "reason"],
            {(source, reason): count for source, reason, count in rows[_QUARANTINED]},
        )  # fmt: skip
        yield _gauge(
            "acv_newest_month_age_seconds", "Since the end of the newest month with figures.",
            ["source", "indicator"],
            {
                (source, indicator): (now - _over_at(month)).total_seconds()
                for source, indicator, month in rows[_NEWEST]
            },
        )  # fmt: skip


def _of_record(record: Record) -> Iterator[Metric]:
    runs = record.last_runs
    yield _gauge(
        "acv_daemon_heartbeat_timestamp_seconds", "The last sign of life of the daemon's parts.",
        ["part"], {(n,): at.timestamp() for n, at in sorted(record.heartbeats.items()) if at},
    )  # fmt: skip
    yield _gauge(
        "acv_last_run_timestamp_seconds", "When the last run of a job ended, and how.",
        ["job", "status"], {(run.job, run.status): run.ended_at.timestamp() for run in runs},
    )  # fmt: skip
    yield _gauge(
        "acv_last_run_failed", "1 if it ended by an error; holding a month is none.", ["job"],
        {(run.job,): run.failure is not None for run in runs},
    )  # fmt: skip
    yield _gauge(
        "acv_last_run_seconds", "How long the last run of a job took.", ["job"],
        {(run.job,): run.seconds for run in runs},
    )  # fmt: skip
    yield _gauge(
        "acv_last_run_step_seconds", "How long each step of it took.", ["job", "step"],
        {(run.job, step): seconds for run in runs for step, seconds in run.steps.items()},
    )  # fmt: skip


def _over_at(month: dt.date) -> dt.datetime:
    return dt.datetime.combine(month_end(month) + dt.timedelta(days=1), dt.time(), dt.UTC)


def _gauge(
    name: str, says: str, labels: list[str], values: dict[tuple[str, ...], float]
) -> GaugeMetricFamily:
    gauge = GaugeMetricFamily(name, says, labels=labels)
    for of, value in values.items():
        gauge.add_metric(of, float(value))
    return gauge
