"""The packages of ``requirements/run.lock``, and what their installed metadata say."""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path

ROOT = Path(__file__).parents[2]
RUN_LOCK = ROOT / "requirements" / "run.lock"
_PINNED = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==([^\s;\\]+)\s*(?:;\s*([^\\]+?))?\s*\\?$")
_HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")


@dataclass(frozen=True)
class Pinned:
    """One package of the lock.

    Attributes:
        marker: on which platforms it is installed, empty for all.
        hashes: sha256 of every file that may be installed.
    """

    name: str
    version: str
    marker: str
    hashes: tuple[str, ...]


def read_lock(path: Path = RUN_LOCK) -> list[Pinned]:
    """Every package of a lock file, in its order."""
    found: list[Pinned] = []
    for line in path.read_text(encoding="utf-8").splitlines():
        if pinned := _PINNED.match(line):
            name, version, marker = pinned.groups()
            found.append(Pinned(name, version, (marker or "").strip(), ()))
        elif found and (hashed := _HASH.search(line)):
            last = found[-1]
            found[-1] = Pinned(last.name, last.version, last.marker, (*last.hashes, hashed[1]))
    return found


def licence(name: str) -> str | None:
    """The licence that an installed package states; None if it isn't installed."""
    try:
        stated = metadata(name)
    except PackageNotFoundError:
        return None
    if expression := stated.get("License-Expression"):
        return str(expression)
    classified = [
        entry.rpartition(" :: ")[2]
        for entry in stated.get_all("Classifier") or []
        if entry.startswith("License ::") and not entry.endswith("OSI Approved")
    ]
    if classified:
        return " or ".join(sorted(set(classified)))
    first = (stated.get("License") or "").strip().partition("\n")[0].strip()
    return first or "not stated"
