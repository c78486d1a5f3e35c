"""The files of a server, brought here once: a folder that is like the landing zone there."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import shutil
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from acv_pipeline.landing.layout import LandingError
from acv_pipeline.landing.whole_files import write_whole
from acv_pipeline.language import _

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem

# fetched at once where the library can; then what is here is put on record
AT_ONCE = 8
BATCH = 100
OUR_DISK = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EFBIG, errno.ENOTDIR}


@dataclass(frozen=True)
class Wanted:
    """A file to be here: its place in the landing zone, its path on the server, its version."""

    place: str
    path: str
    version: str
    byte_size: int | None


class Mirror:
    """The local copy of one landing zone; one process fetches at a time."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._index_file = folder / ".received.json"
        self._looks_file = folder / ".looks.json"
        self._incoming = folder / ".incoming"

    def path(self, place: str) -> Path:
        """Where the copy is, or will be."""
        return self.folder / place

    def first_seen(self, versions: Mapping[str, str], now: float) -> dict[str, float]:
        """Since when each place has been seen with this version, by our own clock."""
        before = _read(self._looks_file)
        looks: dict[str, list[Any]] = {
            place: before[place] if before.get(place, [None])[0] == version else [version, now]
            for place, version in versions.items()
        }
        if looks != before:
            with self._ours():
                write_whole(self._looks_file, json.dumps(looks))
        return {place: float(since) for place, (_, since) in looks.items()}

    def update(
        self,
        server: AbstractFileSystem,
        wanted: Sequence[Wanted],
        there: Collection[str],
        progress: Callable[[int, int, str], None] | None = None,
    ) -> dict[str, str]:
        """Fetch what is new or changed, drop what is no longer ``there``.

        Returns:
            By place, why a file could not be fetched although the server answers.

        Raises:
            LandingError: our own disk refuses.
            Exception: the server went away, as its library says it.
        """
        with self._ours():
            shutil.rmtree(self._incoming, ignore_errors=True)
            self._incoming.mkdir(parents=True)
        index = _read(self._index_file)
        for place in index.keys() - set(there):
            self.path(place).unlink(missing_ok=True)
            del index[place]
        stale = [file for file in wanted if not self._is_here(file, index)]
        problems: dict[str, str] = {}
        # libraries that are asynchronous inside take several orders at once
        with ThreadPoolExecutor(AT_ONCE if getattr(server, "async_impl", False) else 1) as pool:
            for first in range(0, len(stale), BATCH):
                batch = stale[first : first + BATCH]
                fetched = pool.map(lambda file: self._fetch(server, file), batch)
                try:
                    for done, (file, outcome) in enumerate(zip(batch, fetched, strict=True), 1):
                        if progress:
                            progress(first + done, len(stale), self.path(file.place).name)
                        if isinstance(outcome, str):
                            problems[file.place] = outcome
                        else:
                            index[file.place] = [file.version, outcome]
                finally:
                    with self._ours():
                        write_whole(self._index_file, json.dumps(index))
        return problems

    def _is_here(self, file: Wanted, index: Mapping[str, Any]) -> bool:
        version, size = index.get(file.place, (None, None))
        path = self.path(file.place)
        return version == file.version and path.is_file() and path.stat().st_size == size

    def _fetch(self, server: AbstractFileSystem, file: Wanted) -> int | str:
        """The copy's size once it is in its place, or why it is not."""
        path = self.path(file.place)
        temporary = self._incoming / hashlib.sha256(file.place.encode()).hexdigest()
        try:
            with self._ours():
                path.parent.mkdir(parents=True, exist_ok=True)
            server.get_file(file.path, str(temporary))
            size = temporary.stat().st_size
            if file.byte_size is not None and size != file.byte_size:
                return _("its size changed while it was fetched; waiting for the rest")
            temporary.replace(path)
        except LandingError:
            raise
        except (FileNotFoundError, PermissionError) as error:
            return error.strerror or str(error)
        except Exception as error:
            if isinstance(error, OSError) and error.errno in OUR_DISK:
                raise self._disk_error(error) from None
            server.info(file.path)  # raises if it is the server and not the file
            return str(error) or type(error).__name__
        return size

    @contextlib.contextmanager
    def _ours(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise self._disk_error(error) from None

    def _disk_error(self, error: OSError) -> LandingError:
        return LandingError(
            _(
                "cannot keep received files in {folder}: {error}; make room there, or have its "
                "rights corrected",
                folder=self.folder,
                error=error.strerror,
            )
        )


def _read(path: Path) -> dict[str, Any]:
    """What was remembered; nothing where it was never written or not to its end."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}
