"""The report as a file: made from the tables, written when it says something new."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from pathlib import Path

import duckdb

from acv_pipeline.contract import Contract, Month
from acv_pipeline.landing.whole_files import write_whole
from acv_pipeline.publishing.dsfr import Dsfr
from acv_pipeline.publishing.report.figures import figures
from acv_pipeline.publishing.report.page import dated, page
from acv_pipeline.publishing.report.queries import Row, fetch

ACCOUNTS = ("deliveries", "refusals", "checks", "failures")
"""The queries behind what the page says of files, rows and checks."""
_WRITTEN_ON = re.compile(r'<meta name="dcterms.modified" content="(\d{4}-\d\d-\d\d)">')


@dataclass(frozen=True)
class Report:
    """The page that stands at ``path``.

    Attributes:
        months: by indicator, the month of its map and ranking.
        is_new: it was written just now; otherwise it said the same already.
    """

    path: Path
    byte_size: int
    months: dict[str, Month]
    is_new: bool


def write_report(
    connection: duckdb.DuckDBPyConnection,
    contract: Contract,
    path: Path,
    *,
    release_sha256: str | None,
    today: dt.date,
    dsfr: Dsfr | None = None,
) -> Report:
    """Write the report on the figures in force: one HTML file that needs nothing else.

    The same tables and contract make the same page, whatever the day: the page bears the day on
    which its content was first written, and isn't written again while that stays the same.

    Args:
        release_sha256: fingerprint of the open data release of the same figures, if there is one.
        today: the day a new page bears.
        dsfr: the State's design system, if the page is to look like it.

    Raises:
        DsfrError: the design system cannot be used.
        OSError: the page cannot be written.
    """
    shown = figures(connection, contract)
    accounts = {query: fetch(connection, query, Row) for query in ACCOUNTS}
    html = page(shown, accounts, contract, release_sha256=release_sha256, dsfr=dsfr)
    standing = path.read_text(encoding="utf-8") if path.exists() else ""
    before = _WRITTEN_ON.search(standing)
    is_new = not before or dated(html, dt.date.fromisoformat(before[1])) != standing
    if is_new:
        standing = dated(html, today)
        write_whole(path, standing)
    months = {of.indicator.id: of.ranking_month for of in shown}
    return Report(path, len(standing.encode()), months, is_new)
