"""Headers of two lines, columns without names, marks beside names."""

from __future__ import annotations

import random
from typing import Any

from acv_pipeline_tests.fuzz.books import Leaf, Merged, Raised, write_book
from acv_pipeline_tests.fuzz.cases import Case, Draft, contract, draft, split
from acv_pipeline_tests.fuzz.parts import BENEFICIARIES, WHOLES
from acv_pipeline_tests.tidying.layouts import Row, number_text

BLOCKS = ("Nombre de logements", "Nb logements (cumul)", "Logements cumulés", "Cumul")


def two_lines(
    dice: random.Random,
    made: Draft,
    top: Row,
    bottom: Row,
    spans: list[tuple[int, int]],
    rows: list[Row],
    kind: str,
    **about: Any,
) -> Case:
    """A table below two header lines, the spans of the first merged in workbooks."""
    above = made.sheet.above
    lines = [*above, top, bottom, *rows]
    ending = made.layout.ending
    if ending in ("xlsx", "xls", "ods") and dice.random() < 0.7:
        merged: tuple[Merged, ...] = tuple((len(above), a, b) for a, b in spans if b > a)
        about["save"] = lambda path: write_book(
            path, [Leaf("Feuil1", lines, merged=merged)], ending
        )
    return made.case(kind, lines, first=len(above) + 2, **about)


Heading = tuple[Row, Row, list[tuple[int, int]], list[Row]]
"""Two header lines, the columns that names of the first span, and the rows."""


def block(dice: random.Random, made: Draft, names: list[str], columns: list[list[Any]]) -> Heading:
    """The two header lines and rows of a table whose figures stand in a block of columns."""
    sheet, at = made.sheet, made.sheet.places["value"]
    top = [*sheet.header[:at], dice.choice(BLOCKS), *[None] * (len(names) - 1)]
    bottom: Row = [*[None] * at, *names]
    repeated = dice.random() < 0.2
    if repeated:  # names that span both lines
        bottom[:at] = sheet.header[:at]
    cells = zip(*columns, strict=True)
    rows: list[Row] = [[*row[:at], *of] for row, of in zip(sheet.rows, cells, strict=True)]
    return top, bottom, [(at, at + len(names) - 1)], rows


def block_with_a_total(dice: random.Random) -> Case:
    """``PO; PB; Total`` below one name: the total is the figure."""
    made = draft(dice, number="integer")
    parts = dice.sample(BENEFICIARIES, dice.randint(2, 3))
    values = list(made.figures.values())
    shares = [split(dice, value, len(parts)) for value in values]
    columns: list[list[Any]] = [[share[at] for share in shares] for at in range(len(parts))]
    names = list(parts)
    place = dice.randint(0, len(parts))
    names.insert(place, dice.choice(WHOLES))
    columns.insert(place, list(values))
    header = block(dice, made, names, columns)
    return two_lines(dice, made, *header, "block with a total", harmless=True, note=f"{header[:2]}")


def block_without_a_total(dice: random.Random) -> Case:
    """``PO; PB`` below one name: nothing but their sum is the figure."""
    made = draft(dice, number="integer", least=50)
    names = dice.sample(BENEFICIARIES, dice.randint(2, 3))
    values = list(made.figures.values())
    shares = [split(dice, value, len(names)) for value in values]
    columns = [[share[at] for share in shares] for at in range(len(names))]
    header = block(dice, made, names, columns)
    return two_lines(
        dice, made, *header, "block without a total", expected={}, allowed=made.figures,
        note=f"{header[:2]}",
    )  # fmt: skip


def parts_beside_a_total(dice: random.Random) -> Case:
    """Columns of parts in a header of one line, with the total or without."""
    made = draft(dice, number="integer", least=50)
    parts = dice.sample(BENEFICIARIES, dice.randint(2, 3))
    values = list(made.figures.values())
    shares = [split(dice, value, len(parts)) for value in values]
    has_total = dice.random() < 0.6
    prefix = dice.choice(("", "Logements ", "dont ", "Nb logements ") if has_total else ("", ""))
    at = made.sheet.places["value"]
    if not has_total:
        made = made.without_column("value")
    for place, part in enumerate(parts):
        after = at + (has_total and dice.random() < 0.5)
        made = made.with_column(after, f"{prefix}{part}", [share[place] for share in shares])
    note = str(made.sheet.header)
    if has_total:
        return made.case("parts beside a total", harmless=True, note=note)
    return made.case("parts beside a total", expected={}, refused=True, note=note)


def unit_below_a_name(dice: random.Random) -> Case:
    """A second header line of units and remarks."""
    made = draft(dice)
    sheet = made.sheet
    bottom: Row = [None] * len(sheet.header)
    unit = dice.choice(("(en logements)", "en nombre", "logements", "(cumul)", "(1)", "nombre"))
    bottom[sheet.places["value"]] = unit
    return two_lines(
        dice, made, sheet.header, bottom, [], sheet.rows, "unit below a name", harmless=True,
        note=unit,
    )  # fmt: skip


def months_in_two_lines(dice: random.Random) -> Case:
    """The year above its months, or one name above all months."""
    made = draft(dice, months="wide", count=dice.choice((2, 4)))
    sheet, at = made.sheet, made.sheet.places["value"]
    words = contract().month_words
    top: Row = list(sheet.header[:at])
    bottom: Row = [None] * at
    if dice.random() < 0.5:
        years = [month.year for month in made.months]
        top += [y if i == 0 or years[i - 1] != y else None for i, y in enumerate(years)]
        bottom += [words[month.month][0] for month in made.months]
    else:
        top += [dice.choice(BLOCKS), *[None] * (len(made.months) - 1)]
        bottom += [f"{words[month.month][0]} {month.year}" for month in made.months]
    starts = [place for place in range(at, len(top)) if top[place] is not None]
    spans = list(zip(starts, [*(s - 1 for s in starts[1:]), len(top) - 1], strict=True))
    return two_lines(
        dice, made, top, bottom, spans, sheet.rows, "months in two lines", harmless=True,
        note=f"{top} {bottom}",
    )  # fmt: skip


def blocks_of_months(dice: random.Random) -> Case:
    """Two months, each above its parts and total."""
    made = draft(dice, months="wide", count=2, number="integer")
    sheet, at = made.sheet, made.sheet.places["value"]
    words = contract().month_words
    names = [*dice.sample(BENEFICIARIES, 2), dice.choice(WHOLES)]
    dice.shuffle(names)
    whole = next(place for place, name in enumerate(names) if name in WHOLES)
    top: Row = list(sheet.header[:at])
    for month in made.months:
        top += [f"{words[month.month][0]} {month.year}", None, None]
    bottom: Row = [*[None] * at, *names, *names]
    rows = []
    for row in sheet.rows:
        cells: Row = []
        for value in row[at:]:
            shares: Row = list(split(dice, int(str(value)), 2))
            shares.insert(whole, value)
            cells += shares
        rows.append([*row[:at], *cells])
    return two_lines(
        dice, made, top, bottom, [(at, at + 2), (at + 3, at + 5)], rows, "blocks of months",
        note=f"{top} {bottom}",
    )  # fmt: skip


def unnamed_column(dice: random.Random) -> Case:
    """A column without a name: rows' numbers, codes or words, or what could be the figures."""
    made = draft(dice, count=1, number="integer", least=20, code=dice.choice(("official", "bare")))
    values = list(made.figures.values())
    rows = range(1, len(values) + 1)
    harmless: dict[str, list[Any]] = {
        "row numbers": list(rows),
        "row numbers from 0": [row - 1 for row in rows],
        "codes": [code for code, _ in made.keys],
        "longer codes": [code.zfill(3) for code, _ in made.keys],
        "words": [dice.choice(("ok", "vérifié", "à voir")) for _ in rows],
        "the figures again": list(values),
    }
    others: dict[str, list[Any]] = {
        "near figures": [value + dice.randint(1, 9) for value in values],
        "later figures": [value + dice.randint(0, value) for value in values],
        "most of the figures": [v - 1 if i % 4 else None for i, v in enumerate(values)],
        "padded figures": [str(dice.randint(1, 99)).zfill(3) for _ in values],
    }
    content = dice.choice((*harmless, *others))
    place = dice.choice((0, len(made.sheet.header)))
    unnamed = "Unnamed: 0" if place == 0 else f"Unnamed: {place}"
    counts_rows = content.startswith("row numbers") and place
    name = dice.choice((None, None, " ") if counts_rows else (None, None, " ", unnamed))
    made = made.with_column(place, name, (harmless | others)[content])
    if content in harmless:
        return made.case("unnamed column", harmless=True, note=f"{content} at {place}, {name!r}")
    return made.case("unnamed column", expected={}, refused=True, note=f"{content}, {name!r}")


def column_of_an_unknown_name(dice: random.Random) -> Case:
    """Other figures beside those that are read, or figures of something else."""
    made = draft(dice, count=1, least=20)
    harmless = dice.random() < 0.5
    names = (
        ("Population", "Nb dossiers", "Objectif 2025", "Taux de réalisation (%)", "Montant (€)")
        if harmless
        else ("Logements corrigés", "Nb réalisé", "Total définitif", "Cumul rectifié", "M+1", "xyz")
    )
    name = dice.choice(names)
    place = dice.choice((0, len(made.sheet.header)))
    others = [
        number_text(value + dice.randint(1, 9), made.layout) for value in made.figures.values()
    ]
    made = made.with_column(place, name, others)
    note = f"{name}, {others[0]}"
    if harmless:
        return made.case("column of an unknown name", harmless=True, note=note)
    return made.case("column of an unknown name", expected={}, refused=True, note=note)


def month_column_of_an_unknown_name(dice: random.Random) -> Case:
    """One of several month columns has a name that is no month."""
    made = draft(dice, months="wide", count=2, number="integer", least=20)
    header = list(made.sheet.header)
    at, last = made.sheet.places["value"], made.months[-1]
    name = dice.choice(("mois suivant", f"M{last.month}", "dernier mois", f"colonne {at}", None))
    header[at + 1] = name
    lines = [header, *made.sheet.rows]
    return made.case(
        "month column of an unknown name", lines, expected={}, refused=True, note=str(name)
    )


def provisional_mark(dice: random.Random) -> Case:
    """``(p)`` and its like beside a figure or the name of a month, or a footnote's number."""
    mark = dice.choice(
        (
            " (p)",
            " p",
            " (prov.)",
            " prov.",
            " (provisoire)",
            " provisoire",
            "*",
            " (1)",
            "¹",
            " [2]",
        )
    )
    if dice.random() < 0.5:
        made = draft(
            dice, months="wide", month=dice.choice(("words", "abbreviated", "short", "end"))
        )
        header = [*made.sheet.header[:-1], f"{made.sheet.header[-1]}{mark}"]
        lines = [header, *made.sheet.rows]
        return made.case("provisional mark", lines, harmless=True, note=str(header[-1]))
    made = draft(dice, number=dice.choice(("plain", "spaces")))
    places = dice.sample(range(len(made.keys)), dice.randint(1, len(made.keys)))
    at = made.sheet.places["value"]
    made = made.replaced(
        "value", {place: f"{made.sheet.rows[place][at]}{mark}" for place in places}
    )
    return made.case("provisional mark", harmless=True, note=f"figure{mark}")


def mark_on_a_name(dice: random.Random) -> Case:
    """A footnote's number on a column's name, as a superscript where the file has them."""
    made = draft(dice)
    meaning = dice.choice(sorted(made.sheet.places))
    name = str(made.sheet.header[made.sheet.places[meaning]])
    ending, mark = made.layout.ending, dice.choice("12")
    if ending == "csv":
        made = made.renamed(meaning, name + {"1": "¹", "2": "²"}[mark])
        return made.case("mark on a name", harmless=True, note=f"{name} {mark}")
    made = made.renamed(meaning, Raised(name, mark))  # type: ignore[arg-type]
    lines = made.sheet.lines()
    return made.case(
        "mark on a name",
        harmless=True,
        note=f"{name} {mark} in {ending}",
        save=lambda path: write_book(path, [Leaf("Feuil1", lines)], ending),
    )


HEADINGS = (
    block_with_a_total,
    block_without_a_total,
    parts_beside_a_total,
    unit_below_a_name,
    months_in_two_lines,
    blocks_of_months,
    unnamed_column,
    column_of_an_unknown_name,
    month_column_of_an_unknown_name,
    provisional_mark,
    mark_on_a_name,
)
