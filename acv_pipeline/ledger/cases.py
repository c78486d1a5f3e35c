"""What the rules of the gate see of a month: a file's figures beside all that is in force."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

import numpy as np

from acv_pipeline.contract import Contract, Month
from acv_pipeline.gate.case import MonthCase, Rival, Totals
from acv_pipeline.gate.trajectory import Figures
from acv_pipeline.ledger.blocks import Block, DeliveryFigures
from acv_pipeline.ledger.standing import PROVISIONAL
from acv_pipeline.ledger.state import Series, SeriesState


@dataclass(frozen=True)
class File:
    """What a file says of one indicator and month, with the corrections in effect."""

    delivery: DeliveryFigures
    indicator: str
    month: Month
    block: Block
    rivals: tuple[Rival, ...] = ()

    @property
    def series(self) -> Series:
        """Source and indicator."""
        return self.delivery.source, self.indicator


class Cases:
    """Cases at some point of the fold.

    Attributes:
        states: what is in force and held, by series.
        in_panel: by indicator, whether it expects each département.
    """

    def __init__(self, contract: Contract) -> None:
        self.contract = contract
        territories = contract.territories
        self.codes = np.array(list(territories.departments))
        self.regions = np.array([territories.region_of[code] for code in self.codes])
        self.in_panel = {
            indicator: np.isin(self.codes, contract.panel(indicator))
            for indicator in contract.indicators
        }
        self.states: dict[Series, SeriesState] = defaultdict(lambda: SeriesState(len(self.codes)))

    def of(
        self, file: File, totals: Totals, figures_of_day: dict[tuple[str, Month], Figures]
    ) -> MonthCase:
        """The case of a file.

        Args:
            totals: what its source states beside the départements.
            figures_of_day: delivered together with it, by indicator and month.
        """
        contract, delivery = self.contract, file.delivery
        (source, indicator), month, block = file.series, file.month, file.block
        state = self.states[file.series]
        current = state.in_force.get(month)
        accepted = sorted(state.in_force.items())
        definitive, definitive_file = state.definitive.get(month, (None, ""))
        standing = delivery.standing
        sister_id = contract.indicators[indicator].sister
        sister: dict[Month, Figures] = {}
        if sister_id:
            known = self.states.get((source, sister_id))
            if known is not None:
                sister |= {m: figures.values for m, figures in known.in_force.items()}
                # a mix-up shows against the sister's figures even if those were held
                sister |= {m: held[-1][0].values for m, held in known.held.items()}
            sister |= {m: v for (i, m), v in figures_of_day.items() if i == sister_id}
        return MonthCase(
            source=contract.sources[source],
            indicator=contract.indicators[indicator],
            month=month,
            delivered_on=delivery.delivered_on,
            codes=self.codes,
            regions=self.regions,
            in_panel=self.in_panel[indicator],
            delivered=block.values,
            quarantined=block.quarantined,
            in_force=None if current is None else current.values,
            history=[(m, figures.values) for m, figures in accepted if m < month],
            later=[(m, figures.values) for m, figures in accepted if m > month],
            superseded=state.superseded.get(month, []),
            totals=totals,
            sister=sister,
            sister_label=contract.indicators[sister_id].programme if sister_id else None,
            partners={
                partner: {m: f.values for m, f in self.states[partner, indicator].in_force.items()}
                for partner in contract.components(indicator)
                if partner != source and (partner, indicator) in self.states
            },
            delivered_months=tuple(m for i, m in delivery.blocks if i == indicator),
            rivals=file.rivals,
            provisional_by=standing.certain_by if standing.certainty == PROVISIONAL else "",
            definitive=definitive,
            definitive_file=definitive_file,
            unreadable=delivery.unreadable.get((indicator, month), 0),
        )
