"""A family of indicators is judged alone as it is among all others."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from acv_pipeline.contract import Contract, Month, load_contract
from acv_pipeline.ledger.blocks import Block, DeliveryFigures
from acv_pipeline.ledger.corrections import Correction
from acv_pipeline.ledger.fold import fold
from acv_pipeline.ledger.verdicts import Ledger, SignOff
from acv_pipeline.tidying.records import ControlTotal
from acv_pipeline_tests.deliveries import ACV, PVD

ALONE, OTHER = "programme-alone", "programme-other"
MONTHS = [Month(2021, month, 1) for month in (3, 4, 5)]
SOURCES = ("anah", "action_logement", "barometre")


def _with_more() -> Contract:
    """The contract with two indicators more, which are nobody's sisters."""
    contract = load_contract()
    more = {
        name: contract.indicators[ACV].model_copy(update={"id": name, "sister": None})
        for name in (ALONE, OTHER)
    }
    return contract.model_copy(update={"indicators": contract.indicators | more})


CONTRACT = _with_more()
SIZE = len(CONTRACT.territories.departments)
USUAL = np.arange(10.0, 10.0 + SIZE)


def test_families_are_what_sisters_link() -> None:
    assert CONTRACT.families() == [(ACV, PVD), (ALONE,), (OTHER,)]
    assert list(CONTRACT.of((ALONE,)).indicators) == [ALONE]


def test_a_sister_of_a_sister_is_of_the_family() -> None:
    linked = CONTRACT.indicators | {
        ALONE: CONTRACT.indicators[ALONE].model_copy(update={"sister": OTHER}),
        OTHER: CONTRACT.indicators[OTHER].model_copy(update={"sister": PVD}),
    }
    contract = CONTRACT.model_copy(update={"indicators": linked})
    assert contract.families() == [(ACV, PVD, ALONE, OTHER)]


@st.composite
def blocks(draw: st.DrawFn) -> Block:
    factor = draw(st.sampled_from([1.0, 1.0, 1.02, 1.05, 3.0, 0.5]))
    values = np.round(USUAL * factor)
    missing = draw(st.integers(0, 4))
    values[:missing] = np.nan
    quarantined = np.zeros(SIZE, dtype=bool)
    quarantined[: draw(st.integers(0, missing))] = True
    rows = np.where(np.isnan(values), -1, np.arange(SIZE)).astype(np.int32)
    return Block(values, rows, quarantined, np.zeros(SIZE, dtype=bool))


@st.composite
def deliveries(draw: st.DrawFn) -> list[DeliveryFigures]:
    made = []
    for number in range(draw(st.integers(1, 6))):
        keys = draw(
            st.sets(st.tuples(st.sampled_from([*CONTRACT.indicators]), st.sampled_from(MONTHS)),
                    min_size=1, max_size=5)
        )  # fmt: skip
        carried = {key: draw(blocks()) for key in sorted(keys)}
        figures = DeliveryFigures(
            f"delivery-{number}",
            draw(st.sampled_from(SOURCES)),
            dt.date(2021, draw(st.integers(6, 8)), 5),
            f"file-{number}.csv",
            carried,
            {
                (indicator, month, "national", "FR"): float(np.nansum(block.values)) + off
                for (indicator, month), block in carried.items()
                for off in draw(st.sampled_from([[], [0.0], [7.0]]))
            },
            zeros_aside=dict.fromkeys(carried, draw(st.integers(0, 1))),
            unreadable=dict.fromkeys(carried, draw(st.integers(0, 1))),
            has_undated_rows=draw(st.booleans()),
            received_at=dt.datetime(2021, 9, 1, 0, number),
        )
        stated = sum(figures.covered(*key).total for key in carried)
        totals = [
            ControlTotal(
                draw(st.sampled_from([None, None, *carried])) and next(iter(carried))[0],
                draw(st.sampled_from([None, *MONTHS])),
                draw(st.sampled_from([None, SIZE, SIZE * len(carried)])),
                draw(st.sampled_from([None, int(stated), int(stated) + 3])),
                "total",
            )
            for _ in range(draw(st.integers(0, 2)))
        ]
        made.append(replace(figures, control_totals=totals))
    return made


def part_of(delivery: DeliveryFigures, family: tuple[str, ...]) -> DeliveryFigures:
    """What a family is told of a delivery: its own figures, and sums of the others'."""

    def own(figures: dict) -> dict:  # type: ignore[type-arg]
        return {key: value for key, value in figures.items() if key[0] in family}

    return replace(
        delivery,
        blocks=own(delivery.blocks),
        published=own(delivery.published),
        zeros_aside=own(delivery.zeros_aside),
        unreadable=own(delivery.unreadable),
        elsewhere={k: delivery.covered(*k) for k in delivery.blocks if k[0] not in family},
    )


def said(ledgers: list[Ledger]) -> tuple[list[str], list[str], list[str]]:
    """All that ledgers say, in an order of its own."""

    def rows(frames: list[pd.DataFrame]) -> list[str]:
        return sorted(str(row) for frame in frames for row in frame.astype(object).to_numpy())

    return (
        rows([ledger.observations for ledger in ledgers]),
        sorted(repr(verdict) for ledger in ledgers for verdict in ledger.verdicts),
        rows([ledger.corrections for ledger in ledgers]),
    )


@settings(max_examples=150, deadline=None)
@given(deliveries(), st.data())
def test_the_fold_over_everything_is_the_union_of_the_folds_over_families(
    received: list[DeliveryFigures], data: st.DataObject
) -> None:
    signed = [
        SignOff(delivery.delivery_id, *key, "role", "seen", dt.date(2021, 9, 10),
                dt.datetime(2021, 9, 10))
        for delivery in received
        for key in delivery.blocks
        if data.draw(st.booleans())
    ]  # fmt: skip
    corrected = [
        Correction(entry, delivery.source, indicator, month, "05", 14, 15, "seen", "role",
                   dt.date(2021, 8, 20))
        for delivery in received[:1]
        for entry, (indicator, month) in enumerate(delivery.blocks, 1)
        if data.draw(st.booleans())
    ]  # fmt: skip
    whole = fold(received, signed, CONTRACT, corrections=corrected)
    parts = [
        fold(
            [part_of(delivery, family) for delivery in received],
            [signoff for signoff in signed if signoff.indicator_id in family],
            CONTRACT.of(family),
            corrections=[entry for entry in corrected if entry.indicator_id in family],
        )
        for family in CONTRACT.families()
    ]
    assert said([whole]) == said(parts)


def test_a_statement_about_all_indicators_needs_what_the_others_have() -> None:
    """Without it, the same file breaks the rule on control totals: the property isn't empty."""
    block = Block(
        USUAL, np.arange(SIZE, dtype=np.int32), np.zeros(SIZE, dtype=bool),
        np.zeros(SIZE, dtype=bool),
    )  # fmt: skip
    stated = ControlTotal(None, None, None, int(USUAL.sum() * 2), "total")
    delivery = DeliveryFigures(
        "id", "anah", dt.date(2021, 6, 5), "file.csv",
        {(ALONE, MONTHS[2]): block, (OTHER, MONTHS[2]): block}, control_totals=[stated],
    )  # fmt: skip
    told = part_of(delivery, (ALONE,))
    contract = CONTRACT.of((ALONE,))
    (good,) = fold([told], [], contract).verdicts
    (bad,) = fold([replace(told, elsewhere={})], [], contract).verdicts
    assert not [f for f in good.findings if "control" in f.rule]
    assert [f for f in bad.findings if "control" in f.rule]
