"""Which resource of the portal is which file, and whether it is as it should be."""

from __future__ import annotations

import json
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import unquote, urlsplit

from acv_pipeline.landing.whole_files import write_whole
from acv_pipeline.publishing.datagouv.files import SentFile
from acv_pipeline.publishing.datagouv.portal import Resource
from acv_pipeline.publishing.datagouv.settings import PublishError, Settings


def has_content(resource: Resource, file: SentFile) -> bool:
    """Whether the portal holds the file's bytes: by the checksum that it made, or we stated."""
    checksum = resource.get("checksum") or {}
    kind, value = checksum.get("type", ""), checksum.get("value")
    return bool(value) and value == file.digest(kind)


def says(resource: Resource, metadata: dict[str, Any]) -> bool:
    """Whether the portal says what it is to say; it may say more."""
    for key, value in metadata.items():
        said = resource.get(key)
        if isinstance(value, dict):
            if any((said or {}).get(part) != wanted for part, wanted in value.items()):
                return False
        elif said != value:
            return False
    return True


def address(resource: Resource | None) -> str:
    """The address that stays when the file is replaced; empty where there is none yet."""
    return (resource.get("latest") or resource.get("url") or "") if resource else ""


def is_named_like(resource: Resource, file: SentFile) -> bool:
    """Whether it was uploaded under the file's name, whatever its title is now."""
    path = unquote(urlsplit(resource.get("url") or "").path)
    return PurePosixPath(path).name.lower() == file.sent_name.lower()


class Record:
    """Which file is which resource, per data set, in a file of the home.

    Raises:
        PublishError: the file cannot be read.
    """

    def __init__(self, path: Path, settings: Settings) -> None:
        self._path = path
        try:
            self._all: dict[str, dict[str, str]] = json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            self._all = {}
        except ValueError:
            raise PublishError(
                f"{path} is damaged: remove it, the resources are recognised by name"
            ) from None
        self._ids = self._all.setdefault(f"{settings.url}/{settings.dataset}", {})

    def find(self, file: SentFile, resources: list[Resource]) -> Resource | None:
        """The resource that is this file: the one on record, else the oldest of that name."""
        by_id = {resource["id"]: resource for resource in resources}
        if recorded := by_id.get(self._ids.get(file.name, "")):
            return recorded
        named = [resource for resource in resources if is_named_like(resource, file)]
        return min(named, key=lambda resource: str(resource.get("created_at")), default=None)

    def names(self, resources: list[Resource]) -> set[str]:
        """The files on record that the portal still has."""
        there = {resource["id"] for resource in resources}
        return {name for name, resource_id in self._ids.items() if resource_id in there}

    def remember(self, file: SentFile, resource: Resource) -> None:
        """Note which resource the file is; on disk at once, so that a crash forgets nothing.

        Raises:
            PublishError: it cannot be written.
        """
        if self._ids.get(file.name) == resource["id"]:
            return
        self._ids[file.name] = resource["id"]
        try:
            write_whole(self._path, json.dumps(self._all, indent=2) + "\n")
        except OSError as error:
            raise PublishError(f"cannot write {self._path}: {error.strerror}") from None
