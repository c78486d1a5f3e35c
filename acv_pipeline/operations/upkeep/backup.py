"""A whole home in one file, and back: consistent while runs go on, checked before it is used."""

from __future__ import annotations

import datetime as dt
import fcntl
import json
import os
import shutil
import tarfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from acv_pipeline.language import _
from acv_pipeline.warehouse import held_as_it_is, in_plain_words, problem_of
from acv_pipeline.warehouse.home import Home
from acv_pipeline.warehouse.packing import (
    FORMAT,
    MANIFEST,
    Backup,
    BackupError,
    described,
    digest,
    pack,
)


def back_up(home: Home, target: Path, *, log: Callable[[str], None] = lambda _: None) -> Backup:
    """Write everything the home holds to ``target``, as it is, whichever version made it.

    Raises:
        BackupError: there is no home, or ``target`` cannot be written.
        WarehouseError: the warehouse is held for too long, or damaged.
    """
    return pack(home, target, held_as_it_is(home, log=log))


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
        with _workshop(root) as folder:
            fresh = folder / "home"
            manifest = _unpack(source, fresh)
            _verify(source, fresh, manifest)
            (fresh / MANIFEST).unlink()
            _move_settings(fresh, Path(manifest["home"]), root)
            aside = None
            if occupied:
                stamp = f"{dt.datetime.now(dt.UTC):%Y%m%dT%H%M%S%f}"
                aside = root.with_name(f"{root.name}.before-{stamp}")
                root.rename(aside)
            elif root.exists():
                root.rmdir()
            fresh.rename(root)
    return described(manifest, source), aside


@contextmanager
def _workshop(root: Path) -> Iterator[Path]:
    """A folder beside the home; whoever has its lock is alone, so what else lies there died."""
    folder = root.with_name(f".{root.name}.restoring")
    folder.mkdir(mode=0o700, exist_ok=True)
    if folder.is_symlink() or folder.stat().st_uid != os.geteuid():
        raise BackupError(_("{folder} is somebody else's: have it removed", folder=folder))
    with (folder / "lock").open("ab") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise BackupError(
                _("another 'acv restore' is at work on {path}: wait for it to end", path=root)
            ) from error
        try:
            if (folder / "home").exists():
                shutil.rmtree(folder / "home")
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def _extract(archive: tarfile.TarFile, folder: Path) -> None:
    """Extract what stays in the folder, which Python checks itself from 3.11.4 on.

    Debian 12 has 3.11.2. Folders are made as any other, not with the modes of those that the backup
    was made in.
    """
    if hasattr(tarfile, "data_filter"):
        archive.extractall(folder, filter="data")
        return
    for member in archive:
        lands = (folder / member.name).resolve()
        leads = (lands.parent / member.linkname).resolve() if member.issym() else lands
        is_plain = member.isreg() or member.isdir() or member.issym()
        if not is_plain or not all(p.is_relative_to(folder.resolve()) for p in (lands, leads)):
            raise tarfile.TarError(member.name)
        if member.isdir():
            lands.mkdir(parents=True, exist_ok=True)
        else:
            archive.extract(member, folder)


def _unpack(source: Path, folder: Path) -> dict[str, Any]:
    try:
        with tarfile.open(source) as archive:
            _extract(archive, folder)
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
        if not os.path.lexists(path) or digest(path) != expected:
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
