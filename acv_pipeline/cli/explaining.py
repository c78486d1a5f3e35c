"""``acv explain``: asking where figures come from. Without Dagster and pandas, so at once."""

from __future__ import annotations

import datetime as dt
import sys
from pathlib import Path

import click

from acv_pipeline.cli import DATA_HELD, FINE
from acv_pipeline.cli.common import (
    MonthType,
    home_of,
    home_option,
    plain_errors,
    to_stderr,
    wrong_use,
)
from acv_pipeline.cli.terminal_explain import shown
from acv_pipeline.contract import Month, load_contract
from acv_pipeline.operations.explain import FigureKey, OutdatedCopyError, figure_key
from acv_pipeline.operations.explain import explain as explain_figure
from acv_pipeline.warehouse import read_published
from acv_pipeline.warehouse.home import Home


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
    """Where a figure comes from, or why there is none.

    Says what judged it and what it was before, too. DEPARTMENT is a code (91, 2A, 971) or a name.
    Exits with 1 when no figure is in force.
    """
    with plain_errors(OutdatedCopyError):
        contract = load_contract()
        key = figure_key(
            contract,
            department,
            month,
            indicator=indicator,
            series=series,
            as_of=as_of and as_of.date(),
        )
        if reason is not None or said_by is not None:
            _say(home_of(home), key, reason or "", said_by or "")
            return
        with read_published(home_of(home)) as connection:
            figure = explain_figure(connection, contract, key)
    click.echo(figure.to_json() if as_json else shown(figure, home_of(home)))
    sys.exit(FINE if figure.value is not None else DATA_HELD)


def _say(home: Home, key: FigureKey, reason: str, said_by: str) -> None:
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
            connection, pipeline.contract, key, reason=reason, said_by=said_by
        )
    click.echo(
        f"On record: {whose}, {key.indicator.short_name} {key.month:%Y-%m}, département "
        f"{key.department_code}: {fall:+,}, explained by {said_by}. The next 'acv run' "
        "shows it."
    )
