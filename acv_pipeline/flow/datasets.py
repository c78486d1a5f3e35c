"""What the steps of a run read and write, with the columns that columns are made of."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from acv_pipeline.contract.tables import tables
from acv_pipeline.flow.pipeline import QUARANTINED, VALIDATED, Pipeline
from acv_pipeline.landing import RemoteZone
from acv_pipeline.models.lineage import Lineage
from acv_pipeline.models.nodes import Model, Seed
from acv_pipeline.publishing.published_copy import COPY, RELEASE, REPORT

RECEIVED = "raw.extract_rows"
# what judging writes beside the figures in force, for the models
JUDGED = ("validated.observations", "validated.held_months", "validated.published_totals")


@dataclass(frozen=True)
class Dataset:
    """A table of the warehouse, or something outside of it.

    Attributes:
        place: what holds it: an address, without secrets.
        columns: name, type and description of each; none of what is no table.
        lineage: the columns that each is computed from.
    """

    place: str
    name: str
    columns: tuple[tuple[str, str, str], ...] = ()
    lineage: Lineage = field(default_factory=dict, hash=False)


def written(pipeline: Pipeline, assets: Iterable[str]) -> list[Dataset]:
    """What holds the assets."""
    names = dict.fromkeys(_names(pipeline, assets))
    return [_table(pipeline, name) if "/" not in name else _file(name) for name in names]


def read(pipeline: Pipeline, assets: Iterable[str]) -> list[Dataset]:
    """What the assets are made of."""
    assets = list(assets)
    layers = {asset: _layer(pipeline, asset) for asset in assets}
    found: dict[str, Dataset] = {}
    if "raw" in layers.values():
        found["landing"] = _landing(pipeline)
    if "validated" in layers.values():
        found[RECEIVED] = _table(pipeline, RECEIVED)
    models = pipeline.project.models
    for asset in assets:
        if asset in models:
            above = [pipeline.table_of(other) for other in models[asset].depends_on]
            seeds = [seed.table for seed in pipeline.project.seeds.values()]
            used = {table for origins in pipeline.project.column_lineage[asset].values()
                    for table, _column in origins if table in seeds}  # fmt: skip
            for table in (*models[asset].sources, *above, *sorted(used)):
                found[table] = _table(pipeline, table)
        elif layers[asset] == "publication":
            for model in models.values():
                found[model.table] = _table(pipeline, model.table)
    return list(found.values())


def from_received(table: str) -> Lineage:
    """Every column is read from the received cells, but for those that say which row it was."""
    as_received = set(tables()[RECEIVED].column_names)
    return {
        column: ((RECEIVED, column if column in as_received else "cells"),)
        for column in tables()[table].column_names
    }


def _layer(pipeline: Pipeline, asset: str) -> str:
    if asset in pipeline.monthly_assets():
        return pipeline.table_of(asset).partition(".")[0]
    return "publication"


def _names(pipeline: Pipeline, assets: Iterable[str]) -> Iterator[str]:
    """Tables as ``schema.table``, files as whole paths."""
    for asset in assets:
        if asset not in pipeline.monthly_assets():
            yield str(_place_of(pipeline, asset))
            continue
        table = pipeline.table_of(asset)
        yield table
        if asset == VALIDATED:
            yield from JUDGED


def _place_of(pipeline: Pipeline, asset: str) -> Path:
    home = pipeline.home
    return {
        COPY: home.published,
        RELEASE: home.releases,
        REPORT: home.report,
    }[asset]


def _table(pipeline: Pipeline, name: str) -> Dataset:
    project = pipeline.project
    nodes: list[Model | Seed] = [*project.models.values(), *project.seeds.values()]
    described = {node.table: node for node in nodes}
    lineage: Lineage = {}
    if node := described.get(name):
        columns = tuple((c.name, c.data_type, str(c.description)) for c in node.columns)
        lineage = project.column_lineage.get(node.name, {})
    else:
        columns = tuple((c.name, c.type, str(c.description)) for c in tables()[name].columns)
        if name in (*JUDGED, *map(pipeline.table_of, (VALIDATED, QUARANTINED))):
            lineage = from_received(name)
    return Dataset(f"duckdb://{pipeline.home.warehouse}", name, columns, lineage)


def _file(path: str) -> Dataset:
    return Dataset("file", path)


def _landing(pipeline: Pipeline) -> Dataset:
    zone = pipeline.landing
    if not isinstance(zone, RemoteZone):
        return _file(str(zone))
    scheme, _, rest = str(zone).partition("://")
    host, _, path = rest.partition("/")
    return Dataset(f"{scheme}://{host}", path or "/")
