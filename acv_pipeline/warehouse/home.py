"""Where the program writes: everything lies under one folder, ``$ACV_HOME``."""

from __future__ import annotations

import datetime as dt
import fcntl
import os
import shlex
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from acv_pipeline.contract import Month
from acv_pipeline.environment import secret
from acv_pipeline.landing import RemoteZone, Zone
from acv_pipeline.language import _, marked
from acv_pipeline.warehouse.trouble import in_plain_words

# where a command without ``--home`` looks; a run sets the variable for its own processes
_USUAL = Path(os.environ.get("ACV_HOME") or "acv_home").resolve()


@dataclass(frozen=True)
class Home:
    """The folder that holds everything the program writes."""

    root: Path

    @classmethod
    def from_environment(cls) -> Home:
        """``$ACV_HOME``, else ``acv_home`` in the current folder."""
        return cls(Path(os.environ.get("ACV_HOME") or "acv_home").resolve())

    @property
    def option(self) -> str:
        """What a command needs to look in this home: `` --home …``, or nothing."""
        return "" if self.root == _USUAL else f" --home {shlex.quote(str(self.root))}"

    def sign_off(
        self, delivery_id: str, indicator: str, month: Month, *, elsewhere: bool = False
    ) -> str:
        """The command that releases a held month; ``elsewhere``: for whatever shell and folder."""
        what = f'acv signoff {delivery_id[:12]} {indicator} {month:%Y-%m} --reason "…" --by "…"'
        return what + (f" --home {shlex.quote(str(self.root))}" if elsewhere else self.option)

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
    def quality(self) -> Path:
        """What Great Expectations found, and its own pages of it."""
        return self.root / "quality"

    @property
    def corrections(self) -> Path:
        """The register of corrected figures; people write it, the program only reads it."""
        return self.root / "corrections.yml"

    @property
    def standstill(self) -> Path:
        """Why nothing that arrives is taken in, while that is so."""
        return self.root / "standstill.json"

    @property
    def replaced(self) -> Path:
        """Files that gave way to others: damaged ones, and what is on record of them."""
        return self.root / "replaced"

    @property
    def looked(self) -> Path:
        """Empty; touched whenever the landing zone could be looked at."""
        return self.root / "looked"

    @property
    def nightly_backup(self) -> Path:
        """Empty; touched whenever a backup of every night was made."""
        return self.root / "nightly_backup"

    @property
    def dagster(self) -> Path:
        """Dagster's own home: runs, events, schedules."""
        return self.root / "dagster"

    @property
    def landing(self) -> Zone:
        """The landing zone: ``$ACV_LANDING``, else ``landing`` in the home.

        Raises:
            SecretError: the file that ``$ACV_LANDING_FILE`` names cannot be read.
        """
        given = secret("ACV_LANDING")
        return self.zone(given) if given else self.root / "landing"

    def zone(self, given: str) -> Zone:
        """A landing zone as people write it: a folder, or an address (``s3://bucket/folder``)."""
        if "://" in given:
            return RemoteZone(given, self.root / "received")
        return Path(given).resolve()

    @contextmanager
    def at_work(
        self, who: str = marked("a run"), log: Callable[[str], None] | None = None
    ) -> Iterator[None]:
        """This process's turn to run the pipeline, when the turns before it have ended.

        The system ends the turn of a process that dies.

        Args:
            who: what those that wait are told of this one, as a text of the catalogue.
            log: called once with a line for people if it has to wait.

        Raises:
            WarehouseError: the home cannot be written to.
        """
        with self._lock_file("at_work.lock") as here, self._lock_file("turn.lock") as turn:
            fcntl.flock(here, fcntl.LOCK_SH)
            try:
                fcntl.flock(turn, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if log:
                    turn.seek(0)
                    log(_("waiting for {who}", who=turn.read().decode() or _("another run")))
                fcntl.flock(turn, fcntl.LOCK_EX)
            now = dt.datetime.now()
            with suppress(OSError):  # on a full disk nobody is named
                turn.truncate(0)
                said = _(
                    "{who} (PID {pid}), at work since {now:%H:%M:%S}",
                    who=_(who),
                    pid=os.getpid(),
                    now=now,
                )
                turn.write(said.encode())
            yield

    def at_work_since(self) -> dt.datetime | None:
        """Since when a living process has its turn; None if none has, or that cannot be seen."""
        try:
            taken = (self.root / "turn.lock").stat().st_mtime
            return None if self.nobody_at_work() else dt.datetime.fromtimestamp(taken, dt.UTC)
        except OSError:  # no run yet, or another user's
            return None

    def nobody_at_work(self) -> bool:
        """Whether no living process is running the pipeline right now, or waiting for its turn."""
        with self._lock_file("at_work.lock") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return False
            return True

    def _lock_file(self, name: str) -> IO[bytes]:
        with in_plain_words(self.root):
            self.root.mkdir(parents=True, exist_ok=True)
            # for reading too: NFS gives no shared lock on a file that is only open for writing
            return (self.root / name).open("a+b", 0)
