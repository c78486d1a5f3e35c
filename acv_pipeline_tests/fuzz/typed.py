"""Cells that are more than their text: typed numbers, superscripts, bytes."""

from __future__ import annotations

import math
import random
from typing import Any

from acv_pipeline_tests.fuzz.books import Leaf, Raised, write_book, write_columns
from acv_pipeline_tests.fuzz.cases import Case, Draft, draft, only, without

RAISED = {"1": "¹", "2": "²", "3": "³", "12": "¹²"}


def saved(made: Draft, kind: str, **about: Any) -> Case:
    """The table as it is, in a workbook or in Parquet with typed figures."""
    lines, ending = made.sheet.lines(), made.layout.ending
    if ending == "parquet":
        at = made.sheet.places["value"]
        about["save"] = lambda path: write_columns(path, lines, {at: "double"})
    elif ending != "csv":
        about["save"] = lambda path: write_book(path, [Leaf("Feuil1", lines)], ending)
    return made.case(kind, **about)


def typed_decimal(dice: random.Random) -> Case:
    """A number with decimals, typed as a number: no count, whatever its digits."""
    made = draft(dice, "xlsx", "xls", "ods", "parquet", number="integer")
    size = len(made.keys)
    places = dice.sample(range(size), dice.randint(1, min(4, size)))
    fractions = (0.375, 0.5, 0.9, 0.234, 0.001, 0.25, 0.999)
    cells = {place: dice.randint(1, 999) + dice.choice(fractions) for place in places}
    left = without(made.figures, [made.keys[place] for place in places])
    made = made.replaced("value", cells)
    note = f"{list(cells.values())} in {made.layout.ending}"
    return saved(made, "typed decimal", expected=left, harmless=bool(left), note=note)


def noise_of_binary_numbers(dice: random.Random) -> Case:
    """``56.99999999999999``: what binary arithmetic leaves of a whole number."""
    made = draft(dice, "csv", "xlsx", "xls", "ods", "parquet", number="integer", least=2)
    values = list(made.figures.values())
    noisy: dict[int, Any] = {}
    for place in dice.sample(range(len(values)), dice.randint(1, len(values))):
        found = float(values[place])
        towards = dice.choice((0.0, math.inf))
        for _ in range(dice.randint(1, 3)):
            found = math.nextafter(found, towards)
        noisy[place] = found if made.layout.ending != "csv" else repr(found)
    made = made.replaced("value", noisy)
    note = f"{list(noisy.values())[:3]} in {made.layout.ending}"
    return saved(made, "noise of binary numbers", harmless=True, note=note)


def superscript(dice: random.Random) -> Case:
    """The number of a footnote on a figure or a code is no digit of it."""
    number = dice.choice(("plain", "spaces"))
    made = draft(dice, number=number, code=dice.choice(("official", "name")))
    meaning = dice.choice(("value", "value", "code", "month"))
    if meaning == "month":
        made = draft(dice, month=dice.choice(("words", "short", "end", "french")))
    ending = made.layout.ending
    at = made.sheet.places[meaning]
    cells: dict[int, Any] = {}
    for place in dice.sample(range(len(made.keys)), dice.randint(1, 3)):
        mark, text = dice.choice(sorted(RAISED)), str(made.sheet.rows[place][at])
        cells[place] = text + RAISED[mark] if ending == "csv" else Raised(text, mark)
    note = f"{meaning} {list(cells.values())} in {ending}"
    touched = [made.keys[place] for place in cells]
    made = made.replaced(meaning, cells)
    if meaning == "value":
        return saved(made, "superscript", harmless=True, note=note)
    return saved(
        made, "superscript", expected=without(made.figures, touched),
        allowed=only(made.figures, touched), note=note,
    )  # fmt: skip


def texts_as_bytes(dice: random.Random) -> Case:
    """Parquet whose columns of text are bytes."""
    made = draft(dice, "parquet", month=dice.choice(("end", "words", "french")), number="plain")
    lines = made.sheet.lines()
    kinds = {place: "blob" for place in range(len(lines[0])) if dice.random() < 0.8}
    return made.case(
        "texts as bytes", harmless=True, note=str(sorted(kinds)),
        save=lambda path: write_columns(path, lines, kinds),
    )  # fmt: skip


def nul_in_a_cell(dice: random.Random) -> Case:
    """A NUL byte costs its row and nothing else."""
    made = draft(
        dice, "csv", encoding=dice.choice(("utf-8", "utf-8-sig", "cp1252")), number="plain"
    )
    place = dice.randrange(len(made.keys))
    meaning = dice.choice(sorted(made.sheet.places))
    text = str(made.sheet.rows[place][made.sheet.places[meaning]])
    cell = dice.choice((f"{text}\0", f"{text}\0\0", f"\0{text}", f"{text[:1]}\0{text[1:]}"))
    touched = [made.keys[place]]
    made = made.replaced(meaning, {place: cell})
    return made.case(
        "nul in a cell", expected=without(made.figures, touched),
        allowed=only(made.figures, touched), harmless=True, note=repr(cell),
    )  # fmt: skip


TYPED = (typed_decimal, noise_of_binary_numbers, superscript, texts_as_bytes, nul_in_a_cell)
