"""The warehouse: one DuckDB file that runs write, one published copy that people read."""

from acv_pipeline.warehouse.connection import (
    MEMORY_LIMIT,
    held_as_it_is,
    open_warehouse,
    put_copy,
    read_published,
    scratch_warehouse,
)
from acv_pipeline.warehouse.file_tables import FILES
from acv_pipeline.warehouse.journal import (
    deliveries_lost,
    first_received,
    journal_of,
)
from acv_pipeline.warehouse.mending import (
    Mended,
    mend,
    mended_of,
    problem_of,
    replace_warehouse,
    set_lost,
)
from acv_pipeline.warehouse.migrations import TABLES, program_version
from acv_pipeline.warehouse.schema import (
    FIGURES,
    append,
    commits,
    create_views,
    figures_moved,
    fingerprints,
    has_fingerprint,
    layout,
    of_deliveries,
    own_tables,
    put,
    replace,
    set_fingerprint,
    view_or_sql,
)
from acv_pipeline.warehouse.transactions import said_for_good, transaction, written_quickly
from acv_pipeline.warehouse.trouble import (
    DamagedError,
    WarehouseError,
    in_plain_words,
    suspicion_of,
)

__all__ = [
    "FIGURES",
    "FILES",
    "MEMORY_LIMIT",
    "TABLES",
    "DamagedError",
    "Mended",
    "WarehouseError",
    "append",
    "commits",
    "create_views",
    "deliveries_lost",
    "figures_moved",
    "fingerprints",
    "first_received",
    "has_fingerprint",
    "held_as_it_is",
    "in_plain_words",
    "journal_of",
    "layout",
    "mend",
    "mended_of",
    "of_deliveries",
    "open_warehouse",
    "own_tables",
    "problem_of",
    "program_version",
    "put",
    "put_copy",
    "read_published",
    "replace",
    "replace_warehouse",
    "said_for_good",
    "scratch_warehouse",
    "set_fingerprint",
    "set_lost",
    "suspicion_of",
    "transaction",
    "view_or_sql",
    "written_quickly",
]
