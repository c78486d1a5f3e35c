"""Dates beside a table: that of the figures, and those of something else."""

from __future__ import annotations

import datetime as dt
import random
from typing import Any

from acv_pipeline.contract import Month
from acv_pipeline.contract.months import month_end, shift
from acv_pipeline_tests.fuzz.books import Leaf, write_book
from acv_pipeline_tests.fuzz.cases import (
    Case,
    Draft,
    a_day_after,
    contract,
    draft,
    only,
    silent_draft,
)
from acv_pipeline_tests.tidying.layouts import Row

# what stands before a day that is not that of the figures
BEFORE_A_DAY = (
    *("Envoi du", "Date d'envoi :", "Transmis le", "Fichier transmis le", "Reçu le"),
    *("Livraison du", "Date de transmission", "Envoyé par courriel le", "Remis le"),
    *("Extraction du", "Date d'extraction", "Extrait le", "Données extraites le", "Export du"),
    *("Requête du", "Téléchargé le", "Base interrogée le", "Exporté de la base le"),
    *("Produit le", "Date de production :", "Édité le", "Édition du", "Généré le", "Imprimé le"),
    *("Mise à jour du", "Mis à jour le", "Dernière mise à jour :", "Version du", "Màj"),
    *("Fait à Paris, le", "Document établi le", "Tableau réalisé le", "Date du traitement"),
    *("Publié le", "Date de publication :", "Parution :", "Mis en ligne le", "Diffusion le"),
    *("Convention-cadre du", "Convention du", "Avenant du", "Protocole signé le", "Décret du"),
    *("Loi du", "Comité de pilotage du", "Lettre du", "Délibération du", "Accord-cadre du"),
    *("Prochaine livraison le", "Prochain envoi :", "Géographie au", "Périmètre au"),
    *("Liste des communes au", "Population au", "Depuis le", "À compter du"),
)
BEFORE_A_MONTH = (
    *("Envoi de", "Livraison de", "Transmission :", "Extraction de", "Export de"),
    *("Mise à jour de", "Mise à jour :", "Production :", "Édition de", "Publication :"),
    *(
        "Convention de",
        "Avenant de",
        "Prochaine livraison :",
        "Géographie",
        "Périmètre de",
        "Depuis",
        "Lancement en",
    ),
)
# the dates of targets, above a table that may be one of targets
BEFORE_A_TARGET_OF_A_DAY = (
    *("Objectif au", "Cible au", "Échéance :", "Objectifs fixés au", "Prévision au"),
    "À l'horizon du",
)
BEFORE_A_TARGET_OF_A_MONTH = ("Objectif", "Objectif à fin", "Cible", "Échéance", "Horizon")
BEFORE_A_DAY_IN_A_NAME = (
    *("produit-le", "envoi-", "acv_envoi_", "export_", "acv-extraction-", "ACV transmis le "),
    *("maj_", "acv-version-", "acv_publie_", "logements-edition-", "acv-export-du-", "recu_"),
    *("anah-acv-dep-geographie2021-produit-le", "livraison ", "Convention-cadre du "),
)
BEFORE_A_MONTH_IN_A_NAME = ("acv_envoi_", "export-", "acv-livraison-", "maj_", "produit-en-")
# what stands before the date of the figures
STATES_OF_A_DAY = (
    *("Situation au", "Arrêté au", "Données arrêtées au", "Cumul au", "État au", "Stock au"),
    *("Date de référence :", "Logements cumulés au", "Situation arrêtée au"),
)
STATES_OF_A_MONTH = (
    *("Situation à fin", "Mois :", "Période :", "Mois de référence", "Cumul à fin"),
    *("Chiffres à fin", "Données de", "Situation de", "Logements cumulés,", ""),
)


def day_written(dice: random.Random, day: dt.date) -> str:
    words = contract().month_words[day.month][0]
    ordinal = "1er" if day.day == 1 else str(day.day)
    return dice.choice(
        (
            f"{day:%d/%m/%Y}",
            f"{day:%d.%m.%Y}",
            f"{day:%d-%m-%Y}",
            day.isoformat(),
            f"{ordinal} {words} {day.year}",
        )
    )


def month_written(dice: random.Random, month: Month) -> str:
    words = contract().month_words[month.month][0]
    shapes = (f"{words} {month.year}", f"{words.capitalize()} {month.year}", f"{month:%m/%Y}")
    return dice.choice((*shapes, f"{month:%Y-%m}"))


def a_boundary(dice: random.Random, month: Month) -> dt.date:
    """The first or the last day of a month near by."""
    near = shift(month, dice.randint(-3, 3))
    return dice.choice((near, month_end(near)))


def date_of_a_target(dice: random.Random, month: Month) -> tuple[str, str]:
    """The words before the date of a target, and the date."""
    if dice.random() < 0.5:
        return dice.choice(BEFORE_A_TARGET_OF_A_DAY), day_written(dice, a_boundary(dice, month))
    near = shift(month, dice.randint(-3, 3))
    return dice.choice(BEFORE_A_TARGET_OF_A_MONTH), month_written(dice, near)


def another_date(dice: random.Random, month: Month) -> tuple[str, str]:
    """The words before a date that is not that of the figures, and the date."""
    if dice.random() < 0.7:
        time = dice.choice(("", "", "", " 09:14", " à 09h14"))
        return dice.choice(BEFORE_A_DAY), day_written(dice, a_boundary(dice, month)) + time
    near = shift(month, dice.randint(-3, 3))
    return dice.choice(BEFORE_A_MONTH), month_written(dice, near)


def says_a_flow(words: str) -> bool:
    """Whether figures since a date near by are no cumulative of the programme: to be refused."""
    return words.startswith("Depuis")


def stated(dice: random.Random, month: Month) -> tuple[str, str]:
    """The words before the date of the figures, and the date."""
    if dice.random() < 0.5:
        return dice.choice(STATES_OF_A_DAY), day_written(dice, month_end(month))
    return dice.choice(STATES_OF_A_MONTH), month_written(dice, month)


def placed(dice: random.Random, words: str, date: str) -> list[Row]:
    """Words and a date above a table: in one cell, in neighbouring ones, one below the other."""
    choices: list[list[Row]] = [[[f"{words} {date}".strip()]]]
    if words:
        choices += [[[words, date]], [[words, None, date]], [[words], [date]]]
        choices.append([[None, words, date]])
    return dice.choice(choices)


def named_after(dice: random.Random, month: Month) -> tuple[str, str]:
    """A file's name with a date that is not that of the figures, and the note of it."""
    day = a_boundary(dice, month)
    shapes = (day.isoformat(), f"{day:%Y%m%d}", f"{day:%d-%m-%Y}", f"{day:%Y_%m_%d}")
    if dice.random() < 0.7:
        name = dice.choice(BEFORE_A_DAY_IN_A_NAME) + dice.choice(shapes)
    else:
        near = shift(month, dice.randint(-3, 3))
        words = contract().month_words[near.month][0]
        date = dice.choice((f"{near:%Y-%m}", f"{words}-{near.year}", f"{words} {near.year}"))
        name = dice.choice(BEFORE_A_MONTH_IN_A_NAME) + date
    return name, name


def date_of_sending(dice: random.Random) -> Case:
    """The only date is another one: above the table, in the sheet's name or in the file's."""
    made = silent_draft(dice)
    (month,) = made.months
    where = dice.choice(("title", "title", "file name", "sheet name"))
    if where == "file name":
        name, note = named_after(dice, month)
        return made.case("date of sending", expected={}, refused=True, file_name=name, note=note)
    words, date = another_date(dice, month)
    name = as_sheet_name(words, date)
    if where == "sheet name" and made.layout.ending != "csv" and len(name) < 32:
        return in_a_sheet(made, name, "date of sending", expected={}, refused=True, note=name)
    made = made.with_title(*placed(dice, words, date), *dice.choice(([], [["Anah"]])))
    note = f"{made.sheet.above}"
    return made.case("date of sending", expected={}, refused=True, note=note)


def as_sheet_name(words: str, date: str) -> str:
    """Words and a date without the signs that the name of a sheet can't have."""
    return f"{words} {date}".strip().replace("/", "-").replace(" :", "").replace(":", "h")


def in_a_sheet(made: Draft, name: str, kind: str, **about: Any) -> Case:
    """The table in a sheet of a given name."""
    leaf = Leaf(name, made.sheet.lines())
    ending = made.layout.ending
    return made.case(kind, save=lambda path: write_book(path, [leaf], ending), **about)


def date_of_sending_beside_the_month(dice: random.Random) -> Case:
    """The month is said above the table or in the name, another date elsewhere."""
    made = silent_draft(dice)
    (month,) = made.months
    about: dict[str, Any] = {"received_on": a_day_after(dice, [month])}
    words, date = another_date(dice, month)
    title = placed(dice, words, date)
    where = dice.choice(("title", "file name", "other in file name"))
    if where == "file name":
        called = contract().month_words[month.month][0]
        shapes = (f"acv-{month:%Y-%m}", f"acv_{called}_{month.year}", f"{month:%Y-%m} acv")
        about["file_name"] = dice.choice(shapes)
    else:
        state = placed(dice, *stated(dice, month))
        if where == "title":
            title = [*state, *title] if dice.random() < 0.5 else [*title, *state]
        else:
            title = state
            about["file_name"] = named_after(dice, month)[0]
    made = made.with_title(*title)
    note = f"{about.get('file_name')}: {made.sheet.above}, {month}"
    harmless = not says_a_flow(words) or where == "other in file name"
    return made.case("date of sending beside the month", harmless=harmless, note=note, **about)


def date_of_sending_beside_a_column(dice: random.Random) -> Case:
    """A column says the month, the lines above and the name other dates."""
    made = draft(dice, month=dice.choice(("end", "french", "short", "words")))
    words, date = another_date(dice, made.months[0])
    title = placed(dice, words, date)
    name = dice.choice(("acv", named_after(dice, made.months[0])[0]))
    made = made.with_title(*title)
    return made.case(
        "date of sending beside a column",
        harmless=not says_a_flow(words),
        note=f"{name}: {title}",
        file_name=name,
        received_on=a_day_after(dice, made.months),
    )


def date_of_a_target_beside_the_month(dice: random.Random) -> Case:
    """The date of a target above figures: never theirs, whether or not they are refused."""
    made = draft(dice, month=dice.choice(("end", "french", "short", "words")))
    title = placed(dice, *date_of_a_target(dice, made.months[0]))
    silent = len(made.months) == 1 and dice.random() < 0.5
    made = (made.without_column("month") if silent else made).with_title(*title)
    name = "date of a target beside the month"
    return made.case(name, expected={} if silent else made.figures, refused=silent, note=str(title))


def day_in_the_name(dice: random.Random) -> Case:
    """The only date is a day in the file's name: that of reception, or a first one."""
    made = silent_draft(dice)
    (month,) = made.months
    next_month = shift(month, 1)
    day = dice.choice((next_month, month_end(next_month)))
    received_on = day if day != next_month else day + dt.timedelta(days=dice.randint(0, 9))
    name = dice.choice(("acv_", "ACV ", "")) + dice.choice((day.isoformat(), f"{day:%Y%m%d}"))
    return made.case(
        "day in the name", expected={}, refused=True, file_name=name, received_on=received_on,
        note=f"{name} received on {received_on}",
    )  # fmt: skip


def stock_on_a_first_day(dice: random.Random) -> Case:
    """The stock on the first day of a month: the figures of this one or of the one before."""
    words = dice.choice(("Situation au", "Arrêté au", "Données arrêtées au", "Stock au", "État au"))
    made = silent_draft(dice)
    (month,) = made.months
    day = shift(month, 1)
    received_on = dice.choice((None, day + dt.timedelta(days=5), shift(day, 2)))
    date = day_written(dice, day)
    if dice.random() < 0.3:
        header = list(made.sheet.header)
        header[made.sheet.places["value"]] = f"Cumul au {date}"
        lines = [header, *made.sheet.rows]
        return made.case(
            "stock on a first day", lines, expected={}, refused=True, received_on=received_on,
            note=str(header),
        )  # fmt: skip
    made = made.with_title(*placed(dice, words, date))
    return made.case(
        "stock on a first day", expected={}, refused=True, received_on=received_on,
        note=f"{made.sheet.above} received on {received_on}",
    )  # fmt: skip


def month_not_over(dice: random.Random) -> Case:
    """The last month was not over on the day of reception."""
    made = draft(dice, "csv", "xlsx", "parquet")
    last = made.months[-1]
    days = (month_end(last) - last).days
    received_on = dice.choice((month_end(last), last + dt.timedelta(days=dice.randint(-20, days))))
    over = [key for key in made.keys if month_end(key[1]) < received_on]
    return made.case("month not over", expected=only(made.figures, over), received_on=received_on)


def year_beside_the_month(dice: random.Random) -> Case:
    """A column of years that agrees or disagrees with the month said elsewhere."""
    months = dice.choice(("title", "file name", "column"))
    made = draft(dice, count=1, month=dice.choice(("words", "short")))
    (month,) = made.months
    agrees = dice.random() < 0.5
    year = month.year if agrees else month.year + dice.choice((-1, 1, -2))
    about: dict[str, Any] = {"received_on": a_day_after(dice, [month])}
    cells = [dice.choice((year, str(year)))] * len(made.sheet.rows)
    if months != "column":
        made = made.without_column("month")
    made = made.with_column(
        dice.randint(0, len(made.sheet.header)), dice.choice(("Année", "annee", "Exercice")), cells
    )
    if months == "title":
        made = made.with_title(*placed(dice, *stated(dice, month)))
    elif months == "file name":
        words = contract().month_words[month.month][0]
        about["file_name"] = dice.choice((f"ACV_{words}_{month.year}", f"acv-{month:%Y-%m}"))
    note = f"{months} {made.sheet.above} {about.get('file_name')} says {month}, column {year}"
    if agrees:
        return made.case("year beside the month", harmless=True, note=note, **about)
    if months == "column":  # each row contradicts itself
        return made.case("year beside the month", expected={}, note=note, **about)
    return made.case("year beside the month", expected={}, refused=True, note=note, **about)


def month_and_year_in_two_columns(dice: random.Random) -> Case:
    """The month in words or as a number, its year in the column beside it."""
    made = draft(dice, month="end")
    words = contract().month_words
    shape = dice.choice((0, 1, 2))

    def written(month: Month) -> object:
        return (words[month.month][0], month.month, f"{month:%m}")[shape]

    made = made.replaced("month", {at: written(key[1]) for at, key in enumerate(made.keys)})
    years = [key[1].year for key in made.keys]
    made = made.renamed("month", "Mois")
    made = made.with_column(made.sheet.places["month"] + dice.randint(0, 1), "Année", years)
    return made.case("month and year in two columns", harmless=True)


def title_against_column(dice: random.Random) -> Case:
    """Title or file name say another month than the column."""
    made = draft(dice, count=1, month=dice.choice(("end", "french", "short", "words")))
    (month,) = made.months
    other = max(shift(month, dice.choice((-12, -2, -1))), contract().first_month)
    if dice.random() < 0.5:
        other = shift(month, dice.choice((1, 2, 12)))
    if dice.random() < 0.3:
        words = contract().month_words[other.month][0]
        name = dice.choice((f"acv-{other:%Y-%m}", f"ACV_{words}_{other.year}"))
        return made.case(
            "title against column", expected={}, refused=True, file_name=name, note=name
        )
    made = made.with_title(*placed(dice, *stated(dice, other)))
    note = f"{made.sheet.above} and {month}"
    return made.case("title against column", expected={}, refused=True, note=note)


DATES = (
    date_of_sending,
    date_of_sending_beside_the_month,
    date_of_sending_beside_a_column,
    date_of_a_target_beside_the_month,
    day_in_the_name,
    stock_on_a_first_day,
    month_not_over,
    year_beside_the_month,
    month_and_year_in_two_columns,
    title_against_column,
)
