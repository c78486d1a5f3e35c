"""The warehouse: one DuckDB file that runs write, one published copy that people read."""

from acv_pipeline.warehouse.connection import (
    MEMORY_LIMIT,
    held_as_it_is,
    is_readable,
    open_warehouse,
    put_copy,
    read_published,
    scratch_warehouse,
    transaction,
    written_quickly,
)
from acv_pipeline.warehouse.journal import journal_of, read_journal, restore_words
from acv_pipeline.warehouse.migrations import program_version
from acv_pipeline.warehouse.schema import (
    FIGURES,
    FILES,
    append,
    commits,
    figures_moved,
    fingerprints,
    has_fingerprint,
    layout,
    own_tables,
    put,
    replace,
    set_fingerprint,
)
from acv_pipeline.warehouse.trouble import WarehouseError, in_plain_words

__all__ = [
    "FIGURES",
    "FILES",
    "MEMORY_LIMIT",
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
    "layout",
    "open_warehouse",
    "own_tables",
    "program_version",
    "put",
    "put_copy",
    "read_journal",
    "read_published",
    "replace",
    "restore_words",
    "scratch_warehouse",
    "set_fingerprint",
    "transaction",
    "written_quickly",
]
