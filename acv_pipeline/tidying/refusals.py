"""What the refusals of tables say, where several rules say the same."""

from __future__ import annotations

from collections.abc import Iterable

from acv_pipeline.contract import Month
from acv_pipeline.contract.months import first_day, shift
from acv_pipeline.reading import DeliveryRefused
from acv_pipeline.tidying.month_reader import MonthRead


def listed(texts: Iterable[str]) -> str:
    """The texts that say something, each in quotes, the first thirty of them."""
    shown = [" ".join(text.split()) for text in texts if text.strip()]
    more = ", …" if len(shown) > 30 else ""
    return ", ".join(f"“{text[:60]}”" for text in shown[:30]) + more


def months_listed(months: Iterable[Month]) -> str:
    """The months in words, in order."""
    return ", ".join(f"{month:%Y-%m}" for month in sorted(set(months)))


def both_readings(where: str, text: str, read: MonthRead) -> DeliveryRefused:
    """The refusal of figures about the first day of a month, which means one of two months."""
    assert read.day is not None
    month = first_day(read.day)
    before = shift(month, -1)
    return DeliveryRefused(
        "ambiguous_month",
        f"{where}: {listed([text])} is the stock on the first day of {month:%Y-%m}: that is either "
        f"the figures of {month:%Y-%m} or, as official statistics have it, those of the end of "
        f"{before:%Y-%m}; name the month ({before:%Y-%m} or {month:%Y-%m}), or its last day",
        f"{where} : {listed([text])} est un stock au premier jour de {month:%Y-%m} : ce sont les "
        f"chiffres de {month:%Y-%m} ou, selon l'usage de la statistique publique, ceux de fin "
        f"{before:%Y-%m} ; nommer le mois ({before:%Y-%m} ou {month:%Y-%m}) ou son dernier jour",
    )


# where a month is said: in French, and with the verb of both languages
PLACES = {
    "the title": "le titre dit",
    "the sheet name": "le nom de la feuille dit",
    "the file name": "le nom du fichier dit",
    "the note": "la note dit",
    "the heading": "l'intitulé dit",
    "the rows": "les lignes disent",
    "the figures": "les chiffres disent",
    "the month": "le mois dit",
    "the month of the rows": "le mois des lignes dit",
}


def month_contradiction(
    file_name: str, said: str, month: str, other: str, stated: str
) -> DeliveryRefused:
    """The refusal of a delivery that says different months, both quoted.

    Args:
        said: one of ``PLACES``, with what it says behind it perhaps, or the name of a column.
        other: the other place.
    """
    (mine, mine_fr), (its, its_fr) = map(_saying, (said, other))
    return DeliveryRefused(
        "month_contradiction",
        f"{file_name}: {mine} {month}, {its} {stated}: correct one of them",
        f"{file_name} : {mine_fr} {month}, {its_fr} {stated} : corriger l'un des deux",
    )


def _saying(place: str) -> tuple[str, str]:
    """A place with its verb, in both languages."""
    if place.startswith("column “"):
        return f"{place} says", f"la colonne {place.removeprefix('column ')} dit"
    known = max((name for name in PLACES if place.startswith(name)), key=len)
    quoted, french = place.removeprefix(known), PLACES[known]
    verb = "say" if french.endswith("disent") else "says"
    subject, _, dit = french.rpartition(" ")
    return f"{place} {verb}", f"{subject}{quoted} {dit}"
