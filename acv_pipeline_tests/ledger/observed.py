"""Observations that a fold leaves, with their days as dates."""

from __future__ import annotations

import pandas as pd

from acv_pipeline.ledger.state import NO_DAY
from acv_pipeline.ledger.verdicts import Ledger


def observations(ledger: Ledger) -> pd.DataFrame:
    """As the ledger has them, but for numbers of days: timestamps, missing where there is none."""
    days = ("month", "valid_from", "valid_to")
    known = {day: ledger.observations[day].astype("Int64").replace(NO_DAY, pd.NA) for day in days}
    return ledger.observations.assign(
        **{name: pd.to_datetime(numbers, unit="D") for name, numbers in known.items()}
    )
