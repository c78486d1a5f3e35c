"""``acv signoff`` and ``acv quarantine``: what people do about stopped months and rows."""

from __future__ import annotations

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
from acv_pipeline.operations.quarantine import ExportError, export
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
    required=True,
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Where to write them: .xlsx or .csv.",
)
@click.option("--source", help="Only rows of this source.")
@click.option("--delivery", help="Only rows of this delivery: its sha256 or the first characters.")
@home_option
def quarantine(path: Path, source: str | None, delivery: str | None, home: Path | None) -> None:
    """Write the rows in quarantine to a spreadsheet. It can go back to who sent them.

    One line per row: file, sheet, row, why (in French and English), and the cells as received.
    """
    with plain_errors(ExportError), read_published(home_of(home)) as connection:
        rows = export(connection, load_contract(), path, source=source, delivery=delivery)
    if rows:
        click.echo(f"{path}: {rows} {'row' if rows == 1 else 'rows'} in quarantine.")
    else:
        click.echo("No such row is in quarantine; nothing was written.")
