"""``acv signoff`` and ``acv quarantine``: what people do about stopped months and rows."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from pathlib import Path

import click

from acv_pipeline.cli.common import (
    Mending,
    MonthType,
    home_of,
    home_option,
    plain_errors,
    text_option,
    to_stderr,
    wrong_use,
)
from acv_pipeline.contract import Month, load_contract
from acv_pipeline.flow.pipeline import Pipeline
from acv_pipeline.language import Both, _, plural
from acv_pipeline.ledger.signoff import SignOffError, sign_off
from acv_pipeline.operations.quarantine import ABOUT, ExportError, export, waiting
from acv_pipeline.operations.row_place import row_place
from acv_pipeline.warehouse import read_published


@click.command(
    cls=Mending,
    help=_(
        "Release a held month, on record.\n\n"
        "DELIVERY is the delivery's sha256 or its first characters, INDICATOR an indicator's id or "
        "short name (ACV). The next run brings the month into force."
    ),
)
@click.argument("delivery", metavar=_("DELIVERY"))
@click.argument("indicator", metavar=_("INDICATOR"))
@click.argument("month", metavar=_("MONTH"), type=MonthType())
@text_option("--reason", required=True, help=_("Why the figures are right; kept on record."))
@text_option("--by", "signed_by", required=True, help=_("Who signs."))
@home_option
def signoff(
    delivery: str, indicator: str, month: Month, reason: str, signed_by: str, home: Path | None
) -> None:
    """Release a held month."""
    with plain_errors(SignOffError):
        pipeline = Pipeline.configured(home_of(home))
        if not pipeline.home.warehouse.exists():
            wrong_use(_("{path} holds no warehouse yet", path=pipeline.home.root))
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
        _(
            "Signed off: {indicator} {month:%Y-%m} of delivery {delivery}, by {by}. The next "
            "'acv run' brings it into force.",
            indicator=signed.indicator_id,
            month=month,
            delivery=signed.delivery_id[:12],
            by=signed_by,
        )
    )


@click.command(
    cls=Mending,
    help=_(
        "List the rows in quarantine, or write them to a spreadsheet, to send back to the "
        "source.\n\n"
        "One line per row: file, sheet, row, why (in French and English), and the cells as "
        "received."
    ),
)
@click.option(
    "--export",
    "path",
    metavar=_("FILE"),
    type=click.Path(path_type=Path, dir_okay=False),
    help=_("Write them to a spreadsheet: .xlsx or .csv."),
)
@text_option("--source", help=_("Only rows of this source."))
@text_option(
    "--delivery", help=_("Only rows of this delivery: its sha256 or the first characters.")
)
@home_option
def quarantine(
    path: Path | None, source: str | None, delivery: str | None, home: Path | None
) -> None:
    """List the rows in quarantine, or write them to a spreadsheet."""
    with plain_errors(ExportError):
        with read_published(home_of(home)) as connection:
            table = waiting(connection, load_contract(), source=source, delivery=delivery)
        header, *rows = table
        if path and rows:
            export(table, path)
    if not path:
        _print_rows(header[len(ABOUT) :], rows)
    if path and not rows:
        click.echo(_("No such row is in quarantine; nothing was written."))
    elif not rows:
        click.echo(_("No such row is in quarantine."))
    elif path:
        click.echo(
            plural(
                "{path}: {count} row in quarantine.",
                "{path}: {count} rows in quarantine.",
                len(rows),
                path=path,
            )
        )
    else:
        click.echo(
            plural(
                "{count} row in quarantine; --export FILE writes it.",
                "{count} rows in quarantine; --export FILE writes them.",
                len(rows),
            )
        )


def _print_rows(names: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    for delivery, of_delivery in groupby(rows, key=lambda row: row[:2]):
        click.echo(_("{file}, received {day}", file=delivery[0], day=delivery[1]))
        for _file, _day, sheet, number, reason_fr, reason_en, _code, *cells in of_delivery:
            named = zip(names, cells, strict=True)
            shown = " | ".join(f"{name} {cell}" for name, cell in named if cell)
            click.echo(_("  {place}: {cells}", place=row_place(sheet, number), cells=shown))
            click.echo(f"      {Both(reason_fr, reason_en)}")
