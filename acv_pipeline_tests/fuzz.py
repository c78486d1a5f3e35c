"""Damaged deliveries by the thousand: ``python -m acv_pipeline_tests.fuzz --count 20000``.

Every file is a true table in a random layout, damaged in one way. Whatever the damage, reading
either refuses the delivery or accounts for every row, never raises anything else, and never gives
a figure that the file doesn't say. Where the damage can be seen in the file, the rows it touches
are never figures with another value than the true one, and the others read back as they were.

Here: kinds of damage, the oracle, the command. Not here: layouts (``tidying.layouts``).
"""

from __future__ import annotations

import argparse
import multiprocessing
import random
import sys
import tempfile
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path

import pandas as pd

from acv_pipeline.contract import Contract, Month, load_contract
from acv_pipeline.contract.months import month_range, shift
from acv_pipeline.tidying import DeliveryRefused, TidyDelivery, read_delivery
from acv_pipeline_tests.deliveries import ACV
from acv_pipeline_tests.reading.files import Cell
from acv_pipeline_tests.tidying.layouts import (
    CHOICES,
    Figures,
    Layout,
    Row,
    Sheet,
    is_a_stock_on_a_first_day,
    sheet_of,
    write,
)
from acv_pipeline_tests.tidying.outcomes import check

WORKBOOK_SHARE = 0.08  # each starts a process of its own
Key = tuple[str, Month]
Said = tuple[str, str, int]


@dataclass
class Case:
    """A damaged file and what may be read from it.

    Attributes:
        name: the kind of damage.
        layout: how the file looks.
        lines: the cells, where the damage is one of cells.
        expected: what must read back, unless the delivery is refused.
        allowed: what may read back besides.
        refused: whether the delivery must be refused.
    """

    name: str
    layout: Layout
    lines: list[Row]
    expected: Figures
    allowed: Figures = field(default_factory=dict)
    refused: bool = False


Damage = Callable[[random.Random, Sheet, Figures, Layout], Case | None]


@cache
def contract() -> Contract:
    return load_contract()


def random_layout(dice: random.Random) -> Layout:
    choice = {name: dice.choice(options) for name, options in CHOICES.items()}
    if choice["ending"] != "csv" and dice.random() > WORKBOOK_SHARE * 2:
        choice["ending"] = "csv"
    layout = Layout(**choice)  # type: ignore[arg-type]
    # of two possible months nothing is read: a damage of its own
    return replace(layout, month="end") if is_a_stock_on_a_first_day(layout) else layout


def random_figures(dice: random.Random) -> Figures:
    codes = dice.sample(contract().panel(ACV), dice.randint(3, 20))
    first = shift(contract().first_month, dice.randint(2, 40))
    months = list(month_range(first, shift(first, dice.choice((0, 0, 1, 3)))))
    return {
        (code, month): dice.choice((0, 7, 353, 1234, 98_765)) + dice.randint(0, 900)
        for code in codes
        for month in months
    }


def replaced(sheet: Sheet, position: int, meaning: str, cell: Cell) -> list[Row]:
    """All lines, with one cell of one record replaced."""
    rows = [list(row) for row in sheet.rows]
    rows[position][sheet.places[meaning]] = cell
    return [*sheet.above, sheet.header, *rows, *sheet.below]


def keys_of(sheet: Sheet, figures: Figures, position: int) -> list[Key]:
    """The keys whose figures stand in a record's line; the first column's of several months."""
    if len(sheet.rows) == len(figures):
        return [list(figures)[position]]
    code = list(dict.fromkeys(code for code, _ in figures))[position]
    return [key for key in sorted(figures, key=lambda key: key[1]) if key[0] == code]


def without(figures: Figures, keys: list[Key]) -> Figures:
    return {key: value for key, value in figures.items() if key not in keys}


WRONG_VALUES = [
    "",
    "nd",
    "NC",
    "s",
    "a_remplir",
    "null",
    "undefined",
    "-",
    "#REF!",
    "12,5",
    "12.50",
]
WRONG_VALUES += [
    "-3",
    "1e3",
    "0x10",
    "1_000",
    "1 23",
    "12 34 567",
    "12O",
    "(5)",
    "5 %",
    "~7",
    "12a",
]
WRONG_VALUES += [
    "1,2,3",
    "1.2.3",
    "12 345 678 901",
    "٣",
    "１２",
    "007",
    "=A1",
    "+-1",
    "1 234 euros",
]
WRONG_CODES = [
    "99",
    "ZZ",
    "",
    "975",
    "988",
    "20",
    "2C",
    "100",
    "Atlantide",
    "0",
    "01053",
    "D",
    "FR-",
]
WRONG_MONTHS = [
    "2023-06-31",
    "31/02/2021",
    "indefini",
    "2021-13",
    "mois",
    "",
    "2021-03-17",
    "99/99/9999",
]
WRONG_MONTHS += ["17 mars 2021", "T5 2021", "20210332", "0", "1", "2021"]


def wrong_value(dice: random.Random, sheet: Sheet, figures: Figures, layout: Layout) -> Case:
    position = dice.randrange(len(sheet.rows))
    keys = keys_of(sheet, figures, position)[:1]
    cell = dice.choice(WRONG_VALUES)
    lines = replaced(sheet, position, "value", cell)
    return Case("wrong value", layout, lines, without(figures, keys))


def wrong_code(dice: random.Random, sheet: Sheet, figures: Figures, layout: Layout) -> Case:
    position = dice.randrange(len(sheet.rows))
    lines = replaced(sheet, position, "code", dice.choice(WRONG_CODES))
    lost = keys_of(sheet, figures, position)
    # a name beside a blank code still tells which département it is
    named = {key: figures[key] for key in lost} if "name" in sheet.places else {}
    return Case("wrong code", layout, lines, without(figures, lost), named)


def wrong_month(dice: random.Random, sheet: Sheet, figures: Figures, layout: Layout) -> Case | None:
    if "month" not in sheet.places:
        return None
    position = dice.randrange(len(sheet.rows))
    lines = replaced(sheet, position, "month", dice.choice(WRONG_MONTHS))
    return Case("wrong month", layout, lines, without(figures, keys_of(sheet, figures, position)))


def code_against_name(
    dice: random.Random, sheet: Sheet, figures: Figures, layout: Layout
) -> Case | None:
    if "name" not in sheet.places or len(sheet.rows) < 2:
        return None
    position, other = dice.sample(range(len(sheet.rows)), 2)
    mine, theirs = keys_of(sheet, figures, position), keys_of(sheet, figures, other)
    if mine[0][0] == theirs[0][0]:
        return None
    cell = sheet.rows[other][sheet.places["code"]]
    lines = replaced(sheet, position, "code", cell)
    return Case("code against name", layout, lines, without(figures, mine))


def repeated_line(dice: random.Random, sheet: Sheet, figures: Figures, layout: Layout) -> Case:
    rows = [*sheet.rows, dice.choice(sheet.rows)]
    lines = [*sheet.above, sheet.header, *rows, *sheet.below]
    return Case("repeated line", layout, lines, figures)


def conflicting_line(dice: random.Random, sheet: Sheet, figures: Figures, layout: Layout) -> Case:
    position = dice.randrange(len(sheet.rows))
    keys = keys_of(sheet, figures, position)[:1]
    again = list(sheet.rows[position])
    again[sheet.places["value"]] = (
        figures[keys[0]] + 1 if layout.number == "integer" else str(figures[keys[0]] + 1)
    )
    lines = [*sheet.above, sheet.header, *sheet.rows, again, *sheet.below]
    return Case("conflicting line", layout, lines, without(figures, keys))


def lost_line(dice: random.Random, sheet: Sheet, figures: Figures, layout: Layout) -> Case | None:
    if len(sheet.rows) < 2:
        return None
    position = dice.randrange(len(sheet.rows))
    rows = [row for place, row in enumerate(sheet.rows) if place != position]
    lines = [*sheet.above, sheet.header, *rows, *sheet.below]
    return Case("lost line", layout, lines, without(figures, keys_of(sheet, figures, position)))


def foreign_line(dice: random.Random, sheet: Sheet, figures: Figures, layout: Layout) -> Case:
    """Lines that are no records, anywhere below the header."""
    width = len(sheet.header)
    blank: Row = [None] * width
    note: Row = ["Source : service des études", *blank[1:]]
    total = list(blank)
    total[sheet.places["code"]] = "Sous-total"
    total[sheet.places["value"]] = 12 if layout.number == "integer" else "12"
    choices = [blank, total] if layout.ending == "parquet" else [blank, note, total, sheet.header]
    rows = list(sheet.rows)
    rows.insert(dice.randint(0, len(rows)), dice.choice(choices))
    lines = [*sheet.above, sheet.header, *rows, *sheet.below]
    return Case("foreign line", layout, lines, figures)


def other_column_order(dice: random.Random, sheet: Sheet, figures: Figures, layout: Layout) -> Case:
    order = list(range(len(sheet.header)))
    dice.shuffle(order)
    body = [[row[place] for place in order] for row in [sheet.header, *sheet.rows, *sheet.below]]
    return Case("other column order", layout, [*sheet.above, *body], figures)


def other_row_order(dice: random.Random, sheet: Sheet, figures: Figures, layout: Layout) -> Case:
    rows = dice.sample(sheet.rows, len(sheet.rows))
    return Case(
        "other row order", layout, [*sheet.above, sheet.header, *rows, *sheet.below], figures
    )


def further_column(dice: random.Random, sheet: Sheet, figures: Figures, layout: Layout) -> Case:
    place = dice.randint(0, len(sheet.header))
    name = dice.choice(("Ville", "Contact", "Commentaires", "Objectif"))
    body = [sheet.header, *sheet.rows, *sheet.below]
    lines = [[*row[:place], name if at == 0 else "x", *row[place:]] for at, row in enumerate(body)]
    return Case("further column", layout, [*sheet.above, *lines], figures)


def unknown_header(dice: random.Random, sheet: Sheet, figures: Figures, layout: Layout) -> Case:
    meaning = "code" if "name" not in sheet.places else "value"
    if layout.months == "wide" and meaning == "value":
        return further_column(dice, sheet, figures, layout)
    header = list(sheet.header)
    header[sheet.places[meaning]] = "xyz"
    lines = [*sheet.above, header, *sheet.rows, *sheet.below]
    return Case("unknown header", layout, lines, {}, refused=True)


def rival_column(dice: random.Random, sheet: Sheet, figures: Figures, layout: Layout) -> Case:
    """A second value column that says something else."""
    body = [[*sheet.header, "valeur"], *([*row, "5"] for row in sheet.rows)]
    return Case("rival column", layout, [*sheet.above, *body], {}, refused=True)


CELL_DAMAGE: list[Damage] = [
    wrong_value,
    wrong_code,
    wrong_month,
    code_against_name,
    repeated_line,
    conflicting_line,
    lost_line,
    foreign_line,
    other_column_order,
    other_row_order,
    further_column,
    unknown_header,
    rival_column,
]


def damaged_bytes(dice: random.Random, content: bytes) -> tuple[str, bytes]:
    """One change of the bytes."""
    at = dice.randrange(len(content))
    until = min(len(content), at + dice.randint(1, 60))
    changes: dict[str, bytes] = {
        "byte changed": content[:at] + bytes([dice.randrange(256)]) + content[at + 1 :],
        "bit flipped": content[:at]
        + bytes([content[at] ^ 1 << dice.randrange(8)])
        + content[at + 1 :],
        "byte lost": content[:at] + content[at + 1 :],
        "byte added": content[:at] + bytes([dice.randrange(256)]) + content[at:],
        "cut short": content[:at],
        "piece lost": content[:at] + content[until:],
        "piece twice": content[:until] + content[at:],
        "sign added": content[:at]
        + dice.choice((b'"', b";", b"\n", b",", b"\r", b"\t", b"\0"))
        + content[at:],
        "joined": content + content[at:],
    }
    name = dice.choice(sorted(changes))
    return name, changes[name]


def run_case(seed: int, folder: Path) -> str:
    """Make and read one damaged file; what came of it.

    Raises:
        AssertionError: the reading broke a promise.
    """
    dice = random.Random(seed)
    layout, figures = random_layout(dice), random_figures(dice)
    sheet = sheet_of(figures, layout, contract(), ACV)
    path = folder / "acv"
    if dice.random() < 0.5:
        case = None
        while case is None:
            case = dice.choice(CELL_DAMAGE)(dice, sheet, figures, layout)
        path = write(path, case.lines, layout)
        return judge_cells(case, path)
    path = write(path, sheet.lines(), layout)
    before = read_checked(path)
    name, content = damaged_bytes(dice, path.read_bytes())
    path.write_bytes(content)
    return judge_bytes(name, before, path)


def read_checked(path: Path) -> TidyDelivery:
    delivery = read_delivery(path, contract().sources["anah"], contract())
    check(delivery)
    return delivery


def figures_by_cells(delivery: TidyDelivery) -> dict[tuple[str, ...], set[Said]]:
    """The figures of an undamaged file, by the cells of their record."""
    found: dict[tuple[str, ...], set[Said]] = {}
    for row in figures_of(delivery):
        found.setdefault(_cells(row), set()).add(_said(row))
    return found


def figures_of(delivery: TidyDelivery) -> list[dict[str, object]]:
    records = delivery.records
    return records[records["fate"] == "figure"].to_dict("records")


def _cells(row: dict[str, object]) -> tuple[str, ...]:
    return tuple(str(text).strip() for text in row["cells"])  # type: ignore[attr-defined]


def _said(row: dict[str, object]) -> Said:
    return str(row["territory_code"]), str(row["month"])[:7], int(str(row["value"]))


def judge_cells(case: Case, path: Path) -> str:
    try:
        delivery = read_checked(path)
    except DeliveryRefused as refusal:
        assert path.name in refusal.reason, refusal.reason
        harmless = case.name in HARMLESS
        assert not harmless, f"{case.name} refused: {refusal.reason}"
        return f"{case.name}: refused"
    assert not case.refused, f"{case.name} was accepted"
    read = {
        (str(row["territory_code"]), pd.Timestamp(str(row["month"])).date()): row["value"]
        for row in figures_of(delivery)
    }
    wrong = {
        key: value
        for key, value in read.items()
        if (case.expected | case.allowed).get(key) != value
    }
    missing = {key: value for key, value in case.expected.items() if key not in read}
    assert not wrong, f"{case.name}: read {wrong}"
    assert not missing, f"{case.name}: missing {missing}"
    check_conserved(delivery, case)
    return f"{case.name}: read"


HARMLESS = {
    "repeated line",
    "foreign line",
    "other column order",
    "other row order",
    "further column",
    "code against name",
    "wrong code",
}


def check_conserved(delivery: TidyDelivery, case: Case) -> None:
    """Every line below the header has its records, blank ones at the end excepted."""
    lines = [any(cell not in (None, "") for cell in line) for line in case.lines]
    last = max(place for place, filled in enumerate(lines) if filled)
    expected = set(range(_header(case) + 2, last + 2))
    assert set(delivery.records["sheet_row"]) == expected, f"{case.name}: lines lost"


def _header(case: Case) -> int:
    """The position of the header: the first line after the titles."""
    return next(place for place, line in enumerate(case.lines) if len(line) > 1)


def judge_bytes(name: str, before: TidyDelivery, path: Path) -> str:
    """Rows whose cells are untouched say what they said; others only what their cells say.

    Months that stand in a header are as good as the header: a digit changed there is a month.
    """
    try:
        delivery = read_checked(path)
    except DeliveryRefused as refusal:
        assert path.name in refusal.reason, refusal.reason
        return f"{name}: refused"
    rows = delivery.records["sheet_row"]
    assert set(rows) == set(range(rows.min(), rows.max() + 1)), f"{name}: lines lost"
    originals = figures_by_cells(before)
    same_header = delivery.header == before.header
    for row in figures_of(delivery):
        cells, (territory, month, value) = _cells(row), _said(row)
        months = {said[1] for said in originals.get(cells, ())} if same_header else {month}
        if cells in originals:
            known = {(said[0], m, said[2]) for said in originals[cells] for m in months}
            assert (territory, month, value) in known, f"{name}: {cells} read as {_said(row)}"
        else:
            assert _written(value, cells), f"{name}: {cells} read as {_said(row)}"
    return f"{name}: read"


def _written(value: int, cells: tuple[str, ...]) -> bool:
    """Whether one of the cells says ``value`` when its separators are taken away."""
    spellings = {str(value), f"{value}0", f"{value}00"}
    digits = ("".join(c for c in cell if c in "0123456789") for cell in cells)
    return any(found in spellings for found in digits)


def run_seed(seed: int) -> tuple[int, str, str | None]:
    """The outcome of one seed, and the failure if there is one."""
    with tempfile.TemporaryDirectory(prefix="acv-fuzz-") as folder:
        try:
            return seed, run_case(seed, Path(folder)), None
        except Exception:  # whatever else is raised is the finding
            return seed, "broken", traceback.format_exc(limit=-6)


def run(first: int, count: int, jobs: int) -> Iterator[tuple[int, str, str | None]]:
    """The outcomes of ``count`` seeds, on ``jobs`` processes."""
    seeds = range(first, first + count)
    if jobs < 2:
        yield from map(run_seed, seeds)
        return
    with multiprocessing.get_context("spawn").Pool(jobs) as pool:
        yield from pool.imap_unordered(run_seed, seeds, chunksize=25)


def main() -> int:
    parser = argparse.ArgumentParser(description="Read damaged deliveries by the thousand.")
    parser.add_argument("--count", type=int, default=20_000, help="how many files")
    parser.add_argument("--seed", type=int, default=0, help="the first seed")
    parser.add_argument("--jobs", type=int, default=multiprocessing.cpu_count())
    options = parser.parse_args()
    outcomes: Counter[str] = Counter()
    failures = []
    for done, (seed, outcome, failure) in enumerate(
        run(options.seed, options.count, options.jobs), start=1
    ):
        outcomes[outcome] += 1
        if failure:
            failures.append(seed)
            print(f"seed {seed}\n{failure}")
        if done % 1000 == 0:
            print(f"{done:,} of {options.count:,} files, {len(failures)} broken", flush=True)
    for outcome, times in sorted(outcomes.items()):
        print(f"{times:7,}  {outcome}")
    if failures:
        print(f"{len(failures)} broken; repeat one with --seed {failures[0]} --count 1 --jobs 1")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
