"""``make demo``: synthetic deliveries through the pipeline, ending with a bad month caught."""

from __future__ import annotations

import sys
import textwrap
import time
from pathlib import Path

import click

from acv_pipeline.cli.running import run_landing
from acv_pipeline.contract import load_contract
from acv_pipeline.contract.months import month_of, shift
from acv_pipeline.sample_data import SampleDataError, bad_delivery, generate
from acv_pipeline.warehouse import read_published
from acv_pipeline.warehouse.home import Home

LAST = month_of("2022-12")
PARTNERS, BAD_SOURCE = ("anah", "action_logement"), "action_logement"


def main() -> None:
    """Run the demonstration in ``$ACV_HOME``."""
    started = time.monotonic()
    home, contract = Home.from_environment(), load_contract()
    landing = home.root / "landing"

    _step(1, "Synthetic deliveries of both partners, 2018-09 to 2022-11, and matching releases")
    before = shift(LAST, -1)
    try:
        until = dict.fromkeys(PARTNERS, before)
        manifest = generate(landing, contract=contract, last=LAST, until=until)
        click.echo(
            f"{len(manifest.files)} files under {_shown(landing)} (synthetic: never publish)"
        )

        _step(2, "Every month through Dagster: received, judged, checked, ranked")
        run_landing(home, landing)

        _step(3, f"{LAST:%B %Y} arrives: a good delivery and a bad one")
        generate(landing, contract=contract, last=LAST, until={BAD_SOURCE: before})
        bad = bad_delivery(landing, contract=contract, source=BAD_SOURCE, month=LAST)
    except SampleDataError as error:
        sys.exit(f"demo: {error}; 'make clean' starts afresh")
    click.echo(f"the bad one: {bad.path.name}, received {bad.delivered_on}")
    run_landing(home, landing)

    _step(4, "The bad month did not reach the rankings")
    _print_rankings(home)

    click.echo(
        textwrap.dedent(
            f"""
            Done in {time.monotonic() - started:.0f} s. What to look at:
              {_shown(home.report)}    the report page: open it in a browser
              {_shown(home.releases / "latest")}    the open data release
              make dev                       the Dagster UI on this demo: assets, months, red checks
              .venv/bin/acv status --home {_shown(home.root)}    what is held, and what to do
              {_shown(home.published)}    the figures, for any DuckDB client
            """
        ).rstrip()
    )


def _print_rankings(home: Home) -> None:
    with read_published(home) as connection:
        months = connection.execute(
            """
            select month, sum(cumulative_dwellings), count(*)
            from marts.department_rankings
            where indicator_id = 'nb-logement-accompagnement' and series = 'total'
            group by month order by month desc limit 3
            """
        ).fetchall()
        for month, total, departments in reversed(months):
            click.echo(f"  {month:%Y-%m}  {total:>7,} dwellings in {departments} départements")
        if months[0][0] < LAST:
            click.echo(f"  {LAST:%Y-%m}  held: no total, no ranking, until somebody has looked")
        else:
            click.echo(f"  ({LAST:%Y-%m} was released since by a sign-off or a correction)")
        click.echo(f"Ranking of {months[0][0]:%Y-%m} (total of the partners):")
        for rank, name, value, increment in connection.execute(
            """
            select rank_cumulative, department_name, cumulative_dwellings, increment
            from marts.department_rankings
            where indicator_id = 'nb-logement-accompagnement' and series = 'total' and month = ?
            order by rank_cumulative limit 5
            """,
            [months[0][0]],
        ).fetchall():
            click.echo(f"  {rank:>2}. {name:<20} {value:>6,}  (+{increment:,})")


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
