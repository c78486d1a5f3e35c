"""Damage of single cells, lines and columns, in any layout."""

from __future__ import annotations

import random
from collections.abc import Callable

from acv_pipeline_tests.fuzz.cases import Case, Key, without
from acv_pipeline_tests.reading.files import Cell
from acv_pipeline_tests.tidying.layouts import Figures, Layout, Row, Sheet

Damage = Callable[[random.Random, Sheet, Figures, Layout], Case | None]


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
    return Case("wrong code", layout, lines, without(figures, lost), named, harmless=True)


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
    return Case("code against name", layout, lines, without(figures, mine), harmless=True)


def repeated_line(dice: random.Random, sheet: Sheet, figures: Figures, layout: Layout) -> Case:
    rows = [*sheet.rows, dice.choice(sheet.rows)]
    lines = [*sheet.above, sheet.header, *rows, *sheet.below]
    return Case("repeated line", layout, lines, figures, harmless=True)


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
    return Case("foreign line", layout, lines, figures, harmless=True)


def other_column_order(dice: random.Random, sheet: Sheet, figures: Figures, layout: Layout) -> Case:
    order = list(range(len(sheet.header)))
    dice.shuffle(order)
    body = [[row[place] for place in order] for row in [sheet.header, *sheet.rows, *sheet.below]]
    return Case("other column order", layout, [*sheet.above, *body], figures, harmless=True)


def other_row_order(dice: random.Random, sheet: Sheet, figures: Figures, layout: Layout) -> Case:
    rows = dice.sample(sheet.rows, len(sheet.rows))
    return Case(
        "other row order",
        layout,
        [*sheet.above, sheet.header, *rows, *sheet.below],
        figures,
        harmless=True,
    )


def further_column(dice: random.Random, sheet: Sheet, figures: Figures, layout: Layout) -> Case:
    place = dice.randint(0, len(sheet.header))
    name = dice.choice(("Ville", "Contact", "Commentaires", "Objectif"))
    body = [sheet.header, *sheet.rows, *sheet.below]
    lines = [[*row[:place], name if at == 0 else "x", *row[place:]] for at, row in enumerate(body)]
    return Case("further column", layout, [*sheet.above, *lines], figures, harmless=True)


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
