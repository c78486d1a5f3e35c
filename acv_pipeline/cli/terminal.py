"""What the command line prints: progress while it works, and what came of it."""

from __future__ import annotations

import json
import sys
import time
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from contextlib import suppress

import click
import duckdb

from acv_pipeline.contract import Contract, Month
from acv_pipeline.contract.months import spans_shown
from acv_pipeline.gate.rules_files import same_day_files_differ
from acv_pipeline.language import _, kept, marked, plural
from acv_pipeline.ledger.load import LoadReport
from acv_pipeline.ledger.replay import Comparison, Replay, shown_verdict
from acv_pipeline.models.headline import lacking
from acv_pipeline.operations.status import HeldMonth, Status
from acv_pipeline.operations.unused import UnusedOfDelivery, unused_of
from acv_pipeline.publishing.release import latest_release
from acv_pipeline.warehouse.home import Home

QUIET_SECONDS = 2.0
LINE_SECONDS = 5.0
REFUSED = {
    "": marked("  ✗ REFUSED {file} from {source}, received {day}: {reason}"),
    "no_figure": marked("  ✗ NO FIGURE in {file} from {source}, received {day}: {reason}"),
}
"""What is said of a delivery that nothing could be used of, by the code of the reason."""
VERDICTS = {
    "accepted": marked("  {indicator} accepted: {months}"),
    "unchanged": marked("  {indicator} unchanged: {months}"),
    "held": marked("  {indicator} held: {months}"),
}


class Progress:
    """Progress on standard error, once the work takes more than a few seconds.

    On a terminal one line is rewritten; elsewhere (a log) a line appears every few seconds.
    """

    def __init__(self) -> None:
        self._started = self._printed = time.monotonic()
        self._live = sys.stderr.isatty()

    def __enter__(self) -> Progress:
        """Nothing is shown yet."""
        return self

    def __exit__(self, *_: object) -> None:
        """Clear the line."""
        if self._live:
            _show("\r\033[K", nl=False)

    def log(self, line: str) -> None:
        """Show what is being done, unless that was just done."""
        now = time.monotonic()
        if now - self._started < QUIET_SECONDS:
            return
        if self._live or now - self._printed > LINE_SECONDS:
            self.insist(line)

    def reading(self, done: int, of: int, name: str) -> None:
        """Show how many files were read."""
        self.log(_("reading {name} ({done} of {of})", name=name, done=done, of=of))

    def insist(self, line: str) -> None:
        """Show it at once: nothing else may be said for long."""
        if self._live:
            _show(f"\r\033[K  … {line[:100]}", nl=False)
        else:
            self._printed = time.monotonic()
            _show(f"  … {line} ({self._printed - self._started:.0f} s)")


def _show(text: str, *, nl: bool = True) -> None:
    with suppress(OSError):  # nobody looks any more: no reason to stop the work
        click.echo(text, nl=nl, err=True)


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


def print_unused(deliveries: Sequence[UnusedOfDelivery]) -> None:
    """One line per delivery that holds numbers which were not used."""
    for unused in deliveries:
        click.echo(
            _(
                "  · {file} ({source}, received {day}), not used: {parts}",
                file=unused.file_name,
                source=unused.source,
                day=unused.delivered_on,
                parts="; ".join(map(str, unused.parts)),
            )
        )


def print_marts(found: Status, marts: Collection[str], months: Iterable[Month]) -> None:
    """What checks say of the marts that a run built, for its months."""
    for check in found.failing:
        if check.asset in marts and (failing := set(check.months).intersection(months)):
            mark = "✗" if check.severity == "error" else _("! warning")
            click.echo(f"  {mark} {_said(check.check_name, spans_shown(failing))}")
            click.echo(f"      {check.summary}")


def print_publication(home: Home) -> None:
    """Where the report page and the open data release are, once there are any."""
    if release := latest_release(home.releases):
        click.echo(_("  → report page {path}", path=home.report))
        click.echo(_("  → open data release {path}", path=release))


def _print_held(held: HeldMonth, home: Home) -> None:
    rest = (
        plural(
            "the earlier figure stays in force",
            "the {count} earlier figures stay in force",
            held.figures_in_force,
        )
        if held.figures_in_force
        else _("the month has no figures of this source")
    )
    click.echo(
        _(
            "  ✗ HELD {indicator} {month:%Y-%m} from {source} ({file}, received {day}); {rest}",
            indicator=held.indicator_id,
            month=held.month,
            source=held.source,
            file=held.file_name,
            day=held.delivered_on,
            rest=rest,
        )
    )
    for finding in held.findings:
        click.echo("      " + _said(finding["rule"], kept(finding, "summary")))
        if cause := kept(finding, "probable_cause"):
            click.echo(_("        probable cause: {cause}", cause=cause))
    _ask(held.ask)
    for line in dict.fromkeys(held.what_to_do):
        click.echo(_("      do: {advice}", advice=line))
    command = home.sign_off(held.delivery_id, held.indicator_id, held.month)
    click.echo(_("      if the figures are right: {command}", command=command))


def _said(of: str, text: object) -> str:
    return _("{of}: {text}", of=of, text=text)


def _ask(contact: str) -> None:
    click.echo(_("      ask: {contact}", contact=contact))


def _print_late_and_failing(found: Status) -> None:
    for late in found.late:
        click.echo(
            plural(
                "  ! LATE {source}: {months}, {days}",
                "  ! LATE {source}: {months}: {count} months, up to {days}",
                len(late.months),
                source=late.source,
                months=spans_shown(late.months),
                days=plural("{count} day", "{count} days", late.days_late),
            )
        )
        if late.refused:
            click.echo(
                _(
                    "      what came was refused, see below: {months}",
                    months=spans_shown(late.refused),
                )
            )
        _ask(late.ask)
    for check in found.failing:
        mark = "✗" if check.severity == "error" else "!"
        click.echo(
            f"  {mark} {_said(f'{check.asset}.{check.check_name}', spans_shown(check.months))}"
        )
        click.echo(f"      {check.summary}")
        click.echo(_("      do: {advice}", advice=check.what_to_do))


def print_status(found: Status, home: Home, *, quiet: bool = False) -> None:
    """The standing answer for ``home``; ``quiet`` says nothing when all is well."""
    if not quiet:
        told = {**vars(found), "unused": [], "far": []}  # nothing is wrong with these
        if not any(told.values()):
            click.echo(_("All is well: nothing held, refused or in quarantine."))
        print_unused(found.unused)
        for far in found.far:
            click.echo(
                _(
                    "  ~ {indicator}: {rule} {threshold} is {value:g}, history suggests "
                    "{suggested:g}: {why}",
                    indicator=far.indicator_id,
                    rule=far.rule,
                    threshold=far.threshold,
                    value=far.value,
                    suggested=far.suggested,
                    why=far.why,
                )
            )
            click.echo(_("      do: {advice}", advice=f"acv calibrate {far.indicator_id}"))
    if found.standstill:
        click.echo(
            _(
                "  ✗ NOT TAKEN IN since {moment:%Y-%m-%d %H:%M}: {reason}",
                moment=found.standstill.since.astimezone(),
                reason=found.standstill.reason,
            )
        )
    for held in found.held:
        _print_held(held, home)
    if not quiet:
        _print_late_and_failing(found)
    for refused in found.refused:
        click.echo(
            _(
                REFUSED.get(refused.reason_code, REFUSED[""]),
                file=refused.file_name,
                source=refused.source,
                day=refused.delivered_on,
                reason=kept(vars(refused), "reason"),
            )
        )
        _ask(refused.ask)
    for rows in found.quarantined:
        click.echo(
            plural(
                "  ! {count} row of {file} ({source}, received {day}) in quarantine: {reason}",
                "  ! {count} rows of {file} ({source}, received {day}) in quarantine: {reason}",
                rows.rows,
                file=rows.file_name,
                source=rows.source,
                day=rows.delivered_on,
                reason=kept(vars(rows), "reason"),
            )
        )
        click.echo(_("      for example {row}", row=rows.example))
        _ask(rows.ask)
    for stale in found.stale_corrections:
        click.echo(
            _(
                "  ✗ CORRECTION {entry} of corrections.yml ({source}, {indicator} {month:%Y-%m}, "
                "{department}: {delivered} → {corrected}) does not apply: {problem}",
                entry=stale.entry,
                source=stale.source,
                indicator=stale.indicator_id,
                month=stale.month,
                department=stale.department_code,
                delivered=stale.delivered,
                corrected=stale.corrected,
                problem=stale.problem,
            )
        )
        advice = _("take it out, or write the figure as delivered now into it")
        click.echo(_("      do: {advice}", advice=advice))
    for shared in found.shared:
        click.echo(
            _(
                "  ! {file} ({source}, received {day}) has the bytes of a file of {other} and "
                "counts for that source only: {months}",
                file=shared.file_name,
                source=shared.source,
                day=shared.delivered_on,
                other=shared.counts_for,
                months=spans_shown(shared.months) or _("no month"),
            )
        )
        _ask(shared.ask)


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
                        said = _said(finding.rule, finding.summary)
                        click.echo(f"    {mark} {v.month:%Y-%m} {said}")


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
