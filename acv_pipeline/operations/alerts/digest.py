"""The monthly digest, for people who don't open Dagster: what came, what was held, the figures."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

import duckdb

from acv_pipeline.contract import Contract, Indicator, Month
from acv_pipeline.contract.months import in_english, shift
from acv_pipeline.models.headline import lacking
from acv_pipeline.operations.alerts.messages import SUBJECT, Message

TOP = 10
MOST_LINES = 12
_STATUS = {
    "loaded": "in force",
    "partial": "in force, except for what is listed below or in quarantine",
    "held": "held back",
    "refused": "could not be used",
    "duplicate": "the same file as before",
}


def digest_key(month: Month) -> str:
    """The key of a month's digest in the outbox."""
    return hashlib.sha256(f"digest/{month}".encode()).hexdigest()[:16]


@dataclass(frozen=True)
class _Section:
    heading: str
    lines: Sequence[str]
    columns: Sequence[str] = ()
    rows: Sequence[Sequence[str]] = ()


def digest(
    connection: duckdb.DuckDBPyConnection,
    contract: Contract,
    month: Month,
    links_base: str | None = None,
    report: Path | None = None,
) -> Message:
    """What there is to say of ``month``, and of what was received in the month after it.

    Args:
        links_base: address of the Dagster UI.
        report: the report page, which goes with mails.
    """
    asked = _Asked(connection, contract, month)
    start, end = asked.received
    indicators = list(contract.indicators.values())
    sections = [
        *(asked.figures(indicator) for indicator in indicators),
        asked.came(),
        asked.held(),
        asked.revised(),
    ]
    links = [
        *(["The report page goes with mails, as an attachment."] if report else []),
        *([links_base] if links_base else []),
    ]
    if links:
        sections.append(_Section("Where to look", links))
    subject = f"{SUBJECT} {in_english(month)}: {asked.headline(indicators[0])}"
    intro = (
        f"The public indicator “Action Cœur de Ville: dwellings supported” for "
        f"{in_english(month)}: its figures, and what was received from {start} to "
        f"{end - dt.timedelta(days=1)}. Figures count dwellings since the start of the programme."
    )
    return Message(
        digest_key(month),
        digest_key(month),
        "info",
        subject,
        _text(intro, sections),
        _html(subject, intro, sections),
        attachment=str(report) if report else None,
    )


@dataclass(frozen=True)
class _National:
    """The national total; ``added`` since ``since``, ``months`` ago, where there is an earlier."""

    total: int
    is_complete: bool
    is_break: bool
    added: int | None
    since: Month | None
    months: int | None

    @property
    def span(self) -> str:
        """How long the addition took, where that is not the one month everybody expects."""
        return f" in {self.months} months" if self.months != 1 else ""


@dataclass(frozen=True)
class _Asked:
    """What the published copy says of a month, and of what was received in the month after it."""

    connection: duckdb.DuckDBPyConnection
    contract: Contract
    month: Month

    @property
    def received(self) -> tuple[dt.date, dt.date]:
        """The first day of that month, and that of the one after it."""
        return shift(self.month, 1), shift(self.month, 2)

    def rows(self, sql: str, given: Sequence[object]) -> list[tuple[Any, ...]]:
        return self.connection.execute(sql, given).fetchall()

    def national(self, indicator: Indicator) -> _National | None:
        rows = self.rows(
            "select cumulative_dwellings, is_complete, is_break, increment, previous_month,"
            " months_elapsed"
            " from marts.territory_totals"
            " where indicator_id = ? and series = 'total' and level = 'national' and month = ?",
            [indicator.id, self.month],
        )
        return _National(*rows[0]) if rows else None

    def headline(self, indicator: Indicator) -> str:
        national = self.national(indicator)
        if national is None:
            return "no total yet"
        added = "" if national.added is None else f" ({national.added:+,}{national.span})"
        rest = "" if national.is_complete else ", incomplete"
        return f"{national.total:,} dwellings supported{added}{rest}"

    def figures(self, indicator: Indicator) -> _Section:
        heading = f"{indicator.programme}: figures and ranking"
        national = self.national(indicator)
        if national is None:
            return _Section(heading, [self.why_no_total(indicator)])
        rest = "." if national.is_complete else ", some départements missing."
        lines = [f"{national.total:,} dwellings in all{rest}"]
        if national.added is not None and national.since is not None:
            span = f" ({national.months} months)" if national.months != 1 else ""
            lines.append(f"{national.added:+,} dwellings since {in_english(national.since)}{span}.")
        if national.is_break:
            lines.append("A break: other partners are counted than before, so nothing compares.")
        rows = self.rows(
            """
            select rank_cumulative, department_code || ' ' || department_name,
                cumulative_dwellings, increment, rank_increment, rank_cumulative_change
            from marts.department_rankings
            where indicator_id = ? and series = 'total' and month = ? and rank_cumulative <= ?
            order by rank_cumulative, department_code
            """,
            [indicator.id, self.month, TOP],
        )
        columns = ["Rank", "Département", "Dwellings", "Added", "Rank by added", "Ranks climbed"]
        table = [
            [
                str(rank),
                name,
                f"{total:,}",
                "" if added is None else f"{added:+,}",
                "" if by_added is None else str(by_added),
                f"{climbed:+}" if climbed else "",
            ]
            for rank, name, total, added, by_added, climbed in rows
        ]
        return _Section(heading, lines, columns, table)

    def why_no_total(self, indicator: Indicator) -> str:
        missing = lacking(self.connection, self.contract, indicator.id, self.month)
        if not missing:
            return f"No total for {in_english(self.month)}."
        whose = " and ".join(self.contract.source(source).label for source in missing)
        return f"No total for {in_english(self.month)}: no figures in force from {whose}."

    def came(self) -> _Section:
        rows = self.rows(
            "select delivered_on, source, file_name, row_count, status, reason from raw.deliveries"
            " where delivered_on >= ? and delivered_on < ?"
            " order by delivered_on, source, file_name",
            self.received,
        )
        lines = [
            f"{day}, {self.contract.source(source).label}: {name}, {count:,} rows,"
            f" {_STATUS[status]}" + (f" ({reason})" if reason else "")
            for day, source, name, count, status, reason in rows
        ]
        seen = {source for _, source, *_ in rows}
        lines += [
            f"Nothing came from {source.label}."
            for source in self.contract.sources.values()
            if source.id not in seen and source.publication_lag_days is not None
        ]
        return _Section("What came", _shortened(lines))

    def held(self) -> _Section:
        start, end = self.received
        lines = []
        for month, source, indicator, evidence, status, by, reason in self.rows(
            """
            select held.month, held.source, held.indicator_id, held.evidence, held.status,
                held.signed_off_by, held.reason
            from validated.held_months as held
            join raw.deliveries as deliveries using (delivery_id)
            where deliveries.delivered_on < ?
                and (deliveries.delivered_on >= ? or held.month = ? or held.status = 'held')
            order by held.month, held.source, held.indicator_id
            """,
            [end, start, self.month],
        ):
            why = "; ".join(f["summary"] for f in json.loads(evidence) if f["blocking"])
            now = {
                "held": "Still held back.",
                "signed_off": f"Released by {by}: {reason}.",
                "superseded": "A later delivery took its place.",
            }[status]
            lines.append(f"{in_english(month)} from {self.whose(source, indicator)}: {why}. {now}")
        return _Section("What was held back, and why", _shortened(lines) or ["Nothing."])

    def revised(self) -> _Section:
        lines = []
        for source, indicator, first, last, count, effect, gone in self.rows(
            """
            select source, indicator_id, min(month), max(month), count(*),
                sum(coalesce(new_value, 0) - old_value), count(*) filter (where new_value is null)
            from marts.revisions where revised_on >= ? and revised_on < ?
            group by source, indicator_id order by source, indicator_id
            """,
            self.received,
        ):
            span = in_english(first) + ("" if first == last else f" to {in_english(last)}")
            withdrawn = f", {gone:,} of them withdrawn" if gone else ""
            lines.append(
                f"{self.whose(source, indicator)}: {count:,} "
                f"{'figure' if count == 1 else 'figures'} of {span} changed{withdrawn}, by "
                f"{effect:+,} dwellings in all."
            )
        return _Section("What changed in earlier figures", lines or ["Nothing."])

    def whose(self, source: str, indicator: str) -> str:
        label = self.contract.source(source).label
        return f"{label} ({self.contract.indicator(indicator).programme})"


def _shortened(lines: list[str]) -> list[str]:
    if len(lines) <= MOST_LINES:
        return lines
    return [*lines[:MOST_LINES], f"and {len(lines) - MOST_LINES} more"]


def _text(intro: str, sections: Sequence[_Section]) -> str:
    parts = [intro]
    for section in sections:
        parts += ["", section.heading, "-" * len(section.heading), *section.lines]
        if section.rows:
            table = [section.columns, *section.rows]
            widths = [max(map(len, column)) for column in zip(*table, strict=True)]
            parts.append("")
            parts += [_row(row, widths) for row in table]
    return "\n".join(parts) + "\n"


def _row(cells: Sequence[str], widths: Sequence[int]) -> str:
    """Names to the left, figures to the right."""
    padded = [
        cell.ljust(width) if place == 1 else cell.rjust(width)
        for place, (cell, width) in enumerate(zip(cells, widths, strict=True))
    ]
    return "  ".join(padded).rstrip()


def _html(title: str, intro: str, sections: Sequence[_Section]) -> str:
    parts: list[Any] = [
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}'
        '</title></head><body style="font-family:sans-serif;color:#1e1e1e;max-width:44em">',
        f"<p>{escape(intro)}</p>",
    ]
    for section in sections:
        parts.append(f'<h2 style="font-size:1.1em">{escape(section.heading)}</h2>')
        parts += [f'<p style="margin:0.3em 0">{escape(line)}</p>' for line in section.lines]
        if section.rows:
            parts.append('<table style="border-collapse:collapse;margin-top:0.6em">')
            parts.append(_html_row("th", section.columns))
            parts += [_html_row("td", row) for row in section.rows]
            parts.append("</table>")
    return "\n".join([*parts, "</body></html>"])


def _html_row(tag: str, cells: Sequence[str]) -> str:
    shown = [
        f'<{tag} style="padding:0.2em 0.7em;border-bottom:1px solid #ccc;'
        f'text-align:{"left" if place == 1 else "right"}">{escape(cell)}</{tag}>'
        for place, cell in enumerate(cells)
    ]
    return f"<tr>{''.join(shown)}</tr>"
