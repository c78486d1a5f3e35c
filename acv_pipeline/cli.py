"""The command line: thin, everything it does can be done in the Dagster UI.

Here: which commands there are. Not here: any of them (``commands``).
Imports of Dagster and pandas wait until a command needs them: ``acv --help`` is instant.
"""

from __future__ import annotations

import sys

import click

from acv_pipeline import garbage
from acv_pipeline.commands import decisions, figures, running, upkeep
from acv_pipeline.commands.common import WRONG_USE

COMMANDS = (
    running.run,
    running.status,
    figures.explain,
    decisions.signoff,
    decisions.quarantine,
    figures.replay,
    upkeep.rebuild,
    upkeep.backup,
    upkeep.restore,
)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="acv_pipeline")
def main() -> None:
    """From monthly deliveries to the indicator 'Action Cœur de Ville: dwellings supported'."""
    garbage.seldom()


for command in COMMANDS:
    main.add_command(command)


def acv() -> None:
    """The program ``acv``."""
    try:
        main()
    except SystemExit as end:
        garbage.end_process(end.code if isinstance(end.code, int) else bool(end.code))
    except OSError as error:  # commands put theirs in words: this one is about what they print
        print(f"acv: {error}", file=sys.stderr)
        garbage.end_process(WRONG_USE)
