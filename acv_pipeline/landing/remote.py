"""A landing zone on a server, at any address fsspec understands: ``s3://``, ``sftp://``, …"""

from __future__ import annotations

import datetime as dt
import hashlib
import re
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from acv_pipeline.landing.address import shown, without_secrets
from acv_pipeline.landing.layout import Entry, LandedFile, Landing, LandingError, sort_out
from acv_pipeline.landing.mirror import Mirror, Wanted
from acv_pipeline.landing.server import connected
from acv_pipeline.language import _

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem

Info = dict[str, Any]

DEPTH = 3  # source, day, file
# how servers call the time of the last change, and the version of the content
TIMES = ("mtime", "LastModified", "last_modified", "updated", "modified", "modify")
VERSIONS = ("ETag", "etag", "content_md5", "md5Hash", *TIMES)


@dataclass(frozen=True)
class RemoteZone:
    """A landing zone at an address, which may hold a password: ``str`` and ``repr`` leave it out.

    ``received`` is the folder that holds the copies of all such landing zones.
    """

    url: str = field(repr=False)
    received: Path

    def __str__(self) -> str:
        """The address, without secrets."""
        return shown(self.url)

    @property
    def mirror(self) -> Mirror:
        """The local copies; a folder of its own for every address, whoever connects."""
        name = re.sub(r"[^A-Za-z0-9.]+", "-", str(self)).strip("-")[:60]
        digest = hashlib.sha256(str(self).encode()).hexdigest()
        return Mirror(self.received / f"{name}-{digest[:8]}")

    def tree(self) -> RemoteTree:
        """What is there now.

        Raises:
            LandingError: it cannot be listed, or there is nothing.
        """
        with connected(self.url) as (server, folder):
            return self._tree(server, folder)

    def receive(
        self,
        sources: Iterable[str],
        settle_seconds: float = 0,
        progress: Callable[[int, int, str], None] | None = None,
        today: dt.date | None = None,
    ) -> Landing:
        """What is there now, the files brought here.

        Raises:
            LandingError: it cannot be listed, there is nothing, or it went away.
        """
        mirror = self.mirror
        with connected(self.url) as (server, folder):
            tree = self._tree(server, folder)
            found = sort_out(tree, sources, settle_seconds, today)
            wanted = []
            for file in (*found.files, *found.sidecars):
                info = tree.infos[tree.place(file)]
                wanted.append(Wanted(tree.place(file), info["name"], file.mark, info.get("size")))
            problems = mirror.update(server, wanted, tree.infos, progress)
        lines = [
            without_secrets(
                _("{zone}/{place}: not read; {problem}", zone=self, place=place, problem=problem),
                self.url,
            )
            for place, problem in problems.items()
        ]

        def here(files: list[LandedFile]) -> list[LandedFile]:
            """As they were copied."""
            kept = [(f, f.path.stat()) for f in files if tree.place(f) not in problems]
            return [replace(f, byte_size=s.st_size, modified_ns=s.st_mtime_ns) for f, s in kept]

        return Landing(here(found.files), here(found.sidecars), found.misplaced, lines)

    def _tree(self, server: AbstractFileSystem, folder: str) -> RemoteTree:
        infos = dict(_below(server, folder))
        if not infos and not server.isdir(folder):
            # object stores have no empty folders
            raise LandingError(
                _(
                    "nothing is at {zone}: correct the address, or put a first delivery there, as "
                    "{zone}/<source>/<YYYY-MM-DD>/<file>",
                    zone=self,
                )
            )
        return RemoteTree(str(self), self.mirror, infos)


class RemoteTree:
    """What a server listed, as folders of names."""

    def __init__(self, address: str, mirror: Mirror, infos: dict[str, Info]) -> None:
        self.shown = address
        self._mirror = mirror
        self.infos = infos
        self._folders: dict[str, dict[str, Entry]] = defaultdict(dict)
        now = time.time()
        changed = {place: _changed(info) for place, info in infos.items()}
        # no time, or one that our clock has not reached: what we saw ourselves has to do
        untold = {p: _version(infos[p]) for p, at in changed.items() if at is None or at > now}
        since = self._mirror.first_seen(untold, now)
        for place, info in infos.items():
            folder, _, name = place.rpartition("/")
            self._add_folders(folder)
            if info["type"] == "directory" or not name:
                self._add_folders(place.rstrip("/"))
            else:
                self._folders[folder].setdefault(
                    name,
                    Entry(
                        name,
                        is_folder=False,
                        byte_size=info.get("size") or 0,
                        mark=_version(info),
                        unchanged_since=since.get(place, changed[place] or 0),
                        problem=info.get("problem"),
                    ),
                )

    def _add_folders(self, place: str) -> None:
        while place:
            folder, _, name = place.rpartition("/")
            self._folders[folder][name] = Entry(name, is_folder=True)
            place = folder

    def entries(self, place: str) -> Iterable[Entry]:
        """What is in a folder."""
        return self._folders.get(place, {}).values()

    def path(self, place: str) -> Path:
        """Where the copy of the file is, or will be."""
        return self._mirror.path(place)

    def place(self, file: LandedFile) -> str:
        """Where the file is in the landing zone."""
        return file.path.relative_to(self._mirror.folder).as_posix()


def _below(server: AbstractFileSystem, folder: str) -> Iterator[tuple[str, Info]]:
    """Place and information of everything in the landing zone, as far down as deliveries are."""
    from fsspec.asyn import AsyncFileSystem

    root = folder.rstrip("/") + "/"
    if isinstance(server, AsyncFileSystem) and type(server)._find is not AsyncFileSystem._find:
        # object stores list a whole prefix at once, a thousand names per request
        for path, info in server.find(folder, detail=True).items():
            if path.startswith(root):
                yield path[len(root) :], info
    else:
        yield from _walked(server, folder, "")


def _walked(server: AbstractFileSystem, folder: str, above: str) -> Iterator[tuple[str, Info]]:
    """The same, folder by folder; fsspec's own walk passes over folders it cannot list."""
    for info in server.ls(folder, detail=True):
        path = info["name"].rstrip("/")
        if path == folder.rstrip("/"):
            continue
        place = above + path.rpartition("/")[2]
        if info["type"] == "link":
            info = _followed(server, info)
        yield place, info
        if info["type"] == "directory" and place.count("/") < DEPTH - 1:
            yield from _walked(server, path, f"{place}/")


def _followed(server: AbstractFileSystem, link: Info) -> Info:
    """What a link leads to, at the place of the link."""
    try:
        return dict(server.info(link["name"])) | {"name": link["name"]}
    except FileNotFoundError as error:
        return link | {"type": "file", "problem": error.strerror or str(error)}


def _version(info: Info) -> str:
    """Changes whenever the content does, as far as the server tells."""
    return " ".join(str(info[name]) for name in ("size", *VERSIONS) if info.get(name))


def _changed(info: Info) -> float | None:
    """When the content changed by the server's clock, in seconds since 1970; None if untold."""
    value = next((info[name] for name in TIMES if info.get(name)), None)
    if isinstance(value, str):
        try:
            # 20210406120000 (FTP) is no ISO time to Python, 2021-04-06T12:00:00Z is
            digits = re.fullmatch(r"(\d{8})(\d{6})(?:\.\d+)?", value)
            value = dt.datetime.fromisoformat("T".join(digits.groups()) if digits else value)
        except ValueError:
            return None
    if isinstance(value, dt.datetime):
        return (value if value.tzinfo else value.replace(tzinfo=dt.UTC)).timestamp()
    return float(value) if isinstance(value, int | float) else None
