"""``acv upgrade``: a home of an earlier version, taken over after a backup."""

from __future__ import annotations

from contextlib import redirect_stderr, redirect_stdout
from functools import partial
from io import StringIO
from pathlib import Path

import click

from acv_pipeline.cli.common import (
    Mending,
    home_of,
    home_option,
    plain_errors,
    to_stderr,
)
from acv_pipeline.contract import load_contract
from acv_pipeline.language import _
from acv_pipeline.operations.upkeep.upgrade import upgrade as take_over
from acv_pipeline.orchestration.instance import instance
from acv_pipeline.warehouse.home import Home


@click.command(
    cls=Mending,
    help=_(
        "Take over a home that an earlier version wrote, after a backup. Stop the daemon and the "
        "UI before."
    ),
)
@click.option(
    "--backup",
    "file",
    type=click.Path(path_type=Path, dir_okay=False),
    help=_("Where the home as it was is kept; beside the home if not given."),
)
@home_option
def upgrade(file: Path | None, home: Path | None) -> None:
    """The program's own record first, then Dagster's."""
    with plain_errors():
        where = home_of(home)
        done = take_over(
            where, load_contract(), file, log=to_stderr, then=partial(_upgrade_dagster, where)
        )
    before = done.before or _("an earlier version")
    click.echo(
        _("{home}: written by {before}, now by {now}", home=where.root, now=done.now, before=before)
        if done.is_done
        else _("{home}: version {now} wrote it, nothing to do", home=where.root, now=done.now)
    )
    if kept := done.kept:
        click.echo(
            _("As it was before {now}: {file} ({megabytes:.1f} MB). To go back: install the "
              "version of before, then acv restore {file} --home {home} --force",
              now=kept.now, file=kept.file, megabytes=kept.byte_size / 1e6, home=where.root)
        )  # fmt: skip
    if done.is_done:
        click.echo(_("The next 'acv run' builds what this version makes otherwise."))


def _upgrade_dagster(home: Home) -> None:
    """What ``dagster instance migrate`` does."""
    if home.dagster.is_dir():
        with instance(home) as dagster, redirect_stdout(StringIO()), redirect_stderr(StringIO()):
            dagster.upgrade()  # tells of its progress
