"""What ``acv status`` prints: what is held, late, failing, refused or in quarantine."""

from __future__ import annotations

from collections.abc import Sequence

import click

from acv_pipeline.contract.months import spans_shown
from acv_pipeline.language import _, kept, marked, plural
from acv_pipeline.operations.status import HeldMonth, Status
from acv_pipeline.operations.unused import UnusedOfDelivery
from acv_pipeline.warehouse.home import Home

REFUSED = {
    "": marked("  ✗ REFUSED {file} from {source}, received {day}: {reason}"),
    "no_figure": marked("  ✗ NO FIGURE in {file} from {source}, received {day}: {reason}"),
}
"""What is said of a delivery that nothing could be used of, by the code of the reason."""


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
        click.echo("      " + said(finding["rule"], kept(finding, "summary")))
        if cause := kept(finding, "probable_cause"):
            click.echo(_("        probable cause: {cause}", cause=cause))
    _ask(held.ask)
    for line in dict.fromkeys(held.what_to_do):
        click.echo(_("      do: {advice}", advice=line))
    command = home.sign_off(held.delivery_id, held.indicator_id, held.month)
    click.echo(_("      if the figures are right: {command}", command=command))


def said(of: str, text: object) -> str:
    """``of: text``, as the language writes it."""
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
            f"  {mark} {said(f'{check.asset}.{check.check_name}', spans_shown(check.months))}"
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
    for entry in found.mended:
        if not quiet:  # a run says so when it happens
            click.echo(f"  ! {entry}")
        if entry.lost:
            click.echo(
                _(
                    "  ✗ LOST, in neither the landing zone nor a sound copy, ask for it again: "
                    "{files}",
                    files=", ".join(entry.lost),
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
