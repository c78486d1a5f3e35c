"""What is on record of one source's figure, as plain data."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Received:
    """The row of a delivery, as received."""

    delivery_id: str
    file_name: str
    delivered_on: dt.date
    row_number: int
    sheet: str | None
    sheet_row: int | None
    sheet_column: str | None
    header: list[str]
    cells: list[str]


@dataclass(frozen=True)
class Correction:
    """What the corrections register says of a delivered figure."""

    delivered: int
    corrected: int
    reason: str
    corrected_by: str
    corrected_on: dt.date


@dataclass(frozen=True)
class Value:
    """A figure with the days on which it was in force; ``until`` None: it still is.

    Attributes:
        is_corrected: it is the corrections register's, not the delivery's.
        change: how it ended: ``replaced``, ``withdrawn`` or ``corrected``.
        ended_by: the delivery that replaced it or no longer carries it.
    """

    value: int
    since: dt.date
    until: dt.date | None
    delivery_id: str
    file_name: str
    delivered_on: dt.date
    is_corrected: bool
    change: str | None
    ended_by: str | None


@dataclass(frozen=True)
class Judgement:
    """What the gate said of this month of one delivery.

    Attributes:
        verdict: ``accepted`` or ``held``.
        value: what the delivery says of this département; None: nothing.
        findings: rules that did not hold: rule, blocking, summary, probable_cause, evidence.
    """

    delivery_id: str
    file_name: str
    delivered_on: dt.date
    verdict: str
    value: int | None
    findings: list[dict[str, Any]]
    signed_off_by: str | None
    signed_off_reason: str | None
    signed_off_on: dt.date | None


@dataclass(frozen=True)
class Absence:
    """Why a source has no figure: a stable code and a sentence."""

    code: str
    reason: str


@dataclass(frozen=True)
class Part:
    """One source's part in a figure.

    Attributes:
        value: its figure in force; None: it has none, and ``absence`` says why.
        since: the day from which it is in force.
        received: the row that brought it.
        correction: why it is another figure than the row's, if it is.
        history: every figure that was ever in force, this one included, oldest first.
        judgements: what the gate said of the month, oldest delivery first.
        held: the hold that stands, if one does; an earlier figure may be in force meanwhile.
    """

    source: str
    label: str
    value: int | None
    since: dt.date | None
    received: Received | None
    correction: Correction | None
    history: list[Value]
    judgements: list[Judgement]
    held: Judgement | None
    absence: Absence | None
