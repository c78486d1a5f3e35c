"""The command line: a module for each few commands, and the exit codes of all."""

import os
import sys
import warnings

FINE, DATA_HELD, WRONG_USE = 0, 1, 2
INTERRUPTED = 130  # as shells say it
WHOLE = "acv: interrupted: what is whole stays, the next run ends the work"


def without_warnings() -> None:
    """Keep libraries' warnings off the terminal, of processes started too, unless asked for.

    They are for whoever works on the program: ``$PYTHONWARNINGS`` shows them.
    """
    if not sys.warnoptions:
        os.environ["PYTHONWARNINGS"] = "ignore"
        warnings.simplefilter("ignore")
