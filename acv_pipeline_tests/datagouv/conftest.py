"""A portal, a release with a few files, and settings that lead the one to the other."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from acv_pipeline.landing.whole_files import sha256
from acv_pipeline.publishing.datagouv.settings import Settings
from acv_pipeline.publishing.release.folder import SUMS
from acv_pipeline_tests.datagouv.portal import DATASET, KEY, Portal, running

TABLES = {
    "acv-logements-departemental": "code_departement,date,valeur\n01,2020-01-31,7\n",
    "livraisons": "livraison,nom_fichier\n0a0000000000,logements.csv\n",
}


def write_release(folder: Path, version: str, tables: dict[str, str]) -> Path:
    """A release as the real ones are laid out, with two tables."""
    folder = folder / version
    folder.mkdir(parents=True)
    resources = []
    for stem, text in tables.items():
        for name, content, more in [
            (f"{stem}.csv", text, {"schema": f"{stem}.schema.json"}),
            (f"{stem}.parquet", f"PAR1{text}PAR1", {"type": "file"}),
            (f"{stem}.schema.json", json.dumps({"name": stem, "fields": []}), {}),
        ]:
            (folder / name).write_text(content, encoding="utf-8")
            resources.append(described(folder / name) | more)
    for name in ("README.md", "CHANGES.md"):
        (folder / name).write_text(f"# {name}\n\n{version}\n", encoding="utf-8")
        resources.append(described(folder / name))
    package = {"name": "acv-logements", "version": version, "resources": resources}
    (folder / "datapackage.json").write_text(json.dumps(package), encoding="utf-8")
    sums = [f"{sha256(path)}  {path.name}\n" for path in sorted(folder.iterdir())]
    (folder / SUMS).write_text("".join(sums), encoding="utf-8")
    return folder


def described(path: Path) -> dict[str, object]:
    return {
        "path": path.name,
        "title": f"Titre de {path.name}",
        "description": f"Ce que contient {path.name}.",
        "format": path.suffix[1:],
        "bytes": path.stat().st_size,
        "hash": f"sha256:{sha256(path)}",
    }


@pytest.fixture
def portal() -> Iterator[Portal]:
    with running() as server:
        yield server


@pytest.fixture
def release(tmp_path: Path) -> Path:
    return write_release(tmp_path / "releases", "2026-01-15", TABLES)


@pytest.fixture
def next_release(tmp_path: Path) -> Path:
    """One figure more; the deliveries are the same."""
    changed = TABLES["acv-logements-departemental"] + "02,2020-01-31,9\n"
    tables = TABLES | {"acv-logements-departemental": changed}
    return write_release(tmp_path / "releases", "2026-02-15", tables)


@pytest.fixture
def record(tmp_path: Path) -> Path:
    return tmp_path / "datagouv.json"


@pytest.fixture
def settings(portal: Portal) -> Settings:
    return Settings("demo", portal.url, DATASET, KEY)
