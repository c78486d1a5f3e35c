"""``make demo``: synthetic deliveries through the pipeline, ending with a bad month caught."""

from __future__ import annotations

import time
from functools import partial
from pathlib import Path

import click
import duckdb

from acv_pipeline.cli import speak, without_warnings
from acv_pipeline.cli.common import (
    Mending,
    MonthType,
    home_of,
    home_option,
    plain_errors,
    wrong_use,
)
from acv_pipeline.cli.running import run_landing
from acv_pipeline.contract import Contract, Month, load_contract
from acv_pipeline.contract.months import first_day, in_words, shift
from acv_pipeline.language import _, plural
from acv_pipeline.ledger.lateness import late_months
from acv_pipeline.sample_data import SampleDataError, bad_delivery, generate
from acv_pipeline.warehouse import read_published
from acv_pipeline.warehouse.home import Home

GOOD, BAD = "anah", "action_logement"


@click.command(cls=Mending, help=_("Run the demonstration."))
@home_option
@click.option(
    "--last", type=MonthType(), help=_("The month that ends it; by default the last one.")
)
def main(home: Path | None, last: Month | None) -> None:
    """Run the demonstration."""
    started = time.monotonic()
    without_warnings()
    speak()
    with plain_errors():
        where, contract = home_of(home), load_contract()
        try:
            _run(where, contract, last or shift(first_day(contract.today()), -1))
        except SampleDataError as error:
            wrong_use(
                _(
                    "{problem}; or delete {path}, a demo of another month, to start afresh",
                    problem=error,
                    path=where.root,
                )
            )
    seconds = time.monotonic() - started
    click.echo("\n" + _("Done in {seconds:.0f} s. What to look at:", seconds=seconds))
    for what, why in (
        (_shown(where.report), _("the report page: open it in a browser")),
        (_shown(where.releases / "latest"), _("the open data release")),
        (f"{'make dev':<27}", _("the Dagster UI on this demo: assets, months, red checks")),
        (
            f".venv/bin/acv status --home {_shown(where.root)}",
            _("what is held or late now"),
        ),
        (_shown(where.published), _("the figures, for any DuckDB client")),
    ):
        click.echo(f"  {what}    {why}")


def _run(home: Home, contract: Contract, last: Month) -> None:
    landing, before, late = home.root / "landing", shift(last, -1), shift(last, -3)
    arrive = partial(
        generate,
        landing,
        contract=contract,
        last=last,
        lacking={BAD: late},
        by=shift(last, 1),  # the earliest: today may be that day
    )
    _step(
        1,
        _("Synthetic deliveries of both partners to {month:%Y-%m}, and releases", month=before),
    )
    click.echo(
        plural(
            "{count} file under {folder} (synthetic: never publish)",
            "{count} files under {folder} (synthetic: never publish)",
            len(arrive(until={GOOD: before, BAD: before}).files),
            folder=_shown(landing),
        )
    )

    _step(2, _("Every month through Dagster: received, judged, checked, ranked"))
    run_landing(home, landing)

    _step(3, _("{month} arrives: a good delivery and a bad one", month=in_words(last)))
    arrive(first=last, until={BAD: before})
    bad = bad_delivery(landing, contract=contract, source=BAD, month=last, by=shift(last, 1))
    click.echo(_("the bad one: {file}, received {day}", file=bad.path.name, day=bad.delivered_on))
    run_landing(home, landing)

    _step(4, _("The bad month did not reach the rankings"))
    with read_published(home) as connection:
        _print_months(connection, contract, last)


def _print_months(connection: duckdb.DuckDBPyConnection, contract: Contract, last: Month) -> None:
    months = connection.execute(
        """
        select month, sum(cumulative_dwellings), count(*)
        from marts.department_rankings
        where indicator_id = 'nb-logement-accompagnement' and series = 'total'
        group by month order by month desc limit 3
        """
    ).fetchall()
    for late in late_months(connection, contract, contract.today()):
        if late.month <= last:
            label = contract.sources[late.source].label
            click.echo(
                _(
                    "  {month:%Y-%m}  late: nothing of {source} came, due {day}",
                    month=late.month,
                    source=label,
                    day=late.due_on,
                )
            )
    for month, total, departments in reversed(months):
        click.echo(
            _(
                "  {month:%Y-%m}  {total:>7,} dwellings in {departments} départements",
                month=month,
                total=total,
                departments=departments,
            )
        )
    click.echo(
        _("  {month:%Y-%m}  held: no total, no ranking, until somebody has looked", month=last)
        if months[0][0] < last
        else _("  ({month:%Y-%m} was released since by a sign-off or a correction)", month=last)
    )


def _step(number: int, title: str) -> None:
    click.secho(f"\n{number}. {title}", bold=True)


def _shown(path: Path) -> str:
    """The path as somebody in this folder would write it."""
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)


if __name__ == "__main__":
    main()
