"""The SQL project: what it defines, compiled to plain SQL, built and tested."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from duckdb import DuckDBPyConnection

from acv_pipeline.contract.loading import SQL_PROJECT
from acv_pipeline.contract.tables import tables
from acv_pipeline.language import _
from acv_pipeline.models import parsing
from acv_pipeline.models.building import SqlTestResult, load_seed, offending_rows, replace_table
from acv_pipeline.models.described import documented
from acv_pipeline.models.lineage import Lineage, column_lineage
from acv_pipeline.models.nodes import Model, Seed, Select, SqlProjectError, SqlTest
from acv_pipeline.warehouse import written_quickly


@dataclass(frozen=True)
class Project:
    """Everything the folder ``path`` defines.

    Attributes:
        models: by name, in build order.
        sources: ``schema.table`` of the tables the models read and never write.
        sources_as_of: what a source was on a day, by its ``schema.table``.
        intermediate: SELECTs that models share and no table holds, by name.
    """

    path: Path
    models: dict[str, Model]
    seeds: dict[str, Seed]
    sources: tuple[str, ...]
    tests: dict[str, SqlTest]
    sources_as_of: dict[str, Select]
    intermediate: dict[str, Select]

    @classmethod
    def load(cls, path: Path = SQL_PROJECT) -> Project:
        """Read the folder; no SQL is parsed and no database is needed.

        Raises:
            SqlProjectError: something is missing, malformed, undescribed or undefined.
        """
        entries = documented(path)
        sources = tuple(
            f"{group['name']}.{table['name']}"
            for group in entries.get("sources", [])
            for table in group["tables"]
        )
        seeds = parsing.read_seeds(path, entries.get("seeds", []))
        intermediate = parsing.read_selects(path / "models" / "intermediate")
        described = entries.get("models", [])
        models = parsing.read_models(path, described, intermediate, seeds, sources)
        tests = parsing.read_tests(path, entries, models, intermediate, seeds, sources)
        sources_as_of = parsing.read_as_of(path, sources)
        return cls(path, models, seeds, sources, tests, sources_as_of, intermediate)

    def compile(self, name: str) -> str:
        """The SELECT of a model or test, with the real names of the tables it reads."""
        return self._select(name).expand(self._table)

    @cached_property
    def fingerprint(self) -> str:
        """Changes with the SQL of any model or test, and with the columns of the models."""
        parts = [self.compile(name) for name in (*self.models, *self.tests)]
        parts += [str(model.columns) for model in self.models.values()]
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()

    @cached_property
    def column_lineage(self) -> dict[str, Lineage]:
        """By model and column, the (``schema.table``, column) pairs it is computed from.

        Read from the SQL on first use.
        """
        described: list[Model | Seed] = [*self.models.values(), *self.seeds.values()]
        columns = {
            table.name: {column.name: column.type for column in table.columns}
            for table in tables().values()
        } | {
            table.table: {column.name: column.data_type for column in table.columns}
            for table in described
        }
        return {name: column_lineage(self.compile(name), columns) for name in self.models}

    def compile_as_of(self, name: str, day: dt.date | str) -> str:
        """One SELECT that gives a model as it would have been at the end of ``day``.

        It computes the model, and every model it reads, from what was in force on that day; no
        table of ``marts`` is read. The contract (panels, partners) is today's.

        Args:
            name: a model, or a source that changes with time, as ``schema.table``.
            day: the day, or an SQL expression for it.
        """
        as_of = f"date '{day}'" if isinstance(day, dt.date) else day
        if name in self.sources_as_of:
            return self._source_as_of(name, as_of)
        models = self._with_upstream(name)
        read = {source for model in models for source in model.sources}
        parts = [
            (table, self._source_as_of(table, as_of))
            for table in self.sources_as_of
            if table in read
        ] + [(model.table, model.select.expand(self._part)) for model in models]
        named = ",\n\n".join(f"{_part_name(table)} as (\n\n{sql}\n\n)" for table, sql in parts)
        return f"with {named}\n\nselect * from {_part_name(self.models[name].table)}"

    def write_as_of_macros(self, connection: DuckDBPyConnection) -> None:
        """Make ``marts.<model>_as_of(day)`` and the like for sources, callable in plain DuckDB.

        They are stored in the database and go with its copies:
        ``select * from marts.series_as_of(date '2022-02-01')``.
        """
        for table in (*self.sources_as_of, *(model.table for model in self.models.values())):
            connection.execute(f"create schema if not exists {table.partition('.')[0]}")
            name = table if table in self.sources_as_of else table.partition(".")[2]
            sql = self.compile_as_of(name, "cast(as_of_day as date)")
            connection.execute(f"create or replace macro {table}_as_of(as_of_day) as table {sql}")

    def build(
        self, connection: DuckDBPyConnection, models: Iterable[str] | None = None
    ) -> dict[str, frozenset[dt.date]]:
        """Make the tables of ``models`` (default: all) what their SELECTs give, in build order.

        Whole tables, inside the caller's transaction if there is one.

        Returns:
            By model, the months whose rows differ from what stood before.

        Raises:
            SqlProjectError: a model is unknown, reads one that was never built, or doesn't give
                its documented columns.
        """
        wanted = set(self.models if models is None else models)
        if unknown := sorted(wanted - self.models.keys()):
            raise SqlProjectError(_("no model is called {names}", names=", ".join(unknown)))
        with written_quickly(connection):
            return {
                name: replace_table(connection, model, self.compile(name))
                for name, model in self.models.items()
                if name in wanted
            }

    def load_seeds(self, connection: DuckDBPyConnection, folder: Path | None = None) -> None:
        """Fill the reference tables from the seeds (from files of the same name in ``folder``)."""
        for seed in self.seeds.values():
            types = {column.name: column.data_type for column in seed.columns}
            file = folder / seed.path.name if folder else seed.path
            load_seed(connection, seed.table, file, types)

    def run_test(self, connection: DuckDBPyConnection, test: str) -> SqlTestResult:
        """The offending rows of ``test``, in the tables as they stand."""
        return offending_rows(connection, self.compile(test))

    def _select(self, name: str) -> Select:
        if name in self.intermediate:
            return self.intermediate[name]
        definition = self.models.get(name) or self.tests.get(name)
        if definition is None:
            raise SqlProjectError(_("no model or test is called {name}", name=name))
        return definition.select

    def _table(self, read: str) -> str:
        """What stands for a model, a seed or a source (``schema.table``) in SQL."""
        if read in self.intermediate:
            return f"(\n{self.intermediate[read].expand(self._table)}\n)"
        node = self.models.get(read) or self.seeds.get(read)
        return node.table if node else read

    def _with_upstream(self, name: str) -> list[Model]:
        """A model and all it reads, in build order."""
        if name not in self.models:
            raise SqlProjectError(_("no model is called {names}", names=name))
        needed = {name}
        for model in reversed(self.models.values()):
            if model.name in needed:
                needed.update(model.depends_on)
        return [model for model in self.models.values() if model.name in needed]

    def _source_as_of(self, table: str, as_of: str) -> str:
        return self.sources_as_of[table].expand(self._table, as_of=as_of)

    def _part(self, read: str) -> str:
        """The same, within a SELECT as of a day."""
        if read in self.intermediate:
            return f"(\n{self.intermediate[read].expand(self._part)}\n)"
        if read in self.models:
            return _part_name(self.models[read].table)
        return _part_name(read) if read in self.sources_as_of else self._table(read)


def _part_name(table: str) -> str:
    return table.replace(".", "_") + "_as_of"
