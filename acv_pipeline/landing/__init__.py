"""The landing zone: ``landing/<source>/<YYYY-MM-DD>/<file>``, read, never written to.

Here: which files are there and what is odd about where they are. Not here: what is in them.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

SIDECAR_SUFFIX = ".control.csv"
# how programs call a file that they are still writing
UNFINISHED = (".part", ".partial", ".tmp", ".temp", ".crdownload", ".download", ".filepart", ".swp")


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
        sidecars: control totals beside them.
        misplaced: one line for people per file or folder that is not where a delivery belongs.
    """

    files: list[LandedFile]
    misplaced: list[str]
    sidecars: list[Path] = field(default_factory=list)


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
    sidecars: list[Path] = []
    try:
        folders = [folder for folder in _visible(root) if folder.is_dir()]
        if not any(folder.name in known for folder in folders) and any(_visible(root)):
            raise LandingError(
                f"{root} has no folder of a source: expected {root}/<source>/<YYYY-MM-DD>/<file> "
                f"with a source out of {', '.join(known)}, found {_visible(root)[0].name}"
            )
        for source in folders:
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
                if delivered_on > dt.date.today():
                    misplaced.append(f"{day}: not read; that day has not come yet")
                    continue
                for path in _visible(day):
                    if path.is_dir():
                        misplaced.append(f"{path}: not read; expected files, found a folder")
                    elif path.name.lower().endswith(SIDECAR_SUFFIX):
                        sidecars.append(path)
                    elif not path.name.lower().endswith(UNFINISHED):
                        try:
                            facts = path.stat()
                        except OSError as error:
                            misplaced.append(f"{path}: not read; {error.strerror}")
                            continue
                        if settle_seconds and time.time() - facts.st_mtime < settle_seconds:
                            continue
                        files.append(
                            LandedFile(
                                path, source.name, delivered_on, facts.st_size, facts.st_mtime_ns
                            )
                        )
    except OSError as error:
        raise LandingError(f"cannot read {error.filename}: {error.strerror}") from error
    return Landing(files, misplaced, sidecars)


def _visible(folder: Path) -> list[Path]:
    return sorted(p for p in folder.iterdir() if not p.name.startswith((".", "~$")))


def sidecar_path(path: Path) -> Path:
    """Where the sidecar of the delivery ``path`` would be."""
    return path.with_name(path.name + SIDECAR_SUFFIX)


def sha256(path: Path) -> str:
    """The identity of a delivery: the sha256 of its bytes, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
