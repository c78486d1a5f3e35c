"""The one partitions object: months, from the contract's first to the last complete one."""

from __future__ import annotations

from collections.abc import Iterable

import dagster as dg

from acv_pipeline.contract import Contract, Month
from acv_pipeline.contract.months import month_of


def monthly(contract: Contract) -> dg.MonthlyPartitionsDefinition:
    """Monthly partitions in the contract's time zone."""
    return dg.MonthlyPartitionsDefinition(
        start_date=contract.first_month.isoformat(), timezone=contract.timezone
    )


def to_months(keys: Iterable[str]) -> list[Month]:
    """The months of partition keys, in order."""
    return sorted(month_of(key) for key in keys)


def key_of(month: Month) -> str:
    """The partition key of a month."""
    return month.isoformat()
