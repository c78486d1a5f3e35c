"""The invented trajectory of the figures: who counts how many dwellings, where and when."""

from __future__ import annotations

from dataclasses import dataclass, field
from statistics import NormalDist

import numpy as np
import numpy.typing as npt
import pandas as pd

from acv_pipeline.contract import Contract, Month, month_range
from acv_pipeline.contract.months import elapsed, month_of

ACV = "nb-logement-accompagnement"
PVD = "nb-logements-renoves-petites-villes"
# What the official series covers, and the calibration with it; later months go on as it was then.
FIRST_MONTH, LAST_MONTH = month_of("2018-09"), month_of("2022-12")

Counts = npt.NDArray[np.int64]
Shares = npt.NDArray[np.float64]

# The year's rhythm of decisions: slow in August, many committees before the year closes.
SEASON = [0.85, 0.95, 1.08, 0.98, 0.92, 1.12, 1.02, 0.68, 0.98, 1.1, 1.1, 1.22]

MONTHLY_NOISE = 0.05  # standard deviation of the national pace around its rhythm
DRIFT = 0.03  # monthly random walk of a département's weight, in logarithm
BURSTINESS = 6.0  # gamma shape of a département's month: the lower, the more uneven
MAX_SLIP = 15  # dwellings taken back when a partner corrects its count downwards


@dataclass(frozen=True)
class Calibration:
    """What the invented trajectory of an indicator must agree with, in dwellings.

    Attributes:
        start: national figure of the first month.
        pace: dwellings per month at some months; linear between them, constant after the last.
        anchors: national figures to meet exactly.
        partners: share of the dwellings by source.
        slips: how many small downward corrections by source.
    """

    start: int
    pace: dict[str, float]
    partners: dict[str, float]
    slips: dict[str, int]
    anchors: dict[str, int] = field(default_factory=dict)


CALIBRATIONS = {
    ACV: Calibration(
        start=2_200,
        pace={
            "2018-10": 1_300,
            "2019-06": 2_000,
            "2020-01": 2_000,
            "2020-02": 1_750,
            "2020-04": 800,  # the first lockdown
            "2020-07": 1_600,
            "2021-06": 1_600,
            "2022-06": 1_350,
        },
        # National figures published by the Baromètre for these months.
        anchors={"2020-01": 31_658, "2021-01": 49_497, "2021-12": 66_737, "2022-09": 78_638},
        partners={"anah": 0.6, "action_logement": 0.4},
        slips={"anah": 3, "action_logement": 2},
    ),
    PVD: Calibration(
        start=1_350,
        pace={"2020-11": 900, "2021-06": 1_050, "2022-12": 1_250},
        partners={"anah": 1.0},
        slips={"anah": 1},
    ),
}


@dataclass(frozen=True)
class InventedTrajectory:
    """Cumulative dwellings of an indicator as one source counts them.

    ``figures`` has one row per month, one column per panel département.
    """

    indicator_id: str
    source: str
    figures: pd.DataFrame


def draw_trajectories(
    contract: Contract, seed: int, last: Month = LAST_MONTH
) -> list[InventedTrajectory]:
    """The trajectory of every indicator and partner, from its first month to ``last`` or longer.

    The same seed gives the same figures, however long the trajectory is.
    """
    trajectories = []
    for number, (indicator_id, calibration) in enumerate(CALIBRATIONS.items()):
        first = contract.indicators[indicator_id].first_month
        months = list(month_range(first, max(last, LAST_MONTH)))
        panel = contract.panel(indicator_id)
        # One stream per need, so that one can be tuned without moving the others.
        nation, territory, slip, *partners = (
            np.random.default_rng([seed, number, need])
            for need in range(3 + len(calibration.partners))
        )
        left = national_increments(calibration, months, nation)
        population = [contract.territories.population[code] for code in panel]
        weights = department_weights(population, territory)
        # how each département divides between the partners: rows sum to 1
        shares = np.array(list(calibration.partners.values()))
        size = (len(panel), len(shares))
        splits = territory.dirichlet(15 * shares, size[0]) if len(shares) > 1 else np.ones(size)
        slips = slip_months(calibration, elapsed(first, LAST_MONTH) + 1, slip)
        for column, (source, rng) in enumerate(zip(calibration.partners, partners, strict=True)):
            own = left
            if column < len(shares) - 1:  # a part of every month, a little uneven
                noise = rng.spawn(1)[0].normal(0, 0.02, len(left))
                uneven = float(splits[:, column] @ weights) * np.exp(noise)
                own = np.rint(left * uneven).astype(np.int64)
            left = left - own
            increments = spread(own, weights * splits[:, column], slips.get(source, []), rng)
            cumulative = pd.DataFrame(increments.cumsum(axis=0), index=months, columns=panel)
            trajectories.append(InventedTrajectory(indicator_id, source, cumulative))
    return trajectories


def national_increments(
    calibration: Calibration, months: list[Month], rng: np.random.Generator
) -> Counts:
    """National dwellings by month (the first: those so far), meeting every anchor exactly."""
    first, length = months[0], len(months)
    knots = {elapsed(first, month_of(text)): pace for text, pace in calibration.pace.items()}
    anchors = {elapsed(first, month_of(text)): n for text, n in calibration.anchors.items()}
    season = np.array([SEASON[(first.month - 1 + n) % 12] for n in range(length)])
    pace = np.interp(np.arange(length), list(knots), list(knots.values()))
    pace *= season * np.exp(rng.normal(0, MONTHLY_NOISE, length))
    begin, reached = 1, calibration.start
    for end, target in anchors.items():
        pace[begin : end + 1] *= (target - reached) / pace[begin : end + 1].sum()
        begin, reached = end + 1, target
    pace[0] = calibration.start
    return np.asarray(np.diff(np.rint(pace.cumsum()), prepend=0), dtype=np.int64)


def department_weights(population: list[int], rng: np.random.Generator) -> Shares:
    """Each département's part of the whole: skewed, and loosely following its population.

    The largest has about four times the average, the smallest about a hundredth of it.
    """
    size = len(population)
    score = 0.8 * np.log(population) + rng.normal(0, 0.5, size)
    quantiles = np.array([NormalDist().inv_cdf((rank + 0.5) / size) for rank in range(size)])
    z = quantiles[score.argsort().argsort()]
    weights = np.exp(0.65 * z - 0.45 * np.square(np.minimum(z, 0)))
    return np.asarray(weights / weights.sum())


def spread(
    national: Counts, weights: Shares, slips: list[tuple[int, int]], rng: np.random.Generator
) -> Counts:
    """Increments by month and département that sum to ``national``.

    ``slips`` are (row, dwellings): in that month one département takes back so many, and the
    others make up for it.
    """
    size = (len(national), len(weights))
    # a stream each: more months leave those before as they are
    drifting, bursting, counting, slipping = rng.spawn(4)
    drift = np.exp(drifting.normal(0, DRIFT, size).cumsum(axis=0))
    chances = weights * drift * bursting.gamma(BURSTINESS, 1 / BURSTINESS, size)
    chances[:1] = weights  # what the first month brings has grown over a longer time
    chances /= chances.sum(axis=1, keepdims=True)
    increments = counting.multinomial(national, chances)
    for row, dwellings in slips:
        before = increments[:row].sum(axis=0)
        column = slipping.choice(np.flatnonzero(before > 10 * dwellings))
        others = chances[row].copy()
        others[column] = 0
        moved = increments[row, column] + dwellings
        increments[row, column] = -dwellings
        increments[row] += slipping.multinomial(moved, others / others.sum())
    return increments


def slip_months(
    calibration: Calibration, length: int, rng: np.random.Generator
) -> dict[str, list[tuple[int, int]]]:
    """By source, (row, dwellings) of its downward corrections: never two in one month."""
    chosen = iter(rng.permutation(np.arange(8, length)).tolist())
    return {
        source: [(next(chosen), int(rng.integers(1, MAX_SLIP + 1))) for _ in range(number)]
        for source, number in calibration.slips.items()
    }
