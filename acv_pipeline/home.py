"""Where the program writes: everything lies under one folder, ``$ACV_HOME``.

Here: paths. Not here: what is in the files.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path


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
    def corrections(self) -> Path:
        """The register of corrected figures; people write it, the program only reads it."""
        return self.root / "corrections.yml"

    @property
    def dagster(self) -> Path:
        """Dagster's own home: runs, events, schedules."""
        return self.root / "dagster"

    @property
    def landing(self) -> Path:
        """The landing zone: ``$ACV_LANDING``, else ``landing`` in the home."""
        given = os.environ.get("ACV_LANDING")
        return Path(given).resolve() if given else self.root / "landing"
