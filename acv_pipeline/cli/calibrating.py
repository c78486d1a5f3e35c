"""``acv calibrate``: what an indicator's past deliveries teach the gate."""

from __future__ import annotations

import os
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

import click

from acv_pipeline.calibration.entry import contract_with, difference, learned_lines
from acv_pipeline.calibration.expected import expected
from acv_pipeline.calibration.habits import Evidence
from acv_pipeline.calibration.past import CalibrationError, past_of_folder, past_of_home
from acv_pipeline.calibration.suitability import refusal, sister_of
from acv_pipeline.cli import DATA_HELD, FINE
from acv_pipeline.cli.common import (
    Mending,
    home_of,
    home_option,
    plain_errors,
    text_option,
    wrong_use,
)
from acv_pipeline.cli.progress import Progress
from acv_pipeline.cli.terminal_calibration import print_calibration
from acv_pipeline.contract import load_contract
from acv_pipeline.contract.loading import CONTRACT_FILE
from acv_pipeline.contract.spelling import UnknownNameError, unknown
from acv_pipeline.landing.whole_files import write_whole
from acv_pipeline.language import _
from acv_pipeline.warehouse import read_published


@click.command(
    cls=Mending,
    help=_(
        "Learn an indicator's panel and thresholds from its past, with expected error rates.\n\n"
        "INDICATOR is its identifier in the files, DIR holds dated folders of past deliveries. "
        "Without DIR, what the home has received is its past. Nothing is written without --write."
    ),
)
@click.argument("indicator", metavar=_("INDICATOR"))
@click.argument("folder", metavar=_("[DIR]"), required=False, type=click.Path(path_type=Path))
@home_option
@text_option("--source", default=None, help=_("Whose deliveries; barometre for a DIR."))
@click.option("--write", is_flag=True, help=_("Put the entry into the contract of $ACV_CONTRACT."))
def calibrate(
    indicator: str, folder: Path | None, home: Path | None, source: str | None, write: bool
) -> None:
    """Learn an indicator's panel and thresholds."""
    with plain_errors(CalibrationError):
        contract, path = load_contract(), Path(os.environ.get("ACV_CONTRACT") or CONTRACT_FILE)
        if write and path == CONTRACT_FILE:
            wrong_use(
                _(
                    "--write changes your own contract, and $ACV_CONTRACT names none: {commands}",
                    commands=f"cp {CONTRACT_FILE} contract.yml; "
                    "export ACV_CONTRACT=$PWD/contract.yml",
                )
            )
        with suppress(UnknownNameError):  # it may be one that the contract is to learn of
            indicator = contract.indicator_named(indicator).id
        sources = [
            name
            for name, entry in contract.sources.items()
            if indicator in [part.indicator for part in entry.contributes]
        ]
        source = source or ("barometre" if folder else next(iter(sources), "barometre"))
        if source not in contract.sources:
            raise unknown(_("source"), source, contract.sources)
        if folder:
            with Progress() as progress:
                past = past_of_folder(
                    folder, contract, source, indicator, progress=progress.reading
                )
        else:
            with read_published(home_of(home)) as connection:
                past = past_of_home(connection, contract, source, indicator)
        if reason := refusal(past):
            click.echo(
                _("{indicator} is refused: {reason}.", indicator=indicator, reason=reason), err=True
            )
            sys.exit(DATA_HELD)
        past = past.beside(past.indicator.sister or sister_of(past))
        evidence = Evidence(past)
        habits, rates = evidence.habits(), expected(evidence)
        lines = learned_lines(past, habits, rates)
        print_calibration(past, habits, rates)
        if write:
            text = contract_with(path, past, lines)
            with tempfile.TemporaryDirectory() as scratch:  # what can't be read isn't written
                tried = Path(scratch) / path.name
                tried.write_text(text, encoding="utf-8")
                load_contract(tried)
            click.echo(difference(path, text) or _("The contract says so already."))
            write_whole(path.resolve(), text)
        else:
            click.echo(_("The entry, which --write puts into the contract:"))
            click.echo("\n".join(lines))
    sys.exit(FINE)
