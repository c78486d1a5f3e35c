"""``acv signoff`` and ``acv quarantine``: what people do about stopped months and rows."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from pathlib import Path

import click

from acv_pipeline.cli.common import (
    MonthType,
    home_of,
    home_option,
    plain_errors,
    to_stderr,
    wrong_use,
)
from acv_pipeline.contract import Month, load_contract
from acv_pipeline.flow.pipeline import Pipeline
from acv_pipeline.ledger.signoff import SignOffError, sign_off
from acv_pipeline.operations.quarantine import ABOUT, ExportError, export, waiting
from acv_pipeline.warehouse import read_published


@click.command()
@click.argument("delivery")
@click.argument("indicator")
@click.argument("month", type=MonthType())
@click.option("--reason", required=True, help="Why the figures are right; kept on record.")
@click.option("--by", "signed_by", required=True, help="Who signs.")
@home_option
def signoff(
    delivery: str, indicator: str, month: Month, reason: str, signed_by: str, home: Path | None
) -> None:
    """Release a held month, on record.

    DELIVERY is the delivery's sha256 or its first characters, INDICATOR an indicator's id or
    short name (ACV). The next run brings the month into force.
    """
    with plain_errors(SignOffError):
        pipeline = Pipeline.configured(home_of(home))
        if not pipeline.home.warehouse.exists():
            wrong_use(f"{pipeline.home.root} holds no warehouse yet")
        with pipeline.warehouse(to_stderr) as connection:
            signed = sign_off(
                connection,
                pipeline.contract,
                delivery,
                indicator,
                month,
                reason=reason,
                signed_by=signed_by,
            )
    click.echo(
        f"Signed off: {signed.indicator_id} {month:%Y-%m} of delivery {signed.delivery_id[:12]}, "
        f"by {signed_by}. The next 'acv run' brings it into force."
    )


@click.command()
@click.option(
    "--export",
    "path",
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write them to a spreadsheet: .xlsx or .csv.",
)
@click.option("--source", help="Only rows of this source.")
@click.option("--delivery", help="Only rows of this delivery: its sha256 or the first characters.")
@home_option
def quarantine(
    path: Path | None, source: str | None, delivery: str | None, home: Path | None
) -> None:
    """List the rows in quarantine, or write them to a spreadsheet, to send back to the source.

    One line per row: file, sheet, row, why (in French and English), and the cells as received.
    """
    with plain_errors(ExportError):
        with read_published(home_of(home)) as connection:
            table = waiting(connection, load_contract(), source=source, delivery=delivery)
        header, *rows = table
        if path and rows:
            export(table, path)
    if not path:
        _print_rows(header[len(ABOUT) :], rows)
    if not rows:
        click.echo("No such row is in quarantine" + ("; nothing was written." if path else "."))
    else:
        found = f"{len(rows)} {'row' if len(rows) == 1 else 'rows'} in quarantine"
        click.echo(f"{path}: {found}." if path else f"{found}; --export FILE writes them.")


def _print_rows(names: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    for delivery, of_delivery in groupby(rows, key=lambda row: row[:2]):
        click.echo("{}, received {}".format(*delivery))
        for _, _, sheet, number, _, reason, _, *cells in of_delivery:
            place = ", ".join(filter(None, [sheet, f"row {number}"]))
            named = zip(names, cells, strict=True)
            shown = " | ".join(f"{name} {cell}" for name, cell in named if cell)
            click.echo(f"  {place}: {shown}\n      {reason}")
