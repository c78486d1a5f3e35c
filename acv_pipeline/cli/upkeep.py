"""``acv rebuild``, ``backup``, ``restore``, ``data-docs``: what is run now and then."""

from __future__ import annotations

from pathlib import Path

import click

from acv_pipeline.cli import DATA_HELD
from acv_pipeline.cli.common import (
    Mending,
    home_of,
    home_option,
    plain_errors,
    to_stderr,
    wrong_use,
)
from acv_pipeline.cli.progress import Progress
from acv_pipeline.cli.running import run_landing
from acv_pipeline.contract import load_contract
from acv_pipeline.language import _, plural
from acv_pipeline.operations.upkeep.backup import back_up
from acv_pipeline.operations.upkeep.backup import restore as put_back
from acv_pipeline.operations.upkeep.rebuild import rebuild as rebuild_warehouse

SHOWN = 10


@click.command(
    cls=Mending,
    help=_(
        "Make the warehouse again from the deliveries. Every one of them is read again.\n\n"
        "Sign-offs and explanations are kept; the old file is put aside. Ends with what 'acv run' "
        "does."
    ),
)
@click.option(
    "--landing",
    metavar=_("DIR|URL"),
    help=_("The landing zone, as for 'acv run'; $ACV_LANDING, else <home>/landing."),
)
@home_option
@click.pass_context
def rebuild(context: click.Context, landing: str | None, home: Path | None) -> None:
    """Make the warehouse again from the deliveries."""
    with plain_errors():
        where = home_of(home)
        zone = where.zone(landing) if landing else where.landing
        with Progress() as progress:
            done = rebuild_warehouse(
                where, zone, load_contract(), progress=progress.reading, log=to_stderr
            )
        for path, problem in done.damaged.items():
            click.echo(_("Not used, damaged: {path} ({problem})", path=path, problem=problem))
        click.echo(
            plural(
                "Warehouse made again from {count} delivery of the landing zone.",
                "Warehouse made again from {count} deliveries of the landing zone.",
                done.read,
            )
        )
        if done.kept:
            kept = plural(
                "{count} delivery not in the landing zone any more, kept as it was received:",
                "{count} deliveries not in the landing zone any more, kept as they were received:",
                len(done.kept),
            )
            _list(kept, done.kept)
        if done.lost:
            lost = plural(
                "{count} delivery LOST, in neither the landing zone nor a readable copy: ask for "
                "it:",
                "{count} deliveries LOST, in neither the landing zone nor a readable copy: ask for "
                "them:",
                len(done.lost),
            )
            _list(lost, done.lost)
        if done.aside:
            click.echo(
                _("The old file is {path}; delete it when nobody needs it.", path=done.aside)
            )
        code = run_landing(where, zone)
    context.exit(DATA_HELD if done.lost else code)


def _list(heading: str, names: list[str]) -> None:
    click.echo(heading)
    for name in names[:SHOWN]:
        click.echo(f"  {name}")
    if more := max(len(names) - SHOWN, 0):
        click.echo(plural("  … and {count} more", "  … and {count} more", more))


@click.command(cls=Mending, help=_("Write the whole home to FILE, also while runs go on."))
@click.argument("file", metavar=_("FILE"), type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "--nightly",
    is_flag=True,
    help=_("It is made every night: where it is not, 'acv health' is not well."),
)
@home_option
def backup(file: Path, nightly: bool, home: Path | None) -> None:
    """Write the whole home to a file."""
    with plain_errors():
        where = home_of(home)
        made = back_up(where, file, log=to_stderr)
        if nightly:
            where.nightly_backup.touch()
    click.echo(
        _(
            "{path}: {files} files, {megabytes:.1f} MB, made {moment}.",
            path=file,
            files=made.files,
            megabytes=made.byte_size / 1e6,
            moment=made.made_at,
        )
    )


@click.command(
    help=_(
        "Put the home back as it was when FILE was made. Stop all that has it open before: daemon, "
        "UI, code server."
    )
)
@click.argument("file", metavar=_("FILE"), type=click.Path(path_type=Path, dir_okay=False))
@click.option("--force", is_flag=True, help=_("Put a home that is there aside."))
@home_option
def restore(file: Path, force: bool, home: Path | None) -> None:
    """Put the home back as it was."""
    with plain_errors():
        where = home_of(home)
        made, aside = put_back(file, where, force=force)
    click.echo(
        _(
            "{path}: as it was on {moment} ({files} files).",
            path=where.root,
            moment=made.made_at,
            files=made.files,
        )
    )
    if aside:
        click.echo(
            _("What was there before is {path}; delete it when nobody needs it.", path=aside)
        )
    click.echo(_("The next 'acv run' receives what came since."))


@click.command("data-docs", help=_("Build Great Expectations' own pages of what runs found."))
@home_option
def data_docs(home: Path | None) -> None:
    """Build Great Expectations' own pages."""
    with plain_errors():
        where = home_of(home)
        index = None
        if where.quality.is_dir():
            from acv_pipeline.quality.validation import build_data_docs  # takes seconds

            with where.at_work("acv data-docs", to_stderr):
                index = build_data_docs(where.quality)
        if index is None:
            wrong_use(_("{path} keeps no validation yet: acv run makes some", path=where.root))
        click.echo(f"→ {index}")
