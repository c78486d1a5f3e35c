"""The monthly schedule: derived from the partitions and the contract's publication lag."""

from __future__ import annotations

from typing import TYPE_CHECKING

import dagster as dg

from acv_pipeline.contract import Contract

if TYPE_CHECKING:
    # what define_asset_job returns has no public name
    from dagster._core.definitions.partitions.partitioned_schedule import (
        UnresolvedPartitionedAssetScheduleDefinition,
    )
    from dagster._core.definitions.unresolved_asset_job_definition import (
        UnresolvedAssetJobDefinition,
    )

HOUR = 7  # before people come in
LAST_DAY = 28  # every month has it


def run_day(contract: Contract) -> int:
    """The day of the month after the last partner's deadline, as far as a month has one."""
    lags = [source.publication_lag_days or 0 for source in contract.sources.values()]
    return min(max(lags) + 1, LAST_DAY)


def monthly_schedule(
    contract: Contract, job: UnresolvedAssetJobDefinition
) -> UnresolvedPartitionedAssetScheduleDefinition | dg.ScheduleDefinition:
    """A run of the last complete month on the day after the partners' deadline."""
    return dg.build_schedule_from_partitioned_job(
        job,
        name="monthly_figures_schedule",
        description="The last complete month, the day after the partners' deadline.",
        day_of_month=run_day(contract),
        hour_of_day=HOUR,
        minute_of_hour=0,
        default_status=dg.DefaultScheduleStatus.RUNNING,
    )
