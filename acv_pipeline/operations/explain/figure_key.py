"""Which figure is asked about: from what a person types to the contract's words."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from acv_pipeline.contract import Contract, Indicator, Month, Source
from acv_pipeline.contract.spelling import letters, unknown
from acv_pipeline.language import _

TOTAL = "total"


@dataclass(frozen=True)
class FigureKey:
    """One cell: whose figure (``series``; None: the usual one), of what, where and when.

    As believed at the end of the day ``as_of``; None: now.
    """

    department_code: str
    indicator: Indicator
    month: Month
    series: str | None = None
    as_of: dt.date | None = None


def figure_key(
    contract: Contract,
    department: str,
    month: Month,
    *,
    indicator: str | None = None,
    series: str | None = None,
    as_of: dt.date | None = None,
) -> FigureKey:
    """Understand what was typed.

    Args:
        department: code (``91``, ``2a``, ``1``) or name, whatever its case and accents.
        indicator: id or short name; the contract's first by default.
        series: ``total``, a partner or ``published``.

    Raises:
        UnknownNameError: there is no such département, indicator or series.
    """
    named = indicator or next(iter(contract.indicators))
    what = contract.indicator_named(named)
    if series is not None and series not in (known := series_of(contract, what.id)):
        raise unknown(_("{indicator} series", indicator=what.short_name), series, known)
    return FigureKey(_department(contract, department), what, month, series, as_of)


def series_of(contract: Contract, indicator_id: str) -> list[str]:
    """The series an indicator can have: the total first."""
    return [TOTAL, *(source.series for source in _contributors(contract, indicator_id))]


def sources_of(
    contract: Contract, indicator_id: str, series: str, month: Month | None = None
) -> list[Source]:
    """Whose figures a series is made of, in a month or ever."""
    if series == TOTAL:
        return [
            contract.sources[source]
            for source, since in contract.components(indicator_id).items()
            if month is None or since <= month
        ]
    return [s for s in _contributors(contract, indicator_id) if s.series == series]


def _contributors(contract: Contract, indicator_id: str) -> list[Source]:
    return [
        source
        for source in contract.sources.values()
        if any(part.indicator == indicator_id for part in source.contributes)
    ]


def _department(contract: Contract, text: str) -> str:
    departments = contract.territories.departments
    code = text.strip().upper().zfill(2)
    if code in departments:
        return code
    for code, name in departments.items():
        if letters(text) in map(letters, [name, *contract.department_variants.get(code, [])]):
            return code
    expected = _("give its code (91, 2A, 971) or its name (Essonne)")
    raise unknown("département", text, departments.values(), expected)
