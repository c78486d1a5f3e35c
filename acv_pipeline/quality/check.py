"""What every check has in common, whichever tool evaluates it.

Here: how a check is declared and what it says of one month. Not here: Great Expectations
(``expectations``), SQL tests (``models``), the gate's rules (``gate``), Dagster.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from acv_pipeline.contract import Month

Severity = Literal["error", "warn"]


@dataclass(frozen=True)
class Check:
    """One named check of one asset.

    Attributes:
        asset: the asset it is shown on.
        name: snake case, unique per asset.
        severity: what a failure means: ``error`` (somebody must act) or ``warn``.
        description: what holds when it passes, one sentence.
        what_to_do: what a person does when it fails, one or two sentences.
    """

    asset: str
    name: str
    severity: Severity
    description: str
    what_to_do: str


@dataclass(frozen=True)
class CheckResult:
    """What a check says of one month.

    Attributes:
        checked: number of rows (or months, or deliveries) looked at.
        failed: how many of them do not hold.
        sample: some of those, the worst first, as rows of a table.
        summary: one sentence with figures; for people.
        severity: of this failure, if it differs from the check's own.
    """

    check: Check
    month: Month
    passed: bool
    checked: int
    failed: int = 0
    sample: list[dict[str, Any]] = field(default_factory=list)
    summary: str = ""
    severity: Severity | None = None
