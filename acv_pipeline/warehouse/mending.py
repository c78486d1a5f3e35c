"""A damaged warehouse gives way to its last sound state by itself, whoever finds it first.

The state is that of the published copy, or nothing at all; what people said since comes back from
the journal when it is opened, what was received since from the landing zone by the next run. All
that gave way lies in ``replaced/``, with ``mended.json`` on record of it.

What is to come into its place is made ready beside it; renaming that to ``.ready`` is the moment
from which the change is made for good, by whoever comes next if this process dies.
"""

from __future__ import annotations

import datetime as dt
import fcntl
import json
import logging
import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO, Any

import duckdb

from acv_pipeline.landing.whole_files import write_whole
from acv_pipeline.language import _
from acv_pipeline.warehouse.home import Home
from acv_pipeline.warehouse.schema import (
    FILE_BITS,
    commits,
    create_commit_counter,
    is_unnumbered,
    number_apart,
    tables_within,
)
from acv_pipeline.warehouse.trouble import (
    WarehouseError,
    first_line,
    in_plain_words,
    is_damage,
    suspicion_of,
)

RECORD = "mended.json"
READY, MAKING = ".ready", ".making"
COPY, DELIVERIES = "copy", "deliveries"
# both were put in place of what was published last; then somebody has to look at the machine
PATIENCE = dt.timedelta(days=1)
WAIT_SECONDS = 120.0
NOT_FIGURES = ("raw.commits", "raw.fingerprints", "raw.schema_version")

log = logging.getLogger("acv_pipeline.warehouse")
# the warehouses that this process has open: a look at them would end DuckDB's lock
opened_here: set[Path] = set()
Log = Callable[[str], None]


@dataclass(frozen=True)
class Mended:
    """A damaged file that gave way.

    Attributes:
        at: when, in ISO, UTC.
        file: its name, such as ``warehouse.duckdb``.
        why: what was wrong, in DuckDB's words.
        aside: what it is called in ``replaced/``.
        base: what took the warehouse's place: the published ``copy``, or nothing, which makes the
            next run receive all ``deliveries`` again; empty for other files.
        lost: deliveries that neither the warehouse nor the landing zone has since.
    """

    at: str
    file: str
    why: str
    aside: str
    base: str
    lost: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        """The line that people are told."""
        said = {
            "file": self.file,
            "why": self.why,
            "aside": f"replaced/{self.aside}",
        }
        if self.file.endswith(".wal"):
            return _(
                "{file}, a log that a process which died left, could not be used ({why}): put "
                "aside as {aside}; what it held is received again",
                **said,
            )
        if self.base == COPY:
            return _(
                "{file} was damaged ({why}): the published copy took its place, what came since "
                "is received again; the damaged file is {aside}",
                **said,
            )
        if self.base:
            return _(
                "{file} was damaged ({why}): it is made again from the deliveries; the damaged "
                "file is {aside}",
                **said,
            )
        return _(
            "{file}, the published copy, was damaged ({why}): the next run publishes it again; "
            "the damaged file is {aside}",
            **said,
        )


def mended_of(home: Home) -> list[Mended]:
    """What gave way in this home, as long as the damaged file is there."""
    return [entry for entry in _record(home) if (home.replaced / entry.aside).exists()]


def set_lost(home: Home, lost: list[str]) -> None:
    """Note, with whatever stands on record, which deliveries are in no place any more."""
    entries = _record(home)
    if any(entry.lost != lost for entry in entries):
        _write_record(home, [Mended(**{**asdict(entry), "lost": lost}) for entry in entries])


def mend(home: Home, say: Log | None = None) -> bool:
    """Put things right if a file was found damaged, or whoever wrote it last died on it.

    Cheap where there is nothing to look at. Everything is looked at as a copy: nothing is done to
    a file that is sound. Not while this process has the warehouse open.

    Args:
        say: told in a line what was done; a warning of the log otherwise.

    Returns:
        Whether a file gave way.

    Raises:
        WarehouseError: the disk does not allow it, another process has the file for too long, or
            what had just been put in its place is damaged as well.
    """
    suspicion, ready = suspicion_of(home.root), home.replaced / READY
    if not (suspicion.exists() or ready.exists() or _size(_wal(home.warehouse))):
        return False
    if home.warehouse in opened_here:
        return False
    done: list[Mended] = []
    with in_plain_words(home.root), _alone(home):
        if ready.exists():
            done.append(_finish(home))
        is_suspected = suspicion.exists()
        with _held(home.warehouse, WAIT_SECONDS if is_suspected else 0) as (is_ours, file):
            if is_ours:
                try:
                    done += _look(home, file, is_suspected)
                finally:
                    shutil.rmtree(home.replaced / ".look", ignore_errors=True)
                suspicion.unlink(missing_ok=True)
    for entry in done:
        (say or log.warning)(str(entry))
    return bool(done)


def replace_warehouse(home: Home, fresh: Path) -> Path | None:
    """Put the DuckDB file ``fresh`` in the place of the warehouse, whole or not at all.

    Returns:
        Where the file that was there is now, if there was one.
    """
    with in_plain_words(home.root), _alone(home), _held(home.warehouse, WAIT_SECONDS) as held:
        aside = home.replaced / _replace(home, fresh, why="", base="").aside
    return aside if held[1] else None


def _replace(home: Home, fresh: Path | None, why: str, base: str) -> Mended:
    """The same; nothing in its place without ``fresh``. With ``why``, it is put on record."""
    ready, making = home.replaced / READY, home.replaced / MAKING
    shutil.rmtree(making, ignore_errors=True)
    making.mkdir()
    if fresh:
        fresh.replace(making / home.warehouse.name)
        _sync(making / home.warehouse.name)
    entry = _entry(home.warehouse, why, base)
    (making / RECORD).write_text(json.dumps(asdict(entry)), encoding="utf-8")
    _sync(making / RECORD)
    making.rename(ready)
    _sync(home.replaced)
    return _finish(home)


def problem_of(path: Path) -> str | None:
    """Read every block of a DuckDB file; None, or how it is damaged.

    Raises:
        WarehouseError: another process holds it, or something else than damage is in the way.
    """
    try:
        _state(path, read_only=True)
    except duckdb.Error as error:
        if "could not set lock" in str(error).lower():
            raise WarehouseError(
                _("another process holds {file}: wait for it to end", file=path)
            ) from error
        if not is_damage(error):
            with in_plain_words(path.parent):
                raise
        return first_line(error)
    return None


def _finish(home: Home) -> Mended:
    """Put in place what is ready; it may die at any line of this, and is begun again then."""
    ready = home.replaced / READY
    entry = Mended(**json.loads((ready / RECORD).read_text(encoding="utf-8")))
    fresh, aside = ready / home.warehouse.name, home.replaced / entry.aside
    there = home.warehouse.exists() and not aside.exists()
    if fresh.exists() or (there and entry.base == DELIVERIES):
        if (wal := _wal(home.warehouse)).exists():  # beside another file it would be wrong
            wal.replace(_wal(aside))
        if fresh.exists() and there:
            with suppress(OSError):  # so that there is one at every moment, where links can be
                os.link(home.warehouse, aside)
        if there and not aside.exists():
            home.warehouse.replace(aside)
        if fresh.exists():
            fresh.replace(home.warehouse)
        _sync(home.root)
    known = _record(home)
    if entry.why and entry not in known:
        _write_record(home, [*known, entry])
    suspicion_of(home.root).unlink(missing_ok=True)
    done = home.replaced / MAKING  # not piece by piece: what is ready is whole, or not there
    shutil.rmtree(done, ignore_errors=True)
    ready.rename(done)
    shutil.rmtree(done)
    return entry


def _look(home: Home, file: IO[bytes] | None, is_suspected: bool) -> list[Mended]:
    """Read every block of copies; what is damaged gives way."""
    done: list[Mended] = []
    folder, wal = home.replaced / ".look", _wal(home.warehouse)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    why = of_log = None
    if file:
        why, of_log = _problems(file, wal, folder / home.warehouse.name)
    base = None
    if (why or is_suspected) and home.published.exists():
        copy = folder / home.published.name
        shutil.copyfile(home.published, copy)
        if problem := problem_of(copy):
            problem = problem.replace(f"{folder}/", "")
            done.append(_set_aside(home, home.published, problem))
        else:
            base = copy
    if of_log:  # what it holds is lost, what is in the file is not
        done.append(_set_aside(home, wal, of_log))
    if not why:
        return done
    tried = _tried(home)
    if DELIVERIES in tried:
        raise WarehouseError(
            _(
                "{file} is damaged again ({why}), although it was made again from the deliveries "
                "a short while ago: have the disk and the memory of this machine looked at. It is "
                "tried once more after a day, or as soon as {record} is deleted",
                file=home.warehouse,
                why=why,
                record=home.replaced / RECORD,
            )
        )
    if base and COPY not in tried:
        with closing(duckdb.connect(str(base))) as connection:
            create_commit_counter(connection)
            number_apart(connection)
        return [*done, _replace(home, base, why, COPY)]
    return [*done, _replace(home, None, why, DELIVERIES)]


def _problems(file: IO[bytes], wal: Path, copy: Path) -> tuple[str | None, str | None]:
    """What is wrong with a DuckDB file, or else with the log beside it.

    DuckDB takes the log of another file for the file's own, and that of an earlier moment too, and
    applies it: rows are there twice. The number of commits tells.
    """
    with copy.open("wb") as to:
        shutil.copyfileobj(file, to, 1 << 20)
    is_file = True
    try:
        before = _state(copy, read_only=True)
        if not _size(wal):
            return None, None
        is_file = False
        shutil.copyfile(wal, _wal(copy))
        after = _state(copy)
    except duckdb.Error as error:
        if not is_damage(error):
            raise
        why = first_line(error).replace(f"{copy.parent}/", "")
        return (why, None) if is_file else (None, why)
    return None, None if _follows(before, after) else _("it is that of another file")


State = tuple[int | None, dict[str, Any]]


def _state(path: Path, *, read_only: bool = False) -> State:
    """The number of commits, and of each table of figures what changes when a row does."""
    with closing(duckdb.connect(str(path), read_only=read_only)) as connection:
        tables = sorted(tables_within(connection))
        sums = {
            table: connection.execute(
                f"select count(*), sum(hash(t)) from {table} as t"
            ).fetchall()[0]
            for table in tables
        }
        count = commits(connection) if "raw.commits" in tables else None
        if not read_only:
            connection.execute("checkpoint")
    layers = ("raw.", "validated.", "marts.")
    return count, {
        table: told
        for table, told in sums.items()
        if table.startswith(layers) and table not in NOT_FIGURES
    }


def _follows(before: State, after: State) -> bool:
    """Whether a state can have come of another by transactions of this program."""
    if before[0] is None or is_unnumbered(before[0]):
        return True
    if after[0] is None or before[0] >> FILE_BITS != after[0] >> FILE_BITS:
        return False
    return after[0] > before[0] or after == before


def _set_aside(home: Home, path: Path, why: str) -> Mended:
    entry = _entry(path, why)
    path.replace(home.replaced / entry.aside)
    _write_record(home, [*_record(home), entry])
    return entry


def _entry(path: Path, why: str, base: str = "") -> Mended:
    at = dt.datetime.now(dt.UTC)
    stem, _dot, endings = path.name.partition(".")
    return Mended(at.isoformat(), path.name, why, f"{stem}.{at:%Y%m%dT%H%M%S%f}.{endings}", base)


def _tried(home: Home) -> list[str]:
    """What was put in the warehouse's place lately, and nothing was published of since."""
    published = home.published.stat().st_mtime if home.published.exists() else 0.0
    since = max(dt.datetime.now(dt.UTC).timestamp() - PATIENCE.total_seconds(), published)
    return [
        entry.base
        for entry in _record(home)
        if entry.file == home.warehouse.name
        and dt.datetime.fromisoformat(entry.at).timestamp() > since
    ]


def _record(home: Home) -> list[Mended]:
    try:
        known = json.loads((home.replaced / RECORD).read_text(encoding="utf-8"))
        return [Mended(**entry) for entry in known]
    except (OSError, ValueError, TypeError):
        return []


def _write_record(home: Home, entries: list[Mended]) -> None:
    text = json.dumps([asdict(entry) for entry in entries], ensure_ascii=False, indent=1)
    write_whole(home.replaced / RECORD, text)


@contextmanager
def _alone(home: Home) -> Iterator[None]:
    """One process at a time mends; the system ends the turn of one that dies."""
    home.replaced.mkdir(exist_ok=True)
    with (home.replaced / "lock").open("ab") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@contextmanager
def _held(path: Path, wait_seconds: float) -> Iterator[tuple[bool, IO[bytes] | None]]:
    """Whether nobody else has the file meanwhile, by the lock that DuckDB takes; and the file.

    This process must read it through this handle alone: closing another one ends the lock.

    Raises:
        WarehouseError: another process has it, for longer than it is waited for.
    """
    deadline = time.monotonic() + wait_seconds
    while path.exists():
        with path.open("r+b") as file:
            try:
                fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                if not isinstance(error, (BlockingIOError, PermissionError)):
                    raise
                if not wait_seconds:
                    yield False, None
                    return
                if time.monotonic() > deadline:
                    raise WarehouseError(
                        _("another process holds {file}: wait for it to end", file=path)
                    ) from error
                time.sleep(0.1)
                continue
            yield True, file
            return
    yield True, None


def _wal(path: Path) -> Path:
    return path.with_name(path.name + ".wal")


def _size(path: Path) -> int:
    with suppress(FileNotFoundError):
        return path.stat().st_size
    return 0


def _sync(path: Path) -> None:
    """Let it outlive a power cut."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
