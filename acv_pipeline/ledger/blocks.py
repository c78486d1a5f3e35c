"""Deliveries as the ledger sees them: arrays of figures per indicator and month."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from acv_pipeline.contract import Month
from acv_pipeline.contract.months import shift
from acv_pipeline.gate.case import Totals
from acv_pipeline.gate.trajectory import Figures
from acv_pipeline.ledger.standing import Standing

if TYPE_CHECKING:
    from acv_pipeline.tidying.records import ControlTotal

_JANUARY_1970 = Month(1970, 1, 1)


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
    rows: npt.NDArray[np.int32]
    quarantined: npt.NDArray[np.bool_]
    corrected: npt.NDArray[np.bool_]

    def differs_from(self, other: Block) -> bool:
        """Whether the two have different figures for some département."""
        known = ~np.isnan(self.values) & ~np.isnan(other.values)
        return bool((known & (self.values != other.values)).any())

    def lacks(self, other: Block) -> int:
        """How many départements that ``other`` has a figure for have no row here."""
        here = ~np.isnan(self.values) | self.quarantined
        return int((~here & ~np.isnan(other.values)).sum())


@dataclass(frozen=True)
class Covered:
    """What a delivery has of an indicator and month, as a statement of its source counts it.

    Attributes:
        total: sum of the figures.
        rows: number of rows with a figure, and of zeros outside the panel.
        quarantined: number of rows in quarantine.
    """

    total: float = 0.0
    rows: int = 0
    quarantined: int = 0

    def __add__(self, other: Covered) -> Covered:
        """The two together."""
        return Covered(
            self.total + other.total,
            self.rows + other.rows,
            self.quarantined + other.quarantined,
        )


@dataclass(frozen=True)
class DeliveryFigures:
    """One delivery, ready to be judged.

    Attributes:
        blocks: département figures by (indicator, month).
        published: regional and national values by (indicator, month, level, territory code).
        control_totals: what the source itself states.
        zeros_aside: by (indicator, month), rows set aside as zeros outside the panel; a source
            that counts its rows counts them too.
        unreadable: by (indicator, month), rows in quarantine that name no known territory: each may
            be any of the départements that are missing.
        elsewhere: what it has of indicators that are judged apart from these.
        has_undated_rows: whether rows in quarantine don't say which month they are about.
        is_replaced: whether another file was put in its place under the same name.
        received_at: when it was first read; tells the order of files of one name and day.
        standing: what it says of its own standing among files of its source and day.
    """

    delivery_id: str
    source: str
    delivered_on: dt.date
    file_name: str
    blocks: dict[tuple[str, Month], Block] = field(default_factory=dict)
    published: dict[tuple[str, Month, str, str], float] = field(default_factory=dict)
    control_totals: Sequence[ControlTotal] = ()
    zeros_aside: dict[tuple[str, Month], int] = field(default_factory=dict)
    unreadable: dict[tuple[str, Month], int] = field(default_factory=dict)
    elsewhere: Mapping[tuple[str, Month], Covered] = field(default_factory=dict)
    has_undated_rows: bool = False
    is_replaced: bool = False
    received_at: dt.datetime = dt.datetime.min
    standing: Standing = field(default_factory=Standing)

    def totals_only(self) -> set[tuple[str, Month]]:
        """(indicator, month) pairs with published totals but no département."""
        return {(i, m) for i, m, _, _ in self.published} - set(self.blocks)

    def covered(self, indicator: str, month: Month) -> Covered:
        """What it has of an indicator and month that it carries."""
        key = indicator, month
        block = self.blocks[key]
        return Covered(
            float(np.nansum(block.values)),
            int(np.sum(~np.isnan(block.values))) + self.zeros_aside.get(key, 0),
            int(np.sum(block.quarantined)) + self.unreadable.get(key, 0),
        )

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
            covered = sum(
                (
                    self.elsewhere.get(key) or self.covered(*key)
                    for key in [*self.blocks, *self.elsewhere]
                    if control.indicator_id in (None, key[0]) and control.month in (None, key[1])
                ),
                Covered(),
            )
            statement = replace(
                totals,
                stated_sum=None if control.total is None else float(control.total),
                stated_rows=control.rows,
                covered_sum=covered.total,
                covered_rows=covered.rows,
                covered_quarantined=covered.quarantined,
            )
            # of several statements the one that the figures contradict is the one to judge by
            if statement.is_contradicted or not totals.is_contradicted:
                totals = statement
        return totals


def blocks_of(
    pieces: Iterable[Mapping[str, npt.NDArray[Any]]],
    deliveries: Sequence[str],
    indicators: Sequence[str],
    size: int,
) -> dict[str, dict[tuple[str, Month], Block]]:
    """Blocks by delivery, from rows in any order.

    Where there are a figure and a quarantined row of one département, the figure counts.

    Args:
        pieces: each arrays of one length: ``delivery`` and ``indicator`` (places in the lists
            given), ``month`` (months since January 1970), ``position`` of the département,
            ``value`` (NaN for a quarantined row) and ``row_number``.
        size: number of départements.
    """
    found: dict[str, dict[tuple[str, Month], Block]] = defaultdict(dict)
    for rows in pieces:
        key = rows["month"].astype(np.int64) * len(indicators) + rows["indicator"]
        key = key * len(deliveries) + rows["delivery"]
        order = np.argsort(key, kind="stable")
        starts = np.flatnonzero(np.diff(key[order], prepend=np.iinfo(np.int64).min))
        for at in np.split(order, starts[1:]) if len(order) else []:
            first = at[0]
            blocks = found[deliveries[rows["delivery"][first]]]
            month = shift(_JANUARY_1970, int(rows["month"][first]))
            name = indicators[rows["indicator"][first]], month
            if name not in blocks:
                blocks[name] = Block(
                    np.full(size, np.nan),
                    np.full(size, -1, dtype=np.int32),
                    np.zeros(size, dtype=bool),
                    np.zeros(size, dtype=bool),
                )
            block, position, value = blocks[name], rows["position"][at], rows["value"][at]
            good = ~np.isnan(value)
            block.values[position[good]] = value[good]
            block.rows[position[good]] = rows["row_number"][at][good]
            block.quarantined[position[~good]] = True
    for blocks in found.values():
        for block in blocks.values():
            block.quarantined[block.rows >= 0] = False
    return found


def published_totals(batch: Sequence[DeliveryFigures]) -> dict[tuple[str, Month], Totals]:
    """Regional and national rows of all files that one source sent on one day."""
    national: dict[tuple[str, Month], float] = {}
    regions: dict[tuple[str, Month], dict[str, float]] = defaultdict(dict)
    for delivery in batch:
        for (indicator, month, level, territory), value in delivery.published.items():
            if level == "national":
                national[indicator, month] = value
            else:
                regions[indicator, month][territory] = value
    return {
        key: Totals(national=national.get(key), regions=regions.get(key, {}))
        for key in {*national, *regions}
    }
