"""The warehouse: one DuckDB file that runs write, one published copy that people read."""

from acv_pipeline.warehouse.connection import (
    WarehouseError,
    open_warehouse,
    publish,
    read_published,
    transaction,
)
from acv_pipeline.warehouse.schema import append, is_fitted, replace, set_fitted

__all__ = [
    "WarehouseError",
    "append",
    "is_fitted",
    "open_warehouse",
    "publish",
    "read_published",
    "replace",
    "set_fitted",
    "transaction",
]
