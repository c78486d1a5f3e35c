"""From a seed to a file, and to what came of it."""

from __future__ import annotations

import multiprocessing
import random
import tempfile
import traceback
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from acv_pipeline_tests.deliveries import ACV
from acv_pipeline_tests.fuzz.bytewise import damaged_bytes, judge_bytes
from acv_pipeline_tests.fuzz.cases import Case, contract, random_figures, random_layout
from acv_pipeline_tests.fuzz.cells import CELL_DAMAGE, Damage
from acv_pipeline_tests.fuzz.clocks import CLOCKS
from acv_pipeline_tests.fuzz.dates import DATES
from acv_pipeline_tests.fuzz.headings import HEADINGS
from acv_pipeline_tests.fuzz.leaves import LEAVES
from acv_pipeline_tests.fuzz.oracle import judge, read_checked
from acv_pipeline_tests.fuzz.parts import PARTS
from acv_pipeline_tests.fuzz.typed import TYPED
from acv_pipeline_tests.tidying.layouts import sheet_of, write

Change = Callable[[random.Random], Case]


def damaged(damage: Damage, dice: random.Random) -> Case:
    """A table of any layout that the damage applies to, damaged."""
    while True:
        layout, figures = random_layout(dice), random_figures(dice)
        case = damage(dice, sheet_of(figures, layout, contract(), ACV), figures, layout)
        if case is not None:
            return case


CHANGES: dict[str, Change] = {
    damage.__name__.replace("_", " "): partial(damaged, damage) for damage in CELL_DAMAGE
} | {
    change.__name__.replace("_", " "): change
    for change in (*DATES, *CLOCKS, *HEADINGS, *TYPED, *PARTS, *LEAVES)
}
"""Every kind of change of a table, by its name."""

NAMES = tuple(CHANGES)
BYTES_EVERY = 3  # so many seeds, one file is damaged in its bytes


def run_case(seed: int, folder: Path) -> str:
    """Make and read one changed file; what came of it. All kinds take turns.

    Raises:
        AssertionError: the reading broke a promise.
    """
    turn, place = divmod(seed, BYTES_EVERY)
    if place:
        return run_change(NAMES[((BYTES_EVERY - 1) * turn + place - 1) % len(NAMES)], seed, folder)
    dice = random.Random(seed)
    layout, figures = random_layout(dice), random_figures(dice)
    lines = sheet_of(figures, layout, contract(), ACV).lines()
    path = write(folder / "acv", lines, layout)
    before = read_checked(path)
    name, content = damaged_bytes(dice, path.read_bytes())
    path.write_bytes(content)
    return judge_bytes(name, before, path)


def run_change(name: str, seed: int, folder: Path) -> str:
    """Make and read a file changed in a given way; what came of it.

    Raises:
        AssertionError: the reading broke a promise.
    """
    case = CHANGES[name](random.Random(seed))
    return judge(case, case.write(folder))


def run_seed(seed: int, name: str | None = None) -> tuple[int, str, str | None]:
    """The outcome of one seed, and the failure if there is one; of the kind ``name``, if given."""
    with tempfile.TemporaryDirectory(prefix="acv-fuzz-") as folder:
        try:
            if name:
                return seed, run_change(name, seed, Path(folder)), None
            return seed, run_case(seed, Path(folder)), None
        except Exception:  # whatever else is raised is the finding
            return seed, "broken", traceback.format_exc(limit=-6)


def run(
    first: int, count: int, jobs: int, name: str | None = None
) -> Iterator[tuple[int, str, str | None]]:
    """The outcomes of ``count`` seeds, on ``jobs`` processes; of one kind, if given."""
    seeds = range(first, first + count)
    if jobs < 2:
        yield from (run_seed(seed, name) for seed in seeds)
        return
    with multiprocessing.get_context("spawn").Pool(jobs) as pool:
        yield from pool.imap_unordered(partial(run_seed, name=name), seeds, chunksize=25)
