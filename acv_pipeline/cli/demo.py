"""``make demo``: synthetic deliveries through the pipeline, ending with a bad month caught."""

from __future__ import annotations

import textwrap
import time
from functools import partial
from pathlib import Path

import click
import duckdb

from acv_pipeline.cli import without_warnings
from acv_pipeline.cli.common import MonthType, home_of, home_option, plain_errors, wrong_use
from acv_pipeline.cli.running import run_landing
from acv_pipeline.contract import Contract, Month, load_contract
from acv_pipeline.contract.months import first_day, shift
from acv_pipeline.ledger.lateness import late_months
from acv_pipeline.sample_data import SampleDataError, bad_delivery, generate
from acv_pipeline.warehouse import read_published
from acv_pipeline.warehouse.home import Home

GOOD, BAD = "anah", "action_logement"


@click.command()
@home_option
@click.option("--last", type=MonthType(), help="The month that ends it; by default the last one.")
def main(home: Path | None, last: Month | None) -> None:
    """Run the demonstration."""
    started = time.monotonic()
    without_warnings()
    with plain_errors():
        where, contract = home_of(home), load_contract()
        try:
            _run(where, contract, last or shift(first_day(contract.today()), -1))
        except SampleDataError as error:
            wrong_use(f"{error}; or delete {where.root}, a demo of another month, to start afresh")
    click.echo(
        textwrap.dedent(
            f"""
            Done in {time.monotonic() - started:.0f} s. What to look at:
              {_shown(where.report)}    the report page: open it in a browser
              {_shown(where.releases / "latest")}    the open data release
              make dev                       the Dagster UI on this demo: assets, months, red checks
              .venv/bin/acv status --home {_shown(where.root)}    what is held or late now
              {_shown(where.published)}    the figures, for any DuckDB client
            """
        ).rstrip()
    )


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
    _step(1, f"Synthetic deliveries of both partners to {before:%Y-%m}, and releases")
    files = len(arrive(until={GOOD: before, BAD: before}).files)
    click.echo(f"{files} files under {_shown(landing)} (synthetic: never publish)")

    _step(2, "Every month through Dagster: received, judged, checked, ranked")
    run_landing(home, landing)

    _step(3, f"{last:%B %Y} arrives: a good delivery and a bad one")
    arrive(first=last, until={BAD: before})
    bad = bad_delivery(landing, contract=contract, source=BAD, month=last, by=shift(last, 1))
    click.echo(f"the bad one: {bad.path.name}, received {bad.delivered_on}")
    run_landing(home, landing)

    _step(4, "The bad month did not reach the rankings")
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
            click.echo(f"  {late.month:%Y-%m}  late: nothing of {label} came, due {late.due_on}")
    for month, total, departments in reversed(months):
        click.echo(f"  {month:%Y-%m}  {total:>7,} dwellings in {departments} départements")
    if months[0][0] < last:
        click.echo(f"  {last:%Y-%m}  held: no total, no ranking, until somebody has looked")
    else:
        click.echo(f"  ({last:%Y-%m} was released since by a sign-off or a correction)")


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
