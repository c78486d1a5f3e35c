"""Where the program writes: everything lies under one folder, ``$ACV_HOME``.

Here: paths, and who is at work. Not here: what is in the files.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from acv_pipeline.landing import RemoteZone, Zone


@dataclass(frozen=True)
class Home:
    """The folder that holds everything the program writes."""

    root: Path

    @classmethod
    def from_environment(cls) -> Home:
        """``$ACV_HOME``, else ``acv_home`` in the current folder."""
        return cls(Path(os.environ.get("ACV_HOME") or "acv_home").resolve())

    @property
    def warehouse(self) -> Path:
        """The DuckDB file that runs write."""
        return self.root / "warehouse.duckdb"

    @property
    def published(self) -> Path:
        """The read-only copy for readers, swapped atomically."""
        return self.root / "published" / "acv.duckdb"

    @property
    def releases(self) -> Path:
        """The open data releases, a dated folder each."""
        return self.root / "releases"

    @property
    def report(self) -> Path:
        """The report page."""
        return self.root / "report" / "index.html"

    @property
    def corrections(self) -> Path:
        """The register of corrected figures; people write it, the program only reads it."""
        return self.root / "corrections.yml"

    @property
    def standstill(self) -> Path:
        """Why nothing that arrives is taken in, while that is so."""
        return self.root / "standstill.json"

    @property
    def dagster(self) -> Path:
        """Dagster's own home: runs, events, schedules."""
        return self.root / "dagster"

    @property
    def landing(self) -> Zone:
        """The landing zone: ``$ACV_LANDING``, else ``landing`` in the home."""
        given = os.environ.get("ACV_LANDING")
        return self.zone(given) if given else self.root / "landing"

    def zone(self, given: str) -> Zone:
        """A landing zone as people write it: a folder, or an address (``s3://bucket/folder``)."""
        if "://" in given:
            return RemoteZone(given, self.root / "received")
        return Path(given).resolve()

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """Says that this process is running the pipeline; the system forgets it if it dies."""
        with self._lock_file() as file:
            fcntl.flock(file, fcntl.LOCK_SH)
            yield

    def nobody_at_work(self) -> bool:
        """Whether no living process is running the pipeline right now."""
        with self._lock_file() as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return False
            return True

    def _lock_file(self) -> IO[bytes]:
        self.root.mkdir(parents=True, exist_ok=True)
        return (self.root / "at_work.lock").open("ab")
