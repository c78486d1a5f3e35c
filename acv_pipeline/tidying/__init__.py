"""Sheets of text cells to records: month, territory, indicator, value, or the reason why not.

Here: what cells mean. Not here: file formats (``reading``) and what is believable (``gate``).
"""

from acv_pipeline.tidying.control import Sidecar, is_sidecar, read_sidecar, sidecar_path
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
    "is_sidecar",
    "read_delivery",
    "read_sidecar",
    "sidecar_path",
    "tidy",
]
