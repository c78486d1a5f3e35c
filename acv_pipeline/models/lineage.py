"""Column lineage: from which columns a model's columns are made, read from its SQL by sqlglot.

That takes a second or so for all models, so nothing of it happens, nor is sqlglot imported, when
definitions are loaded.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlglot.lineage import Node

Tables = Mapping[str, Mapping[str, str]]
"""Column types by column name, by ``schema.table``."""
Lineage = dict[str, tuple[tuple[str, str], ...]]
"""The (``schema.table``, column) pairs a column is computed from, by column."""


def column_lineage(sql: str, tables: Tables) -> Lineage:
    """The (``schema.table``, column) pairs each selected column is computed from.

    A column made of constants or counted rows alone comes from none.

    Args:
        sql: one SELECT in DuckDB's dialect, with real table names.
    """
    from sqlglot.lineage import lineage

    schema: dict[str, dict[str, dict[str, str]]] = {}
    for name, columns in tables.items():
        namespace, _, table = name.partition(".")
        schema.setdefault(namespace, {})[table] = dict(columns)
    nodes = lineage(None, sql, schema, dialect="duckdb", trim_selects=False)
    return {column: _origins(node) for column, node in nodes.items()}


def _origins(node: Node) -> tuple[tuple[str, str], ...]:
    from sqlglot import exp

    return tuple(
        sorted(
            {
                (f"{part.source.db}.{part.source.name}", part.name.rpartition(".")[2].strip('"'))
                for part in node.walk()
                if not part.downstream and isinstance(part.source, exp.Table)
            }
        )
    )
