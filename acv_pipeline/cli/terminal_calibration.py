"""What ``acv calibrate`` prints."""

from __future__ import annotations

import click

from acv_pipeline.calibration.expected import Expected
from acv_pipeline.calibration.habits import Habits
from acv_pipeline.calibration.past import Past
from acv_pipeline.language import _


def print_calibration(past: Past, habits: Habits, expected: Expected) -> None:
    """What was learned of an indicator, and what to expect of it."""
    entry, months = habits.indicator, past.months
    apart = entry.panel_excludes, entry.panel_joins, entry.panel_sometimes
    always = len(past.codes) - sum(map(len, apart))
    click.echo(
        _(
            "{indicator}: {months} months, {first:%Y-%m} to {last:%Y-%m}, in {deliveries} "
            "deliveries of {source}",
            indicator=entry.id,
            months=len(months),
            first=months[0],
            last=months[-1],
            deliveries=past.deliveries,
            source=past.source.id,
        )
    )
    click.echo(
        _(
            "  panel: {always} départements always, {joins} once they joined, {sometimes} "
            "sometimes, {never} never",
            always=always,
            joins=len(entry.panel_joins),
            sometimes=len(entry.panel_sometimes),
            never=len(entry.panel_excludes),
        )
    )
    if entry.months_between > 1:
        click.echo(_("  rhythm: a figure every {count} months", count=entry.months_between))
    for rule, names in habits.learned.items():
        for name, threshold in names.items():
            click.echo(
                _(
                    "  {rule}: {name} = {value:g}\n      {why}",
                    rule=rule,
                    name=name,
                    value=threshold.value,
                    why=threshold.why,
                )
            )
    if not habits.learned:
        click.echo(_("  thresholds: the contract's common ones fit"))
    for note in habits.notes:
        click.echo(f"  ! {note}")
    click.echo(_("What to expect, each month judged with what the others teach:"))
    _line(_("good months held"), len(expected.held), expected.judged)
    for kind, (made, found) in expected.caught.items():
        _line(_("held: {kind}", kind=_(kind)), found, made)
    for month, rules in expected.held.items():
        named = ", ".join(rules)
        click.echo(_("  ! {month:%Y-%m} would be held by {rules}", month=month, rules=named))


def _line(what: str, part: int, of: int) -> None:
    click.echo(
        _(
            "  {what:<50} {part:>3} of {of:>3}  {share:>4.0%}",
            what=what,
            part=part,
            of=of,
            share=part / max(of, 1),
        )
    )
