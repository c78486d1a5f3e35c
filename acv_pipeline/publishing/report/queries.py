"""The report's queries: one SQL file each, one dataclass per row."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import duckdb
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from acv_pipeline.contract import Month
from acv_pipeline.publishing.report.words import Both

Row = TypeVar("Row")


def fetch(
    connection: duckdb.DuckDBPyConnection, query: str, row: type[Row], **given: Any
) -> list[Row]:
    """Run ``<query>.sql``; its columns are the fields of ``row``, by name."""
    result = connection.execute(_sql(query), given)
    names = [column[0] for column in result.description]
    return [row(**dict(zip(names, values, strict=True))) for values in result.fetchall()]


@cache
def _sql(query: str) -> str:
    # what must not be published is said once, in the release: the report's queries include it
    here = Path(__file__).parent
    loader = FileSystemLoader([here, here.parent / "release"])
    template = Environment(loader=loader, undefined=StrictUndefined).get_template(f"{query}.sql")
    return template.render()


@dataclass(frozen=True)
class SeriesName:
    """A series with figures."""

    indicator_id: str
    series: str


@dataclass(frozen=True)
class Total:
    """The country in one month; without ``previous_month`` there is no increment.

    Attributes:
        departments: how many of the expected départements have a figure.
    """

    month: Month
    cumulative_dwellings: int
    previous_month: Month | None
    months_elapsed: int | None
    increment: int | None
    is_complete: bool
    departments: int

    @property
    def pace(self) -> float | None:
        """Dwellings added per month since ``previous_month``."""
        return None if self.increment is None else self.increment / (self.months_elapsed or 1)


@dataclass(frozen=True)
class DepartmentMonth:
    """A département in one month.

    Attributes:
        rank_change: places gained since ``previous_month`` (negative: lost).
        rate: dwellings per 10,000 inhabitants.
        share: part of the sum of the départements with a figure, 0 to 1.
        fall: for a decrease: said, correction, sign_off, revision or unexplained.
    """

    month: Month
    department_code: str
    cumulative_dwellings: int
    previous_month: Month | None
    months_elapsed: int | None
    increment: int | None
    rank: int
    rank_change: int | None
    is_tied: bool
    share: float | None
    rate: float
    is_corrected: bool
    fall: str | None
    fall_reason: str | None

    @property
    def pace(self) -> float | None:
        """Dwellings added per month since ``previous_month``."""
        return None if self.increment is None else self.increment / (self.months_elapsed or 1)


@dataclass(frozen=True)
class Hold:
    """A month of a delivery that a blocking rule stopped.

    Attributes:
        status: held, signed_off or superseded.
        rules: names of the blocking rules, separated by commas.
        evidence: JSON, the findings: rule, summary and more.
        reason: given with the sign-off.
    """

    month: Month
    source: str
    status: str
    rules: str
    evidence: str
    file_name: str
    delivered_on: dt.date
    signed_off_by: str | None
    reason: str | None


@dataclass(frozen=True)
class InForce:
    """A source has figures in force for a month."""

    source: str
    month: Month


@dataclass(frozen=True)
class PartnerMonth:
    """A partner's part of the total of one month."""

    month: Month
    source: str
    cumulative_dwellings: int


@dataclass(frozen=True)
class Revision:
    """A figure that changed once it was in force; ``new_value`` None: withdrawn."""

    revised_on: dt.date
    source: str
    month: Month
    department_code: str
    old_value: int
    new_value: int | None
    kind: str
    national_effect: int


@dataclass(frozen=True)
class PublishedRevision:
    """Published rows of one level and month that a later release changed or dropped."""

    revised_on: dt.date
    level: str
    month: Month
    kind: str
    territories: int
    old_value: int
    new_value: int | None


@dataclass(frozen=True)
class Corrected:
    """A figure of the corrections register in place of the delivered one."""

    month: Month
    source: str
    department_code: str
    delivered: int
    corrected: int
    reason: str
    corrected_by: str
    corrected_on: dt.date


@dataclass(frozen=True)
class Provenance:
    """The files behind figures in force; ``marked``: with a mark in their name."""

    files: int
    marked: int
    last_received: dt.date | None


@dataclass(frozen=True)
class SourceAccount:
    """What one source sent: files by status, rows by fate."""

    source: str
    files: int
    loaded: int
    partly_loaded: int
    held_files: int
    refused: int
    duplicates: int
    first_received: dt.date
    last_received: dt.date
    received: int
    validated: int
    quarantined: int
    held: int
    control: int
    set_aside: int
    waiting: int


@dataclass(frozen=True)
class Refusal:
    """A file that could not be used, and why in both languages."""

    source: str
    file_name: str
    delivered_on: dt.date
    reason: str
    reason_fr: str

    @property
    def words(self) -> Both:
        """The reason in both languages."""
        return Both(self.reason_fr, self.reason)


@dataclass(frozen=True)
class CheckCount:
    """How often the checks of one severity held."""

    severity: str
    evaluations: int
    passed: int
    failed: int


@dataclass(frozen=True)
class Failure:
    """A check that does not hold in some months.

    Attributes:
        summary: what it says of the latest of them that is not held; None if all are.
    """

    severity: str
    asset: str
    check_name: str
    months: list[Month]
    summary: str | None


@dataclass(frozen=True)
class Compared:
    """Published totals of one level against the sum of their départements."""

    level: str
    compared: int
    different: int


@dataclass(frozen=True)
class Difference:
    """A published national total that is not the sum of its départements."""

    month: Month
    computed: int
    published: int
    difference: int
