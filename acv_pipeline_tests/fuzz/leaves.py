"""Other sheets beside the one with the figures."""

from __future__ import annotations

import random
from typing import Any

from acv_pipeline.contract.months import shift
from acv_pipeline_tests.deliveries import ACV
from acv_pipeline_tests.fuzz.books import Leaf, write_book
from acv_pipeline_tests.fuzz.cases import Case, Draft, contract, draft, silent_draft
from acv_pipeline_tests.fuzz.dates import as_sheet_name, day_written, month_written, placed, stated
from acv_pipeline_tests.tidying.layouts import Figures, Row, sheet_of

MAIN = "Données"


def book_case(
    dice: random.Random, made: Draft, kind: str, others: list[Leaf], **about: Any
) -> Case:
    """The table in one sheet among others."""
    lines, ending = made.sheet.lines(), made.layout.ending
    leaves = [Leaf(MAIN, lines), *others]
    dice.shuffle(leaves)
    about["note"] = f"{about.get('note', '')} in {ending}: {[leaf.name for leaf in leaves]}"
    return made.case(
        kind, main_sheet=MAIN, save=lambda path: write_book(path, leaves, ending), **about
    )


def a_workbook(dice: random.Random, **fixed: Any) -> Draft:
    return draft(dice, "xlsx", "xls", "ods", **fixed)


def sheet_without_figures(dice: random.Random) -> Case:
    """Notes, lists, an empty sheet, figures of something else."""
    made = a_workbook(dice, number="integer")
    known = contract().territories.departments
    codes = [code for code, _ in made.keys]
    contents: dict[str, list[Row]] = {
        "Lisez-moi": [["Source : Anah"], ["Extraction du", "01/04/2021"], ["Contact", "x"]],
        "Feuil2": [],
        "Liste": [["Code", "Nom"], *([code, name] for code, name in known.items())],
        "Population": [["Département", "Population"], *([c, 100_000 + len(c)] for c in codes)],
        "Taux": [["Code", "Taux de réalisation (%)"], *([c, 12.5] for c in codes)],
        "Objectifs": [["Code département", "Objectif 2025"], *([c, 500] for c in codes)],
        "Paramètres": [["clé", "valeur"], ["année", 2021], ["seuil", 5]],
    }
    chosen = dice.sample(sorted(contents), dice.randint(1, 2))
    others = [Leaf(name, contents[name]) for name in chosen]
    return book_case(dice, made, "sheet without figures", others, harmless=True)


def hidden_sheet(dice: random.Random) -> Case:
    """Older figures, or the same month's, in a sheet that nobody sees."""
    made = a_workbook(dice)
    back = dice.choice((0, 0, -1, -12))
    old: Figures = {
        (code, shift(month, back)): max(0, value - dice.randint(1, 50))
        for (code, month), value in made.figures.items()
    }
    lines = sheet_of(old, made.layout, contract(), ACV).lines()
    others = [Leaf(dice.choice(("ancien", "Feuil1", "sauvegarde")), lines, is_hidden=True)]
    return book_case(dice, made, "hidden sheet", others, harmless=True, note=f"{back} months")


def sheet_with_another_header(dice: random.Random) -> Case:
    """As many figures by département as in the other sheet, under a name that means nothing."""
    made = a_workbook(dice, number="integer", count=1)
    name = dice.choice(("xyz", "Réal.", "Corrigé", "Dernier état", "Montée en charge", "M+1"))
    later = [value + dice.randint(0, 30) for value in made.figures.values()]
    header: Row = ["Code département", dice.choice(("Mois", "Date")), name]
    month = shift(made.months[0], 1)
    rows: list[Row] = [
        [code, f"{month:%m/%Y}", value] for (code, _), value in zip(made.keys, later, strict=True)
    ]
    others = [Leaf("Feuil2", [header, *rows])]
    return book_case(
        dice, made, "sheet with another header", others, expected={}, refused=True, note=name
    )


def sheet_of_another_month(dice: random.Random) -> Case:
    """One sheet per month, with the same header, or months in the names of the sheets."""
    by_name = dice.random() < 0.5
    made = a_workbook(dice, count=1, month=dice.choice(("end", "french", "short")))
    later: Figures = {
        (code, shift(month, 1)): value + dice.randint(0, 30)
        for (code, month), value in made.figures.items()
    }
    second = Draft(made.layout, later, sheet_of(later, made.layout, contract(), ACV))
    names = ["Feuil1", "Feuil2"]
    if by_name:
        made, second = made.without_column("month"), second.without_column("month")
        names = [
            month_written(dice, month).replace("/", "-")
            for month in (made.months[0], second.months[0])
        ]
    leaves = [Leaf(names[0], made.sheet.lines()), Leaf(names[1], second.sheet.lines())]
    dice.shuffle(leaves)
    ending = made.layout.ending
    return made.case(
        "sheet of another month", expected=made.figures | later, harmless=True,
        main_sheet=names[0], note=f"{names} in {ending}",
        save=lambda path: write_book(path, leaves, ending),
    )  # fmt: skip


def sheet_that_contradicts(dice: random.Random) -> Case:
    """The same month in two visible sheets, with other figures in some rows."""
    made = a_workbook(dice)
    changed = set(dice.sample(made.keys, dice.randint(1, len(made.keys))))
    other: Figures = {
        key: value + dice.randint(1, 9) if key in changed else value
        for key, value in made.figures.items()
    }
    lines = sheet_of(other, made.layout, contract(), ACV).lines()
    same: Figures = {key: value for key, value in made.figures.items() if key not in changed}
    return book_case(dice, made, "sheet that contradicts", [Leaf("Feuil2", lines)], expected=same)


def month_in_the_sheet_name(dice: random.Random) -> Case:
    """The sheet's name alone says the month; a date of sending may stand above the table."""
    made = silent_draft(dice, "xlsx", "xls", "ods")
    (month,) = made.months
    if dice.random() < 0.5:
        made = made.with_title(*placed(dice, "Extraction du", day_written(dice, shift(month, 1))))
    name = as_sheet_name(*stated(dice, month))
    while len(name) > 31:  # no sheet has such a name
        name = as_sheet_name(*stated(dice, month))
    leaf, ending = Leaf(name, made.sheet.lines()), made.layout.ending
    return made.case(
        "month in the sheet name", harmless=True, note=f"{name}: {made.sheet.above} in {ending}",
        save=lambda path: write_book(path, [leaf], ending),
    )  # fmt: skip


LEAVES = (
    sheet_without_figures,
    hidden_sheet,
    sheet_with_another_header,
    sheet_of_another_month,
    sheet_that_contradicts,
    month_in_the_sheet_name,
)
