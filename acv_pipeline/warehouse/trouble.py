"""What stands in the way of DuckDB, the disk or the memory, in words a person can act on.

Errors in SQL are bugs, and stay as they are.
"""

from __future__ import annotations

import errno
import re
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import duckdb

from acv_pipeline.language import _


class WarehouseError(Exception):
    """The warehouse cannot be used; the message says why and what to do."""


class DamagedError(WarehouseError):
    """A DuckDB file of the home ``root`` is damaged: ``mending.mend`` puts that right."""

    def __init__(self, message: str, root: Path) -> None:
        super().__init__(message, root)
        self.message, self.root = message, root

    def __str__(self) -> str:
        """The message alone."""
        return self.message


_FULL = ("no space left on device", "disk quota exceeded", "file too large", "disk is full")
_READ_ONLY = ("read-only file system", "permission denied", "readonly database")
_DAMAGED = (
    "corrupt database file",
    "not a valid duckdb database file",
    "could not read enough bytes",
    "checksum",
    "failure while replaying wal",
    "malformed",
    "file is not a database",
)
# SQLite's smallest steps need less
SPARE_BYTES = 1_000_000
# what DuckDB raises when it reads nonsense that no checksum covers
_NONSENSE = (duckdb.SerializationException, duckdb.InternalException, duckdb.FatalException)
_OTHER_VERSION = ("trying to read a database file with", "unsupported storage version")
# the names of the files that an engine keeps tables in (``engines/parts.py``)
_PART = re.compile(r"-[0-9a-f]{12}\.parquet")
_RAISED = "traceback (most recent call last)"  # what fsspec raises comes through as one
_CITED = re.compile(r"\n\s*LINE [0-9]+: .*", re.DOTALL)
_GONE = ("unable to open database file", "no such file or directory", "disk i/o error")
_ERRNO = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EACCES, errno.EPERM}


@contextmanager
def in_plain_words(root: Path) -> Iterator[None]:
    """Errors of the surroundings come out as ``WarehouseError``; all others as they are."""
    try:
        yield
    except (duckdb.Error, sqlite3.Error, MemoryError, OSError) as error:
        if is_damage(error):
            raise damaged(root, first_line(error)) from error
        if said := trouble(error, root):
            raise WarehouseError(said) from error
        raise


def is_damage(error: BaseException) -> bool:
    """Whether a DuckDB file is not what DuckDB wrote: not that it is held, full or of others."""
    text = str(error).lower()
    if not isinstance(error, duckdb.Error) or isinstance(error, duckdb.OutOfMemoryException):
        return False
    elsewhere = _says(text, (*_FULL, *_READ_ONLY, *_OTHER_VERSION))
    elsewhere = elsewhere or _is_of_a_part(error)
    return not elsewhere and (_says(text, _DAMAGED) or isinstance(error, _NONSENSE))


def _is_of_a_part(error: duckdb.Error) -> bool:
    """Whether it is about a file that an engine keeps a table in, not about DuckDB's own."""
    if isinstance(error, duckdb.IOException | duckdb.InvalidInputException):
        return bool(_PART.search(str(error)))
    return type(error) is duckdb.Error and _RAISED in str(error).lower()


def suspicion_of(root: Path) -> Path:
    """The file that says that a database of the home was found damaged, and in what words."""
    return root / "replaced" / "suspected"


def damaged(root: Path, why: str) -> DamagedError:
    """What to raise of a damaged database; whoever opens the warehouse next looks at all of it."""
    with suppress(OSError):  # a reader may not write that down
        path = suspicion_of(root)
        path.parent.mkdir(exist_ok=True)
        path.write_text(why, encoding="utf-8")
    return DamagedError(
        _(
            "a database in {home} is damaged ({error}): the last sound state of the warehouse is "
            "put back as soon as anything opens it again",
            home=root,
            error=why,
        ),
        root,
    )


def trouble(error: BaseException, root: Path) -> str | None:
    """What to tell a person, or None if it is not about the surroundings."""
    if isinstance(error, OSError) and error.errno not in _ERRNO:
        return None
    text = str(error).lower()
    if _says(text, _FULL) or ("disk i/o error" in text and _is_full(root)):
        return _(
            "no space left on the disk of {home}: what was being written was undone, earlier "
            "figures are untouched; make room, then run this again",
            home=root,
        )
    if isinstance(error, (duckdb.OutOfMemoryException, MemoryError)):
        return _(
            "not enough memory ({error}): what was being written was undone; free some, then run "
            "this again",
            error=first_line(error),
        )
    if isinstance(error, sqlite3.Error) and _says(text, _DAMAGED):
        return _(
            "a record of runs or messages in {home} is damaged ({error}): put it back with 'acv "
            "restore', or move {record} away; no figures are in it",
            home=root,
            error=first_line(error),
            record=root / "dagster",
        )
    if isinstance(error, duckdb.Error) and _says(text, _OTHER_VERSION):
        return _(
            "another version of DuckDB wrote a database in {home} ({error}): install the version "
            "of this program that made it, or a later one",
            home=root,
            error=first_line(error),
        )
    if isinstance(error, duckdb.Error) and _is_of_a_part(error):
        return _(
            "the tables of {home} lie in files that cannot be read ({error}): make sure that the "
            "place ACV_WAREHOUSE is reachable and that nobody removed any, then run this again",
            home=root,
            error=_last_line(error) if _RAISED in text else first_line(error),
        )
    if _says(text, _READ_ONLY):
        return _(
            "cannot write to {home} ({error}): check its disk and permissions",
            home=root,
            error=first_line(error),
        )
    if not root.exists() or (isinstance(error, sqlite3.Error) and _says(text, _GONE)):
        return _(
            "{home} is not there any more, or not reachable ({error}): put it back ('acv restore' "
            "if there is a backup), then run this again",
            home=root,
            error=first_line(error),
        )
    return None


def _says(text: str, any_of: tuple[str, ...]) -> bool:
    return any(part in text for part in any_of)


def _is_full(root: Path) -> bool:
    """SQLite has one message for every trouble with its disk."""
    return root.exists() and shutil.disk_usage(root).free < SPARE_BYTES


def _last_line(error: duckdb.Error) -> str:
    """What was raised in the end, without the SQL that DuckDB cites behind it."""
    return _CITED.sub("", str(error)).strip().splitlines()[-1]


def first_line(error: BaseException) -> str:
    """What it says, in one line."""
    return str(error).splitlines()[0] if str(error) else type(error).__name__
