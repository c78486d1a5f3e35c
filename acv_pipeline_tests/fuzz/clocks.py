"""Days with a time of day, and days counted from another beginning."""

from __future__ import annotations

import datetime as dt
import random
from typing import Any
from zoneinfo import ZoneInfo

from acv_pipeline.contract.months import month_end
from acv_pipeline_tests.fuzz.books import Leaf, write_book, write_columns
from acv_pipeline_tests.fuzz.cases import Case, Draft, a_day_after, contract, draft

SERIAL_0, SERIAL_0_OF_1904 = dt.datetime(1899, 12, 30), dt.datetime(1904, 1, 1)


def with_days(dice: random.Random, made: Draft, shift: dt.timedelta) -> list[dt.datetime]:
    """The first or last day of each record's month, at midnight moved by ``shift``."""
    last = dice.random() < 0.5
    days = (month_end(month) if last else month for _, month in made.keys)
    return [dt.datetime.combine(day, dt.time()) + shift for day in days]


def rewritten(made: Draft, cells: list[Any]) -> Draft:
    """The table with other cells in its column of months, which is called so."""
    return made.replaced("month", dict(enumerate(cells))).renamed("month", "mois")


def an_hour_before_midnight(dice: random.Random) -> Case:
    """Midnight, moved by the hour or two of a summer time that a program forgot."""
    made = draft(dice, "csv", "xlsx", "xls", "ods", "parquet")
    moments = with_days(dice, made, -dt.timedelta(hours=dice.choice((1, 2))))
    kind, ending = "an hour before midnight", made.layout.ending
    about: dict[str, Any] = {"harmless": True, "received_on": a_day_after(dice, made.months)}
    typed = ending != "csv" and dice.random() < 0.6
    if typed:
        made = rewritten(made, list(moments))
        lines = made.sheet.lines()
        if ending == "parquet":
            at = made.sheet.places["month"]
            about["save"] = lambda path: write_columns(path, lines, {at: "timestamp"})
        else:
            about["save"] = lambda path: write_book(path, [Leaf("Feuil1", lines)], ending)
        return made.case(kind, note=f"typed in {ending}, {moments[0]}", **about)
    shapes = {
        "iso": lambda m: m.isoformat(),
        "blank": lambda m: f"{m:%Y-%m-%d %H:%M:%S}",
        "minutes": lambda m: f"{m:%Y-%m-%d %H:%M}",
        "millis": lambda m: f"{m.isoformat()}.000",
        "french": lambda m: f"{m:%d/%m/%Y %H:%M:%S}",
        "serial": lambda m: f"{(m - SERIAL_0) / dt.timedelta(days=1):.10f}",
        "comma": lambda m: f"{(m - SERIAL_0) / dt.timedelta(days=1):.6f}".replace(".", ","),
    }
    shape = dice.choice(sorted(shapes))
    made = rewritten(made, [shapes[shape](moment) for moment in moments])
    return made.case(kind, note=f"{shape} in {ending}, {moments[0]}", **about)


def midnight_of_a_zone(dice: random.Random) -> Case:
    """Midnight in Paris, written in the time of Greenwich."""
    made = draft(dice)
    paris = ZoneInfo(contract().timezone)
    moments = [
        moment.replace(tzinfo=paris).astimezone(dt.UTC)
        for moment in with_days(dice, made, dt.timedelta())
    ]
    mark = dice.choice(("Z", "+00:00", ".000Z", "+0000"))
    made = rewritten(made, [f"{moment:%Y-%m-%dT%H:%M:%S}{mark}" for moment in moments])
    return made.case("midnight of a zone", harmless=True, note=f"{moments[0]} {mark}")


def end_of_the_day(dice: random.Random) -> Case:
    """The last instant of a month, written as such."""
    made = draft(dice)
    time = dice.choice(("23:59:59", "23:59"))
    gap = dice.choice((" ", "T"))
    made = rewritten(made, [f"{month_end(month)}{gap}{time}" for _, month in made.keys])
    return made.case("end of the day", harmless=True, note=f"{gap}{time}")


def days_since_1904(dice: random.Random) -> Case:
    """A workbook that counts days from 1904; its dates may be plain numbers."""
    made = draft(dice, "xlsx", "xls")
    plain = dice.random() < 0.6
    days = with_days(dice, made, dt.timedelta())
    as_cells = [(day - SERIAL_0_OF_1904).days if plain else day.date() for day in days]
    made = rewritten(made, as_cells)
    lines, ending = made.sheet.lines(), made.layout.ending
    return made.case(
        "days since 1904",
        harmless=True,
        note=f"{'plain' if plain else 'dates'} in {ending}",
        save=lambda path: write_book(path, [Leaf("Feuil1", lines)], ending, since_1904=True),
    )


CLOCKS = (an_hour_before_midnight, midnight_of_a_zone, end_of_the_day, days_since_1904)
