"""The command line: a module for each few commands, and the exit codes of all."""

import gettext
import os
import sys
import warnings

from acv_pipeline.language import CATALOGUE, language, marked

FINE, DATA_HELD, WRONG_USE = 0, 1, 2
INTERRUPTED = 130  # as shells say it
WHOLE = marked("acv: interrupted: what is whole stays, the next run ends the work")


def speak() -> None:
    """Have what click itself says come from the catalogue, in the user's language."""
    os.environ["LANGUAGE"] = language()  # which gettext goes by before any other
    gettext.bindtextdomain(*CATALOGUE)
    gettext.textdomain(CATALOGUE[0])


def without_warnings() -> None:
    """Keep libraries' warnings off the terminal, of processes started too, unless asked for.

    They are for whoever works on the program: ``$PYTHONWARNINGS`` shows them.
    """
    if not sys.warnoptions:
        os.environ["PYTHONWARNINGS"] = "ignore"
        warnings.simplefilter("ignore")
