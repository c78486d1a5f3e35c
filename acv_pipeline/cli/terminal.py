"""What the command line prints of what came of its work."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence

import click
import duckdb

from acv_pipeline.cli.terminal_status import print_unused, said
from acv_pipeline.contract import Contract, Month
from acv_pipeline.contract.months import spans_shown
from acv_pipeline.gate.rules_files import same_day_files_differ
from acv_pipeline.language import _, kept, marked, plural
from acv_pipeline.ledger.load import LoadReport
from acv_pipeline.ledger.replay import Comparison, Replay, shown_verdict
from acv_pipeline.models.headline import lacking
from acv_pipeline.operations.status import Status
from acv_pipeline.operations.unused import unused_of
from acv_pipeline.publishing.release import latest_release
from acv_pipeline.warehouse.home import Home

VERDICTS = {
    "accepted": marked("  {indicator} accepted: {months}"),
    "unchanged": marked("  {indicator} unchanged: {months}"),
    "held": marked("  {indicator} held: {months}"),
}


def print_load(report: LoadReport) -> None:
    """What the landing zone brought."""
    for line in report.misplaced:
        click.echo(f"! {line}")
    for line in report.unread:
        click.echo(_("✗ {problem}; the next run tries again", problem=line))
    parts = [plural("{count} new delivery", "{count} new deliveries", len(report.new))]
    if report.duplicates:
        parts.append(
            plural(
                "{count} with bytes already on record",
                "{count} with bytes already on record",
                len(report.duplicates),
            )
        )
    if report.unchanged:
        parts.append(plural("{count} seen before", "{count} seen before", report.unchanged))
    click.echo(_("Landing zone: {counts}.", counts=", ".join(parts)))
    shared = dict(report.shared.values())
    for file, first in report.duplicates:
        if file not in shared:
            click.echo(
                _("  = {file}: the same bytes as {first}; nothing to do", file=file, first=first)
            )
    for file, source in shared.items():
        click.echo(
            _(
                "  ! {file}: its bytes count for {source}, in whose folder they are too",
                file=file,
                source=source,
            )
        )
    for file, reason in report.refused:
        click.echo(_("  ✗ {file} refused: {reason}", file=file, reason=reason))


def print_outcome(
    connection: duckdb.DuckDBPyConnection,
    contract: Contract,
    months: Sequence[Month],
    report: LoadReport,
) -> None:
    """What a run brought into force, and what a later delivery settled."""
    new = set(report.new)
    rows = connection.execute(
        """
        select delivery_id, verdicts.source, indicator_id, month, verdict, verdicts.status, rules,
            signed_off_by, file_name, findings
        from validated.verdicts join raw.deliveries using (delivery_id)
        order by source, indicator_id, month, file_name
        """
    ).fetchall()
    accepted: dict[tuple[str, str], set[Month]] = defaultdict(set)
    warned: dict[str, set[Month]] = defaultdict(set)
    signed: list[str] = []
    for delivery_id, source, indicator, month, verdict, state, rules, by, *_more in rows:
        if month not in months:
            continue
        if state == "signed_off":
            signed.append(
                _(
                    "  ✓ {source}, {indicator} {month:%Y-%m} is in force: signed off by {by}",
                    source=contract.source(source).label,
                    indicator=contract.indicator(indicator).short_name,
                    month=month,
                    by=by,
                )
            )
        if delivery_id in new and verdict == "accepted":
            accepted[source, indicator].add(month)
            for rule in rules:
                warned[rule].add(month)
    held = {tuple(about) for _delivery, *about, _verdict, state, _rules, _by, _file, _f in rows
            if state == "held"}  # fmt: skip
    for (source, indicator), brought in accepted.items():
        click.echo(
            plural(
                "  ✓ {source}, {indicator}: {count} month accepted ({months})",
                "  ✓ {source}, {indicator}: {count} months accepted ({months})",
                len(brought),
                source=contract.source(source).label,
                indicator=contract.indicator(indicator).short_name,
                months=spans_shown(brought),
            )
        )
    for indicator in dict.fromkeys(indicator for _source, indicator in accepted):
        brought = set().union(*(m for (_source, of), m in accepted.items() if of == indicator))
        _print_without_total(connection, contract, indicator, brought)
    for line in signed:
        click.echo(line)
    for (
        delivery_id,
        source,
        indicator,
        month,
        _verdict,
        state,
        rules,
        _by,
        file_name,
        findings,
    ) in rows:
        if state != "superseded" or month not in months or (source, indicator, month) in held:
            continue
        what = (
            f"{contract.source(source).label}, {contract.indicator(indicator).short_name} "
            f"{month:%Y-%m}"
        )
        beside = [f for f in json.loads(findings) if f["rule"] == same_day_files_differ.name]
        if beside and delivery_id in new:
            click.echo(
                _(
                    "  ! {what}: {file} is not used: {summary}",
                    what=what,
                    file=file_name,
                    summary=kept(beside[0], "summary"),
                )
            )
        elif month in accepted.get((source, indicator), ()):
            click.echo(
                _(
                    "  ✓ {what}: held in delivery {delivery} ({rules}); a later delivery "
                    "replaced it",
                    what=what,
                    delivery=delivery_id[:12],
                    rules=", ".join(rules),
                )
            )
    for rule, where in sorted(warned.items()):
        click.echo(_("  ! warning {rule}: {months}", rule=rule, months=spans_shown(where)))
    print_unused(unused_of(connection, report.new))


def _print_without_total(
    connection: duckdb.DuckDBPyConnection, contract: Contract, indicator: str, months: set[Month]
) -> None:
    """The months just accepted that have no total, and whose figures it lacks."""
    missing: dict[str, set[Month]] = defaultdict(set)
    for month in months:
        for source in lacking(connection, contract, indicator, month):
            missing[source].add(month)
    for source, of in missing.items():
        click.echo(
            _(
                "  · no total of {indicator} for {months}: no figures of {source} are in force",
                indicator=contract.indicator(indicator).short_name,
                months=spans_shown(of),
                source=contract.source(source).label,
            )
        )


def print_marts(found: Status, marts: Collection[str], months: Iterable[Month]) -> None:
    """What checks say of the marts that a run built, for its months."""
    for check in found.failing:
        if check.asset in marts and (failing := set(check.months).intersection(months)):
            mark = "✗" if check.severity == "error" else _("! warning")
            click.echo(f"  {mark} {said(check.check_name, spans_shown(failing))}")
            click.echo(f"      {check.summary}")


def print_publication(home: Home) -> None:
    """Where the report page and the open data release are, once there are any."""
    if release := latest_release(home.releases):
        click.echo(_("  → report page {path}", path=home.report))
        click.echo(_("  → open data release {path}", path=release))


def print_replay(result: Replay, contract: Contract) -> None:
    """Per delivery day and indicator: months accepted, held (with rules) and unchanged."""
    for file, reason in result.load.refused:
        click.echo(_("refused {file}: {reason}", file=file, reason=reason))
    for file, first in result.load.duplicates:
        click.echo(_("{file}: the same bytes as {first}", file=file, first=first))
    days = sorted({verdict.delivered_on for verdict in result.verdicts})
    for day in days:
        click.echo(f"{day}")
        for indicator in contract.indicators.values():
            verdicts = [
                v
                for v in result.verdicts
                if v.delivered_on == day and v.indicator_id == indicator.id
            ]
            for kind, what in VERDICTS.items():
                of_kind = [v for v in verdicts if shown_verdict(v) == kind]
                if of_kind:
                    months = spans_shown(v.month for v in of_kind)
                    click.echo(_(what, indicator=indicator.short_name, months=months))
                for v in of_kind if kind != "unchanged" else ():
                    for finding in v.findings:
                        mark = "✗" if finding.blocking else "!"
                        told = said(finding.rule, finding.summary)
                        click.echo(f"    {mark} {v.month:%Y-%m} {told}")


def print_comparison(comparison: Comparison, *, err: bool = False) -> None:
    """Hits, misses and false alarms."""
    for label, counts in comparison.counts.items():
        click.echo(
            _(
                "{label}: {blocks} blocks, {held} held, {flagged} held or flagged",
                label=label,
                **counts,
            ),
            err=err,
        )
    for kind, blocks in (
        (marked("missed: {block}"), comparison.misses),
        (marked("false alarm: {block}"), comparison.false_alarms),
        (marked("labelled, but not in this history: {block}"), comparison.unknown),
    ):
        for block in blocks:
            click.echo(_(kind, block=block), err=err)
