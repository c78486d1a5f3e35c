"""Which months should have come and have not, per source, from the contract's publication lag."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass

import duckdb

from acv_pipeline.contract import Contract, Month, Source, month_range
from acv_pipeline.contract.months import elapsed, first_day, shift
from acv_pipeline.language import Both, both
from acv_pipeline.ledger.months_on_record import month_counted_for
from acv_pipeline.warehouse import view_or_sql

CHECK = "delivery_not_overdue"


@dataclass(frozen=True)
class Late:
    """A month of which nothing usable has come from a source although it was due.

    Attributes:
        refused: what came and was refused, such as ``ACV.csv (received 2021-03-10)``.
    """

    source: str
    month: Month
    due_on: dt.date
    days_late: int
    refused: tuple[Both, ...] = ()


def due_on(source: Source, month: Month) -> dt.date | None:
    """The day by which ``source`` delivers ``month``; None if it isn't awaited monthly."""
    if source.publication_lag_days is None:
        return None
    return shift(month, 1) + dt.timedelta(days=source.publication_lag_days - 1)


def late_months(
    connection: duckdb.DuckDBPyConnection, contract: Contract, today: dt.date
) -> list[Late]:
    """Every month past its deadline that the source has delivered nothing usable for.

    A source is awaited from the first month it ever delivered (nobody is late who has not begun),
    in every month in which one of its indicators has a figure.
    A month that was held, or whose rows are in quarantine, did come. What was refused did not: it
    counts for the month before it came, as it was not read.
    """
    late: list[Late] = []
    counts = view_or_sql(connection, "raw.row_counts")
    for source in contract.sources.values():
        rows = connection.execute(
            "select distinct indicator_id, month, fate"
            f" from {counts} join raw.deliveries using (delivery_id)"
            " where source = ? and fate in ('figure', 'quarantined') and month is not null"
            " order by month desc",
            [source.id],
        ).fetchall()
        came = {month for _, month, _ in rows}
        begun = {
            indicator: first
            for indicator, first, fate in rows
            if fate == "figure" and indicator in contract.indicators
        }
        if not came:
            continue
        refused: dict[Month, list[Both]] = defaultdict(list)
        for name, day in connection.execute(
            "select file_name, delivered_on from raw.deliveries"
            " where source = ? and status = 'refused' order by delivered_on, file_name",
            [source.id],
        ).fetchall():
            refused[month_counted_for(day, contract)].append(
                both("{file} (received {day})", file=name, day=day)
            )
        for month in month_range(min(came), shift(first_day(today), -1)):
            deadline = due_on(source, month)
            if month in came or not _is_awaited(month, begun, contract):
                continue
            if deadline is not None and deadline < today:
                days = (today - deadline).days
                late.append(Late(source.id, month, deadline, days, tuple(refused[month])))
    return late


def _is_awaited(month: Month, begun: dict[str, Month], contract: Contract) -> bool:
    """Whether one of the indicators that a source began to send has a figure of that month."""
    return not begun or any(
        elapsed(first, month) % contract.indicators[indicator].months_between == 0
        for indicator, first in begun.items()
    )
