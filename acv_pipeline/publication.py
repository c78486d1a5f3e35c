"""What leaves the house: the open data release and the report page, and plots for the UI.

Here: making them from the published copy, since nothing unsound is in there. Not here: what is in
them (``release``, ``report``), and when they are made (``flow``).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import duckdb

from acv_pipeline.contract import Contract, Month
from acv_pipeline.home import Home
from acv_pipeline.ledger.months import rows_of_mart
from acv_pipeline.warehouse import read_published

if TYPE_CHECKING:
    # made with libraries that take a while to import: loading the definitions goes without
    from acv_pipeline.release import Release
    from acv_pipeline.report import Report

RELEASE = "open_data_release"
REPORT = "indicator_report"
PICTURED = {
    "territory_totals": "national",
    "monthly_increments": "movers",
    "department_rankings": "map",
}
"""The plot that shows a mart, by asset."""


@dataclass(frozen=True)
class Publication:
    """What was made.

    Attributes:
        release: the open data release that stands, if it was asked for.
        report: the report page, if it was asked for.
        pictures: plots of marts as SVG, by asset; drawn along with the report, whose library takes
            a while to load.
        row_counts: rows of the ranking by month: a month is in both of them if it is ranked.
    """

    release: Release | None = None
    report: Report | None = None
    pictures: dict[str, bytes] = field(default_factory=dict)
    row_counts: dict[Month, int] = field(default_factory=dict)

    @property
    def assets(self) -> list[str]:
        """The assets made, in the order of the flow."""
        made = ((RELEASE, self.release), (REPORT, self.report))
        return [asset for asset, thing in made if thing]


def make_publication(
    home: Home,
    contract: Contract,
    chosen: Collection[str],
    shown: Mapping[str, Month],
    today: dt.date,
) -> Publication:
    """Make the release, the report or both.

    Args:
        chosen: ``RELEASE``, ``REPORT`` or both; other names mean nothing here.
        shown: the last month of each mart that was materialised.
        today: the day that what is new bears.

    Raises:
        OSError: the page cannot be written.
        ReleaseError: rows contradict their declaration, or the folder cannot be written.
        WarehouseError: nothing was published yet, or it cannot be read.
    """
    from acv_pipeline.release import make_release
    from acv_pipeline.report import write_report

    release = report = None
    drawn = {}
    with read_published(home) as connection:
        if RELEASE in chosen:
            release = make_release(connection, contract, home.releases, today=today)
        if REPORT in chosen:
            # a release of an earlier run may be of other figures: the page names none then
            report = write_report(
                connection,
                contract,
                home.report,
                release_sha256=release.sha256 if release else None,
                today=today,
            )
            drawn = pictures(connection, contract, shown)
        ranked = rows_of_mart(connection, "marts.department_rankings")
    return Publication(release, report, drawn, {m: n for m, n in ranked.items() if n})


def pictures(
    connection: duckdb.DuckDBPyConnection, contract: Contract, shown: Mapping[str, Month]
) -> dict[str, bytes]:
    """A plot of the last month of each mart that has one, of the contract's first indicator.

    Args:
        shown: the last month of each mart that was materialised; a mart's last month may be one
            of which a partner is all there is: that is no plot's.

    Returns:
        SVG by asset.
    """
    from acv_pipeline.report.plots import PLOTS, last_shown

    indicator = next(iter(contract.indicators))
    drawn = {}
    for asset, plot in PICTURED.items():
        if asset in shown:
            month = last_shown(connection, contract, indicator, shown[asset])
            svg = month and PLOTS[plot](connection, contract, indicator, month)
            if svg:
                drawn[asset] = svg
    return drawn
