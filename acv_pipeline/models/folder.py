"""From the folder to definitions: the .sql files and what the .yml files say of them.

Here: reading dbt's layout, and clear errors where it doesn't hold together.
Not here: the definitions themselves (``definitions``) and anything that runs SQL.
"""

from __future__ import annotations

from collections.abc import Iterable
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Any, TypeAlias

import yaml

from acv_pipeline.contract.yaml_file import read_yaml
from acv_pipeline.models.column_tests import generic_test
from acv_pipeline.models.definitions import (
    Column,
    Model,
    Seed,
    Select,
    SqlProjectError,
    SqlTest,
)

MODEL_SCHEMA = "marts"
SEED_SCHEMA = "reference"
STORED_SCHEMA = "stored"

Entry: TypeAlias = dict[str, Any]

# by kind of entry: the keys that are read, those that are needed, and those of its config
_KEYS: dict[str, tuple[list[str], list[str], list[str]]] = {
    "sources": (["name", "description", "tables"], ["tables"], []),
    "seeds": (
        ["name", "description", "columns", "config"],
        ["description", "columns"],
        ["column_types"],
    ),
    "models": (["name", "description", "columns"], ["description", "columns"], []),
    "data_tests": (["name", "description", "config"], ["description"], ["meta", "severity"]),
}
_COLUMN_KEYS = ["name", "data_type", "description"]


def documented(path: Path) -> dict[str, list[Entry]]:
    """All entries of the folder's ``.yml`` files, by kind (models, sources, seeds, data_tests)."""
    files = sorted(path.glob("*/*.yml"))
    if not files:
        raise SqlProjectError(f"{path} is no SQL project: it has no models/*.yml")
    found: dict[str, list[Entry]] = {}
    for file in files:
        try:
            content = read_yaml(file)
        except yaml.YAMLError as error:
            raise SqlProjectError(f"{file} is not valid YAML: {error}") from error
        for kind, entries in (content or {}).items():
            if kind == "version":
                continue
            if kind not in _KEYS:
                raise SqlProjectError(f"{file}: {kind} is none of {_listed(_KEYS)}")
            for entry in entries or []:
                _must_be_understood(file, kind, entry)
                if kind == "models":
                    found.setdefault("data_tests", []).extend(_declared_tests(file, entry))
            found.setdefault(kind, []).extend(entries or [])
    return found


def _must_be_understood(file: Path, kind: str, entry: Entry) -> None:
    """Nothing that dbt would heed may be passed over in silence; nothing needed may be missing."""
    known, needed, config = _KEYS[kind]
    if not isinstance(entry, dict) or "name" not in entry:
        raise SqlProjectError(f"{file}: an entry of {kind} has no name")
    where = f"{file}: {kind}, {entry['name']}"
    _must_be_known(where, entry, known)
    _must_be_known(f"{where}, config", entry.get("config") or {}, config)
    for key in needed:
        if not entry.get(key):
            raise SqlProjectError(f"{where}: {key} is missing")
    for column in entry.get("columns") or []:
        named = f"{where}, column {column.get('name', '(without a name)')}"
        _must_be_known(named, column, _COLUMN_KEYS + (["data_tests"] if kind == "models" else []))
        for key in ("name", "description", *(["data_type"] if kind == "models" else [])):
            if not column.get(key):
                raise SqlProjectError(f"{named}: {key} is missing")
    if kind == "seeds":
        types = (entry.get("config") or {}).get("column_types") or {}
        for column in entry["columns"]:
            if column["name"] not in types:
                raise SqlProjectError(f"{where}, config: column_types lacks {column['name']}")
    if kind == "data_tests":
        said = (entry.get("config") or {}).get("meta") or {}
        if not said.get("what_to_do"):
            raise SqlProjectError(
                f"{where}: config.meta.what_to_do is missing: say what a person does about the "
                "rows that the test finds"
            )
        _severity(where, entry["config"].get("severity", "error"))


def _declared_tests(file: Path, entry: Entry) -> list[Entry]:
    """The generic tests of a model's columns."""
    return [
        generic_test(
            f"{file}: models, {entry['name']}, column {column['name']}",
            file,
            entry["name"],
            Column(column["name"], column["data_type"], column["description"]),
            declared,
        )
        for column in entry["columns"]
        for declared in column.get("data_tests") or []
    ]


def _must_be_known(where: str, given: Entry, known: Iterable[str]) -> None:
    for key in given:
        if key not in known:
            hint = (
                ": declare it as data_tests of a model's column, or write it as a SELECT in tests/"
                if key in ("data_tests", "tests")
                else f", known are {_listed(known)}"
            )
            raise SqlProjectError(f"{where}: {key} isn't read here{hint}")


def _severity(where: str, given: object) -> str:
    """``error`` or ``warn``, in any case, as dbt has it."""
    severity = str(given).lower()
    if severity not in ("error", "warn"):
        raise SqlProjectError(f"{where}: severity is {given}: it is error or warn")
    return severity


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names)


def read_sources(groups: list[Entry]) -> tuple[str, ...]:
    """``schema.table`` of every table in ``sources.yml``."""
    return tuple(
        f"{group['name']}.{table['name']}" for group in groups for table in group["tables"]
    )


def read_as_of(path: Path, sources: Iterable[str]) -> dict[str, Select]:
    """What a source was on a day, by its ``schema.table``, for those that change with time."""
    selects = {file.stem: Select.read(file) for file in sorted((path / "as_of").glob("*.sql"))}
    _must_be_defined(selects, {*sources})
    return selects


def read_codes(
    path: Path, models: Iterable[Model], seeds: Iterable[str], sources: Iterable[str]
) -> dict[str, Select]:
    """The SELECT of all values that a column can have, by the column's name in the models."""
    selects = {file.stem: Select.read(file) for file in sorted((path / "codes").glob("*.sql"))}
    _must_be_defined(selects, {*seeds, *sources}, "no seed and not in sources.yml")
    columns = {column.name for model in models for column in model.columns}
    if unknown := sorted(selects.keys() - columns):
        raise SqlProjectError(
            f"{path / 'codes'} lists codes of {', '.join(unknown)}, which is no model's column"
        )
    return selects


def read_seeds(path: Path, entries: list[Entry]) -> dict[str, Seed]:
    """The seeds, by name."""
    return {
        entry["name"]: Seed(
            **_named(entry, SEED_SCHEMA),
            columns=_columns(entry, entry["config"]["column_types"]),
            path=path / "seeds" / f"{entry['name']}.csv",
        )
        for entry in entries
    }


def read_models(
    path: Path, entries: list[Entry], seeds: Iterable[str], sources: Iterable[str]
) -> dict[str, Model]:
    """The models, by name, each after those it reads."""
    selects, described = _described(path / "models", entries)
    _must_be_defined(selects, {*selects, *seeds, *sources})
    return {
        name: Model(
            **_named(described[name], MODEL_SCHEMA),
            stored=f"{STORED_SCHEMA}.{name}",
            columns=_columns(described[name]),
            select=selects[name],
            depends_on=tuple(ref for ref in selects[name].refs if ref in selects),
            seeds=tuple(ref for ref in selects[name].refs if ref in seeds),
        )
        for name in _build_order(selects)
    }


def read_tests(
    path: Path,
    entries: list[Entry],
    models: Iterable[str],
    seeds: Iterable[str],
    sources: Iterable[str],
) -> dict[str, SqlTest]:
    """The tests, by name; ``models`` in build order."""
    written = [entry for entry in entries if "select" not in entry]
    selects, described = _described(path / "tests", written)
    for entry in entries:
        if select := entry.get("select"):
            if entry["name"] in selects:
                raise SqlProjectError(f"{select.path}: there are two tests {entry['name']}")
            selects[entry["name"]], described[entry["name"]] = select, entry
    _must_be_defined(selects, {*models, *seeds, *sources})
    return {
        name: SqlTest(
            name=name,
            description=described[name]["description"].strip(),
            what_to_do=described[name]["config"]["meta"]["what_to_do"].strip(),
            # as in dbt, what the SQL says counts before what the YAML says
            severity=_severity(
                str(select.path),
                select.config.get("severity", described[name]["config"].get("severity", "error")),
            ),
            select=select,
            models=tuple(model for model in models if model in select.refs),
        )
        for name, select in selects.items()
    }


def _described(folder: Path, entries: list[Entry]) -> tuple[dict[str, Select], dict[str, Entry]]:
    """The SELECTs of a folder and their entries in its ``.yml``, which must be the same names."""
    selects = {file.stem: Select.read(file) for file in sorted(folder.glob("*.sql"))}
    described = {entry["name"]: entry for entry in entries}
    if alone := sorted(selects.keys() ^ described.keys()):
        raise SqlProjectError(
            f"{folder}: {', '.join(alone)} is either a .sql file that no .yml file there"
            " describes, or described without a .sql file: add the other"
        )
    return selects, described


def _must_be_defined(
    selects: dict[str, Select],
    defined: set[str],
    otherwise: str = "no model, no seed and not in sources.yml",
) -> None:
    for select in selects.values():
        if unknown := sorted({*select.refs, *select.sources} - defined):
            raise SqlProjectError(f"{select.path} reads {', '.join(unknown)}, which is {otherwise}")


def _build_order(selects: dict[str, Select]) -> list[str]:
    graph = {name: [ref for ref in s.refs if ref in selects] for name, s in selects.items()}
    try:
        return list(TopologicalSorter(graph).static_order())
    except CycleError as error:
        circle = " → ".join(error.args[1])
        raise SqlProjectError(f"models read one another in a circle: {circle}") from error


def _named(entry: Entry, schema: str) -> dict[str, str]:
    return {
        "name": entry["name"],
        "table": f"{schema}.{entry['name']}",
        "description": entry["description"].strip(),
    }


def _columns(entry: Entry, types: dict[str, str] | None = None) -> tuple[Column, ...]:
    return tuple(
        Column(
            name=column["name"],
            data_type=types[column["name"]] if types else column["data_type"],
            description=column["description"],
        )
        for column in entry["columns"]
    )
