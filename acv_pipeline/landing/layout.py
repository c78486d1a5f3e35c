"""What counts as a delivery: ``<source>/<YYYY-MM-DD>/<file>``, wherever the landing zone is."""

from __future__ import annotations

import datetime as dt
import hashlib
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from acv_pipeline.language import _

SIDECAR_SUFFIX = ".control.csv"
# how programs call a file that they are still writing
UNFINISHED = (".part", ".partial", ".tmp", ".temp", ".crdownload", ".download", ".filepart", ".swp")


class LandingError(Exception):
    """The landing zone cannot be read; the message says why and what to do, and no secret."""


@dataclass(frozen=True)
class Entry:
    """A name in a folder of the landing zone, as its listing tells.

    Attributes:
        modified_ns: when the content changed, for files of this machine.
        mark: all that the server tells of the version, for files of another one.
        unchanged_since: since when size, time and mark are what they are, in seconds since 1970.
        problem: why nothing is known of it.
    """

    name: str
    is_folder: bool
    byte_size: int = 0
    modified_ns: int = 0
    mark: str = ""
    unchanged_since: float = 0
    problem: str | None = None


class Tree(Protocol):
    """A landing zone as names in folders; ``place`` is relative to it, ``anah/2021-04-06``."""

    @property
    def shown(self) -> str:
        """How the landing zone is called in messages."""

    def entries(self, place: str) -> Iterable[Entry]:
        """What is in a folder; ``""`` is the landing zone itself."""

    def path(self, place: str) -> Path:
        """Where the file is, or will be once it was received."""


@dataclass(frozen=True)
class LandedFile:
    """One file in the landing zone; ``mark`` is empty for files of this machine."""

    path: Path
    source: str
    delivered_on: dt.date
    byte_size: int
    modified_ns: int
    mark: str = ""

    @property
    def name(self) -> str:
        """The file's name."""
        return self.path.name


@dataclass(frozen=True)
class Landing:
    """What the landing zone holds.

    Attributes:
        files: deliveries, ordered by source, day and name.
        sidecars: control totals beside them.
        misplaced: one line for people per file or folder that is not where a delivery belongs,
            or that nothing is known of.
        unread: one line per delivery that could not be fetched this time: it may be the next.
    """

    files: list[LandedFile]
    sidecars: list[LandedFile]
    misplaced: list[str]
    unread: list[str] = field(default_factory=list)

    @property
    def fingerprint(self) -> str:
        """Changes whenever a file comes, goes or changes; from the listing alone."""
        versions = [
            f"{file.path}|{file.byte_size}|{file.modified_ns}|{file.mark}"
            for file in (*self.files, *self.sidecars)
        ]
        return hashlib.sha256("\n".join(versions).encode()).hexdigest()


def sort_out(
    tree: Tree,
    sources: Iterable[str],
    settle_seconds: float = 0,
    today: dt.date | None = None,
) -> Landing:
    """Tell deliveries of the known sources from everything else, and from days after ``today``.

    Raises:
        LandingError: there are files, and no folder of a source.
    """
    known = list(sources)
    landing = Landing([], [], [])
    today = today or dt.date.today()

    def misplaced(place: str, what: str) -> None:
        landing.misplaced.append(
            _("{zone}/{place}: {problem}", zone=tree.shown, place=place, problem=what)
        )

    top = _visible(tree, "")
    if top and not any(entry.is_folder and entry.name in known for entry in top):
        raise LandingError(
            _(
                "{zone} has no folder of a source: {expected}, found {found}",
                zone=tree.shown,
                expected=expected(tree.shown, known),
                found=top[0].name,
            )
        )
    for source in top:
        if not source.is_folder:
            continue
        if source.name not in known:
            misplaced(
                source.name,
                _("unknown source, nothing read; known are {names}", names=", ".join(known)),
            )
            continue
        for day in _visible(tree, source.name):
            folder = f"{source.name}/{day.name}"
            try:
                delivered_on = dt.date.fromisoformat(day.name)
            except ValueError:
                misplaced(
                    folder,
                    _(
                        "not read; expected a folder named like 2021-04-06, the day of reception, "
                        "with the files in it"
                    ),
                )
                continue
            if not day.is_folder:
                misplaced(folder, _("not read; expected a folder, found a file"))
                continue
            if delivered_on > today:
                misplaced(folder, _("not read; that day has not come yet"))
                continue
            for entry in _visible(tree, folder):
                place = f"{folder}/{entry.name}"
                if entry.is_folder:
                    misplaced(place, _("not read; expected files, found a folder"))
                elif entry.problem is not None:
                    misplaced(place, _("not read; {problem}", problem=entry.problem))
                elif not entry.name.lower().endswith(UNFINISHED):
                    if settle_seconds and time.time() - entry.unchanged_since < settle_seconds:
                        continue
                    is_sidecar = entry.name.lower().endswith(SIDECAR_SUFFIX)
                    (landing.sidecars if is_sidecar else landing.files).append(
                        LandedFile(
                            tree.path(place),
                            source.name,
                            delivered_on,
                            entry.byte_size,
                            entry.modified_ns,
                            entry.mark,
                        )
                    )
    return landing


def expected(shown: str, sources: Iterable[str]) -> str:
    """What a landing zone looks like, for messages."""
    return _(
        "expected {zone}/<source>/<YYYY-MM-DD>/<file> with a source out of {names}",
        zone=shown,
        names=", ".join(sources),
    )


def _visible(tree: Tree, place: str) -> list[Entry]:
    shown = (entry for entry in tree.entries(place) if not entry.name.startswith((".", "~$")))
    return sorted(shown, key=lambda entry: entry.name)


def sidecar_path(path: Path) -> Path:
    """Where the sidecar of the delivery ``path`` would be."""
    return path.with_name(path.name + SIDECAR_SUFFIX)
