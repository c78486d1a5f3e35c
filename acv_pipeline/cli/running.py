"""``acv run`` and ``acv status``: what the landing zone holds into force, what is broken now."""

from __future__ import annotations

import datetime as dt
import sys
from dataclasses import replace
from pathlib import Path

import click

from acv_pipeline.cli import DATA_HELD, FINE
from acv_pipeline.cli.common import (
    PLAIN,
    Mending,
    MonthRange,
    home_of,
    home_option,
    plain_errors,
)
from acv_pipeline.cli.progress import Progress
from acv_pipeline.cli.terminal import print_load, print_marts, print_outcome, print_publication
from acv_pipeline.cli.terminal_status import print_status
from acv_pipeline.contract import Month, load_contract
from acv_pipeline.flow.pipeline import Pipeline
from acv_pipeline.landing import RemoteZone, Zone
from acv_pipeline.language import _
from acv_pipeline.operations import standstill
from acv_pipeline.operations.status import status as read_status
from acv_pipeline.operations.status import without_figures
from acv_pipeline.orchestration.instance import has_unended_run, instance, prepare
from acv_pipeline.publishing.published_copy import COPY, RELEASE, REPORT
from acv_pipeline.quality import validator
from acv_pipeline.warehouse import (
    DamagedError,
    in_plain_words,
    read_published,
    suspicion_of,
)
from acv_pipeline.warehouse.home import Home


@click.command(
    cls=Mending,
    help=_("Materialise what the landing zone holds, through Dagster. Exit 1 if anything is held."),
)
@click.option(
    "--landing",
    metavar=_("DIR|URL"),
    help=_(
        "The landing zone, <source>/<YYYY-MM-DD>/<file>: a folder, or an address such as "
        "s3://bucket/folder; $ACV_LANDING, else <home>/landing."
    ),
)
@home_option
@click.option("--months", type=MonthRange(), help=_("Only these months, such as 2021-03:2021-06."))
def run(landing: str | None, home: Path | None, months: tuple[Month, Month] | None) -> None:
    """Materialise what the landing zone holds."""
    with plain_errors():
        where = home_of(home)
        sys.exit(run_landing(where, where.zone(landing) if landing else None, months))


def run_landing(home: Home, landing: Zone | None, months: tuple[Month, Month] | None = None) -> int:
    """What ``acv run`` does; its exit code."""
    with standstill.on_record(home, *PLAIN):
        pipeline = Pipeline.configured(home, landing)
    with Progress() as progress:
        prepare(home, progress.insist)
        progress.log(_("looking at the landing zone"))
        # a run may be long at work: it is waited for, and named; what it did isn't due any more
        with in_plain_words(home.root), home.at_work("acv run", progress.insist):
            with standstill.on_record(home, *PLAIN):
                due, report = pipeline.receive_due(
                    log=progress.insist,
                    progress=progress.reading,
                    run_follows=True,
                )
            unpublished = not due and not pipeline.is_published()
            standstill.looked(home, report.unread, dt.datetime.now(dt.UTC))
            if months:
                due = [month for month in due if months[0] <= month <= months[1]]
            print_load(report)
            result = None
            if due or unpublished:
                validator.started()
                # Dagster takes a while to load: only for a run
                from acv_pipeline.cli.launching import run_months

                # what somebody built by hand, and nobody published since
                only = [COPY, RELEASE, REPORT] if unpublished else None
                ours = replace(pipeline, has_turn=True)
                with instance(home) as dagster:
                    result = run_months(ours, dagster, due, assets=only, listen=progress.log)
        if has_unended_run(home):
            from acv_pipeline.orchestration.dead_runs import end_dead_runs

            with instance(home) as dagster:
                # whoever starts a run by hand knows what else was started just now
                end_dead_runs(dagster, home, young_seconds=0)
        if result and result.failure:
            if suspicion_of(home.root).exists():
                raise DamagedError(result.failure, home.root)
            click.echo(
                _("acv: run {run} failed: {why}", run=result.run_id, why=result.failure), err=True
            )
            return DATA_HELD
    if not due and not home.published.exists():
        is_empty = not (report.new or report.duplicates or report.unchanged)
        click.echo(
            _("Nothing to do: the landing zone holds no figures yet.")
            if is_empty
            else _("Nothing to do: nothing that was received is about a month that was asked for.")
            if months
            else _("Nothing to do: nothing that was received is about a month that is over.")
        )
        return FINE if is_empty and not report.unread else DATA_HELD
    with read_published(home) as connection:
        found = read_status(connection, pipeline.contract, home)
        if due:
            print_outcome(connection, pipeline.contract, due, report)
            print_marts(found, pipeline.project.models, due)
            print_publication(home)
        else:
            click.echo(
                _("Published what was built by hand.")
                if unpublished
                else _("Nothing to do: no new figures, nothing changed.")
            )
        unusable = without_figures(connection, report.new)
    print_status(found, home, quiet=True)
    return FINE if found.is_fine and not unusable else DATA_HELD


@click.command(
    cls=Mending, help=_("What is held, quarantined, late or failing now, and what to do.")
)
@home_option
@click.option("--json", "as_json", is_flag=True, help=_("For programs."))
def status(home: Path | None, as_json: bool) -> None:
    """What is wrong now."""
    from acv_pipeline.calibration.suggestions import far_thresholds

    with plain_errors():
        where = home_of(home)
        if not where.published.exists() and not as_json:
            code = _of_what_is_to_come(where)
            if code is not None:
                sys.exit(code)
        with read_published(where) as connection:
            contract = load_contract()
            found = read_status(connection, contract, where)
            found = replace(found, far=far_thresholds(connection, contract))
        if as_json:
            click.echo(found.to_json())
        else:
            print_status(found, where)
        sys.exit(FINE if found.is_fine else DATA_HELD)


def _of_what_is_to_come(home: Home) -> int | None:
    """What to say of a home in which nothing was published yet; None if it isn't known what for.

    Returns:
        The exit code.
    """
    if standing := standstill.standing(home):
        click.echo(_("What arrives is not taken in: {reason}", reason=standing.reason))
        return DATA_HELD
    zone = home.landing
    copies = zone.received if isinstance(zone, RemoteZone) else zone
    if not home.looked.exists() or (zone is copies and not zone.is_dir()):
        return None
    if any(path.is_file() for path in copies.rglob("*")):
        click.echo(
            _(
                "Nothing is published yet: the first run is at work, or has failed, which "
                "'acv health{option}' says.",
                option=home.option,
            )
        )
        return DATA_HELD
    place = f"{zone}/<source>/<YYYY-MM-DD>/<file>"
    click.echo(
        _("Nothing is published yet: the first delivery is awaited, as {place}.", place=place)
    )
    return FINE
