"""Records into the raw tables, as columns: no Python object is made per row."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import duckdb
import numpy as np
import numpy.typing as npt
import pandas as pd

from acv_pipeline.tidying.column import Column
from acv_pipeline.tidying.pairs import LEVELS
from acv_pipeline.tidying.reasons import CODES
from acv_pipeline.tidying.record_table import FATES, RecordTable, reason_text
from acv_pipeline.tidying.records import TidyDelivery
from acv_pipeline.warehouse import written_quickly

_EXTRACT_ROWS = """
insert into raw.extract_rows (delivery_id, row_number, sheet, sheet_row, sheet_column, cells)
select delivery_id, row_number, sheet, sheet_row, sheet_column, [{cells}] from records
where width = {width}
"""
_TIDY_ROWS = """
insert into raw.tidy_rows (
    delivery_id, row_number, indicator_id, level, territory_code, month, value, fate,
    reason_code, reason, reason_fr
)
select
    delivery_id, row_number, indicator_id, level, territory_code, cast(month as date), value, fate,
    reason_code, reason, reason_fr
from records
"""


def write_records(
    connection: duckdb.DuckDBPyConnection,
    deliveries: Sequence[tuple[str, TidyDelivery]],
    again: Collection[str] = (),
) -> None:
    """Append the records of deliveries, given with their ids, to both raw tables.

    Args:
        again: deliveries that were read before, whose records go.
    """
    if again:
        for table in ("raw.extract_rows", "raw.tidy_rows"):
            connection.execute(
                f"delete from {table} where list_contains(?, delivery_id)", [list(again)]
            )
    if not deliveries:
        return
    rows = RecordTable.concat([delivery.table for _, delivery in deliveries])
    ids = [delivery_id for delivery_id, _ in deliveries]
    sizes = [len(delivery.table) for _, delivery in deliveries]
    frame = pd.DataFrame(
        {
            "delivery_id": _categorical(np.repeat(np.arange(len(ids)), sizes), ids),
            "row_number": np.concatenate([delivery.row_numbers for _, delivery in deliveries]),
            "width": rows.width,
            "sheet": _of_column(rows.sheet),
            "sheet_row": rows.sheet_row,
            "sheet_column": _of_column(rows.sheet_column),
            "indicator_id": _categorical(rows.indicator, rows.indicators),
            "level": _categorical(rows.level, LEVELS),
            "territory_code": _categorical(rows.territory, rows.codes),
            "month": rows.month.astype("datetime64[s]"),
            "value": pd.arrays.IntegerArray(
                rows.stated.astype(np.int64), mask=~rows.has_fate("figure")
            ),
            "fate": _categorical(rows.fate, FATES),
            "reason_code": _categorical(rows.reason, CODES),
            **_reasons(rows),
            **{f"cell_{place}": _of_column(cells) for place, cells in enumerate(rows.cells)},
        }
    )
    connection.register("records", frame)
    try:
        with written_quickly(connection):
            for width in np.unique(rows.width).tolist():
                cells = ", ".join(f"cell_{place}::varchar" for place in range(width))
                connection.execute(_EXTRACT_ROWS.format(cells=cells, width=width))
            connection.execute(_TIDY_ROWS)
    finally:
        connection.unregister("records")


def _categorical(codes: npt.NDArray[Any], known: Sequence[str]) -> pd.Categorical[Any]:
    return pd.Categorical.from_codes(codes, dtype=pd.CategoricalDtype(list(known)))


def _of_column(column: Column[str]) -> pd.Categorical[Any]:
    """A column whose distinct values may be listed more than once; null where the code is -1."""
    numbers, known = pd.factorize(np.array(column.found, dtype=object))
    codes = np.where(column.codes >= 0, np.append(numbers, -1)[column.codes], -1)
    return _categorical(codes, known.tolist())


def _reasons(rows: RecordTable) -> dict[str, pd.Categorical[Any]]:
    """The reasons in words, each distinct one put into words once."""
    settled = np.flatnonzero(rows.reason >= 0)
    details, known = pd.factorize(rows.detail[settled])
    pairs, distinct = pd.factorize(rows.reason[settled].astype(np.int64) * len(known) + details)
    codes = np.full(len(rows), -1, dtype=np.int64)
    codes[settled] = pairs
    said = [(CODES[pair // len(known)], known[pair % len(known)]) for pair in distinct.tolist()]
    return {
        column: _of_column(Column(codes, [reason_text(*pair, language) or "" for pair in said]))
        for column, language in (("reason", "en"), ("reason_fr", "fr"))
    }
