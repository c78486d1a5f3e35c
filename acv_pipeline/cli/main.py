"""The command line: thin, everything it does can be done in the Dagster UI.

Imports of Dagster and pandas wait until a command needs them: ``acv --help`` is instant.
"""

from __future__ import annotations

import errno
import sys
from contextlib import suppress

import click

from acv_pipeline.cli import decisions, explaining, running, upkeep
from acv_pipeline.cli.common import WRONG_USE

COMMANDS = (
    running.run,
    running.status,
    explaining.explain,
    decisions.signoff,
    decisions.quarantine,
    explaining.replay,
    upkeep.data_docs,
    upkeep.rebuild,
    upkeep.backup,
    upkeep.restore,
)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="acv_pipeline")
def main() -> None:
    """From monthly deliveries to the indicator 'Action Cœur de Ville: dwellings supported'."""


for command in COMMANDS:
    main.add_command(command)


def acv() -> None:
    """The program ``acv``."""
    try:
        main()
    except OSError as error:
        # of what a command does it tells itself; this is about printing: writing to no named file
        if error.errno not in (errno.ENOSPC, errno.EIO) or error.filename is not None:
            raise
        with suppress(OSError):
            print(f"acv: what there is to say cannot be printed: {error.strerror}", file=sys.stderr)
        sys.exit(WRONG_USE)
