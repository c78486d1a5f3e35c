"""The gate believes the good deliveries, holds the bad one, and takes the corrected one."""

import datetime as dt
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from acv_pipeline.contract import Contract, Month
from acv_pipeline.contract.months import month_of
from acv_pipeline.ledger.blocks import DeliveryFigures
from acv_pipeline.ledger.fold import fold
from acv_pipeline.ledger.verdicts import Verdict
from acv_pipeline.sample_data.deliveries import HABITS, plan_deliveries
from acv_pipeline.sample_data.generator import SEED
from acv_pipeline.sample_data.releases import SOURCE, plan_releases
from acv_pipeline.sample_data.trajectories import ACV, FIRST_MONTH, LAST_MONTH
from acv_pipeline_tests.blocks import blocks_of

NOVEMBER = month_of("2022-11")


def received(
    contract: Contract, seed: int, last: Month = LAST_MONTH, **until: dt.date
) -> list[DeliveryFigures]:
    """The planned set as the ledger sees it once it is read."""
    lasts = {source: until.get(source, last) for source in HABITS}
    deliveries = plan_deliveries(contract, FIRST_MONTH, lasts, seed)
    releases = plan_releases(contract, deliveries, FIRST_MONTH, last)
    items = [(d.source, d.delivered_on, d.figures) for d in deliveries]
    items += [(SOURCE, release.published_on, release.figures) for release in releases]
    return [
        as_received(contract, f"{number}", source, day, figures)
        for number, (source, day, figures) in enumerate(items)
    ]


def as_received(
    contract: Contract, name: str, source: str, day: dt.date, figures: pd.DataFrame
) -> DeliveryFigures:
    rows = pd.DataFrame(
        {
            "delivery_id": name,
            "indicator_id": figures["indicator_id"],
            "month": figures["month"],
            "territory_code": figures["department_code"],
            "value": figures["cumulative_dwellings"],
            "row_number": np.arange(len(figures)),
            "fate": "figure",
        }
    )
    return DeliveryFigures(name, source, day, name, blocks_of(contract, rows)[name])


def held(verdicts: list[Verdict]) -> list[tuple[str, dt.date]]:
    return [(v.source, v.month) for v in verdicts if v.verdict == "held"]


@pytest.mark.parametrize(
    ("seed", "last"), [(SEED, month_of("2032-12")), (1, LAST_MONTH), (2, LAST_MONTH)]
)
def test_no_month_of_the_good_set_is_held(contract: Contract, seed: int, last: Month) -> None:
    """Of the demo's seed for years to come."""
    verdicts = fold(received(contract, seed, last), [], contract).verdicts
    assert held(verdicts) == []
    assert len(verdicts) > 500
    warned = {(v.source, v.month) for v in verdicts if v.findings}
    assert len(warned) < 0.1 * len(verdicts)


def test_the_bad_delivery_is_held_and_the_corrected_one_accepted(contract: Contract) -> None:
    good = received(contract, SEED, action_logement=NOVEMBER)
    key = (ACV, LAST_MONTH)
    (true,) = [
        d for d in received(contract, SEED) if d.source == "action_logement" and key in d.blocks
    ]
    block = true.blocks[key]
    values = block.values.copy()
    values[np.nanargmax(values)] *= 2
    wrong = {key: replace(block, values=values)}
    bad = replace(true, delivery_id="bad", delivered_on=dt.date(2023, 1, 21), blocks=wrong)
    corrected = replace(true, delivery_id="corrected", delivered_on=dt.date(2023, 1, 25))
    verdicts = fold([*good, bad, corrected], [], contract).verdicts
    assert held(verdicts) == [("action_logement", LAST_MONTH)]
    by_delivery = {v.delivery_id: v for v in verdicts if v.month == LAST_MONTH}
    rules = {f.rule for f in by_delivery["bad"].findings if f.blocking}
    assert {"one_department_dominates", "national_pace_jumps"} <= rules
    assert by_delivery["corrected"].verdict == "accepted"
