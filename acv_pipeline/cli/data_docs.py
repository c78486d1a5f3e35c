"""``acv data-docs``: Great Expectations' own pages of what it found last."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from acv_pipeline.cli.common import WRONG_USE, home_of, home_option, plain_errors


@click.command("data-docs")
@home_option
def data_docs(home: Path | None) -> None:
    """Build Great Expectations' own pages of the validations that runs have kept."""
    with plain_errors():
        where = home_of(home)
        if not where.quality.is_dir():
            _nothing_kept(where.root)
        from acv_pipeline.quality.validation import build_data_docs

        with where.at_work("acv data-docs", lambda line: click.echo(line, err=True)):
            index = build_data_docs(where.quality)
        if index is None:
            _nothing_kept(where.root)
        click.echo(f"→ {index}")


def _nothing_kept(home: Path) -> None:
    click.echo(f"acv: {home} keeps no validation yet: acv run makes some", err=True)
    sys.exit(WRONG_USE)
