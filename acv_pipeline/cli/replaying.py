"""``acv replay``: what the gate would have said of releases."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click

from acv_pipeline.cli import DATA_HELD, FINE
from acv_pipeline.cli.common import plain_errors, text_option
from acv_pipeline.cli.progress import Progress
from acv_pipeline.cli.terminal import print_comparison, print_replay
from acv_pipeline.contract import load_contract
from acv_pipeline.contract.spelling import unknown
from acv_pipeline.language import _
from acv_pipeline.ledger.replay import compare, shown_verdict
from acv_pipeline.ledger.replay import replay as replay_folder


@click.command(
    help=_(
        "Replay folders of releases in date order, in a scratch warehouse.\n\n"
        "Prints, per delivery and indicator, which months were accepted or held and by which rules."
    )
)
@click.argument("folder", metavar=_("DIR"), type=click.Path(path_type=Path))
@text_option("--source", default="barometre", show_default=True, help=_("Whose releases they are."))
@click.option("--json", "as_json", is_flag=True, help=_("For programs: a list of verdicts."))
@click.option(
    "--labels",
    type=click.Path(path_type=Path),
    help=_("CSV with indicator, delivered, date, label: adds hits, misses and false alarms."),
)
def replay(folder: Path, source: str, as_json: bool, labels: Path | None) -> None:
    """Replay folders of releases."""
    with plain_errors():
        contract = load_contract()
        if source not in contract.sources:
            raise unknown(_("source"), source, contract.sources)
        with Progress() as progress:
            result = replay_folder(folder, contract, source, progress=progress.reading)
        comparison = compare(result.verdicts, labels) if labels else None
    if as_json:
        objects = [
            {
                "delivered_on": verdict.delivered_on.isoformat(),
                "source": verdict.source,
                "indicator_id": verdict.indicator_id,
                "month": verdict.month.isoformat(),
                "verdict": shown_verdict(verdict),
                "rules": [finding.rule for finding in verdict.findings],
                "summaries": [str(finding.summary) for finding in verdict.findings],
            }
            for verdict in result.verdicts
        ]
        click.echo(json.dumps(objects, ensure_ascii=False, indent=2))
    else:
        print_replay(result, contract)
    if comparison:
        print_comparison(comparison, err=as_json)
    missed = comparison is not None and bool(comparison.misses or comparison.false_alarms)
    sys.exit(DATA_HELD if missed else FINE)
