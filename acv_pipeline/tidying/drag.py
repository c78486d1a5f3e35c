"""Dates that rise row by row because a cell was dragged down instead of copied."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

DAYS_RUN = 3  # first and last days of months never rise by one day twice in a row
MONTHS_RUN = 8  # rising months may be a history; over that many different territories they are not


def dragged(
    days: npt.NDArray[np.datetime64], territories: npt.NDArray[np.intp]
) -> npt.NDArray[np.bool_]:
    """Which rows belong to a run of dates that rises by one day, month or year per row.

    Args:
        days: the date of each row (``NaT`` where there is none), ``datetime64[D]``.
        territories: a number for what each row is about; a rise by months counts only where it
            changes.
    """
    months = days.astype("datetime64[M]").astype(np.int64)
    known = ~np.isnat(days)
    both = known[1:] & known[:-1]
    steps = both & (np.diff(days.astype(np.int64)) == 1)
    runs = _runs(steps, DAYS_RUN)
    moved = both & (territories[1:] != territories[:-1])
    for size in (1, 12):
        runs |= _runs(moved & (np.diff(months) == size), MONTHS_RUN)
    return runs


def _runs(steps: npt.NDArray[np.bool_], least: int) -> npt.NDArray[np.bool_]:
    """The rows of every unbroken run of ``steps`` that covers at least ``least`` rows."""
    found = np.zeros(len(steps) + 1, dtype=bool)
    edges = np.flatnonzero(np.diff(np.concatenate(([0], steps.view(np.int8), [0]))))
    for start, end in zip(edges[::2], edges[1::2], strict=True):
        if end - start + 1 >= least:
            found[start : end + 1] = True
    return found
