"""How a check is declared, how it is evaluated, and what it says of one month."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from acv_pipeline.contract import Month
from acv_pipeline.language import Both

if TYPE_CHECKING:
    import pandas as pd

Severity = Literal["error", "warn"]
Columns = tuple[str, ...]


@dataclass(frozen=True)
class Check:
    """One named check of one asset.

    Attributes:
        name: snake case, unique per asset.
        severity: what a failure means: ``error`` (somebody must act) or ``warn``.
        description: what holds when it passes, one sentence.
        what_to_do: what a person does when it fails, one or two sentences.
    """

    asset: str
    name: str
    severity: Severity
    description: Both
    what_to_do: Both


@dataclass(frozen=True)
class CheckResult:
    """What a check says of one month.

    Attributes:
        checked: number of rows (or months, or deliveries) looked at.
        failed: how many of them do not hold.
        sample: some of those, the worst first, as rows of a table.
        summary: one sentence with figures, in the language of whoever runs this.
        severity: of this failure, if it differs from the check's own.
        validation: the validation result that Great Expectations kept, if it was asked.
    """

    check: Check
    month: Month
    passed: bool
    checked: int
    failed: int = 0
    sample: list[dict[str, Any]] = field(default_factory=list)
    summary: str = ""
    severity: Severity | None = None
    validation: Path | None = field(default=None, compare=False)


@dataclass(frozen=True)
class Failure:
    """An expectation of a suite that does not hold.

    Attributes:
        problem: what is wrong with a row, with ``{}`` for the value of the column ``shows``; in
            the language of whoever runs this.
        values: the values that fail it, under their columns; None where the table itself does.
        detail: of the table itself: what was found.
    """

    check: str
    problem: str
    shows: str
    values: pd.DataFrame | None
    detail: str = ""


@dataclass(frozen=True)
class SuiteRule:
    """Checks of one table's columns, each by some expectations of one suite (``suites``).

    A set of codes may be large, and Great Expectations copies its arguments scores of times (36,000
    codes: 3 s). Those in ``looked_up`` are looked up by DuckDB: of a column ``code`` the suite sees
    ``code_is_known``, null where the code is.

    Attributes:
        checks: the checks, on each asset that they are shown on.
        table: a SELECT with ``month``, the columns expected, and those of a sample; with ``asset``
            where the checks are on several.
        looked_up: by column, the SELECT of all codes it may have.
    """

    suite: str
    checks: tuple[Check, ...]
    table: str
    looked_up: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class SqlRule:
    """Checks across rows or tables, which hold when the SELECT finds no problem.

    Attributes:
        checks: the check, on each asset that it is shown on.
        sql: a SELECT of everything looked at: ``month``, ``problem`` (null where all is well) and
            the columns of a sample; with ``asset`` where the checks are on several.
        looked_at: for rules that look at millions of rows: a SELECT of ``month`` and ``checked``,
            how many there are; then ``sql`` need not give those where all is well.
    """

    checks: tuple[Check, ...]
    sql: str
    looked_at: str | None = None


Rule = SuiteRule | SqlRule
