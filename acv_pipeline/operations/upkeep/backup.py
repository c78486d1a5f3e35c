"""A whole home in one file, and back: consistent while runs go on, checked before it is used."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import os
import shutil
import sqlite3
import tarfile
import tempfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from acv_pipeline.landing.whole_files import sha256
from acv_pipeline.language import _
from acv_pipeline.warehouse import held_as_it_is, in_plain_words, problem_of
from acv_pipeline.warehouse.home import Home

MANIFEST = "manifest.json"
FORMAT = 1
# of this process or of one that died; not worth keeping
LEFT_OUT = {".rebuild", "replaced", "at_work.lock", "turn.lock", "alerts.lock", "looked"}
LEFT_OUT_SUFFIXES = (".wal", "-wal", "-shm", "-journal", ".duckdb.tmp")
SQLITE = b"SQLite format 3\x00"


class BackupError(Exception):
    """The backup cannot be made or put back; the message says why and what to do."""


@dataclass(frozen=True)
class Backup:
    """What a backup holds: when it was made, of which home, how many files and bytes."""

    made_at: str
    home: str
    files: int
    byte_size: int


def back_up(home: Home, target: Path, *, log: Callable[[str], None] = lambda _: None) -> Backup:
    """Write everything the home holds to ``target``, as it is, whichever version made it.

    The warehouse is copied while no run writes it, Dagster's record after it: what a run records
    in between is recorded again after a restore, never missing.

    Raises:
        BackupError: there is no home, or ``target`` cannot be written.
        WarehouseError: the warehouse is held for too long, or damaged.
    """
    if not home.warehouse.exists():
        raise BackupError(_("{path} holds no warehouse: nothing to back up", path=home.root))
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
    with in_plain_words(home.root):
        try:
            manifest = _packed(home, target, log)
        except OSError as error:
            raise BackupError(
                _(
                    "cannot write {path} ({why}): choose another place",
                    path=target,
                    why=error.strerror,
                )
            ) from error
    return _described(manifest, target)


def restore(source: Path, home: Home, *, force: bool = False) -> tuple[Backup, Path | None]:
    """Put a backup in the place of ``home``, whole or not at all.

    Args:
        force: a home that is there is put aside; without, it is refused.

    Returns:
        What was restored, and where the earlier home was put.

    Raises:
        BackupError: it is no whole backup, or there is a home already.
        WarehouseError: the disk does not allow it.
    """
    root = home.root
    occupied = root.exists() and any(root.iterdir())
    if occupied and not force:
        raise BackupError(
            _("{path} is not empty: --force puts what is there aside, and restores", path=root)
        )
    if occupied and not home.nobody_at_work():
        raise BackupError(
            _("a run is at work in {path}: wait for it to end, then restore", path=root)
        )
    with in_plain_words(root.parent):
        root.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{root.name}.", dir=root.parent) as folder:
            fresh = Path(folder) / "home"
            manifest = _unpack(source, fresh)
            _verify(source, fresh, manifest)
            (fresh / MANIFEST).unlink()
            _move_settings(fresh, Path(manifest["home"]), root)
            aside = None
            if occupied:
                stamp = f"{dt.datetime.now(dt.UTC):%Y%m%dT%H%M%S}"
                aside = root.with_name(f"{root.name}.before-{stamp}")
                root.rename(aside)
            elif root.exists():
                root.rmdir()
            fresh.rename(root)
    return _described(manifest, source), aside


def _packed(home: Home, target: Path, log: Callable[[str], None]) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix=f".{target.name}.", dir=target.parent) as folder:
        copy = Path(folder) / "home"
        copy.mkdir()
        with held_as_it_is(home, log=log) as connection:
            connection.execute("checkpoint")
            for path in (home.warehouse, home.published):
                if path.exists():
                    _copy(path, copy / path.relative_to(home.root))
        for path in _files(home.root):
            to = copy / path.relative_to(home.root)
            if not os.path.lexists(to):
                _copy(path, to)
        manifest = {
            "format": FORMAT,
            "made_at": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
            "home": str(home.root),
            "files": {str(p.relative_to(copy)): _sha256(p) for p in _files(copy)},
        }
        (copy / MANIFEST).write_text(json.dumps(manifest, indent=1), encoding="utf-8")
        packed = Path(folder) / "packed"
        with tarfile.open(packed, "w:gz", compresslevel=3) as archive:
            archive.add(copy, arcname=".")
        with packed.open("rb") as file:
            os.fsync(file.fileno())
        packed.replace(target)
    return manifest


def _files(root: Path) -> Iterator[Path]:
    for path in sorted(root.rglob("*")):
        parts = path.relative_to(root).parts
        if parts[0] in LEFT_OUT or path.name.endswith(LEFT_OUT_SUFFIXES):
            continue
        if path.is_dir() and not path.is_symlink():
            continue
        yield path


def _copy(path: Path, to: Path) -> None:
    """Copy a file; a SQLite file as one moment of it, although others write it."""
    to.parent.mkdir(parents=True, exist_ok=True)
    try:
        if path.is_symlink():
            to.symlink_to(path.readlink())
            return
        with path.open("rb") as file:
            is_sqlite = file.read(len(SQLITE)) == SQLITE
        if not is_sqlite:
            shutil.copy2(path, to)
            return
        with closing(sqlite3.connect(path)) as live, closing(sqlite3.connect(to)) as copy:
            live.backup(copy)
    except FileNotFoundError:
        return  # swapped or cleaned up while we were looking: it was not to stay


def _unpack(source: Path, folder: Path) -> dict[str, Any]:
    try:
        with tarfile.open(source) as archive:
            archive.extractall(folder, filter="data")
        manifest: dict[str, Any] = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise BackupError(
            _("{path} is no backup: 'acv backup FILE' makes one", path=source)
            if source.exists()
            else _("{path} is not there: 'acv backup FILE' makes one", path=source)
        ) from error
    except (tarfile.TarError, zlib.error, EOFError, ValueError) as error:
        raise BackupError(
            _("{path} is no whole backup ({why}): use another one", path=source, why=error)
        ) from error
    except OSError as error:
        if error.errno is None:  # what gzip says of a damaged file
            raise _damaged(source, error) from error
        raise
    if manifest["format"] != FORMAT:
        raise BackupError(
            _("{path} was made by another version: restore it with that one", path=source)
        )
    return manifest


def _damaged(source: Path, why: object) -> BackupError:
    return BackupError(_("{path} is damaged ({why}): use another one", path=source, why=why))


def _verify(source: Path, folder: Path, manifest: dict[str, Any]) -> None:
    for name, expected in manifest["files"].items():
        path = folder / name
        if not os.path.lexists(path) or _sha256(path) != expected:
            raise _damaged(source, name)
    if problem := problem_of(folder / "warehouse.duckdb"):
        raise BackupError(
            _(
                "the warehouse in {path} is damaged ({problem}): use another backup",
                path=source,
                problem=problem,
            )
        )


def _move_settings(fresh: Path, before: Path, root: Path) -> None:
    """Dagster's settings name their folder: the new place may be another one."""
    config = fresh / "dagster" / "dagster.yaml"
    if config.exists() and before != root:
        text = config.read_text(encoding="utf-8")
        config.write_text(text.replace(f"{before}/", f"{root}/"), encoding="utf-8")


def _described(manifest: dict[str, Any], path: Path) -> Backup:
    return Backup(
        manifest["made_at"], manifest["home"], len(manifest["files"]), path.stat().st_size
    )


def _sha256(path: Path) -> str:
    """Of a file its bytes, of a link where it leads."""
    if path.is_symlink():
        return hashlib.sha256(os.fsencode(path.readlink())).hexdigest()
    return sha256(path)
