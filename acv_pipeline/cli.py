"""The command line: thin, everything it does can be done in the Dagster UI.

Here: arguments, exit codes and what is printed. Not here: any work.
Imports of Dagster and pandas wait until a command needs them: ``acv --help`` is instant.
"""

from __future__ import annotations

import datetime as dt
import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from acv_pipeline.commands import upkeep
from acv_pipeline.contract import ContractError, Month, load_contract
from acv_pipeline.contract.months import month_of
from acv_pipeline.home import Home

if TYPE_CHECKING:
    from acv_pipeline.explain import Question
    from acv_pipeline.landing import Zone

FINE, DATA_HELD, WRONG_USE = 0, 1, 2


class MonthType(click.ParamType[Month]):
    """A month written ``2021-03``."""

    name = "month"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> Month:
        """The month, or a usage error."""
        if isinstance(value, dt.date):
            return value
        try:
            return month_of(value)
        except ValueError:
            self.fail(f"{value!r} is not a month: write it like 2021-03", param, ctx)


class MonthRange(click.ParamType[tuple[Month, Month]]):
    """Months written ``2021-03:2021-06`` or ``2021-03``."""

    name = "A:B"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[Month, Month]:
        """First and last month, or a usage error."""
        if isinstance(value, tuple):
            return value
        first, separator, last = str(value).partition(":")
        try:
            months = month_of(first), month_of(last if separator else first)
        except ValueError:
            self.fail(f"{value!r}: write months like 2021-03:2021-06", param, ctx)
        if months[0] > months[1]:
            self.fail(f"{value!r}: the first month comes after the last", param, ctx)
        return months


home_option = click.option(
    "--home",
    type=click.Path(path_type=Path, file_okay=False),
    help="Where everything is written; $ACV_HOME, else ./acv_home.",
)


def _home(given: Path | None) -> Home:
    return Home(given.resolve()) if given else Home.from_environment()


@contextmanager
def _plain_errors() -> Iterator[None]:
    """Errors that a person can act on are one line, with exit code 2; never a traceback."""
    import duckdb

    from acv_pipeline.landing import LandingError
    from acv_pipeline.ledger.corrections import CorrectionsError
    from acv_pipeline.models import SqlProjectError
    from acv_pipeline.warehouse import WarehouseError

    plain = (ContractError, CorrectionsError, LandingError, SqlProjectError, WarehouseError)
    try:
        yield
    except plain as error:
        click.echo(f"acv: {error}", err=True)
        sys.exit(WRONG_USE)
    except (duckdb.CatalogException, duckdb.BinderException) as error:
        reason = str(error).splitlines()[0]
        click.echo(
            f"acv: this home was written by another version of acv_pipeline ({reason}): the next "
            "run that has something to do brings it up to date",
            err=True,
        )
        sys.exit(WRONG_USE)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="acv_pipeline")
def main() -> None:
    """From monthly deliveries to the indicator 'Action Cœur de Ville: dwellings supported'."""


@main.command()
@click.option(
    "--landing",
    metavar="DIR|URL",
    help="The landing zone, <source>/<YYYY-MM-DD>/<file>: a folder, or an address such as "
    "s3://bucket/folder; $ACV_LANDING, else <home>/landing.",
)
@home_option
@click.option("--months", type=MonthRange(), help="Only these months, such as 2021-03:2021-06.")
def run(landing: str | None, home: Path | None, months: tuple[Month, Month] | None) -> None:
    """Materialise what the landing zone holds, through Dagster; exit 1 if anything is held."""
    with _plain_errors():
        where = _home(home)
        sys.exit(run_landing(where, where.zone(landing) if landing else None, months))


def run_landing(home: Home, landing: Zone | None, months: tuple[Month, Month] | None = None) -> int:
    """What ``acv run`` does; its exit code."""
    from acv_pipeline import standstill
    from acv_pipeline.flow import Pipeline
    from acv_pipeline.orchestration.dead_runs import end_dead_runs
    from acv_pipeline.orchestration.home import instance
    from acv_pipeline.orchestration.runs import run_months
    from acv_pipeline.status import status as read_status
    from acv_pipeline.terminal import (
        Progress,
        print_load,
        print_outcome,
        print_publication,
        print_status,
    )
    from acv_pipeline.warehouse import read_published

    pipeline = Pipeline.configured(home, landing)
    with Progress() as progress, instance(home) as dagster:
        progress.say("looking at the landing zone")
        due, report = pipeline.pending(
            say=progress.say,
            progress=lambda done, of, name: progress.say(f"reading {name} ({done} of {of})"),
        )
        standstill.end(home)
        if months:
            due = [month for month in due if months[0] <= month <= months[1]]
        print_load(report)
        if due:
            end_dead_runs(dagster, home)
            result = run_months(pipeline, dagster, due, listen=progress.say)
            if result.failure:
                click.echo(f"acv: run {result.run_id} failed: {result.failure}", err=True)
                return DATA_HELD
    if not due and not home.published.exists():
        click.echo("Nothing to do: the landing zone holds no figures yet.")
        return FINE
    with read_published(home) as connection:
        if due:
            print_outcome(connection, pipeline.contract, due, report)
            print_publication(home)
        else:
            click.echo("Nothing to do: no new figures, nothing changed.")
        found = read_status(connection, pipeline.contract, home)
    print_status(found, home, quiet=True)
    return FINE if found.is_fine and not report.refused else DATA_HELD


@main.command()
@home_option
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def status(home: Path | None, as_json: bool) -> None:
    """What is held, quarantined, late or failing now, and what to do."""
    from acv_pipeline.status import status as read_status
    from acv_pipeline.warehouse import read_published

    with _plain_errors():
        where = _home(home)
        with read_published(where) as connection:
            found = read_status(connection, load_contract(), where)
        if as_json:
            click.echo(found.to_json())
        else:
            from acv_pipeline.terminal import print_status

            print_status(found, where)
        sys.exit(FINE if found.is_fine else DATA_HELD)


@main.command()
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
    from acv_pipeline.explain import OutdatedCopyError, QuestionError, ask
    from acv_pipeline.explain import explain as explain_figure
    from acv_pipeline.terminal_explain import shown
    from acv_pipeline.warehouse import read_published

    with _plain_errors():
        contract = load_contract()
        try:
            question = ask(
                contract,
                department,
                month,
                indicator=indicator,
                series=series,
                as_of=as_of and as_of.date(),
            )
            if reason is not None or said_by is not None:
                _say(_home(home), question, reason or "", said_by or "")
                return
            with read_published(_home(home)) as connection:
                figure = explain_figure(connection, contract, question)
        except (QuestionError, OutdatedCopyError) as error:
            click.echo(f"acv: {error}", err=True)
            sys.exit(WRONG_USE)
    click.echo(figure.to_json() if as_json else shown(figure))
    sys.exit(FINE if figure.value is not None else DATA_HELD)


def _say(home: Home, question: Question, reason: str, said_by: str) -> None:
    from acv_pipeline.flow import Pipeline
    from acv_pipeline.ledger.explanations import ExplanationError, say

    pipeline = Pipeline.configured(home)
    if not home.published.exists():
        click.echo(f"acv: {home.root} holds no figures yet", err=True)
        sys.exit(WRONG_USE)
    try:
        with pipeline.warehouse(lambda line: click.echo(line, err=True)) as connection:
            whose, fall = say(
                connection, pipeline.contract, question, reason=reason, said_by=said_by
            )
    except ExplanationError as error:
        click.echo(f"acv: {error}", err=True)
        sys.exit(WRONG_USE)
    click.echo(
        f"On record: {whose}, {question.indicator.short_name} {question.month:%Y-%m}, département "
        f"{question.department_code}: {fall:+,}, explained by {said_by}. The next 'acv run' "
        "shows it."
    )


@main.command()
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
    from acv_pipeline.flow import Pipeline
    from acv_pipeline.ledger.signoff import SignOffError, sign_off

    with _plain_errors():
        pipeline = Pipeline.configured(_home(home))
        if not pipeline.home.warehouse.exists():
            click.echo(f"acv: {pipeline.home.root} holds no warehouse yet", err=True)
            sys.exit(WRONG_USE)
        try:
            with pipeline.warehouse(lambda line: click.echo(line, err=True)) as connection:
                signed = sign_off(
                    connection,
                    pipeline.contract,
                    delivery,
                    indicator,
                    month,
                    reason=reason,
                    signed_by=signed_by,
                )
        except SignOffError as error:
            click.echo(f"acv: {error}", err=True)
            sys.exit(WRONG_USE)
    click.echo(
        f"Signed off: {signed.indicator_id} {month:%Y-%m} of delivery {signed.delivery_id[:12]}, "
        f"by {signed_by}. The next 'acv run' brings it into force."
    )


@main.command()
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
    """Write the rows in quarantine to a spreadsheet, to send back to who sent them.

    One line per row: file, sheet, row, why (in French and English), and the cells as received.
    """
    from acv_pipeline.quarantine import ExportError, export
    from acv_pipeline.warehouse import read_published

    with _plain_errors(), read_published(_home(home)) as connection:
        try:
            rows = export(connection, load_contract(), path, source=source, delivery=delivery)
        except ExportError as error:
            click.echo(f"acv: {error}", err=True)
            sys.exit(WRONG_USE)
    if rows:
        click.echo(f"{path}: {rows} {'row' if rows == 1 else 'rows'} in quarantine.")
    else:
        click.echo("No such row is in quarantine; nothing was written.")


@main.command()
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
    from acv_pipeline.ledger.replay import compare, shown_verdict
    from acv_pipeline.ledger.replay import replay as replay_folder
    from acv_pipeline.terminal import Progress, print_comparison, print_replay

    with _plain_errors():
        contract = load_contract()
        if source not in contract.sources:
            click.echo(
                f"acv: unknown source {source!r}: known are {', '.join(contract.sources)}", err=True
            )
            sys.exit(WRONG_USE)
        with Progress() as progress:
            said: Callable[[int, int, str], None] = lambda done, of, name: progress.say(  # noqa: E731
                f"reading {name} ({done} of {of})"
            )
            result = replay_folder(folder, contract, source, progress=said)
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
        if comparison:
            print_comparison(comparison, err=True)
    else:
        print_replay(result, contract)
        if comparison:
            print_comparison(comparison)
    missed = comparison is not None and bool(comparison.misses or comparison.false_alarms)
    sys.exit(DATA_HELD if missed else FINE)


main.add_command(upkeep.rebuild)
main.add_command(upkeep.backup)
main.add_command(upkeep.restore)
