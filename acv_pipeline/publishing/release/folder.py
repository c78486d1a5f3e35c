"""The folder of releases: dated, complete or absent, never rewritten."""

from __future__ import annotations

import datetime as dt
import fcntl
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from acv_pipeline.landing.whole_files import sha256

SUMS = "SHA256SUMS"
LATEST = "latest"
_STAGING = ".being-written-"
_NAME = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})(?:-([1-9][0-9]*))?")


@dataclass(frozen=True, order=True)
class Version:
    """A release's name: its day, and which of that day it is (the first has no number)."""

    day: dt.date
    number: int = 1

    def __str__(self) -> str:
        """The folder's name."""
        return f"{self.day}" if self.number == 1 else f"{self.day}-{self.number}"

    @classmethod
    def of(cls, name: str) -> Version | None:
        """The version that is written so, if it is one."""
        match = _NAME.fullmatch(name)
        if not match:
            return None
        try:
            return cls(dt.date.fromisoformat(match[1]), int(match[2] or 1))
        except ValueError:
            return None

    def next(self, today: dt.date) -> Version:
        """The version after this one; never earlier, even where the clock was set back."""
        return Version(today) if today > self.day else Version(self.day, self.number + 1)


def latest_release(folder: Path) -> Path | None:
    """The standing release in a folder of releases."""
    found = []
    if folder.is_dir():
        for path in folder.iterdir():
            version = Version.of(path.name)
            if version and path.is_dir() and not path.is_symlink():
                found.append((version, path))
    return max(found)[1] if found else None


@contextmanager
def staging(folder: Path) -> Iterator[Path]:
    """An empty folder beside the releases, for one at a time; what a killed one left goes first."""
    folder.mkdir(parents=True, exist_ok=True)
    # a file open for writing: NFS locks no folder for one alone
    with folder.with_name(f".{folder.name}.lock").open("ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # the system forgets it if this process dies
        for left in folder.glob(f"{_STAGING}*"):
            shutil.rmtree(left)
        place = folder / f"{_STAGING}{os.getpid()}"
        place.mkdir()
        try:
            yield place
        finally:
            shutil.rmtree(place, ignore_errors=True)


def release_sha256(release: Path) -> str:
    """The sha256 of a release's list of checksums, so of all of it."""
    return sha256(release / SUMS)


def read_sums(release: Path) -> dict[str, str]:
    """The sha256 of each file by its name, as the release states them; empty if it does not."""
    try:
        lines = (release / SUMS).read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return {}
    pairs = (line.split("  ", 1) for line in lines)
    return {name: value for value, name in pairs}


def put_in_place(staged: Path, target: Path) -> None:
    """Give what was staged its checksums and its name, all at once; then it can't be written.

    Everything is on disk before the name is, so that not even a power cut shows half a release.
    """
    files = sorted(path for path in staged.iterdir())
    sums = "".join(f"{sha256(path)}  {path.name}\n" for path in files)
    (staged / SUMS).write_text(sums, encoding="utf-8")
    for path in staged.iterdir():
        path.chmod(0o444)
        _to_disk(path)
    _to_disk(staged)
    staged.rename(target)
    _to_disk(target.parent)


def point_to(release: Path) -> None:
    """Make ``latest`` beside the release lead to it."""
    latest = release.parent / LATEST
    if latest.is_symlink() and latest.readlink() == Path(release.name):
        return
    link = release.parent / f".{LATEST}"
    link.unlink(missing_ok=True)
    link.symlink_to(release.name)
    link.replace(latest)


def _to_disk(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
