"""From the folder to definitions: the .sql files, held against what the .yml files say of them."""

from __future__ import annotations

from collections.abc import Iterable
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

from acv_pipeline.language import Both, _, of_file
from acv_pipeline.models.described import Entry, severity
from acv_pipeline.models.generic_tests import generic_tests
from acv_pipeline.models.nodes import Column, Model, Seed, Select, SqlProjectError, SqlTest

MODEL_SCHEMA = "marts"
SEED_SCHEMA = "reference"


def read_selects(folder: Path) -> dict[str, Select]:
    """The SELECTs of a folder, by name."""
    return {
        file.stem: Select.parse(file, file.read_text(encoding="utf-8"))
        for file in sorted(folder.glob("*.sql"))
    }


def read_as_of(path: Path, sources: Iterable[str]) -> dict[str, Select]:
    """What a source was on a day, by its ``schema.table``, for those that change with time."""
    selects = read_selects(path / "as_of")
    _must_be_defined(selects, {*sources})
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
    path: Path,
    entries: list[Entry],
    intermediate: dict[str, Select],
    seeds: Iterable[str],
    sources: Iterable[str],
) -> dict[str, Model]:
    """The models, by name, each after those it reads."""
    selects, described = _described(path / "models", entries, intermediate)
    everything = selects | intermediate
    _must_be_defined(everything, {*everything, *seeds, *sources})
    order = _build_order(everything)
    read = {name: _all_read(everything[name], intermediate) for name in selects}
    return {
        name: Model(
            **_named(described[name], MODEL_SCHEMA),
            columns=_columns(described[name]),
            select=selects[name],
            depends_on=tuple(other for other in read[name] if other in selects),
            seeds=tuple(other for other in read[name] if other in seeds),
            sources=tuple(other for other in read[name] if other in sources),
        )
        for name in order
        if name in selects
    }


def _all_read(select: Select, intermediate: dict[str, Select]) -> list[str]:
    """Models, seeds and sources that a SELECT reads, itself or by way of intermediate models."""
    read: dict[str, None] = {}
    for name in (*select.refs, *select.sources):
        if name in intermediate:
            read |= dict.fromkeys(_all_read(intermediate[name], intermediate))
        else:
            read[name] = None
    return list(read)


def read_tests(
    path: Path,
    entries: dict[str, list[Entry]],
    models: Iterable[str],
    intermediate: dict[str, Select],
    seeds: Iterable[str],
    sources: Iterable[str],
) -> dict[str, SqlTest]:
    """The tests, by name: SELECTs of their own, and generic ones that models declare.

    Args:
        models: in build order.
    """
    selects, described = _described(path / "tests", entries.get("data_tests", []))
    for model in entries.get("models", []):
        for entry, select in generic_tests(path, model):
            if entry["name"] in described:
                raise SqlProjectError(
                    _(
                        "{model}: two tests are called {test}",
                        model=model["name"],
                        test=entry["name"],
                    )
                )
            selects[entry["name"]], described[entry["name"]] = select, entry
    _must_be_defined(selects, {*models, *intermediate, *seeds, *sources})
    return {
        name: SqlTest(
            name=name,
            description=_in_both(described[name]["description"]),
            what_to_do=_in_both(described[name]["config"]["meta"]["what_to_do"]),
            # as in dbt, what the SQL says counts before what the YAML says
            severity=severity(
                str(select.path),
                select.config.get("severity", described[name]["config"].get("severity", "error")),
            ),
            select=select,
            models=tuple(model for model in models if model in _all_read(select, intermediate)),
        )
        for name, select in selects.items()
    }


def _in_both(said: str | Both) -> Both:
    """What a ``.yml`` file says, which has French where the catalogue knows it."""
    return said if isinstance(said, Both) else of_file(said.strip())


def _described(
    folder: Path, entries: list[Entry], besides: Iterable[str] = ()
) -> tuple[dict[str, Select], dict[str, Entry]]:
    """The SELECTs of a folder and their entries in its ``.yml``, which must be the same names.

    Args:
        besides: what else has entries there.
    """
    selects = read_selects(folder)
    described = {entry["name"]: entry for entry in entries}
    if alone := sorted({*selects, *besides} ^ described.keys()):
        raise SqlProjectError(
            _(
                "{folder}: {names} is either a .sql file that no .yml file there describes, or "
                "described without a .sql file: add the other",
                folder=folder,
                names=", ".join(alone),
            )
        )
    return selects, described


def _must_be_defined(selects: dict[str, Select], defined: set[str]) -> None:
    for select in selects.values():
        if unknown := sorted({*select.refs, *select.sources} - defined):
            raise SqlProjectError(
                _(
                    "{file} reads {names}, which is no model, no seed and not in sources.yml",
                    file=select.path,
                    names=", ".join(unknown),
                )
            )


def _build_order(selects: dict[str, Select]) -> list[str]:
    graph = {name: [ref for ref in s.refs if ref in selects] for name, s in selects.items()}
    try:
        return list(TopologicalSorter(graph).static_order())
    except CycleError as error:
        circle = " → ".join(error.args[1])
        raise SqlProjectError(
            _("models read one another in a circle: {models}", models=circle)
        ) from error


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
