"""The fact that what arrives is not taken in: no published copy can tell it."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

from acv_pipeline.contract import Contract
from acv_pipeline.operations.alerts.facts import Fact
from acv_pipeline.operations.standstill import Standstill

STANDSTILL = "standstill"
REMIND_AFTER_DAYS = 7


def standstill_facts(
    contract: Contract, standstill: Standstill | None, now: dt.datetime
) -> list[Fact]:
    """One fact if what arrives has not been taken in for long."""
    if standstill is None or not standstill.is_long(now):
        return []
    since = standstill.since.astimezone(ZoneInfo(contract.timezone))
    return [
        Fact(
            key=STANDSTILL,
            group=STANDSTILL,
            severity="error",
            title="deliveries that arrive are not taken in",
            titles="deliveries that arrive are not taken in",
            lines=(
                standstill.reason,
                f"Since {since:%Y-%m-%d %H:%M} what is named above could not be read. Nothing of "
                "it is in the figures; those published before stay as they were.",
            ),
            ask=(contract.data_contact,),
            what_to_do=(
                "Put right what is named above. What arrived meanwhile is then taken in by itself.",
            ),
            link="/automation",
            remind_after_days=REMIND_AFTER_DAYS,
        )
    ]
