"""Column lineage: from which columns a model's columns are made, read from its SQL by sqlglot.

Here: parsing. It takes a while (a second or so for all models), so nothing of it happens when
definitions are loaded. Not here: anything that runs SQL.
"""

from __future__ import annotations

from collections.abc import Mapping

from sqlglot import exp
from sqlglot.lineage import Node, lineage

Tables = Mapping[str, Mapping[str, str]]
"""Column types by column name, by ``schema.table``."""


def column_lineage(sql: str, tables: Tables) -> dict[str, tuple[tuple[str, str], ...]]:
    """The (``schema.table``, column) pairs each selected column is computed from.

    A column made of constants or counted rows alone comes from none.

    Args:
        sql: one SELECT in DuckDB's dialect, with real table names.
        tables: the columns of every table it reads.
    """
    schema: dict[str, dict[str, dict[str, str]]] = {}
    for name, columns in tables.items():
        namespace, _, table = name.partition(".")
        schema.setdefault(namespace, {})[table] = dict(columns)
    nodes = lineage(None, sql, schema, dialect="duckdb", trim_selects=False)
    return {column: _origins(node) for column, node in nodes.items()}


def _origins(node: Node) -> tuple[tuple[str, str], ...]:
    return tuple(
        sorted(
            {
                (f"{part.source.db}.{part.source.name}", part.name.rpartition(".")[2].strip('"'))
                for part in node.walk()
                if not part.downstream and isinstance(part.source, exp.Table)
            }
        )
    )
