"""What ``acv calibrate`` prints."""

from __future__ import annotations

import click

from acv_pipeline.calibration.expected import Expected
from acv_pipeline.calibration.habits import Habits
from acv_pipeline.calibration.past import Past


def print_calibration(past: Past, habits: Habits, expected: Expected) -> None:
    """What was learned of an indicator, and what to expect of it."""
    entry, months = habits.indicator, past.months
    apart = entry.panel_excludes, entry.panel_joins, entry.panel_sometimes
    always = len(past.codes) - sum(map(len, apart))
    click.echo(
        f"{entry.id}: {len(months)} months, {months[0]:%Y-%m} to "
        f"{months[-1]:%Y-%m}, in {past.deliveries} deliveries of "
        f"{past.source.id}"
    )
    click.echo(
        f"  panel: {always} départements always, {len(entry.panel_joins)} once they joined, "
        f"{len(entry.panel_sometimes)} sometimes, {len(entry.panel_excludes)} never"
    )
    if entry.months_between > 1:
        click.echo(f"  rhythm: a figure every {entry.months_between} months")
    for rule, names in habits.learned.items():
        for name, threshold in names.items():
            click.echo(f"  {rule}: {name} = {threshold.value:g}\n      {threshold.why}")
    if not habits.learned:
        click.echo("  thresholds: the contract's common ones fit")
    for note in habits.notes:
        click.echo(f"  ! {note}")
    click.echo("What to expect, each month judged with what the others teach:")
    share = len(expected.held) / max(expected.judged, 1)
    click.echo(
        f"  {'good months held':<50} {len(expected.held):>3} of {expected.judged:>3}  {share:>4.0%}"
    )
    for kind, (made, found) in expected.caught.items():
        click.echo(f"  {'held: ' + kind:<50} {found:>3} of {made:>3}  {found / made:>4.0%}")
    for month, rules in expected.held.items():
        click.echo(f"  ! {month:%Y-%m} would be held by {', '.join(rules)}")
