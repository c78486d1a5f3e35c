"""What the command line prints while it works."""

from __future__ import annotations

import sys
import time
from contextlib import suppress

import click

from acv_pipeline.language import _

QUIET_SECONDS = 2.0
LINE_SECONDS = 5.0


class Progress:
    """Progress on standard error, once the work takes more than a few seconds.

    On a terminal one line is rewritten; elsewhere (a log) a line appears every few seconds.
    """

    def __init__(self) -> None:
        self._started = self._printed = time.monotonic()
        self._live = sys.stderr.isatty()

    def __enter__(self) -> Progress:
        """Nothing is shown yet."""
        return self

    def __exit__(self, *_: object) -> None:
        """Clear the line."""
        if self._live:
            _show("\r\033[K", nl=False)

    def log(self, line: str) -> None:
        """Show what is being done, unless that was just done."""
        now = time.monotonic()
        if now - self._started < QUIET_SECONDS:
            return
        if self._live or now - self._printed > LINE_SECONDS:
            self.insist(line)

    def reading(self, done: int, of: int, name: str) -> None:
        """Show how many files were read."""
        self.log(_("reading {name} ({done} of {of})", name=name, done=done, of=of))

    def insist(self, line: str) -> None:
        """Show it at once: nothing else may be said for long."""
        if self._live:
            _show(f"\r\033[K  … {line[:100]}", nl=False)
        else:
            self._printed = time.monotonic()
            _show(f"  … {line} ({self._printed - self._started:.0f} s)")


def _show(text: str, *, nl: bool = True) -> None:
    with suppress(OSError):  # nobody looks any more: no reason to stop the work
        click.echo(text, nl=nl, err=True)
