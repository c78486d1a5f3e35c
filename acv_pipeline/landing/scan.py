"""Looking at a landing zone, wherever it is."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from pathlib import Path

from acv_pipeline.landing.layout import Landing, LandingError, expected, sort_out
from acv_pipeline.landing.local import Folder
from acv_pipeline.landing.remote import RemoteZone

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
        raise LandingError(f"the landing zone {zone} is not a folder: {expected(str(zone), known)}")
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
