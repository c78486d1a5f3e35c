"""A landing zone that is a folder of this machine; read, never written to."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from acv_pipeline.landing.layout import Entry, LandingError


@dataclass(frozen=True)
class Folder:
    """The tree of a folder."""

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
            raise LandingError(f"cannot read {error.filename}: {error.strerror}") from error

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
