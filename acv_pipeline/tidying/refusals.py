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
    more = f" and {len(shown) - 30} more" if len(shown) > 30 else ""
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


def month_contradiction(
    file_name: str, said: str, month: str, other: str, stated: str
) -> DeliveryRefused:
    """The refusal of a delivery that says different months, both quoted."""
    return DeliveryRefused(
        "month_contradiction",
        f"{file_name}: {said} says {month}, {other} says {stated}: correct one of them",
        f"{file_name} : {said} dit {month}, {other} dit {stated} : corriger l'un des deux",
    )
