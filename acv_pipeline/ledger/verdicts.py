"""What a fold says: of every month of every delivery, and of every figure ever accepted."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from acv_pipeline.contract import Month
from acv_pipeline.gate.case import Finding

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class SignOff:
    """A person's written reason to release a held month of one delivery.

    Attributes:
        signed_on: the day it was signed, from which it counts.
        signed_at: the moment (UTC); files received later were not known to whoever signed.
    """

    delivery_id: str
    indicator_id: str
    month: Month
    signed_by: str
    reason: str
    signed_on: dt.date
    signed_at: dt.datetime = dt.datetime.max


@dataclass
class Verdict:
    """What the gate said of one month of one delivery.

    Attributes:
        verdict: ``accepted``, ``held`` or ``unchanged`` (equal to what is in force).
        is_repeat: held, and equal to figures held before.
        status: for a held month ``held``, ``signed_off`` or ``superseded``; else None.
    """

    delivery_id: str
    source: str
    indicator_id: str
    month: Month
    delivered_on: dt.date
    verdict: str
    findings: list[Finding] = field(default_factory=list)
    is_repeat: bool = False
    status: str | None = None
    signoff: SignOff | None = None


@dataclass(frozen=True)
class Ledger:
    """The outcome of a fold.

    Attributes:
        observations: every figure ever accepted, columns as ``validated.observations``.
        verdicts: one per (delivery, indicator, month) that carries département figures, or
            published totals to compare with those in force.
        corrections: which entries of the register were applied to which delivery, columns as
            ``validated.corrections``.
    """

    observations: pd.DataFrame
    verdicts: list[Verdict]
    corrections: pd.DataFrame
