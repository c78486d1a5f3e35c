"""``acv rebuild``, ``backup``, ``restore``, ``data-docs``: what is run now and then."""

from __future__ import annotations

from pathlib import Path

import click

from acv_pipeline.cli import DATA_HELD
from acv_pipeline.cli.common import home_of, home_option, plain_errors, to_stderr, wrong_use
from acv_pipeline.cli.running import run_landing
from acv_pipeline.cli.terminal import Progress
from acv_pipeline.contract import load_contract
from acv_pipeline.operations.upkeep.backup import BackupError, back_up
from acv_pipeline.operations.upkeep.backup import restore as put_back
from acv_pipeline.operations.upkeep.rebuild import rebuild as rebuild_warehouse

SHOWN = 10


@click.command()
@click.option(
    "--landing",
    help="The landing zone, as for 'acv run'; $ACV_LANDING, else <home>/landing.",
)
@home_option
@click.pass_context
def rebuild(context: click.Context, landing: str | None, home: Path | None) -> None:
    """Make the warehouse again from the deliveries. For when its file is damaged.

    Sign-offs and explanations are kept; the old file is put aside. Ends with what 'acv run' does.
    """
    with plain_errors():
        where = home_of(home)
        zone = where.zone(landing) if landing else where.landing
        with Progress() as progress:
            done = rebuild_warehouse(where, zone, load_contract(), progress=progress.reading)
        for path, problem in done.damaged.items():
            click.echo(f"Not used, damaged: {path} ({problem})")
        click.echo(f"Warehouse made again from {done.read} deliveries of the landing zone.")
        _list("not in the landing zone any more, kept as they were received", done.kept)
        _list("LOST, in neither the landing zone nor a readable copy: ask for them", done.lost)
        if done.aside:
            click.echo(f"The old file is {done.aside}; delete it when nobody needs it.")
        code = run_landing(where, zone)
    context.exit(DATA_HELD if done.lost else code)


def _list(what: str, names: list[str]) -> None:
    if not names:
        return
    click.echo(f"{len(names)} deliveries {what}:")
    for name in names[:SHOWN]:
        click.echo(f"  {name}")
    if len(names) > SHOWN:
        click.echo(f"  … and {len(names) - SHOWN} more")


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@home_option
def backup(file: Path, home: Path | None) -> None:
    """Write the whole home to FILE, also while runs go on."""
    with plain_errors(BackupError):
        made = back_up(home_of(home), file, log=to_stderr)
    click.echo(f"{file}: {made.files} files, {made.byte_size / 1e6:.1f} MB, made {made.made_at}.")


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--force", is_flag=True, help="Put a home that is there aside.")
@home_option
def restore(file: Path, force: bool, home: Path | None) -> None:
    """Put the home back as it was when FILE was made. Stop the daemon and the UI before."""
    with plain_errors(BackupError):
        where = home_of(home)
        made, aside = put_back(file, where, force=force)
    click.echo(f"{where.root}: as it was on {made.made_at} ({made.files} files).")
    if aside:
        click.echo(f"What was there before is {aside}; delete it when nobody needs it.")
    click.echo("The next 'acv run' receives what came since.")


@click.command("data-docs")
@home_option
def data_docs(home: Path | None) -> None:
    """Build Great Expectations' own pages of what runs found."""
    with plain_errors():
        where = home_of(home)
        index = None
        if where.quality.is_dir():
            from acv_pipeline.quality.validation import build_data_docs  # takes seconds

            with where.at_work("acv data-docs", to_stderr):
                index = build_data_docs(where.quality)
        if index is None:
            wrong_use(f"{where.root} keeps no validation yet: acv run makes some")
        click.echo(f"→ {index}")
