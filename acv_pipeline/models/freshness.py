"""Whether a mart is older than what it is made from: its definition, its inputs, its reference.

Each mart keeps, in the transaction that builds it, a fingerprint of what it was made from. It is
compared with what the same would be now: no clock, and no run's word for it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping

from duckdb import DuckDBPyConnection

from acv_pipeline.models.nodes import Model
from acv_pipeline.models.project import Project
from acv_pipeline.warehouse import FIGURES, fingerprints, own_tables, set_fingerprint

# what else they read: the reference tables, and what the contract says
_REFERENCE = ("seeds", "tables")
_MART = "mart {name}"


def was_built(connection: DuckDBPyConnection, project: Project, models: Iterable[str]) -> None:
    """Remember what the models, in build order, were made from; call in their transaction."""
    kept = fingerprints(connection)
    for name in models:
        model = project.models[name]
        made_from = f"{_definition(project, model, kept)} {_inputs(model, kept)}"
        if kept.get(_MART.format(name=name)) != made_from:
            set_fingerprint(connection, _MART.format(name=name), made_from)
            kept[_MART.format(name=name)] = made_from


def changed_models(connection: DuckDBPyConnection, project: Project) -> list[str]:
    """Models that are new, or whose definition or reference tables changed since they were built.

    Whoever reads one of these is among them.
    """
    kept = fingerprints(connection)
    changed: list[str] = []
    for model in project.models.values():
        was, _, _ = kept.get(_MART.format(name=model.name), "").partition(" ")
        if was != _definition(project, model, kept) or {*model.depends_on} & {*changed}:
            changed.append(model.name)
    return changed


def outdated(connection: DuckDBPyConnection, project: Project) -> list[str]:
    """Models whose table isn't there, or is older than what it is made from, in build order."""
    kept, there = fingerprints(connection), own_tables(connection)
    now = dict(kept)
    old = []
    for model in project.models.values():
        mart = _MART.format(name=model.name)
        now[mart] = f"{_definition(project, model, kept)} {_inputs(model, now)}"
        if kept.get(mart) != now[mart] or model.table not in there:
            old.append(model.name)
    return old


def state(connection: DuckDBPyConnection, project: Project) -> dict[str, str]:
    """What a warehouse, or a copy of it, holds: two that agree have the same figures and marts."""
    kept = fingerprints(connection)
    names = (FIGURES, *(_MART.format(name=name) for name in project.models))
    return {name: kept[name] for name in names if name in kept}


def _definition(project: Project, model: Model, kept: Mapping[str, str]) -> str:
    columns = [f"{column.name} {column.data_type}" for column in model.columns]
    reference = [kept.get(name, "") for name in _REFERENCE]
    return _hashed([project.compile(model.name), *columns, *reference])


def _inputs(model: Model, kept: Mapping[str, str]) -> str:
    return _hashed(
        [kept.get(FIGURES, ""), *(kept.get(_MART.format(name=n), "") for n in model.depends_on)]
    )


def _hashed(parts: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()
