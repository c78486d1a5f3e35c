"""Deliveries as the ledger sees them: arrays of figures per indicator and month.

Here: from tidy rows to ``DeliveryFigures``. Not here: judging and accepting (``fold``).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, cast

import numpy as np
import numpy.typing as npt

from acv_pipeline.contract import Month
from acv_pipeline.gate.case import Totals
from acv_pipeline.gate.course import Figures

if TYPE_CHECKING:
    import pandas as pd

    from acv_pipeline.tidying.records import ControlTotal


@dataclass(frozen=True)
class Block:
    """One delivery's figures of one indicator and month, by position of the département.

    Attributes:
        values: cumulative dwellings; NaN where the delivery has no figure.
        rows: row numbers of the delivery; -1 where there is no figure.
        quarantined: départements whose row was quarantined.
        corrected: départements whose value is the corrections register's, not the delivery's.
    """

    values: Figures
    rows: npt.NDArray[np.int64]
    quarantined: npt.NDArray[np.bool_]
    corrected: npt.NDArray[np.bool_]


@dataclass(frozen=True)
class DeliveryFigures:
    """One delivery, ready to be judged.

    Attributes:
        blocks: département figures by (indicator, month).
        published: regional and national values by (indicator, month, level, territory code).
        control_totals: what the source itself states.
        zeros_aside: by (indicator, month), rows set aside as zeros outside the panel; a source
            that counts its rows counts them too.
        has_undated_rows: whether rows in quarantine don't say which month they are about.
        is_replaced: whether another file was put in its place under the same name.
        received_at: when it was first read; tells the order of files of one name and day.
    """

    delivery_id: str
    source: str
    delivered_on: dt.date
    file_name: str
    blocks: dict[tuple[str, Month], Block] = field(default_factory=dict)
    published: dict[tuple[str, Month, str, str], float] = field(default_factory=dict)
    control_totals: Sequence[ControlTotal] = ()
    zeros_aside: dict[tuple[str, Month], int] = field(default_factory=dict)
    has_undated_rows: bool = False
    is_replaced: bool = False
    received_at: dt.datetime = dt.datetime.min

    def totals_only(self) -> set[tuple[str, Month]]:
        """(indicator, month) pairs with published totals but no département."""
        return {(i, m) for i, m, _, _ in self.published} - set(self.blocks)

    def with_stated(self, totals: Totals, indicator: str, month: Month) -> Totals:
        """``totals`` plus what the source states that covers this indicator and month.

        A statement without a month (or indicator) covers every month (indicator) of the
        delivery, and is compared with the sum over all of them.
        """
        for control in self.control_totals:
            if control.indicator_id not in (None, indicator) or control.month not in (None, month):
                continue
            if control.territory_code != "FR":
                if control.total is not None and control.month is not None:
                    regions = {**totals.regions, control.territory_code: float(control.total)}
                    totals = replace(totals, regions=regions)
                continue
            keys = [
                (i, m)
                for i, m in self.blocks
                if control.indicator_id in (None, i) and control.month in (None, m)
            ]
            covered = [self.blocks[key] for key in keys]
            given = sum(int(np.sum(~np.isnan(b.values))) for b in covered)
            given += sum(self.zeros_aside.get(key, 0) for key in keys)
            in_quarantine = sum(int(np.sum(b.quarantined)) for b in covered)
            statement = replace(
                totals,
                stated_sum=None if control.total is None else float(control.total),
                stated_rows=control.rows,
                covered_sum=float(sum(np.nansum(b.values) for b in covered)),
                covered_rows=given,
                covered_quarantined=in_quarantine,
            )
            # of several statements the one that the figures contradict is the one to judge by
            if statement.is_contradicted or not totals.is_contradicted:
                totals = statement
        return totals


def blocks_of(
    rows: pd.DataFrame, positions: dict[str, int]
) -> dict[str, dict[tuple[str, Month], Block]]:
    """Group département rows into blocks, per delivery.

    Args:
        rows: delivery_id, indicator_id, month, territory_code, value, row_number, fate
            (``figure`` or ``quarantined``), of level department.
        positions: index of each département code.
    """
    result: dict[str, dict[tuple[str, Month], Block]] = {}
    rows = rows[rows["territory_code"].isin(list(positions))]
    if rows.empty:
        return result
    position = rows["territory_code"].map(positions).to_numpy(dtype=np.int64)
    values = rows["value"].to_numpy(dtype=np.float64, na_value=np.nan)
    numbers = rows["row_number"].to_numpy(dtype=np.int64)
    is_figure = (rows["fate"] == "figure").to_numpy()
    keys = rows.groupby(["delivery_id", "indicator_id", "month"], sort=False).indices
    for key, index in keys.items():
        delivery_id, indicator, month = cast("tuple[str, str, pd.Timestamp]", key)
        good = index[is_figure[index]]
        bad = index[~is_figure[index]]
        block = Block(
            np.full(len(positions), np.nan),
            np.full(len(positions), -1, dtype=np.int64),
            np.zeros(len(positions), dtype=bool),
            np.zeros(len(positions), dtype=bool),
        )
        block.values[position[good]] = values[good]
        block.rows[position[good]] = numbers[good]
        block.quarantined[position[bad]] = True
        block.quarantined[position[good]] = False
        result.setdefault(delivery_id, {})[indicator, month.date()] = block
    return result
