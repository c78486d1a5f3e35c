"""What a fact is: one thing that is not as it should be."""

from __future__ import annotations

from dataclasses import dataclass

from acv_pipeline.contract import Month
from acv_pipeline.operations.alerts.letter import ForPartner
from acv_pipeline.operations.failure import Failure
from acv_pipeline.quality.check import Severity


@dataclass(frozen=True)
class FailedRun:
    """A Dagster run that failed and was not made good since.

    Attributes:
        matter: the same for all runs of which one makes good what another did not.
    """

    matter: str
    job: str
    failure: Failure
    link: str


@dataclass(frozen=True)
class Fact:
    """One thing that is not as it should be, for as long as it stands.

    Attributes:
        key: the same for as long as the fact stands, whatever is learnt about it.
        group: facts of one group that become known together are told in one message.
        severity: ``error``: somebody must act; ``warn``: somebody should look.
        title: what is wrong, without a verb that a recovery would contradict.
        titles: the same for several facts of the group; ``{count}`` and ``{which}`` (months).
        lines: what is wrong, how much, and the evidence.
        ask: whom to ask, as roles.
        what_to_do: advice, one entry per step.
        link: path in the Dagster UI, or a whole address.
        month: the month it is about, if any.
        version: when it changes, the fact is news again.
        remind_after_days: told again after so many days; never when None.
        for_partner: of a held month, what the partner is to be told.
    """

    key: str
    group: str
    severity: Severity
    title: str
    titles: str
    lines: tuple[str, ...]
    ask: tuple[str, ...]
    what_to_do: tuple[str, ...]
    link: str
    month: Month | None = None
    version: str = ""
    remind_after_days: int | None = None
    for_partner: ForPartner | None = None
