"""The SQL project: what it defines, compiled to plain SQL, built and tested.

Here: the one object the rest of the pipeline uses. Not here: reading the folder (``folder``),
statements on DuckDB (``building``), and the SQL itself (``dbt_like_sql``).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from duckdb import DuckDBPyConnection

from acv_pipeline.contract.model import SQL_PROJECT
from acv_pipeline.models import folder
from acv_pipeline.models.building import (
    BuildResult,
    SqlTestResult,
    load_seed,
    offending_rows,
    replace_table,
)
from acv_pipeline.models.definitions import (
    Model,
    Seed,
    Select,
    SourceTable,
    SqlProjectError,
    SqlTest,
)


@dataclass(frozen=True)
class Project:
    """Everything the folder ``path`` defines.

    Attributes:
        models: by name, in build order.
        seeds: by name.
        sources: by ``schema.table``.
        tests: by name.
    """

    path: Path
    models: dict[str, Model]
    seeds: dict[str, Seed]
    sources: dict[str, SourceTable]
    tests: dict[str, SqlTest]

    @classmethod
    def load(cls, path: Path = SQL_PROJECT) -> Project:
        """Read the folder; no SQL is parsed and no database is needed.

        Raises:
            SqlProjectError: something is missing, malformed, undescribed or undefined.
        """
        entries = folder.documented(path)
        sources = folder.read_sources(entries.get("sources", []))
        seeds = folder.read_seeds(path, entries.get("seeds", []))
        models = folder.read_models(path, entries.get("models", []), seeds, sources)
        tests = folder.read_tests(path, entries.get("data_tests", []), models, seeds, sources)
        return cls(path, models, seeds, sources, tests)

    def compile(self, name: str) -> str:
        """The SELECT of a model or test, with the real names of the tables it reads."""
        return self._select(name).expand(self._table, lambda source: source)

    def build(
        self, connection: DuckDBPyConnection, models: Iterable[str] | None = None
    ) -> dict[str, BuildResult]:
        """Make the tables of ``models`` (default: all) what their SELECTs give, in build order.

        Whole tables, inside the caller's transaction if there is one. A table that comes out
        the same is not written to.

        Raises:
            SqlProjectError: a model is unknown, or doesn't give its documented columns.
        """
        wanted = set(self.models if models is None else models)
        if unknown := sorted(wanted - self.models.keys()):
            raise SqlProjectError(f"no model is called {', '.join(unknown)}")
        return {
            model.name: replace_table(
                connection,
                model.table,
                self.compile(model.name),
                [(column.name, column.data_type) for column in model.columns],
            )
            for model in self.models.values()
            if model.name in wanted
        }

    def load_seeds(self, connection: DuckDBPyConnection, folder: Path | None = None) -> None:
        """Fill the reference tables from the seeds (from files of the same name in ``folder``)."""
        for seed in self.seeds.values():
            types = {column.name: column.data_type for column in seed.columns}
            load_seed(
                connection, seed.table, folder / seed.path.name if folder else seed.path, types
            )

    def run_test(self, connection: DuckDBPyConnection, test: str) -> SqlTestResult:
        """The offending rows of ``test``, in the tables as they stand."""
        return offending_rows(connection, self.compile(test))

    def _select(self, name: str) -> Select:
        definition = self.models.get(name) or self.tests.get(name)
        if definition is None:
            raise SqlProjectError(f"no model or test is called {name}")
        return definition.select

    def _table(self, ref: str) -> str:
        return (self.models.get(ref) or self.seeds[ref]).table
