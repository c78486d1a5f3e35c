"""The warehouse: one DuckDB file that runs write, one published copy that people read."""

from acv_pipeline.warehouse.connection import (
    held_as_it_is,
    is_readable,
    open_warehouse,
    put_copy,
    read_published,
    transaction,
    written_quickly,
)
from acv_pipeline.warehouse.journal import journal_of, read_journal, restore_words
from acv_pipeline.warehouse.schema import (
    FIGURES,
    append,
    commits,
    figures_moved,
    fingerprints,
    has_fingerprint,
    own_tables,
    put,
    replace,
    set_fingerprint,
)
from acv_pipeline.warehouse.trouble import WarehouseError, in_plain_words

__all__ = [
    "FIGURES",
    "WarehouseError",
    "append",
    "commits",
    "figures_moved",
    "fingerprints",
    "has_fingerprint",
    "held_as_it_is",
    "in_plain_words",
    "is_readable",
    "journal_of",
    "open_warehouse",
    "own_tables",
    "put",
    "put_copy",
    "read_journal",
    "read_published",
    "replace",
    "restore_words",
    "set_fingerprint",
    "transaction",
    "written_quickly",
]
