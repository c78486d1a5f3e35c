"""Rows as the ledger takes them, from a frame that is easy to write down."""

from __future__ import annotations

import numpy as np
import pandas as pd

from acv_pipeline.contract import Contract, Month
from acv_pipeline.ledger import blocks
from acv_pipeline.ledger.blocks import Block


def blocks_of(contract: Contract, rows: pd.DataFrame) -> dict[str, dict[tuple[str, Month], Block]]:
    """Département rows as blocks, per delivery.

    Args:
        rows: delivery_id, indicator_id, month, territory_code, value, row_number, fate
            (``figure`` or ``quarantined``).
    """
    deliveries = rows["delivery_id"].unique().tolist()
    indicators, codes = list(contract.indicators), list(contract.territories.departments)
    rows = rows[rows["territory_code"].isin(codes)]
    figures = rows["value"].astype("Float64").to_numpy(dtype=np.float64, na_value=np.nan)
    columns = {
        "delivery": rows["delivery_id"].map(deliveries.index).to_numpy(dtype=np.int32),
        "indicator": rows["indicator_id"].map(indicators.index).to_numpy(dtype=np.int32),
        "month": rows["month"].to_numpy().astype("datetime64[M]").astype(np.int64),
        "position": rows["territory_code"].map(codes.index).to_numpy(dtype=np.int32),
        "value": np.where(rows["fate"] == "figure", figures, np.nan),
        "row_number": rows["row_number"].to_numpy(dtype=np.int64),
    }
    found = blocks.blocks_of([columns], deliveries, indicators, len(codes))
    return {delivery: found.get(delivery, {}) for delivery in deliveries}
