"""The landing zone: ``landing/<source>/<YYYY-MM-DD>/<file>``, read, never written to.

Here: which files are there and what is odd about where they are. Not here: what is in them.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

SIDECAR_SUFFIX = ".control.csv"


class LandingError(Exception):
    """The landing zone cannot be read; the message says why and what to do."""


@dataclass(frozen=True)
class LandedFile:
    """One file in the landing zone."""

    path: Path
    source: str
    delivered_on: dt.date
    byte_size: int
    modified_ns: int

    @property
    def name(self) -> str:
        """The file's name."""
        return self.path.name


@dataclass(frozen=True)
class Landing:
    """What the landing zone holds.

    Attributes:
        files: deliveries, ordered by source, day and name.
        misplaced: one line for people per file or folder that is not where a delivery belongs.
    """

    files: list[LandedFile]
    misplaced: list[str]


def scan(root: Path, sources: Iterable[str], *, settle_seconds: float = 0) -> Landing:
    """List the deliveries of the known sources.

    Args:
        settle_seconds: leave out files touched more recently: they may still be being written.

    Raises:
        LandingError: ``root`` is no readable folder.
    """
    known = list(sources)
    if not root.is_dir():
        raise LandingError(
            f"the landing zone {root} is not a folder: expected "
            f"{root}/<source>/<YYYY-MM-DD>/<file> with a source out of {', '.join(known)}"
        )
    files: list[LandedFile] = []
    misplaced: list[str] = []
    try:
        for source in _visible(root):
            if source.is_file():
                continue  # a note for people; deliveries are never here
            if source.name not in known:
                misplaced.append(
                    f"{source}: unknown source, nothing read; known are {', '.join(known)}"
                )
                continue
            for day in _visible(source):
                try:
                    delivered_on = dt.date.fromisoformat(day.name)
                except ValueError:
                    misplaced.append(
                        f"{day}: not read; expected a folder named like 2021-04-06, the day of "
                        "reception, with the files in it"
                    )
                    continue
                if not day.is_dir():
                    misplaced.append(f"{day}: not read; expected a folder, found a file")
                    continue
                names = {path.name for path in day.iterdir()}
                for path in _visible(day):
                    if path.is_dir():
                        misplaced.append(f"{path}: not read; expected files, found a folder")
                    elif not _is_sidecar(path.name, names):
                        facts = path.stat()
                        if settle_seconds and time.time() - facts.st_mtime < settle_seconds:
                            continue
                        files.append(
                            LandedFile(
                                path, source.name, delivered_on, facts.st_size, facts.st_mtime_ns
                            )
                        )
    except OSError as error:
        raise LandingError(f"cannot read {error.filename}: {error.strerror}") from error
    return Landing(files, misplaced)


def _visible(folder: Path) -> list[Path]:
    return sorted(p for p in folder.iterdir() if not p.name.startswith((".", "~$")))


def _is_sidecar(name: str, names: set[str]) -> bool:
    return name.endswith(SIDECAR_SUFFIX) and name.removesuffix(SIDECAR_SUFFIX) in names


def sha256(path: Path) -> str:
    """The identity of a delivery: the sha256 of its bytes, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
