"""Looking at a landing zone, wherever it is; read, never written to."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from acv_pipeline.landing.layout import Entry, Landing, LandingError, expected, sort_out
from acv_pipeline.landing.remote import RemoteZone
from acv_pipeline.language import _

Zone = Path | RemoteZone


def scan(
    zone: Zone,
    sources: Iterable[str],
    *,
    today: dt.date | None = None,
    settle_seconds: float = 0,
) -> Landing:
    """List the deliveries of the known sources; opens and fetches none.

    Args:
        today: folders of later days are misplaced; by default the day of this machine.
        settle_seconds: leave out files touched more recently: they may still be being written.

    Raises:
        LandingError: the landing zone cannot be listed, or looks like none.
    """
    known = list(sources)
    if isinstance(zone, RemoteZone):
        return sort_out(zone.tree(), known, settle_seconds, today)
    if not zone.is_dir():
        raise LandingError(
            _(
                "the landing zone {zone} is not a folder: {expected}",
                zone=zone,
                expected=expected(str(zone), known),
            )
        )
    return sort_out(Folder(zone), known, settle_seconds, today)


def receive(
    zone: Zone,
    sources: Iterable[str],
    *,
    today: dt.date | None = None,
    settle_seconds: float = 0,
    progress: Callable[[int, int, str], None] | None = None,
) -> Landing:
    """As ``scan``, with every file there to be opened: those of a server are fetched before.

    Args:
        progress: called with (files done, files in all, file name) for files fetched.

    Raises:
        LandingError: as for ``scan``; or the server went away on the way.
    """
    if isinstance(zone, RemoteZone):
        return zone.receive(sources, settle_seconds, progress, today)
    return scan(zone, sources, today=today, settle_seconds=settle_seconds)


@dataclass(frozen=True)
class Folder:
    """The tree of a folder of this machine."""

    root: Path

    @property
    def shown(self) -> str:
        """The folder's path."""
        return str(self.root)

    def entries(self, place: str) -> Iterator[Entry]:
        """What is in a folder.

        Raises:
            LandingError: it cannot be listed.
        """
        try:
            with os.scandir(self.root / place) as found:
                yield from map(_entry, found)
        except OSError as error:
            raise LandingError(
                _("cannot read {file}: {error}", file=error.filename, error=error.strerror)
            ) from error

    def path(self, place: str) -> Path:
        """Where the file is."""
        return self.root / place


def _entry(found: os.DirEntry[str]) -> Entry:
    try:
        facts = found.stat()
        is_folder = found.is_dir()
    except OSError as error:
        return Entry(found.name, is_folder=False, problem=error.strerror)
    return Entry(
        found.name,
        is_folder,
        facts.st_size,
        facts.st_mtime_ns,
        unchanged_since=facts.st_mtime,
    )
