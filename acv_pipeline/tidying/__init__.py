"""Sheets of text cells to records: month, territory, indicator, value, or the reason why not."""

from acv_pipeline.tidying.control import Sidecar, read_sidecar
from acv_pipeline.tidying.records import (
    RECORD_COLUMNS,
    ControlTotal,
    DeliveryRefused,
    Fate,
    TidyDelivery,
)
from acv_pipeline.tidying.tidy import read_delivery, tidy

__all__ = [
    "RECORD_COLUMNS",
    "ControlTotal",
    "DeliveryRefused",
    "Fate",
    "Sidecar",
    "TidyDelivery",
    "read_delivery",
    "read_sidecar",
    "tidy",
]
