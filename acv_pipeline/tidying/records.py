"""What tidying makes of a delivery: one record per received row, each with one fate."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from acv_pipeline.contract import Month
from acv_pipeline.language import Both
from acv_pipeline.reading import DeliveryRefused

if TYPE_CHECKING:
    import pandas as pd

    from acv_pipeline.tidying.record_table import Numbers, RecordTable

__all__ = [
    "RECORD_COLUMNS",
    "ControlTotal",
    "DeliveryRefused",
    "Fate",
    "TidyDelivery",
]

Fate = Literal["figure", "quarantined", "control", "set_aside"]

RECORD_COLUMNS = {
    "row_number": "int64",  # unique in the delivery; the line number where a line is one record
    "sheet": "str",  # sheet name; "" where the format has none
    "sheet_row": "int64",  # the row as a spreadsheet shows it, 1 for the first
    "sheet_column": "str",  # the column letter, where one line holds several months; else ""
    "cells": "object",  # list[str]: the record's cells as received
    "indicator_id": "str",  # None where not recognised or not ours
    "level": "str",  # department | region | national | None
    "territory_code": "str",  # département or region code, "FR" for national
    "month": "datetime64[s]",  # first day
    "value": "Int64",  # cumulative dwellings; only where fate is "figure"
    "fate": "str",  # a Fate
    "reason_code": "str",  # None for figures
    "reason": "str",  # plain English, None for figures
    "reason_fr": "str",  # the same in French
}


@dataclass(frozen=True)
class ControlTotal:
    """What the source itself states for an indicator and month (either may be unknown).

    Attributes:
        rows: number of rows with a figure; None when not stated.
        total: sum of the figures, in dwellings; None when not stated.
        where: the sheet and row, or the sidecar's name.
        territory_code: ``FR`` for everything delivered, a region's code for its subtotal.
    """

    indicator_id: str | None
    month: Month | None
    rows: int | None
    total: int | None
    where: str
    territory_code: str = "FR"


@dataclass(frozen=True)
class TidyDelivery:
    """A delivery as records.

    Attributes:
        header: the header cells as received (of the first table).
        table: the records, by column.
        row_numbers: the number of each record, unique in the delivery.
        control_totals: what the source states itself, from total rows and the sidecar.
        region_totals: the regional subtotals a partner states between its départements.
        remarks: what a reader should know of how the file was read.
        titles: names of the sheets that were used, and the lines above their tables.
        account: per sheet, what was used of it and what was not, and why: ``sheet``, ``used``,
            ``why``, ``rows`` and ``columns``, each with ``column`` (its letter), ``header``,
            ``role``, ``used``, ``why`` and ``numbers`` (how many of its cells hold one).
    """

    header: list[str]
    table: RecordTable
    row_numbers: Numbers
    control_totals: list[ControlTotal] = field(default_factory=list)
    region_totals: list[ControlTotal] = field(default_factory=list)
    remarks: list[Both] = field(default_factory=list)
    titles: list[str] = field(default_factory=list)
    account: list[dict[str, Any]] = field(default_factory=list)

    @property
    def records(self) -> pd.DataFrame:
        """One row per received row, columns as ``RECORD_COLUMNS``; made when asked for."""
        return self.table.texts(self.row_numbers).astype(RECORD_COLUMNS)
