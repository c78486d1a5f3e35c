"""The command line: thin, everything it does can be done in the Dagster UI."""

from __future__ import annotations

import errno
import sys
from contextlib import suppress
from importlib import import_module

import click
from click.exceptions import NoSuchCommand

from acv_pipeline.cli import INTERRUPTED, WHOLE, WRONG_USE, speak, without_warnings
from acv_pipeline.environment import logs
from acv_pipeline.language import _, marked

COMMANDS = {
    "run": ("running", marked("Materialise what the landing zone holds, through Dagster.")),
    "status": (
        "running",
        marked("What is held, quarantined, late or failing now, and what to do."),
    ),
    "explain": ("explaining", marked("Where a figure comes from, or why there is none.")),
    "signoff": ("decisions", marked("Release a held month, on record.")),
    "quarantine": (
        "decisions",
        marked("List the rows in quarantine, or write them to a spreadsheet"),
    ),
    "replay": (
        "replaying",
        marked("Replay folders of releases in date order, in a scratch warehouse."),
    ),
    "calibrate": (
        "calibrating",
        marked(
            "Learn an indicator's panel and thresholds from its past, with expected error rates."
        ),
    ),
    "health": (
        "observing",
        marked(
            "Whether the pipeline works: landing zone, runs, space, record, backup, alerts, daemon."
        ),
    ),
    "observe": (
        "observing",
        marked("Serve /health, and /metrics for Prometheus, over HTTP"),
    ),
    "data-docs": ("upkeep", marked("Build Great Expectations' own pages of what runs found.")),
    "rebuild": ("upkeep", marked("Make the warehouse again from the deliveries.")),
    "backup": ("upkeep", marked("Write the whole home to FILE, also while runs go on.")),
    "upgrade": (
        "upgrading",
        marked("Take over a home that an earlier version wrote, after a backup."),
    ),
    "restore": ("upkeep", marked("Put the home back as it was when FILE was made.")),
}
"""The module of each command, and what ``acv --help`` says of it."""


class Commands(click.Group):
    """Imports a command's module when the command is asked for: ``acv --help`` is instant."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Their names."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name."""
        if cmd_name not in COMMANDS:
            raise NoSuchCommand(cmd_name, possibilities=COMMANDS, ctx=ctx)
        try:
            module = import_module(f"acv_pipeline.cli.{COMMANDS[cmd_name][0]}")
        except KeyboardInterrupt:  # a command tells of its own
            click.echo(_(WHOLE), err=True)
            sys.exit(INTERRUPTED)
        command: click.Command = getattr(module, cmd_name.replace("-", "_"))
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list of commands in ``acv --help``."""
        with formatter.section(_("Commands")):
            formatter.write_dl([(name, _(text)) for name, (_module, text) in COMMANDS.items()])


@click.group(
    cls=Commands,
    subcommand_metavar=_("COMMAND [ARGS]..."),
    context_settings={"help_option_names": ["-h", "--help"]},
    help=_("From monthly deliveries to the indicator 'Action Cœur de Ville: dwellings supported'."),
)
@click.version_option(package_name="acv_pipeline", help=_("Show the version and exit."))
def main() -> None:
    """All commands."""


def acv() -> None:
    """The program ``acv``."""
    without_warnings()
    speak()
    logs.set_up()
    try:
        main()
    except OSError as error:
        # of what a command does it tells itself; this is about printing: writing to no named file
        if error.errno not in (errno.ENOSPC, errno.EIO) or error.filename is not None:
            raise
        with suppress(OSError):
            print(
                _("acv: what there is to say cannot be printed: {why}", why=error.strerror),
                file=sys.stderr,
            )
        sys.exit(WRONG_USE)
