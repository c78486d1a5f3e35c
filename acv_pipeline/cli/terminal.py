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
from acv_pipeline.contract.months import spans
from acv_pipeline.gate.rules_files import same_day_files_differ
from acv_pipeline.ledger.load import LoadReport
from acv_pipeline.ledger.replay import Comparison, Replay, shown_verdict
from acv_pipeline.models.headline import lacking
from acv_pipeline.operations.status import HeldMonth, Status
from acv_pipeline.operations.unused import UnusedOfDelivery, unused_of
from acv_pipeline.publishing.release import latest_release
from acv_pipeline.warehouse.home import Home

QUIET_SECONDS = 2.0
LINE_SECONDS = 5.0


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
        self.log(f"reading {name} ({done} of {of})")

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
        click.echo(f"✗ {line}; the next run tries again")
    parts = [_count(len(report.new), "new delivery", "new deliveries")]
    if report.duplicates:
        parts.append(f"{len(report.duplicates)} with bytes already on record")
    if report.unchanged:
        parts.append(f"{report.unchanged} seen before")
    click.echo("Landing zone: " + ", ".join(parts) + ".")
    shared = dict(report.shared.values())
    for file, first in report.duplicates:
        if file not in shared:
            click.echo(f"  = {file}: the same bytes as {first}; nothing to do")
    for file, source in shared.items():
        click.echo(f"  ! {file}: its bytes count for {source}, in whose folder they are too")
    for file, reason in report.refused:
        click.echo(f"  ✗ {file} refused: {reason}")


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
    for delivery_id, source, indicator, month, verdict, state, rules, by, *_ in rows:
        if month not in months:
            continue
        if state == "signed_off":
            signed.append(
                f"{contract.source(source).label}, {contract.indicator(indicator).short_name} "
                f"{month:%Y-%m} is in force: signed off by {by}"
            )
        if delivery_id in new and verdict == "accepted":
            accepted[source, indicator].add(month)
            for rule in rules:
                warned[rule].add(month)
    held = {(source, indicator, month) for _, source, indicator, month, _, state, *_ in rows
            if state == "held"}  # fmt: skip
    for (source, indicator), brought in accepted.items():
        click.echo(
            f"  ✓ {contract.source(source).label}, {contract.indicator(indicator).short_name}: "
            f"{_count(len(brought), 'month', 'months')} accepted ({_spans(brought)})"
        )
    for indicator in dict.fromkeys(indicator for _, indicator in accepted):
        brought = set().union(*(m for (_, of), m in accepted.items() if of == indicator))
        _print_without_total(connection, contract, indicator, brought)
    for line in signed:
        click.echo(f"  ✓ {line}")
    for delivery_id, source, indicator, month, _, state, rules, _, file_name, findings in rows:
        if state != "superseded" or month not in months or (source, indicator, month) in held:
            continue
        what = (
            f"{contract.source(source).label}, {contract.indicator(indicator).short_name} "
            f"{month:%Y-%m}"
        )
        beside = [f for f in json.loads(findings) if f["rule"] == same_day_files_differ.name]
        if beside and delivery_id in new:
            click.echo(f"  ! {what}: {file_name} is not used: {beside[0]['summary']}")
        elif month in accepted.get((source, indicator), ()):
            click.echo(
                f"  ✓ {what}: held in delivery {delivery_id[:12]} ({', '.join(rules)}); "
                "a later delivery replaced it"
            )
    for rule, where in sorted(warned.items()):
        click.echo(f"  ! warning {rule}: {_spans(where)}")
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
            f"  · no total of {contract.indicator(indicator).short_name} for {_spans(of)}: no "
            f"figures of {contract.source(source).label} are in force"
        )


def print_unused(deliveries: Sequence[UnusedOfDelivery]) -> None:
    """One line per delivery that holds numbers which were not used."""
    for unused in deliveries:
        click.echo(
            f"  · {unused.file_name} ({unused.source}, received {unused.delivered_on}), not used: "
            + "; ".join(map(str, unused.parts))
        )


def print_marts(found: Status, marts: Collection[str], months: Iterable[Month]) -> None:
    """What checks say of the marts that a run built, for its months."""
    for check in found.failing:
        if check.asset in marts and (failing := set(check.months).intersection(months)):
            mark = "✗" if check.severity == "error" else "! warning"
            click.echo(f"  {mark} {check.check_name}: {_spans(failing)}\n      {check.summary}")


def print_publication(home: Home) -> None:
    """Where the report page and the open data release are, once there are any."""
    if release := latest_release(home.releases):
        click.echo(f"  → report page {home.report}\n  → open data release {release}")


def _print_held(held: HeldMonth, home: Home) -> None:
    rest = (
        f"the {held.figures_in_force} earlier figures stay in force"
        if held.figures_in_force
        else "the month has no figures of this source"
    )
    click.echo(
        f"  ✗ HELD {held.indicator_id} {held.month:%Y-%m} from {held.source} "
        f"({held.file_name}, received {held.delivered_on}); {rest}"
    )
    for finding in held.findings:
        click.echo(f"      {finding['rule']}: {finding['summary']}")
        if finding["probable_cause"]:
            click.echo(f"        probable cause: {finding['probable_cause']}")
    click.echo(f"      ask: {held.ask}")
    for line in dict.fromkeys(held.what_to_do):
        click.echo(f"      do: {line}")
    command = home.sign_off(held.delivery_id, held.indicator_id, held.month)
    click.echo(f"      if the figures are right: {command}")


def _print_late_and_failing(found: Status) -> None:
    for late in found.late:
        several = f": {len(late.months)} months, up to" if late.months[1:] else ","
        click.echo(f"  ! LATE {late.source}: {_spans(late.months)}{several} {late.days_late} days")
        if late.refused:
            click.echo(f"      what came was refused, see below: {_spans(late.refused)}")
        click.echo(f"      ask: {late.ask}")
    for check in found.failing:
        mark = "✗" if check.severity == "error" else "!"
        click.echo(
            f"  {mark} {check.asset}.{check.check_name}: {_spans(check.months)}\n"
            f"      {check.summary}\n      do: {check.what_to_do}"
        )


def print_status(found: Status, home: Home, *, quiet: bool = False) -> None:
    """The standing answer for ``home``; ``quiet`` says nothing when all is well."""
    if not quiet:
        told = {**vars(found), "unused": [], "far": []}  # nothing is wrong with these
        if not any(told.values()):
            click.echo("All is well: nothing held, refused or in quarantine.")
        print_unused(found.unused)
        for far in found.far:
            click.echo(
                f"  ~ {far.indicator_id}: {far.rule} {far.threshold} is {far.value:g}, history "
                f"suggests {far.suggested:g}: {far.why}\n      do: acv calibrate {far.indicator_id}"
            )
    if found.standstill:
        click.echo(
            f"  ✗ NOT TAKEN IN since {found.standstill.since.astimezone():%Y-%m-%d %H:%M}: "
            f"{found.standstill.reason}"
        )
    for held in found.held:
        _print_held(held, home)
    if not quiet:
        _print_late_and_failing(found)
    for refused in found.refused:
        what = "NO FIGURE in" if refused.reason_code == "no_figure" else "REFUSED"
        click.echo(
            f"  ✗ {what} {refused.file_name} from {refused.source}, received "
            f"{refused.delivered_on}: {refused.reason}\n      ask: {refused.ask}"
        )
    for rows in found.quarantined:
        click.echo(
            f"  ! {_count(rows.rows, 'row', 'rows')} of {rows.file_name} ({rows.source}, received "
            f"{rows.delivered_on}) in quarantine: {rows.reason}\n"
            f"      for example {rows.example}\n      ask: {rows.ask}"
        )
    for stale in found.stale_corrections:
        click.echo(
            f"  ✗ CORRECTION {stale.entry} of corrections.yml ({stale.source}, "
            f"{stale.indicator_id} {stale.month:%Y-%m}, {stale.department_code}: {stale.delivered} "
            f"→ {stale.corrected}) does not apply: {stale.problem}\n"
            "      do: take it out, or write the figure as delivered now into it"
        )
    for shared in found.shared:
        click.echo(
            f"  ! {shared.file_name} ({shared.source}, received {shared.delivered_on}) has the "
            f"bytes of a file of {shared.counts_for} and counts for that source only: "
            f"{_spans(shared.months) or 'no month'}\n      ask: {shared.ask}"
        )


def print_replay(result: Replay, contract: Contract) -> None:
    """Per delivery day and indicator: months accepted, held (with rules) and unchanged."""
    for file, reason in result.load.refused:
        click.echo(f"refused {file}: {reason}")
    for file, first in result.load.duplicates:
        click.echo(f"{file}: the same bytes as {first}")
    days = sorted({verdict.delivered_on for verdict in result.verdicts})
    for day in days:
        click.echo(f"{day}")
        for indicator in contract.indicators.values():
            verdicts = [
                v
                for v in result.verdicts
                if v.delivered_on == day and v.indicator_id == indicator.id
            ]
            for kind in ("accepted", "unchanged", "held"):
                of_kind = [v for v in verdicts if shown_verdict(v) == kind]
                if of_kind:
                    months = {v.month for v in of_kind}
                    click.echo(f"  {indicator.short_name} {kind}: {_spans(months)}")
                for v in of_kind if kind != "unchanged" else ():
                    for finding in v.findings:
                        mark = "✗" if finding.blocking else "!"
                        click.echo(f"    {mark} {v.month:%Y-%m} {finding.rule}: {finding.summary}")


def print_comparison(comparison: Comparison, *, err: bool = False) -> None:
    """Hits, misses and false alarms."""
    for label, counts in comparison.counts.items():
        click.echo(
            f"{label}: {counts['blocks']} blocks, {counts['held']} held, "
            f"{counts['flagged']} held or flagged",
            err=err,
        )
    for kind, blocks in (
        ("missed", comparison.misses),
        ("false alarm", comparison.false_alarms),
        ("labelled, but not in this history", comparison.unknown),
    ):
        for block in blocks:
            click.echo(f"{kind}: {block}", err=err)


def _count(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"


def _spans(months: Iterable[Month]) -> str:
    """``2021-01 to 2021-03, 2021-05``."""
    return ", ".join(
        f"{first:%Y-%m}" if first == last else f"{first:%Y-%m} to {last:%Y-%m}"
        for first, last in spans(months)
    )
