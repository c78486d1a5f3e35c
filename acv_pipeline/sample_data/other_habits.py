"""Two invented indicators of other habits, as releases of a full history, with labelled errors.

``primes-fictives`` comes in campaigns with a quiet year, and départements join all the time.
``dossiers-fictifs`` is revised by every release, a fifth of its latest cells, and two small
départements have no figure now and then.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from acv_pipeline.contract import Contract, Month
from acv_pipeline.contract.months import month_end, shift
from acv_pipeline.contract.synthetic import FILE_MARK

CAMPAIGNS, REVISED = "primes-fictives", "dossiers-fictifs"
FIRST, MONTHS, EVERY = dt.date(2019, 1, 1), 51, 3  # a release every third month
REVISED_AGE, REVISED_CELLS = 6, 0.2  # months of age below which cells are revised, and how many
FIRST_ERROR = 8  # releases without an error, to learn from; nor has the last one any

Table = npt.NDArray[np.float64]  # one row per month, one column per département
Random = np.random.Generator


def _campaigns(random: Random, size: int) -> Table:
    """Ten times the pace from September to December, but in 2021; 60 départements, then more."""
    month = np.arange(MONTHS)
    busy = (month % 12 >= 8) & (month // 12 != 2)
    pace = np.where(busy, 3000, 300) * random.lognormal(0, 0.2, MONTHS)
    weights = random.lognormal(0, 0.8, size)
    joins = np.maximum(random.permutation(size) - 60, -1) * 0.9  # about one a month from the 61st
    shares = np.where(month[:, None] > joins, weights / weights.sum(), np.nan)
    table = random.poisson(np.nan_to_num(pace[:, None] * shares)).cumsum(axis=0).astype(float)
    table[np.isnan(shares) | (table == 0)] = np.nan
    return table


def _steady(random: Random, size: int) -> Table:
    """Two thousand a month with a mild season; three overseas départements have none."""
    month = np.arange(MONTHS)
    pace = 2000 * (1 + 0.3 * np.sin(2 * np.pi * month / 12)) * random.lognormal(0, 0.1, MONTHS)
    weights = random.lognormal(0, 0.8, size)
    weights[-3:] = 0
    table: Table = random.poisson(pace[:, None] * weights / weights.sum()).cumsum(axis=0)
    return np.where(table > 0, table, np.nan)


def _as_released(truth: Table, known: int, random: Random) -> Table:
    """The revised indicator as known after ``known`` months: recent cells are not final."""
    figures = truth[:known].copy()
    recent = figures[-REVISED_AGE:]
    steps = np.nanmax(np.diff(truth, axis=0), axis=0, initial=1)
    open_cells = random.random(recent.shape) < REVISED_CELLS
    recent += np.where(open_cells, -np.ceil(random.random(recent.shape) * steps * 0.3), 0)
    figures[random.random(known) < 0.3, 10] = figures[random.random(known) < 0.3, 20] = np.nan
    return np.where(figures > 0, figures, np.nan)


def _shifted(table: Table, other: Table) -> Table:
    return np.roll(table[-1], 1)


ERRORS: list[Callable[[Table, Table], Table]] = [
    lambda table, other: table[-1] * 10,
    lambda table, other: np.where(np.arange(table.shape[1]) == 5, np.nan, table[-1]),
    _shifted,
    lambda table, other: table[-1] - table[-2],
    lambda table, other: np.where(np.arange(table.shape[1]) > 70, np.nan, table[-1]),
    lambda table, other: table[-1] + table[-2],
    lambda table, other: table[-2],
    lambda table, other: other[-1],
]
"""What is wrong with the newest month of a release, from its right figures and the other's."""


def write_releases(folder: Path, contract: Contract, seed: int = 2018) -> Path:
    """Dated folders of releases; ``labels.csv`` beside them says which months are wrong.

    Every new or changed month has a label: ``ok``, or ``MAJ`` for the newest month of the later
    releases, wrong in another way each time and put right by the next one.

    Returns:
        The file of labels.
    """
    random = np.random.default_rng(seed)
    codes = list(contract.territories.departments)
    # where an error drops one département, it must be one with figures from the start
    truth = {CAMPAIGNS: _campaigns(random, len(codes)), REVISED: _steady(random, len(codes))}
    truth[CAMPAIGNS][:, 5] = np.arange(20, 20 + 15 * MONTHS, 15)
    before: dict[tuple[str, int], Table] = {}
    labels = []
    for release, known in enumerate(range(EVERY, MONTHS + 1, EVERY)):
        day = (month_end(shift(FIRST, known - 1)) + dt.timedelta(days=20)).isoformat()
        tables = {
            CAMPAIGNS: truth[CAMPAIGNS][:known].copy(),
            REVISED: _as_released(truth[REVISED], known, random),
        }
        right = {name: table.copy() for name, table in tables.items()}
        if release >= FIRST_ERROR and known < MONTHS:
            for offset, (name, table) in enumerate(tables.items()):
                (other,) = (right[i] for i in right if i != name)
                kind = (release - FIRST_ERROR + offset * 2) % len(ERRORS)
                table[-1] = ERRORS[kind](right[name], other)
        for name, table in tables.items():
            for m, figures in enumerate(table):
                if not np.array_equal(before.get((name, m), np.nan), figures, equal_nan=True):
                    wrong = not np.array_equal(figures, right[name][m], equal_nan=True)
                    last = month_end(shift(FIRST, m)).isoformat()
                    labels.append((name, day, last, "MAJ" if wrong else "ok"))
                before[name, m] = figures
        path = folder / "releases" / day / f"indicateurs-{FILE_MARK}.csv"
        path.parent.mkdir(parents=True, exist_ok=True)
        _rows(tables, codes).to_csv(path, index=False)
    names = ["indicator", "delivered", "date", "label"]
    pd.DataFrame(labels, columns=names).to_csv(folder / "labels.csv", index=False)
    return folder / "labels.csv"


def _rows(tables: dict[str, Table], codes: list[str]) -> pd.DataFrame:
    parts = []
    for name, table in tables.items():
        months: list[Month] = [month_end(shift(FIRST, m)) for m in range(len(table))]
        frame = pd.DataFrame(table, index=pd.Index(months, name="date"), columns=codes)
        rows = frame.melt(ignore_index=False, var_name="code_departement", value_name="valeur")
        parts.append(rows.dropna().reset_index().assign(id_indicateur=name))
    every = pd.concat(parts)[["id_indicateur", "code_departement", "date", "valeur"]]
    return every.assign(valeur=every["valeur"].astype(int), unite="dossiers")
