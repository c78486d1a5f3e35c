"""Invented series of other natures, without any error in them, to count false alarms on."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pandas as pd

from acv_pipeline.contract import Contract
from acv_pipeline.contract.months import shift
from acv_pipeline.ledger.blocks import DeliveryFigures
from acv_pipeline_tests.gate.replay import block

MONTHS = 40
FIRST = dt.date(2019, 1, 1)
TIME = np.arange(MONTHS)
SEASON = 1 + 0.4 * np.sin(2 * np.pi * TIME / 12)

Pace = npt.NDArray[np.float64]
Random = np.random.Generator

PACES: dict[str, Callable[[Random], Pace]] = {
    "a steady thousand a month": lambda random: np.full(MONTHS, 1000.0) * SEASON,
    "large figures, 30,000 a month": lambda random: np.full(MONTHS, 30_000.0) * SEASON,
    "small figures, 60 a month": lambda random: np.full(MONTHS, 60.0) * SEASON,
    "sparse, 4 a month": lambda random: np.full(MONTHS, 4.0),
    "updated every third month": lambda random: np.where(TIME % 3 == 0, 300.0, 0.0),
    "December three times as high": lambda random: np.where(TIME % 12 == 11, 3000.0, 1000.0),
    "fading by a tenth a month": lambda random: 3000 * 0.9**TIME,
    "growing by an eighth a month": lambda random: 50 * 1.12**TIME * SEASON,
    "growing by a quarter a month": lambda random: 50 * 1.25 ** np.minimum(TIME, 20),
    "irregular, by a factor of 1.6": lambda random: 1000 * random.lognormal(0, 0.5, MONTHS),
}
CORRECTED = "two corrections downwards a month"
DOMINATED = "one département with a quarter"
GAPS = "six months out of ten not delivered"
FAMILIES = (*PACES, CORRECTED, DOMINATED, GAPS)


def family(name: str, contract: Contract, indicator: str, seed: int) -> list[DeliveryFigures]:
    """One series of the kind ``name``, delivered month by month."""
    random = np.random.default_rng([seed, FAMILIES.index(name)])
    panel = contract.panel(indicator)
    weights = random.lognormal(0, 1, len(panel))
    if name == DOMINATED:
        weights[50] = weights.sum() / 3
    weights /= weights.sum()
    pace = PACES.get(name, PACES["a steady thousand a month"])(random)
    bursts = random.gamma(3, 1 / 3, (MONTHS, len(panel)))
    increments = random.poisson(pace[:, None] * weights * bursts)
    if name == CORRECTED:
        for month in range(1, MONTHS):
            increments[month, random.choice(len(panel), 2)] -= random.integers(1, 15, 2)
    figures = pd.DataFrame(np.maximum(increments.cumsum(axis=0), 0), columns=panel)
    kept = TIME if name != GAPS else np.flatnonzero(random.random(MONTHS) < 0.4)
    return [
        DeliveryFigures(
            delivery_id=f"{name} {n}",
            source="anah",
            delivered_on=shift(FIRST, int(n) + 1),
            file_name=f"{n}.csv",
            blocks={(indicator, shift(FIRST, int(n))): block(figures.loc[n], contract)},
        )
        for n in kept
    ]
