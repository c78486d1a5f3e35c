"""Which months should have come and have not, per source, from the contract's publication lag."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import duckdb

from acv_pipeline.contract import Contract, Month, Source, month_range
from acv_pipeline.contract.months import first_day, shift

CHECK = "delivery_not_overdue"


@dataclass(frozen=True)
class Late:
    """A month that a source has not delivered although it was due."""

    source: str
    month: Month
    due_on: dt.date
    days_late: int


def due_on(source: Source, month: Month) -> dt.date | None:
    """The day by which ``source`` delivers ``month``; None if it isn't awaited monthly."""
    if source.publication_lag_days is None:
        return None
    return shift(month, 1) + dt.timedelta(days=source.publication_lag_days - 1)


def late_months(
    connection: duckdb.DuckDBPyConnection, contract: Contract, today: dt.date
) -> list[Late]:
    """Every month past its deadline that the source has delivered nothing for.

    A source is awaited from the first month it ever delivered: nobody is late who has not begun.
    A month that was held, or whose rows are in quarantine, did come.
    """
    late: list[Late] = []
    for source in contract.sources.values():
        rows = connection.execute(
            "select distinct month from raw.tidy_rows join raw.deliveries using (delivery_id)"
            " where source = ? and fate in ('figure', 'quarantined') and month is not null",
            [source.id],
        ).fetchall()
        came = {month for (month,) in rows}
        if not came:
            continue
        for month in month_range(min(came), shift(first_day(today), -1)):
            deadline = due_on(source, month)
            if month not in came and deadline is not None and deadline < today:
                late.append(Late(source.id, month, deadline, (today - deadline).days))
    return late
