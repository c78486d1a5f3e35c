"""The monthly digest, for people who don't open Dagster: what came, what was held, the figures."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from acv_pipeline.contract import Contract, Indicator, Month
from acv_pipeline.contract.months import in_words, shift
from acv_pipeline.language import _, kept, marked, plural
from acv_pipeline.models.headline import lacking
from acv_pipeline.operations.alerts.message_parts import (
    Heading,
    Line,
    Link,
    Part,
    Table,
    as_html,
    as_text,
)
from acv_pipeline.operations.alerts.messages import Message, short_hash, subject_line
from acv_pipeline.operations.alerts.notice import synthetic_notice

TOP = 10
MOST_LINES = 12
_STATUS = {
    "loaded": marked("in force"),
    "partial": marked("in force, except for what is listed below or in quarantine"),
    "held": marked("held back"),
    "refused": marked("could not be used"),
    "duplicate": marked("the same file as before"),
}


def digest_key(month: Month) -> str:
    """The key of a month's digest in the outbox."""
    return short_hash(f"digest/{month}")


def digest(
    connection: duckdb.DuckDBPyConnection,
    contract: Contract,
    month: Month,
    links_base: str | None = None,
    report: Path | None = None,
    report_address: str | None = None,
) -> Message:
    """What there is to say of ``month``, and of what was received in the month after it.

    Args:
        links_base: address of the Dagster UI.
        report: the report page, for who wants it attached.
        report_address: where people open the report page.
    """
    asked = _Asked(connection, contract, month)
    start, end = asked.received
    indicators = list(contract.indicators.values())
    intro = _(
        "The public indicator “Action Cœur de Ville: dwellings supported” for {month}: its "
        "figures, and what was received from {first} to {last}. Figures count dwellings since the "
        "start of the programme.",
        month=in_words(month),
        first=start,
        last=end - dt.timedelta(days=1),
    )
    parts: list[Part] = [Line(intro)]
    for indicator in indicators:
        parts += asked.figures(indicator)
    parts += [*asked.came(), *asked.held(), *asked.revised()]
    links: list[Part] = [Link(address) for address in (report_address, links_base) if address]
    if report and not report_address:
        links.insert(0, Line(_("The report page: {file}", file=report)))
    if links:
        parts += [Heading(_("Where to look")), *links]
    notice = synthetic_notice(connection)
    headline = asked.headline(indicators[0])
    subject = subject_line(
        _("{month}: {headline}", month=in_words(month), headline=headline), notice
    )
    above = f"{notice}\n\n" if notice else ""
    return Message(
        digest_key(month),
        "info",
        subject,
        f"{above}{as_text(parts, underlined=True)}\n",
        html=as_html(subject, parts, notice, _("Sent by acv_pipeline.")),
        report=str(report) if report else None,
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
            return _("no total yet")
        added = ""
        if national.added is not None and national.months is not None:
            added = " " + plural(
                "({added:+,})",
                "({added:+,} in {count} months)",
                national.months,
                added=national.added,
            )
        if national.is_complete:
            return _("{total:,} dwellings supported{added}", total=national.total, added=added)
        return _(
            "{total:,} dwellings supported{added}, incomplete", total=national.total, added=added
        )

    def figures(self, indicator: Indicator) -> list[Part]:
        heading = Heading(_("{programme}: figures and ranking", programme=indicator.programme))
        national = self.national(indicator)
        if national is None:
            return [heading, Line(self.why_no_total(indicator))]
        lines = [
            _("{total:,} dwellings in all.", total=national.total)
            if national.is_complete
            else _("{total:,} dwellings in all, some départements missing.", total=national.total)
        ]
        if national.added is not None and national.since is not None:
            lines.append(
                plural(
                    "{added:+,} dwellings since {month}.",
                    "{added:+,} dwellings since {month} ({count} months).",
                    national.months or 1,
                    added=national.added,
                    month=in_words(national.since),
                )
            )
        if national.is_break:
            change = self.contract.last_change(indicator.id, "total", self.month)
            lines.append(
                _("A break, so nothing compares with before: {change}.", change=change or "")
            )
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
        columns = [
            _("Rank"),
            _("Département"),
            _("Dwellings"),
            _("Added"),
            _("Rank by added"),
            _("Ranks climbed"),
        ]
        table = [
            [
                str(rank),
                name,
                _("{value:,}", value=total),
                "" if added is None else _("{value:+,}", value=added),
                "" if by_added is None else str(by_added),
                _("{value:+,}", value=climbed) if climbed else "",
            ]
            for rank, name, total, added, by_added, climbed in rows
        ]
        return [heading, *map(Line, lines), *([Table(columns, table, (1,))] if table else [])]

    def why_no_total(self, indicator: Indicator) -> str:
        missing = lacking(self.connection, self.contract, indicator.id, self.month)
        month = in_words(self.month)
        if not missing:
            return _("No total for {month}.", month=month)
        *before, last = [self.contract.source(source).label for source in missing]
        whose = _("{before} and {last}", before=", ".join(before), last=last) if before else last
        return _(
            "No total for {month}: no figures in force from {sources}.", month=month, sources=whose
        )

    def came(self) -> list[Part]:
        rows = self.rows(
            "select delivered_on, source, file_name, row_count, status, reason, reason_fr"
            " from raw.deliveries where delivered_on >= ? and delivered_on < ?"
            " order by delivered_on, source, file_name",
            self.received,
        )
        lines = []
        for day, source, name, count, status, reason, reason_fr in rows:
            why = kept({"reason": reason, "reason_fr": reason_fr}, "reason")
            lines.append(
                _(
                    "{day}, {source}: {file}, {count:,} rows, {status}",
                    day=day,
                    source=self.contract.source(source).label,
                    file=name,
                    count=count,
                    status=_(_STATUS[status]),
                )
                + (f" ({why})" if why else "")
            )
        seen = {row[1] for row in rows}
        lines += [
            _("Nothing came from {source}.", source=source.label)
            for source in self.contract.sources.values()
            if source.id not in seen and source.publication_lag_days is not None
        ]
        return _part(_("What came"), lines)

    def held(self) -> list[Part]:
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
            findings = [finding for finding in json.loads(evidence) if finding["blocking"]]
            now = {
                "held": _("Still held back."),
                "signed_off": _("Released by {by}: {reason}.", by=by, reason=reason),
                "superseded": _("A later delivery took its place."),
            }[status]
            lines.append(
                _(
                    "{month} from {source} ({programme}): {why}. {now}",
                    month=in_words(month),
                    source=self.contract.source(source).label,
                    programme=self.contract.indicator(indicator).programme,
                    why="; ".join(kept(finding, "summary") for finding in findings),
                    now=now,
                )
            )
        return _part(_("What was held back, and why"), lines or [_("Nothing.")])

    def revised(self) -> list[Part]:
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
            months: object = in_words(first)
            if first != last:
                months = _("{first} to {last}", first=months, last=in_words(last))
            withdrawn = _(", {count:,} of them withdrawn", count=gone) if gone else ""
            lines.append(
                plural(
                    "{source} ({programme}): {count:,} figure of {months} changed{withdrawn}, by "
                    "{effect:+,} dwellings in all.",
                    "{source} ({programme}): {count:,} figures of {months} changed{withdrawn}, by "
                    "{effect:+,} dwellings in all.",
                    count,
                    source=self.contract.source(source).label,
                    programme=self.contract.indicator(indicator).programme,
                    months=months,
                    withdrawn=withdrawn,
                    effect=effect,
                )
            )
        return _part(_("What changed in earlier figures"), lines or [_("Nothing.")])


def _part(heading: str, lines: Sequence[str]) -> list[Part]:
    shown = list(map(Line, lines[:MOST_LINES]))
    if more := len(lines) - len(shown):
        shown.append(Line(plural("and {count} more", "and {count} more", more)))
    return [Heading(heading), *shown]
