"""What leaves the house: the published copy, and what is made of it alone, since it is sound."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from acv_pipeline.contract import Contract, Month
from acv_pipeline.landing.whole_files import sha256
from acv_pipeline.language import _, plural
from acv_pipeline.ledger.months_on_record import on_record, rows_of
from acv_pipeline.models import Project
from acv_pipeline.models.freshness import outdated, state
from acv_pipeline.publishing.dsfr import Dsfr
from acv_pipeline.quality.check import CheckResult
from acv_pipeline.quality.everything import Evaluated, evaluate_all, invariants
from acv_pipeline.warehouse import commits, put_copy, read_published
from acv_pipeline.warehouse.home import Home

if TYPE_CHECKING:
    # made with libraries that take a while to import: loading the definitions goes without
    from acv_pipeline.publishing.release import Release
    from acv_pipeline.publishing.report import Report

COPY = "published_copy"
RELEASE = "open_data_release"
REPORT = "indicator_report"
PICTURED = {
    "territory_totals": "national",
    "monthly_increments": "movers",
    "department_rankings": "map",
}
"""The plot that shows a mart."""


NAMED_MONTHS = 5


class NotPublishedError(Exception):
    """What is in the warehouse may not leave the house; the message says why."""


def publish(
    connection: duckdb.DuckDBPyConnection,
    home: Home,
    contract: Contract,
    project: Project,
    to: Path,
    evaluated: Evaluated | None = None,
    evaluate: Callable[..., list[CheckResult]] = evaluate_all,
) -> None:
    """Replace the published copy ``to``, if all marts are up to date and all invariants hold.

    All marts and all months are looked at, whatever a run was asked for.

    Args:
        evaluated: what checks said; it counts if that was of all months, and nothing was written
            since.
        evaluate: how the other checks are asked.

    Raises:
        NotPublishedError: a mart is older than what it is made from, or breaks an invariant.
        WarehouseError: the copy cannot be written.
    """
    if old := outdated(connection, project):
        raise NotPublishedError(
            plural(
                "not published, readers keep the last copy: {marts} is older than the figures or "
                "the SQL they are made from: materialise the marts, then published_copy",
                "not published, readers keep the last copy: {marts} are older than the figures or "
                "the SQL they are made from: materialise the marts, then published_copy",
                len(old),
                marts=", ".join(old),
            )
        )
    months = sorted(on_record(connection, contract))
    checks = invariants(contract, project)
    stands = evaluated and (evaluated.months, evaluated.commits) == (months, commits(connection))
    results = list(evaluated.results) if evaluated and stands else []
    known = {(result.check.asset, result.check.name) for result in results}
    missing = [check for check in checks if (check.asset, check.name) not in known]
    results += evaluate(connection, contract, project, missing, months, home.quality)
    checked_at = commits(connection)  # an engine may keep what it found
    broken: dict[str, list[Month]] = {}
    for result in results:
        # a test may find less than its own severity
        if not result.passed and (result.severity or result.check.severity) == "error":
            broken.setdefault(f"{result.check.asset}.{result.check.name}", []).append(result.month)
    if broken:
        said = "; ".join(f"{name} ({_listed(months)})" for name, months in sorted(broken.items()))
        raise NotPublishedError(
            _(
                "not published, readers keep the last copy: {checks} must hold and does not",
                checks=said,
            )
        )
    put_copy(connection, home, to, checked_at=checked_at)


def is_behind(connection: duckdb.DuckDBPyConnection, home: Home, project: Project) -> bool:
    """Whether the published copy has other figures or marts than the warehouse."""
    if not home.published.exists():
        return bool(state(connection, project))
    with read_published(home) as copy:
        return state(copy, project) != state(connection, project)


def _listed(months: list[Month]) -> str:
    named = [f"{month:%Y-%m}" for month in sorted(months)[:NAMED_MONTHS]]
    more = len(months) - len(named)
    listed = ", ".join(named)
    return _("{months} and {count} more", months=listed, count=more) if more else listed


@dataclass(frozen=True)
class Publication:
    """The release that stands and the report page, as far as they were asked for; SVG by mart.

    The pictures are drawn along with the report, whose library takes a while to load.
    """

    release: Release | None = None
    report: Report | None = None
    pictures: dict[str, bytes] = field(default_factory=dict)


@dataclass(frozen=True)
class Published:
    """The copy that readers have now; ``months`` have a ranking."""

    path: Path
    sha256: str
    byte_size: int
    months: list[Month]


def describe(home: Home) -> Published:
    """What the published copy is.

    Raises:
        WarehouseError: nothing was published yet, or it cannot be read.
    """
    with read_published(home) as copy:
        ranked = rows_of(copy, "marts.department_rankings")
    path = home.published
    months = sorted(month for month, rows in ranked.items() if rows)
    return Published(path, sha256(path), path.stat().st_size, months)


def make_publication(
    home: Home,
    contract: Contract,
    chosen: Collection[str],
    today: dt.date,
    release_sha256: str | None = None,
) -> Publication:
    """Make the release, the report or both.

    Args:
        chosen: ``RELEASE``, ``REPORT`` or both; other names mean nothing here.
        today: the day that what is new bears.
        release_sha256: of the release that the page names as its own; one of an earlier run may be
            of other figures, so then it names none.

    Raises:
        DsfrError: the State's design system is asked for and cannot be used.
        OSError: the page cannot be written.
        ReleaseError: rows contradict their declaration, or the folder cannot be written.
        WarehouseError: nothing was published yet, or it cannot be read.
    """
    from acv_pipeline.publishing.release import make_release
    from acv_pipeline.publishing.report import write_report

    release = report = None
    drawn = {}
    with read_published(home) as connection:
        if RELEASE in chosen:
            release = make_release(connection, contract, home.releases, today=today)
        if REPORT in chosen:
            report = write_report(
                connection,
                contract,
                home.report,
                release_sha256=release.sha256 if release else release_sha256,
                today=today,
                dsfr=Dsfr.from_environment(),
            )
            drawn = pictures(connection, contract)
    return Publication(release, report, drawn)


def pictures(connection: duckdb.DuckDBPyConnection, contract: Contract) -> dict[str, bytes]:
    """SVG by mart that has a plot: its last month, of the contract's first indicator."""
    from acv_pipeline.publishing.report.plots import PLOTS, last_shown

    indicator = next(iter(contract.indicators))
    drawn = {}
    for mart, plot in PICTURED.items():
        month = last_shown(connection, contract, indicator, Month.max)
        svg = month and PLOTS[plot](connection, contract, indicator, month)
        if svg:
            drawn[mart] = svg
    return drawn
