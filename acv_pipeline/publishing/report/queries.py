"""The report's queries: one SQL file each, which says what its columns mean."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any, TypeVar

import duckdb
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from acv_pipeline.contract import Month

Kind = TypeVar("Kind")
Row = SimpleNamespace
"""A row that is only shown: what its query selects."""


def fetch(
    connection: duckdb.DuckDBPyConnection, query: str, row: type[Kind], **given: Any
) -> list[Kind]:
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
class _Growing:
    """A cumulative figure and what it added; without ``previous_month`` there is no increment.

    ``is_break``: something else is counted than in the figure before, so nothing compares.
    """

    month: Month
    cumulative_dwellings: int
    previous_month: Month | None
    months_elapsed: int | None
    increment: int | None
    is_break: bool

    @property
    def pace(self) -> float | None:
        """Dwellings added per month since ``previous_month``."""
        return None if self.increment is None else self.increment / (self.months_elapsed or 1)


@dataclass(frozen=True)
class Total(_Growing):
    """The country in one month, with a figure of so many of the expected départements.

    Months compare where ``comparable_since`` is the same.
    """

    is_complete: bool
    departments: int
    comparable_since: Month | None


@dataclass(frozen=True)
class DepartmentMonth(_Growing):
    """A département in one month.

    Attributes:
        rank_change: places gained since ``previous_month`` (negative: lost).
        rate: dwellings per 10,000 inhabitants.
        share: part of the sum of the départements with a figure, 0 to 1.
        fall: for a decrease: said, correction, sign_off, revision or unexplained.
    """

    department_code: str
    rank: int
    rank_change: int | None
    is_tied: bool
    share: float | None
    rate: float
    is_corrected: bool
    fall: str | None
    fall_reason: str | None


@dataclass(frozen=True)
class Region(_Growing):
    """The sum of a region's départements in one month; ranked where all expected ones count."""

    region_code: str
    is_complete: bool
    rank: int | None
    is_tied: bool


@dataclass(frozen=True)
class PartnerMonth:
    """A partner's part of the total of one month."""

    month: Month
    source: str
    cumulative_dwellings: int
