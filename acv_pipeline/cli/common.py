"""What commands share: how months and homes are given, exit codes, errors as one line."""

from __future__ import annotations

import datetime as dt
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, NoReturn

import click
import duckdb

from acv_pipeline.cli import INTERRUPTED, WHOLE, WRONG_USE
from acv_pipeline.contract import ContractError, Month
from acv_pipeline.contract.months import month_of
from acv_pipeline.contract.spelling import UnknownNameError
from acv_pipeline.environment import SecretError
from acv_pipeline.landing import LandingError
from acv_pipeline.language import _, marked
from acv_pipeline.ledger.corrections import CorrectionsError
from acv_pipeline.models import SqlProjectError
from acv_pipeline.warehouse import DamagedError, WarehouseError, mend
from acv_pipeline.warehouse.home import Home


class MonthType(click.ParamType[Month]):
    """A month written ``2021-03``."""

    name = _("month")

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> Month:
        """The month, or a usage error."""
        if isinstance(value, dt.date):
            return value
        try:
            return month_of(value)
        except ValueError:
            self.fail(_("'{value}' is not a month: write it like 2021-03", value=value), param, ctx)


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
            self.fail(_("'{value}': write months like 2021-03:2021-06", value=value), param, ctx)
        if months[0] > months[1]:
            self.fail(_("'{value}': the first month comes after the last", value=value), param, ctx)
        return months


REQUIRED = marked("required")  # click says it of an option, by a variable that nothing finds

PLAIN: tuple[type[Exception], ...] = (
    ContractError, CorrectionsError, LandingError, SecretError, SqlProjectError, UnknownNameError,
    WarehouseError,
)  # fmt: skip

text_option = partial(click.option, metavar=_("TEXT"))
home_option = click.option(
    "--home",
    type=click.Path(path_type=Path, file_okay=False),
    help=_("Where everything is written; $ACV_HOME, else ./acv_home."),
)


def home_of(given: Path | None) -> Home:
    """The home that ``--home`` names, else that of the environment."""
    return Home(given.resolve()) if given else Home.from_environment()


def wrong_use(message: object) -> NoReturn:
    """One line that says what is wrong; the command ends."""
    click.echo(_("acv: {message}", message=message), err=True)
    sys.exit(WRONG_USE)


def to_stderr(line: str) -> None:
    """What is said while the command goes on."""
    click.echo(line, err=True)


class Mending(click.Command):
    """A command that is begun again when it finds the warehouse damaged, once that is mended."""

    def invoke(self, ctx: click.Context) -> Any:
        """The command; again as long as something gave way, which comes to an end."""
        is_first = True
        while True:
            try:
                return super().invoke(ctx)
            except DamagedError as error:
                with plain_errors():
                    # another process may have been faster
                    if not mend(Home(error.root), to_stderr) and not is_first:
                        raise
                is_first = False


@contextmanager
def plain_errors(*of_command: type[Exception]) -> Iterator[None]:
    """What a person can act on, ``of_command`` too, is one line and exit code 2; Ctrl-C is 130."""
    try:
        try:
            yield
        except DamagedError:
            raise  # ``Mending`` knows what to do
        except (*PLAIN, *of_command) as error:
            wrong_use(error)
        except (duckdb.CatalogException, duckdb.BinderException) as error:
            wrong_use(
                _(
                    "this home was written by another version of acv_pipeline ({error}): the next "
                    "run that has something to do brings it up to date",
                    error=str(error).splitlines()[0],
                )
            )
    except BaseException as error:
        if not _was_interrupted(error):
            raise
        click.echo(_(WHOLE), err=True)
        sys.exit(INTERRUPTED)


def _was_interrupted(error: BaseException | None) -> bool:
    """Whether Ctrl-C is behind it, as Python, Dagster or DuckDB say it; clearing up adds others."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:  # chains may come back to where they began
        seen.add(id(error))
        if "Interrupt" in type(error).__name__ or "Query interrupted" in str(error):
            return True
        error = error.__cause__ or error.__context__
    return False
