"""Writes the sample set into a landing zone, and says what it wrote."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from acv_pipeline.contract import Contract, Month
from acv_pipeline.language import _
from acv_pipeline.sample_data.deliveries import (
    HABITS,
    KEY,
    Delivery,
    day_after,
    figures_of,
    in_force,
    layout_of,
    plan_deliveries,
)
from acv_pipeline.sample_data.layouts import file_stem, is_single, rows_of
from acv_pipeline.sample_data.releases import FILE_STEM, SOURCE, Release, plan_releases
from acv_pipeline.sample_data.trajectories import ACV, FIRST_MONTH, LAST_MONTH
from acv_pipeline.sample_data.writers import WRITERS, csv_text

SEED = 2018
BAD_DAY, CORRECTED_DAY = 21, 25  # of the following month, after every regular delivery

README = """\
DONNÉES SYNTHÉTIQUES / SYNTHETIC DATA

Every file in this folder was made by the sample data generator of acv_pipeline.
No figure in it was delivered or published by Anah, Action Logement or the Baromètre des
résultats de l'action publique. Four published national totals calibrate the invented trajectory.
Never publish anything computed from these files.
"""


class SampleDataError(Exception):
    """The sample data cannot be written as asked; the message says why and what to do."""


@dataclass(frozen=True)
class SampleFile:
    """One written file.

    Attributes:
        months, indicators: those with a figure, in order.
        rows: number of rows with a figure of these indicators.
        total: their sum, in dwellings.
    """

    path: Path
    source: str
    delivered_on: dt.date
    months: tuple[Month, ...]
    indicators: tuple[str, ...]
    rows: int
    total: int


@dataclass(frozen=True)
class SampleManifest:
    """What was written, in order of reception, and the figures in force once all are received."""

    files: tuple[SampleFile, ...]
    truth: pd.DataFrame


def generate(
    landing: Path,
    *,
    contract: Contract,
    first: Month = FIRST_MONTH,
    last: Month = LAST_MONTH,
    until: Mapping[str, Month] | None = None,
    lacking: Mapping[str, Month] | None = None,
    by: dt.date = dt.date.max,
    seed: int = SEED,
    formats: Sequence[str] = ("csv",),
) -> SampleManifest:
    """Write the partners' deliveries and the matching releases of the Baromètre.

    Args:
        landing: the landing zone; created when absent. Files that are there already stay.
        until: the last month delivered by single partners, where it isn't ``last``.
        lacking: by partner, a month that never comes.
        by: the day on which comes what would usually come later.
        seed: the same seed gives the same bytes.
        formats: ``csv``, ``xlsx``, ``ods``: the partners' files take turns.

    Raises:
        SampleDataError: unknown format or partner, a month outside the sample data, or another
            file of the same name is there.
    """
    if unknown := [name for name in formats if name not in WRITERS] or not formats:
        raise SampleDataError(f"formats {unknown}: expected some of {', '.join(WRITERS)}")
    if strangers := set(until or {}) - set(HABITS):
        raise SampleDataError(f"no sample data for {sorted(strangers)}: only {', '.join(HABITS)}")
    lasts = {source: (until or {}).get(source, last) for source in HABITS}
    for month in [first, last, *lasts.values()]:
        _check_month(month)
    deliveries = [
        replace(delivery, delivered_on=min(delivery.delivered_on, by))
        for delivery in plan_deliveries(contract, first, lasts, seed, lacking)
    ]
    releases = list(plan_releases(contract, deliveries, first, last))

    _write(landing / "README.txt", README.encode())
    files = [_deliver(landing, d, contract, formats) for d in deliveries]
    files += [file for release in releases for file in _publish(landing, release)]
    truths = [in_force(deliveries), *(release.figures for release in releases[-1:])]
    return SampleManifest(
        files=tuple(sorted(files, key=lambda file: (file.delivered_on, str(file.path)))),
        truth=pd.concat(truths)[[*KEY, "cumulative_dwellings"]].reset_index(drop=True),
    )


def bad_delivery(
    landing: Path,
    *,
    contract: Contract,
    source: str = "action_logement",
    month: Month = LAST_MONTH,
    department: str | None = None,
    by: dt.date = dt.date.max,
    seed: int = SEED,
) -> SampleFile:
    """Write the delivery of ``month`` with one département counted twice.

    The slip is one a spreadsheet makes: the figure of the département (default: the largest) was
    added to itself, and the file's own total agrees with it. Nothing in the file betrays it; it
    is seen by comparing with the months before.
    """
    figures = _month_of(contract, source, month, seed)
    counts = figures.set_index("department_code")["cumulative_dwellings"]
    if department and department not in counts.index:
        raise SampleDataError(f"{source} delivers no figure for département {department}")
    doubled = figures["department_code"] == (department or counts.idxmax())
    figures["cumulative_dwellings"] *= doubled + 1
    return _extra(landing, contract, source, figures, min(day_after(month, BAD_DAY), by))


def corrected_delivery(
    landing: Path,
    *,
    contract: Contract,
    source: str = "action_logement",
    month: Month = LAST_MONTH,
    seed: int = SEED,
) -> SampleFile:
    """Write the delivery that puts ``bad_delivery`` right, a few days later."""
    figures = _month_of(contract, source, month, seed)
    return _extra(landing, contract, source, figures, day_after(month, CORRECTED_DAY))


def _check_month(month: Month) -> None:
    if month < FIRST_MONTH:
        raise SampleDataError(
            _(
                "no sample data for {month:%Y-%m}: it begins in {first:%Y-%m}",
                month=month,
                first=FIRST_MONTH,
            )
        )


def _month_of(contract: Contract, source: str, month: Month, seed: int) -> pd.DataFrame:
    """The ACV figures of a source and month, as the regular delivery has them."""
    _check_month(month)
    figures = in_force(plan_deliveries(contract, FIRST_MONTH, {source: month}, seed))
    return figures_of(figures, ACV, month).reset_index(drop=True)


def _extra(
    landing: Path, contract: Contract, source: str, figures: pd.DataFrame, day: dt.date
) -> SampleFile:
    layout = layout_of(source, figures["month"].iloc[0].date())
    delivery = Delivery(source, day, layout, figures, number=0)
    return _deliver(landing, delivery, contract, ("csv",))


def _deliver(
    landing: Path, delivery: Delivery, contract: Contract, formats: Sequence[str]
) -> SampleFile:
    layout, figures = delivery.layout, delivery.figures
    kind = formats[delivery.number % len(formats)]
    rows = rows_of(layout, figures, delivery.source, contract)
    stem = file_stem(layout, figures, delivery.source, contract) + delivery.suffix
    path = _folder(landing, delivery.source, delivery.delivered_on) / f"{stem}.{kind}"
    _write(path, WRITERS[kind](rows, layout))
    file = _described(path, delivery.source, delivery.delivered_on, figures)
    if layout.sidecar and is_single(figures):
        control = csv_text([["row_count", "total"], [file.rows, file.total]])
        _write(path.with_name(f"{path.name}.control.csv"), control.encode())
    return file


def _publish(landing: Path, release: Release) -> list[SampleFile]:
    folder = _folder(landing, SOURCE, release.published_on)
    files = []
    for level, table in release.tables.items():
        path = folder / f"{FILE_STEM.format(level=level)}.csv"
        _write(path, table.to_csv(index=False, lineterminator="\n").encode())
        file = _described(path, SOURCE, release.published_on, release.figures)
        files.append(replace(file, rows=release.rows[level]))
    return files


def _described(path: Path, source: str, day: dt.date, figures: pd.DataFrame) -> SampleFile:
    return SampleFile(
        path=path,
        source=source,
        delivered_on=day,
        months=tuple(month.date() for month in sorted(figures["month"].unique())),
        indicators=tuple(figures["indicator_id"].unique()),
        rows=len(figures),
        total=int(figures["cumulative_dwellings"].sum()),
    )


def _folder(landing: Path, source: str, day: dt.date) -> Path:
    return landing / source / day.isoformat()


def _write(path: Path, content: bytes) -> None:
    if path.exists() and path.read_bytes() != content:
        raise SampleDataError(
            _("{path} exists with other content: choose an empty folder", path=path)
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
