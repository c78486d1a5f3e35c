"""What programs read about a release: a Table Schema per table, the Data Package of all files."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from acv_pipeline.contract import Contract, Month
from acv_pipeline.contract.months import month_end
from acv_pipeline.landing.whole_files import sha256
from acv_pipeline.language import _
from acv_pipeline.publishing.release.declared import Column, ReleaseFile
from acv_pipeline.publishing.release.folder import Version
from acv_pipeline.publishing.release.origins import Origins

PACKAGE = "datapackage.json"
_MEDIA_TYPES = {
    ".csv": "text/csv",
    ".parquet": "application/vnd.apache.parquet",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".json": "application/json",
    ".md": "text/markdown",
}
DOCUMENTS = {
    "README.md": "Description du jeu de données",
    "dictionnaire.md": "Dictionnaire des données",
    "CHANGES.md": "Ce qui a changé depuis la version précédente",
}
"""Title by file name."""


def table_schema(file: ReleaseFile) -> dict[str, Any]:
    """The Table Schema of one CSV, in the conventions of schema.data.gouv.fr."""
    return {
        "$schema": "https://frictionlessdata.io/schemas/table-schema.json",
        "name": file.stem,
        "title": file.title.fr,
        "description": file.table.description.fr,
        "description_en": file.table.description.en,
        "countryCode": "FR",
        "fields": [_field(column) for column in file.columns],
        "primaryKey": file.table.key,
        "missingValues": [""],
    }


def _field(column: Column) -> dict[str, Any]:
    constraints = {
        "required": column.empty is None,
        "minimum": column.minimum,
        "pattern": column.pattern and f"^(?:{column.pattern})$",
        "enum": column.values and list(column.values),
    }
    field = {
        "name": column.name,
        "type": column.type,
        "description": told(column, "fr"),
        "description_en": told(column, "en"),
        "unit": column.unit,
        "constraints": {name: value for name, value in constraints.items() if value is not None},
    }
    return {name: value for name, value in field.items() if value is not None}


def told(column: Column, language: str) -> str:
    """What the column means in that language (``fr``, ``en``), its values and when it is empty."""
    parts = [getattr(column, language)]
    colon = " : " if language == "fr" else ": "
    if column.values:
        meanings = [f"{code}{colon}{getattr(w, language)}" for code, w in column.values.items()]
        parts.append(" ; ".join(meanings) if language == "fr" else "; ".join(meanings))
        parts[-1] = f"{parts[-1]}."
    if column.empty:
        label = "Vide" if language == "fr" else "Empty"
        parts.append(f"{label}{colon}{getattr(column.empty, language)}.")
    return " ".join(parts)


def write_schemas(files: Iterable[ReleaseFile], folder: Path) -> None:
    """One ``.schema.json`` per table."""
    for file in files:
        _write(folder / file.schema, table_schema(file))


def covered(folder: Path) -> str:
    """From which month to which a release is, as its Data Package says."""
    said = json.loads((folder / PACKAGE).read_text(encoding="utf-8"))["temporal"]
    return _("{first} to {last}", first=said["start"][:7], last=said["end"][:7])


def write_package(
    contract: Contract,
    files: list[ReleaseFile],
    months: dict[str, list[Month]],
    whose: Origins,
    version: Version,
    folder: Path,
) -> None:
    """The Data Package: what the folder holds, with titles, sizes and checksums.

    Synthetic data carry no licence, and say what they are in ``synthetic``, title and description.
    """
    dataset = contract.dataset
    title, description = whose.title(dataset.title), whose.description(dataset.description)
    licence = {
        "name": dataset.licence.id,
        "title": dataset.licence.title,
        "path": dataset.licence.url,
    }
    every = [month for found in months.values() for month in found]
    _write(
        folder / PACKAGE,
        {
            "profile": "data-package",
            "name": dataset.name,
            "title": title.fr,
            "title_en": title.en,
            "description": description.fr,
            "description_en": description.en,
            "synthetic": whose.is_synthetic,
            "version": str(version),
            "created": dt.datetime.combine(version.day, dt.time()).isoformat() + "Z",
            "keywords": dataset.keywords,
            **({} if whose.is_synthetic else {"licenses": [licence]}),
            "sources": [{"title": label} for label in whose.sources],
            "frequency": dataset.frequency.fr,
            "temporal": {"start": str(min(every)), "end": str(month_end(max(every)))},
            "spatial": dataset.spatial_coverage.fr,
            "granularity": dataset.granularity.fr,
            "nature": dataset.nature.fr,
            "resources": [
                *(resource for file in files for resource in _resources(file, folder)),
                *(
                    _resource(folder / name, name.lower(), title, title)
                    for name, title in DOCUMENTS.items()
                ),
            ],
        },
    )


def _resources(file: ReleaseFile, folder: Path) -> list[dict[str, Any]]:
    title, description = file.title.fr, file.table.description.fr
    spreadsheet = folder / file.xlsx
    return [
        _resource(folder / file.csv, file.stem, title, description)
        | {"profile": "tabular-data-resource", "encoding": "utf-8", "schema": file.schema},
        # frictionless would need another library to look into it
        _resource(folder / file.parquet, f"{file.stem}-parquet", f"{title} (Parquet)", description)
        | {"type": "file"},
        *(
            [
                _resource(spreadsheet, f"{file.stem}-xlsx", f"{title} (tableur)", description)
                | {"type": "file"}
            ]
            if spreadsheet.exists()  # no spreadsheet holds some tables
            else []
        ),
        _resource(
            folder / file.schema,
            f"{file.stem}-schema",
            f"{title} (schéma)",
            f"Colonnes de {file.csv}, au format Table Schema.",
        ),
    ]


def _resource(path: Path, name: str, title: str, description: str) -> dict[str, Any]:
    return {
        "name": name,
        "path": path.name,
        "title": title,
        "description": description,
        "format": path.suffix[1:],
        "mediatype": _MEDIA_TYPES[path.suffix],
        "bytes": path.stat().st_size,
        "hash": f"sha256:{sha256(path)}",
    }


def _write(path: Path, content: dict[str, Any]) -> None:
    text = json.dumps(content, ensure_ascii=False, indent=2)
    path.write_text(text + "\n", encoding="utf-8")
