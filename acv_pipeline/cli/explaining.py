"""``acv explain`` and ``acv replay``: asking where figures come from and what the gate says."""

from __future__ import annotations

import datetime as dt
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from acv_pipeline.cli.common import (
    DATA_HELD,
    FINE,
    MonthType,
    home_of,
    home_option,
    plain_errors,
    to_stderr,
    wrong_use,
)
from acv_pipeline.contract import Month, load_contract
from acv_pipeline.warehouse.home import Home

if TYPE_CHECKING:
    from acv_pipeline.operations.explain import Question


@click.command()
@click.argument("department")
@click.argument("month", type=MonthType())
@click.option("--indicator", help="Id or short name (ACV, the default).")
@click.option("--series", help="total where the month has one (the default), a partner, published.")
@click.option(
    "--as-of", type=click.DateTime(["%Y-%m-%d"]), help="As believed at the end of this day."
)
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.option("--say", "reason", help="Put on record why this figure fell; needs --by.")
@click.option("--by", "said_by", help="Who says so.")
@home_option
def explain(
    department: str,
    month: Month,
    indicator: str | None,
    series: str | None,
    as_of: dt.datetime | None,
    as_json: bool,
    reason: str | None,
    said_by: str | None,
    home: Path | None,
) -> None:
    """Where a figure comes from, what judged it, what it was before, or why there is none.

    DEPARTMENT is a code (91, 2A, 971) or a name. Exits with 1 when no figure is in force.
    """
    from acv_pipeline.cli.terminal_explain import shown
    from acv_pipeline.operations.explain import OutdatedCopyError, QuestionError, ask
    from acv_pipeline.operations.explain import explain as explain_figure
    from acv_pipeline.warehouse import read_published

    with plain_errors(QuestionError, OutdatedCopyError):
        contract = load_contract()
        question = ask(
            contract,
            department,
            month,
            indicator=indicator,
            series=series,
            as_of=as_of and as_of.date(),
        )
        if reason is not None or said_by is not None:
            _say(home_of(home), question, reason or "", said_by or "")
            return
        with read_published(home_of(home)) as connection:
            figure = explain_figure(connection, contract, question)
    click.echo(figure.to_json() if as_json else shown(figure, home_of(home).option))
    sys.exit(FINE if figure.value is not None else DATA_HELD)


def _say(home: Home, question: Question, reason: str, said_by: str) -> None:
    from acv_pipeline.flow.pipeline import Pipeline
    from acv_pipeline.operations.explain.explanations import (  # brings pandas
        ExplanationError,
        record_explanation,
    )

    pipeline = Pipeline.configured(home)
    if not home.published.exists():
        wrong_use(f"{home.root} holds no figures yet")
    with plain_errors(ExplanationError), pipeline.warehouse(to_stderr) as connection:
        whose, fall = record_explanation(
            connection, pipeline.contract, question, reason=reason, said_by=said_by
        )
    click.echo(
        f"On record: {whose}, {question.indicator.short_name} {question.month:%Y-%m}, département "
        f"{question.department_code}: {fall:+,}, explained by {said_by}. The next 'acv run' "
        "shows it."
    )


@click.command()
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option("--source", default="barometre", show_default=True, help="Whose releases they are.")
@click.option("--json", "as_json", is_flag=True, help="For programs: a list of verdicts.")
@click.option(
    "--labels",
    type=click.Path(path_type=Path),
    help="CSV with indicator, delivered, date, label: adds hits, misses and false alarms.",
)
def replay(folder: Path, source: str, as_json: bool, labels: Path | None) -> None:
    """Replay folders of releases in date order in a scratch warehouse.

    Prints, per delivery and indicator, which months were accepted or held and by which rules.
    """
    from acv_pipeline.cli.terminal import Progress, print_comparison, print_replay
    from acv_pipeline.ledger.replay import compare, shown_verdict
    from acv_pipeline.ledger.replay import replay as replay_folder

    with plain_errors():
        contract = load_contract()
        if source not in contract.sources:
            wrong_use(f"unknown source {source!r}: known are {', '.join(contract.sources)}")
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
                "summaries": [finding.summary for finding in verdict.findings],
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
