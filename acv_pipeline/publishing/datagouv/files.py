"""What a release becomes on the portal: which files, under which names, described how."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from acv_pipeline.publishing.datagouv.settings import PublishError
from acv_pipeline.publishing.release.describing import PACKAGE
from acv_pipeline.publishing.release.folder import SUMS, read_sums

# udata takes only names that end in what it knows; these it has known for years
_KNOWN = (".csv", ".json", ".parquet", ".xlsx")
_KINDS = {".csv": "main", ".parquet": "other", ".xlsx": "other"}
_DOCUMENTATION = "documentation"
_OWN = {
    PACKAGE: ("Data Package", "Tous les fichiers de la version, avec leurs empreintes."),
    SUMS: ("Empreintes", "Empreinte sha256 de chaque fichier de la version."),
}


@dataclass(frozen=True)
class SentFile:
    """One file of a release, as the portal gets it; ``schema`` is the name of its Table Schema."""

    path: Path
    title: str
    description: str
    format: str
    schema: str | None = None

    @property
    def name(self) -> str:
        """The file's name in the release."""
        return self.path.name

    @property
    def sent_name(self) -> str:
        """The name it is sent under; texts that udata doesn't know by their ending are ``.txt``."""
        return self.name if self.path.suffix in _KNOWN else f"{self.name}.txt"

    @property
    def kind(self) -> str:
        """The portal's word for what it is."""
        return _KINDS.get(self.path.suffix, _DOCUMENTATION)

    @property
    def size(self) -> int:
        """In bytes."""
        return self.path.stat().st_size

    @cached_property
    def sha256(self) -> str:
        """Of its bytes."""
        return self.digest("sha256")

    def digest(self, algorithm: str) -> str:
        """Of its bytes, by any algorithm that ``hashlib`` knows; empty for others."""
        try:
            return hashlib.new(algorithm, self.path.read_bytes(), usedforsecurity=False).hexdigest()
        except (TypeError, ValueError):
            return ""

    def metadata(self, schema_url: str) -> dict[str, Any]:
        """What the portal is to say of it."""
        metadata: dict[str, Any] = {
            "title": self.title,
            "description": self.description,
            "type": self.kind,
            "format": self.format,
            "checksum": {"type": "sha256", "value": self.sha256},
        }
        return metadata | ({"schema": {"url": schema_url}} if schema_url else {})


def files_of(release: Path) -> tuple[str, list[SentFile]]:
    """The release's version and its files, in the order in which they must be sent.

    Schemas come before what they describe. The portal shows the latest resource first, so the
    file that people want comes near the end; last of all the package, which says that the version
    is complete.

    Raises:
        PublishError: the folder is no release, or not as it was made.
    """
    try:
        package = json.loads((release / PACKAGE).read_text(encoding="utf-8"))
        sums = read_sums(release)
        files = [
            SentFile(
                release / resource["path"],
                resource["title"],
                resource["description"],
                resource["format"],
                resource.get("schema"),
            )
            for resource in package["resources"]
        ]
        own = [
            SentFile(release / name, *words, Path(name).suffix[1:] or "txt")
            for name, words in _OWN.items()
        ]
        changed = [file.name for file in (*files, *own[:1]) if sums.get(file.name) != file.sha256]
    except (OSError, ValueError, KeyError) as error:
        raise PublishError(f"{release} is not a complete release ({error})") from None
    if changed:
        raise PublishError(f"{release}: {', '.join(changed)} is not as it was made; not published")
    of_kind = {kind: [f for f in files if f.kind == kind] for kind in ("main", "other")}
    rest = [file for file in (*files, own[1]) if file.kind == _DOCUMENTATION]
    return str(package["version"]), [
        *sorted(rest, key=lambda file: file.path.suffix != ".json"),
        *reversed(of_kind["other"]),
        *reversed(of_kind["main"]),
        own[0],
    ]
