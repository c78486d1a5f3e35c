"""``acv data-docs``: Great Expectations' own pages of what it found last."""

from __future__ import annotations

from pathlib import Path

import click

from acv_pipeline.cli.common import home_of, home_option, plain_errors, to_stderr, wrong_use


@click.command("data-docs")
@home_option
def data_docs(home: Path | None) -> None:
    """Build Great Expectations' own pages of the validations that runs have kept."""
    with plain_errors():
        where = home_of(home)
        index = None
        if where.quality.is_dir():
            from acv_pipeline.quality.validation import build_data_docs

            with where.at_work("acv data-docs", to_stderr):
                index = build_data_docs(where.quality)
        if index is None:
            wrong_use(f"{where.root} keeps no validation yet: acv run makes some")
        click.echo(f"→ {index}")
