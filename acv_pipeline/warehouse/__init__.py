"""The warehouse: one DuckDB file that runs write, one published copy that people read."""

from acv_pipeline.warehouse.connection import (
    WarehouseError,
    open_warehouse,
    publish,
    read_published,
    transaction,
)
from acv_pipeline.warehouse.schema import append, replace

__all__ = [
    "WarehouseError",
    "append",
    "open_warehouse",
    "publish",
    "read_published",
    "replace",
    "transaction",
]
