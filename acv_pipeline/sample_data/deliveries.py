"""What each partner sends on which day: the monthly deliveries with their usual irregularities."""

from __future__ import annotations

import calendar
import datetime as dt
import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from acv_pipeline.contract import Contract, Month, month_range
from acv_pipeline.contract.months import month_of, shift
from acv_pipeline.sample_data.layouts import ERAS, SEVERAL_MONTHS, Layout
from acv_pipeline.sample_data.trajectories import ACV, PVD, InventedTrajectory, draw_trajectories

KEY = ["indicator_id", "source", "month", "department_code"]

USUAL_DAYS = (5, 18)  # of the following month
CORRECTION_DAY, REPEAT_DAY, LATE_DAY = 22, 24, 29  # of the following month


@dataclass(frozen=True)
class Correction:
    """A month sent again, with a few cells raised, once a later month has been delivered."""

    month: str
    after: str
    cells: int = 3


@dataclass(frozen=True)
class Habits:
    """A partner's irregularities, by month of the figures.

    Attributes:
        histories: months whose delivery carries every month since the start.
        late: months delivered after the due day.
        repeated: months whose file arrives once more, unchanged.
        withheld: by indicator, months that come along with the next one only.
        correction: the month that is corrected later.
    """

    histories: tuple[str, ...] = ()
    late: tuple[str, ...] = ()
    repeated: tuple[str, ...] = ()
    withheld: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    correction: Correction | None = None


HABITS = {
    "anah": Habits(
        histories=("2019-12", "2021-07"),
        repeated=("2020-09",),
        withheld={PVD: ("2021-02", "2021-09", "2022-04")},
        correction=Correction("2021-03", after="2021-05"),
    ),
    "action_logement": Habits(histories=("2020-08", "2022-02"), late=("2020-03",)),
}


@dataclass(frozen=True)
class Delivery:
    """One file to be sent.

    Attributes:
        figures: indicator_id, source, month, department_code, cumulative_dwellings (dwellings).
        number: which of the source's files this is; a repeat has the number of the original.
        suffix: what is added to the file's name.
    """

    source: str
    delivered_on: dt.date
    layout: Layout
    figures: pd.DataFrame
    number: int
    suffix: str = ""


def plan_deliveries(
    contract: Contract,
    first: Month,
    until: Mapping[str, Month],
    seed: int,
    lacking: Mapping[str, Month] | None = None,
) -> list[Delivery]:
    """The partners' deliveries in order of reception.

    Args:
        until: the last month of each.
        lacking: by partner, a month that never comes.
    """
    figures = pd.concat(map(long_form, draw_trajectories(contract, seed, max(until.values()))))
    for source, month in (lacking or {}).items():
        figures = figures[(figures["source"] != source) | (figures["month"] != pd.Timestamp(month))]
    deliveries = [
        delivery
        for position, source in enumerate(HABITS)
        if source in until
        for delivery in _deliveries_of(
            source,
            figures[figures["source"] == source],
            list(month_range(first, until[source])),
            [seed, 1_000 + position],
        )
    ]
    return sorted(deliveries, key=lambda delivery: delivery.delivered_on)


def in_force(deliveries: list[Delivery], on: dt.date | None = None) -> pd.DataFrame:
    """The figures last delivered for each key, by ``on`` (included) or at the end, by key."""
    received = [d.figures for d in deliveries if on is None or d.delivered_on <= on]
    if not received:
        return pd.DataFrame(columns=[*KEY, "cumulative_dwellings"])
    return (
        pd.concat(received)
        .drop_duplicates(KEY, keep="last")
        .sort_values(KEY)
        .reset_index(drop=True)
    )


def figures_of(figures: pd.DataFrame, indicator_id: str, month: Month) -> pd.DataFrame:
    """The rows of one indicator and month."""
    is_month = figures["month"] == pd.Timestamp(month)
    return figures[is_month & (figures["indicator_id"] == indicator_id)]


def long_form(trajectory: InventedTrajectory) -> pd.DataFrame:
    """A trajectory with one row per month and département."""
    table = trajectory.figures
    months = pd.Series(table.index).astype("datetime64[s]")
    return pd.DataFrame(
        {
            "indicator_id": trajectory.indicator_id,
            "source": trajectory.source,
            "month": months.repeat(table.shape[1]).to_numpy(),
            "department_code": np.tile(table.columns.to_numpy(), len(table)),
            "cumulative_dwellings": table.to_numpy().ravel(),
        }
    )


def layout_of(source: str, month: Month) -> Layout:
    """The layout ``source`` uses for the file of ``month``."""
    return ERAS[source][max(since for since in ERAS[source] if since <= f"{month:%Y-%m}")]


def day_after(month: Month, day: int) -> dt.date:
    """The given day of the month that follows, or that month's last day."""
    following = shift(month, 1)
    return following.replace(day=min(day, calendar.monthrange(following.year, following.month)[1]))


def _deliveries_of(
    source: str, truth: pd.DataFrame, months: list[Month], seed: list[int]
) -> Iterator[Delivery]:
    habits = HABITS[source]
    day_rng, cell_rng = (np.random.default_rng([*seed, need]) for need in range(2))
    days = day_rng.integers(USUAL_DAYS[0], USUAL_DAYS[1] + 1, len(months)).tolist()
    correction = habits.correction
    known = _first_version(truth, correction, cell_rng) if correction else truth
    before_all = pd.Timestamp(shift(months[0], -1)) if months else pd.NaT
    sent: dict[str, pd.Timestamp] = {}
    number = itertools.count()
    for month, usual_day in zip(months, days, strict=True):
        text = f"{month:%Y-%m}"
        parts = []
        for indicator_id in known["indicator_id"].unique():
            if text in habits.withheld.get(indicator_id, ()):
                continue
            after = sent.get(indicator_id, before_all)
            after = before_all if text in habits.histories else after
            own = known[known["indicator_id"] == indicator_id]
            parts.append(own[(own["month"] > after) & (own["month"] <= pd.Timestamp(month))])
            sent[indicator_id] = pd.Timestamp(month)
        day = day_after(month, LATE_DAY if text in habits.late else usual_day)
        for figures, layout in _files(source, month, parts):
            delivery = Delivery(source, day, layout, figures, next(number))
            yield delivery
            if text in habits.repeated:
                yield replace(delivery, delivered_on=day_after(month, REPEAT_DAY))
        if correction and text == correction.after:
            known, corrected = truth, month_of(correction.month)
            if corrected not in months:
                continue
            figures = figures_of(truth, ACV, corrected)
            day, layout = day_after(month, CORRECTION_DAY), layout_of(source, corrected)
            yield Delivery(source, day, layout, figures, next(number), "_rectificatif")


def _files(
    source: str, month: Month, parts: list[pd.DataFrame]
) -> Iterator[tuple[pd.DataFrame, Layout]]:
    """One file for all indicators where the layout names them, else one file each."""
    usual, several = layout_of(source, month), SEVERAL_MONTHS[source]
    filled = [part for part in parts if len(part)]
    if not filled:
        return
    many = any(part["month"].nunique() > 1 for part in filled)
    together = (several if many else usual).names_programme
    for figures in [pd.concat(filled)] if together else filled:
        yield figures, several if figures["month"].nunique() > 1 else usual


def _first_version(
    truth: pd.DataFrame, correction: Correction, rng: np.random.Generator
) -> pd.DataFrame:
    """The figures before the correction: a few cells of the month too low, none decreasing."""
    month = month_of(correction.month)
    now, before = (
        figures_of(truth, ACV, day).set_index("department_code")["cumulative_dwellings"]
        for day in (month, shift(month, -1))
    )
    gain = now - before
    cells = rng.choice(gain.index[gain >= 6].to_numpy(), correction.cells, replace=False)
    lacking = pd.Series({cell: int(rng.integers(3, gain[cell])) for cell in cells})
    is_month = (truth["month"] == pd.Timestamp(month)) & (truth["indicator_id"] == ACV)
    too_low = truth["department_code"].map(lacking).fillna(0).astype("int64") * is_month
    return truth.assign(cumulative_dwellings=truth["cumulative_dwellings"] - too_low)
