"""What must be said before any figure: that it is a synthetic one."""

from __future__ import annotations

import duckdb

from acv_pipeline.contract.synthetic import FILE_MARK
from acv_pipeline.language import _


def synthetic_notice(connection: duckdb.DuckDBPyConnection) -> str | None:
    """What must be said first where files in force are synthetic; None where none is."""
    ((files, marked),) = connection.execute(
        "select count(*), count(*) filter (contains(file_name, ?)) from raw.deliveries"
        " where delivery_id in (select delivery_id from validated.dwellings)",
        [FILE_MARK],
    ).fetchall()
    if not marked:
        return None
    if marked == files:
        return _(
            "Synthetic figures: all files in force bear the mark “{mark}” in their name. These "
            "figures are an example, nothing is real, nothing is for publication.",
            mark=FILE_MARK,
        )
    return _(
        "Partly synthetic figures: {marked} of {files} files in force bear the mark “{mark}” in "
        "their name. Nothing is for publication.",
        marked=marked,
        files=files,
        mark=FILE_MARK,
    )
