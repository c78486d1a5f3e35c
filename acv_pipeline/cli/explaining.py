"""``acv explain``: asking where figures come from. Without Dagster and pandas, so at once."""

from __future__ import annotations

import datetime as dt
import sys
from pathlib import Path

import click

from acv_pipeline.cli import DATA_HELD, FINE
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
from acv_pipeline.cli.terminal_explain import shown
from acv_pipeline.contract import Month, load_contract
from acv_pipeline.language import _
from acv_pipeline.operations.explain import FigureKey, OutdatedCopyError, figure_key
from acv_pipeline.operations.explain import explain as explain_figure
from acv_pipeline.warehouse import read_published
from acv_pipeline.warehouse.home import Home


@click.command(
    cls=Mending,
    help=_(
        "Where a figure comes from, or why there is none.\n\n"
        "Says what judged it and what it was before, too. DEPARTMENT is a code (91, 2A, 971) or a "
        "name. Exits with 1 when no figure is in force."
    ),
)
@click.argument("department", metavar=_("DEPARTMENT"))
@click.argument("month", metavar=_("MONTH"), type=MonthType())
@text_option("--indicator", help=_("Id or short name (ACV, the default)."))
@text_option(
    "--series", help=_("total where the month has one (the default), a partner, published.")
)
@click.option(
    "--as-of", type=click.DateTime(["%Y-%m-%d"]), help=_("As believed at the end of this day.")
)
@click.option("--json", "as_json", is_flag=True, help=_("For programs."))
@text_option("--say", "reason", help=_("Put on record why this figure fell; needs --by."))
@text_option("--by", "said_by", help=_("Who says so."))
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
    """Where a figure comes from, or why there is none."""
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
        wrong_use(_("{path} holds no figures yet", path=home.root))
    with plain_errors(ExplanationError), pipeline.warehouse(to_stderr) as connection:
        whose, fall = record_explanation(
            connection, pipeline.contract, key, reason=reason, said_by=said_by
        )
    click.echo(
        _(
            "On record: {whose}, {indicator} {month:%Y-%m}, département {code}: {fall:+,}, "
            "explained by {by}. The next 'acv run' shows it.",
            whose=whose,
            indicator=key.indicator.short_name,
            month=key.month,
            code=key.department_code,
            fall=fall,
            by=said_by,
        )
    )
