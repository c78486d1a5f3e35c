"""What the .yml files say: every entry understood, its doc blocks put in."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import yaml

from acv_pipeline.contract.yaml_file import read_yaml
from acv_pipeline.language import _, both, marked
from acv_pipeline.models.nodes import SqlProjectError

Entry: TypeAlias = dict[str, Any]

# by kind of entry: the keys that are read, those that are needed, and those of its config
_KEYS: dict[str, tuple[list[str], list[str], list[str]]] = {
    "sources": (["name", "description", "tables"], ["tables"], []),
    "seeds": (
        ["name", "description", "columns", "config"],
        ["description", "columns"],
        ["column_types"],
    ),
    "models": (["name", "description", "columns", "data_tests"], ["description", "columns"], []),
    "data_tests": (
        ["name", "description", "config", "arguments"],
        ["description"],
        ["meta", "severity"],
    ),
}
_COLUMN_KEYS = ["name", "data_type", "description"]
# those that dbt brings along: what they are given besides the column, and what they say
BUILT_IN = {
    "not_null": ((), marked("{column_name} is never null.")),
    "unique": ((), marked("No {column_name} is there twice.")),
    "accepted_values": (("values",), marked("{column_name} is one of {values}.")),
    "relationships": (("field", "to"), marked("Each {column_name} is a {field} of {to}.")),
}
_WHAT_TO_DO = both("Correct the model's SQL, or what it reads; the sample has the rows.")
_DOC_BLOCK = re.compile(r"{%-?\s*docs\s+(\w+)\s*-?%}(.*?){%-?\s*enddocs\s*-?%}", re.DOTALL)
_DOC = re.compile(r"""{{\s*doc\(['"](\w+)['"]\)\s*}}""")


def documented(path: Path) -> dict[str, list[Entry]]:
    """All entries of the folder's ``.yml`` files, by kind (models, sources, seeds, data_tests)."""
    files = sorted(
        file for part in ("models", "seeds", "tests") for file in (path / part).rglob("*.yml")
    )
    if not files:
        raise SqlProjectError(_("{folder} is no SQL project: it has no models/*.yml", folder=path))
    blocks = _doc_blocks(path)
    found: dict[str, list[Entry]] = {}
    for file in files:
        try:
            content = _with_docs(file, read_yaml(file), blocks)
        except yaml.YAMLError as error:
            raise SqlProjectError(
                _("{file} is not valid YAML: {error}", file=file, error=error)
            ) from error
        for kind, entries in (content or {}).items():
            if kind == "version":
                continue
            if kind not in _KEYS:
                raise SqlProjectError(
                    _(
                        "{file}: {kind} is none of {names}",
                        file=file,
                        kind=kind,
                        names=_listed(_KEYS),
                    )
                )
            for entry in entries or []:
                _must_be_understood(file, kind, entry)
            found.setdefault(kind, []).extend(entries or [])
    return found


@dataclass(frozen=True)
class DeclaredTest:
    """A generic test of a model or one of its columns.

    Attributes:
        generic: its name, that of a file in ``tests/generic``.
        arguments: what it is given besides the model.
        entry: as that of a test that is a file of its own.
    """

    generic: str
    arguments: dict[str, Any]
    entry: Entry


def declared_tests(model: Entry) -> list[DeclaredTest]:
    """The generic tests that the entry of a model declares; its own first, then its columns'."""
    places = [({}, model), *(({"column_name": c["name"]}, c) for c in model.get("columns") or [])]
    return [
        _declared(model["name"], place, declared)
        for place, described in places
        for declared in described.get("data_tests") or []
    ]


def _declared(model: str, place: dict[str, str], declared: object) -> DeclaredTest:
    named = {declared: None} if isinstance(declared, str) else declared
    if not isinstance(named, dict) or len(named) != 1:
        raise SqlProjectError(
            _(
                "{model}: {entry} declares no test: write its name, a colon, what is said of it",
                model=model,
                entry=repr(declared),
            )
        )
    ((generic, said),) = named.items()
    entry: Entry = dict(said) if isinstance(said, dict) else {}
    if generic in BUILT_IN and place:
        entry = _built_in(generic, model, place, entry)
    # without a name of its own it has the one that dbt gives it
    entry = {"name": "_".join([generic, model, *place.values()]), **entry}
    return DeclaredTest(generic, place | (entry.get("arguments") or {}), entry)


def _built_in(generic: str, model: str, place: dict[str, str], entry: Entry) -> Entry:
    """The entry of one of dbt's own tests, completed where nothing is said."""
    wanted, told = BUILT_IN[generic]
    given = {key: entry.pop(key) for key in wanted if key in entry}  # as dbt had it once
    given |= entry.get("arguments") or {}
    parts = [part for key in wanted for part in _as_list(given.get(key, ()))]
    name = "__".join([*place.values(), *(re.sub(r"\W+", "_", str(part)) for part in parts)])
    for key in wanted:
        if not given.get(key):
            raise _missing(f"models, {model}: data_tests, {generic}", key)
    words = place | {key: ", ".join(map(str, _as_list(given[key]))) for key in wanted}
    config = entry.get("config") or {}
    return {
        "name": f"{generic}_{model}_{name}",
        "description": both(told, **words),
        **entry,
        "config": config | {"meta": {"what_to_do": _WHAT_TO_DO} | (config.get("meta") or {})},
        "arguments": given,
    }


def _as_list(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else [value]


def _doc_blocks(path: Path) -> dict[str, str]:
    """The texts between ``{% docs name %}`` and ``{% enddocs %}`` of the folder's .md files."""
    return {
        name: " ".join(text.split())
        for file in sorted((path / "models").rglob("*.md"))
        for name, text in _DOC_BLOCK.findall(file.read_text(encoding="utf-8"))
    }


def _with_docs(file: Path, content: Any, blocks: dict[str, str]) -> Any:
    """Every ``{{ doc('name') }}`` replaced, wherever it stands."""

    def text_of(found: re.Match[str]) -> str:
        if found[1] not in blocks:
            raise SqlProjectError(
                _(
                    "{file}: no .md file in models/ has a doc block {name}",
                    file=file,
                    name=found[1],
                )
            )
        return blocks[found[1]]

    if isinstance(content, dict):
        return {key: _with_docs(file, value, blocks) for key, value in content.items()}
    if isinstance(content, list):
        return [_with_docs(file, value, blocks) for value in content]
    return _DOC.sub(text_of, content) if isinstance(content, str) else content


def _must_be_understood(file: Path, kind: str, entry: Entry) -> None:
    """Nothing that dbt would heed may be passed over in silence; nothing needed may be missing."""
    known, needed, config = _KEYS[kind]
    if not isinstance(entry, dict) or "name" not in entry:
        raise SqlProjectError(_("{file}: an entry of {kind} has no name", file=file, kind=kind))
    where = f"{file}: {kind}, {entry['name']}"
    _must_be_known(where, entry, known)
    _must_be_known(f"{where}, config", entry.get("config") or {}, config)
    for key in needed:
        if not entry.get(key):
            raise _missing(where, key)
    is_model, columns = kind == "models", entry.get("columns") or []
    for column in columns:
        named = f"{where}, column {column.get('name', '(without a name)')}"
        _must_be_known(named, column, [*_COLUMN_KEYS, *(["data_tests"] if is_model else [])])
        for key in ("name", "description", *(["data_type"] if is_model else [])):
            if not column.get(key):
                raise _missing(named, key)
    if is_model:
        for declared in declared_tests(entry):
            _must_be_understood(file, "data_tests", declared.entry)
    if kind == "seeds":
        types = (entry.get("config") or {}).get("column_types") or {}
        for column in entry["columns"]:
            if column["name"] not in types:
                raise SqlProjectError(
                    _(
                        "{place}, config: column_types lacks {column}",
                        place=where,
                        column=column["name"],
                    )
                )
    if kind == "data_tests":
        said = (entry.get("config") or {}).get("meta") or {}
        if not said.get("what_to_do"):
            raise SqlProjectError(
                _(
                    "{place}: config.meta.what_to_do is missing: say what a person does about the "
                    "rows that the test finds",
                    place=where,
                )
            )
        severity(where, entry["config"].get("severity", "error"))


def _must_be_known(where: str, given: Entry, known: Iterable[str]) -> None:
    for key in given:
        if key not in known:
            raise SqlProjectError(
                _(
                    "{place}: {key} isn't read here, known are {names}",
                    place=where,
                    key=key,
                    names=_listed(known),
                )
            )


def _missing(where: str, key: str) -> SqlProjectError:
    return SqlProjectError(_("{place}: {key} is missing", place=where, key=key))


def severity(where: str, given: object) -> str:
    """``error`` or ``warn``, in any case, as dbt has it."""
    written = str(given).lower()
    if written not in ("error", "warn"):
        raise SqlProjectError(
            _("{place}: severity is {value}: it is error or warn", place=where, value=given)
        )
    return written


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names)
