"""A whole home in one file: made while runs go on, looked through before it is called a backup.

What an earlier version left is kept so before this one changes it, whoever opens it first.
"""

from __future__ import annotations

import datetime as dt
import fcntl
import hashlib
import json
import os
import shutil
import sqlite3
import subprocess
import tarfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager, nullcontext
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import duckdb

from acv_pipeline.landing.whole_files import sha256, write_whole
from acv_pipeline.language import _
from acv_pipeline.warehouse.home import Home
from acv_pipeline.warehouse.mending import problem_of
from acv_pipeline.warehouse.migrations import program_version, written_by
from acv_pipeline.warehouse.trouble import DamagedError, WarehouseError, damaged, in_plain_words

MANIFEST = "manifest.json"
FORMAT = 1
KEPT = "upgraded.json"
LOCK = "backup.lock"
# of this process or of one that died; not worth keeping
LEFT_OUT = {".rebuild", "replaced", "at_work.lock", "turn.lock", "alerts.lock", LOCK, "looked"}
LEFT_OUT_SUFFIXES = (".wal", "-wal", "-shm", "-journal", ".duckdb.tmp")
Held = AbstractContextManager[duckdb.DuckDBPyConnection]


class BackupError(WarehouseError):
    """The backup cannot be made or put back; the message says why and what to do."""


@dataclass(frozen=True)
class Backup:
    """What a backup holds: when it was made, of which home, how many files and bytes."""

    made_at: str
    home: str
    files: int
    byte_size: int


@dataclass(frozen=True)
class Kept:
    """The backup of a home as an earlier version left it.

    Attributes:
        before: that version; None if it was one that did not say so.
        now: the version that took the home over.
        file: the backup.
        byte_size: its size.
    """

    before: str | None
    now: str
    file: str
    byte_size: int


def pack(home: Home, target: Path, held: Held) -> Backup:
    """Write everything the home holds to ``target``, as it is, whichever version made it.

    The warehouse is copied while no run writes it, Dagster's record after it: what a run records
    in between is recorded again after a restore, never missing.

    Args:
        held: the warehouse, while no other process writes it.

    Raises:
        BackupError: there is no home, or ``target`` cannot be written.
        WarehouseError: the warehouse is held for too long, or damaged.
    """
    if not home.warehouse.exists():
        raise BackupError(_("{path} holds no warehouse: nothing to back up", path=home.root))
    with in_plain_words(home.root):
        try:
            target = _place(home, target)
            manifest = _packed(home, target, held)
        except OSError as error:
            raise BackupError(
                _(
                    "cannot write {path} ({why}): choose another place",
                    path=target,
                    why=error.strerror,
                )
            ) from error
    return described(manifest, target)


def keep_as_it_was(
    connection: duckdb.DuckDBPyConnection, home: Home, file: Path | None = None
) -> Kept:
    """A backup of a home that an earlier version wrote, before anything is done to it.

    Args:
        file: the backup; beside the home by default, named after this version and the moment.

    Raises:
        BackupError: it cannot be written.
        WarehouseError: the warehouse is damaged.
    """
    now, moment = program_version(), dt.datetime.now(dt.UTC)
    name = f"{home.root.name}.before-{now}-{moment:%Y%m%dT%H%M%S%f}.tar.gz"
    file = (file or home.root.with_name(name)).resolve()
    made = pack(home, file, nullcontext(connection))
    kept = Kept(written_by(connection), now, str(file), made.byte_size)
    with in_plain_words(home.root):
        write_whole(home.root / KEPT, json.dumps(asdict(kept), ensure_ascii=False))
    return kept


def keep_before_taking_over(
    connection: duckdb.DuckDBPyConnection, home: Home, log: Callable[[str], None]
) -> None:
    """What ``acv upgrade`` does first, when somebody opened the home without it.

    Args:
        log: called with a line that says where the backup is.

    Raises:
        DamagedError: the warehouse is damaged.
        WarehouseError: the backup cannot be made.
    """
    versions = {
        "home": home.root,
        "before": written_by(connection) or _("an earlier version"),
        "now": program_version(),
    }
    try:
        kept = keep_as_it_was(connection, home)
    except DamagedError:
        raise
    except WarehouseError as error:
        raise WarehouseError(
            _(
                "{home}: written by {before}, and taken over by {now} only after a backup, which "
                "could not be made ({error}): make one where there is room, with 'acv upgrade "
                "--backup FILE{option}'",
                error=error,
                option=home.option,
                **versions,
            )
        ) from error
    log(
        _(
            "{home}: written by {before}, now taken over by {now}; kept as it was in {file} "
            "({megabytes:.1f} MB)",
            file=kept.file,
            megabytes=kept.byte_size / 1e6,
            **versions,
        )
    )


def kept_of(home: Home) -> Kept | None:
    """The backup that was made when the home was taken over last, if it is still there."""
    try:
        kept = Kept(**json.loads((home.root / KEPT).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None
    return kept if Path(kept.file).exists() else None


def files_of(root: Path) -> Iterator[Path]:
    """Every file and link of a home that belongs into a backup."""
    for path in sorted(root.rglob("*")):
        parts = path.relative_to(root).parts
        if parts[0] in LEFT_OUT or path.name.endswith(LEFT_OUT_SUFFIXES):
            continue
        if path.is_dir() and not path.is_symlink():
            continue
        yield path


def digest(path: Path) -> str:
    """The sha256 of a file's bytes; of a link, of where it leads."""
    if path.is_symlink():
        return hashlib.sha256(os.fsencode(path.readlink())).hexdigest()
    return sha256(path)


def described(manifest: dict[str, Any], path: Path) -> Backup:
    """What the backup ``path`` with this manifest holds."""
    return Backup(
        manifest["made_at"], manifest["home"], len(manifest["files"]), path.stat().st_size
    )


def _place(home: Home, target: Path) -> Path:
    """Where the backup goes, if it may."""
    target = target.resolve()
    if target.is_relative_to(home.root):
        raise BackupError(
            _("{path} lies in the home itself: a backup belongs on another disk", path=target)
        )
    if target.exists():
        raise BackupError(
            _("{path} is there already: choose another name, or delete it", path=target)
        )
    if not target.parent.is_dir():
        raise BackupError(_("{path} is not a folder", path=target.parent))
    return target


def _packed(home: Home, target: Path, held: Held) -> dict[str, Any]:
    with ExitStack() as stack:
        with held as connection:
            connection.execute("checkpoint")
            folder = stack.enter_context(_workshop(home, target.parent))
            copy = folder / "home"
            copy.mkdir()
            for path in (home.warehouse, home.published):
                if path.exists():
                    _copy_apart(path, copy / path.relative_to(home.root))
        if problem := problem_of(copy / home.warehouse.name):
            raise damaged(home.root, problem.replace(f"{copy}/", ""))
        for path in files_of(home.root):
            to = copy / path.relative_to(home.root)
            if not os.path.lexists(to):
                _copy(path, to)
        manifest = {
            "format": FORMAT,
            "made_at": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
            "home": str(home.root),
            "files": {str(p.relative_to(copy)): digest(p) for p in files_of(copy)},
        }
        (copy / MANIFEST).write_text(json.dumps(manifest, indent=1), encoding="utf-8")
        packed = folder / "packed"
        with tarfile.open(packed, "w:gz", compresslevel=3) as archive:
            archive.add(copy, arcname=".")
        with packed.open("rb") as file:
            os.fsync(file.fileno())
        packed.chmod(0o600)  # for nobody else's eyes
        packed.replace(target)
    return manifest


@contextmanager
def _workshop(home: Home, place: Path) -> Iterator[Path]:
    """A folder beside the backup; one of this home at a time, so what lies there died."""
    of_home = hashlib.sha256(os.fsencode(home.root)).hexdigest()[:12]
    folder = place / f".acv-backup-{of_home}"
    with (home.root / LOCK).open("ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if folder.exists():
            shutil.rmtree(folder)
        folder.mkdir(mode=0o700)
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def _copy_apart(path: Path, to: Path) -> None:
    """Copy a DuckDB file by a process of its own: closing one here would end DuckDB's lock."""
    to.parent.mkdir(parents=True, exist_ok=True)
    command = ["cp", "-p", "--", str(path), str(to)]
    copied = subprocess.run(command, capture_output=True, text=True, check=False)
    if copied.returncode:
        raise BackupError(_("cannot make a backup: {error}", error=copied.stderr.strip()))


def _copy(path: Path, to: Path) -> None:
    """Copy a file; a SQLite file as one moment of it, although others write it.

    What is one, SQLite says itself: closing it here would end the locks of this process on it.
    """
    to.parent.mkdir(parents=True, exist_ok=True)
    try:
        if path.is_symlink():
            to.symlink_to(path.readlink())
        elif not path.stat().st_size or not _is_copied_by_sqlite(path, to):
            shutil.copy2(path, to)
    except FileNotFoundError:
        return  # swapped or cleaned up while we were looking: it was not to stay


def _is_copied_by_sqlite(path: Path, to: Path) -> bool:
    with closing(sqlite3.connect(path)) as live, closing(sqlite3.connect(to)) as copy:
        try:
            live.backup(copy)
        except sqlite3.DatabaseError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_NOTADB:
                raise
            return False
    return True
