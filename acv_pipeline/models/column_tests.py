"""dbt's generic tests, declared at a column in ``schema.yml``, as SELECTs of offending rows.

Here: the four that dbt brings along, with its names and meaning. Not here: the tests that are
written as SQL (``tests/``), and running any of them (``building``).
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from acv_pipeline.models.definitions import Column, Select, SqlProjectError

# like dbt's, but with the whole rows, so that months are known; a null is never among values
_SQL = {
    "not_null": "select * from {table} where {column} is null",
    "unique": "select * from {table} where {column} in"
    " (select {column} from {table} group by {column} having count(*) > 1)",
    "accepted_values": "select * from {table} where {value} not in ({values})",
    "relationships": "select * from {table} where {column} is not null and {column} not in"
    " (select {field} from {{{{ {to} }}}} where {field} is not null)",
}
_ARGUMENTS = {"accepted_values": ("values",), "relationships": ("to", "field")}
_SAID = {
    "not_null": "{column} is never null.",
    "unique": "No {column} is there twice.",
    "accepted_values": "{column} is one of {values}.",
    "relationships": "Each {column} is a {field} of {to}.",
}
_WHAT_TO_DO = "Correct the model's SQL, or what it reads; the sample has the rows."

Entry = dict[str, Any]


def generic_test(
    where: str, path: Path, model: str, column: Column, declared: str | Entry
) -> Entry:
    """One that a column declares: an entry as those of ``tests/`` have, and its ``select``.

    Args:
        where: file, model and column, for errors.
        path: the file.

    Raises:
        SqlProjectError: it is none of the four, or has keys that aren't read.
    """
    plain = {declared: {}} if isinstance(declared, str) else declared
    if not isinstance(plain, dict) or len(plain) != 1:
        raise SqlProjectError(f"{where}: data_tests has {declared}, which is no test")
    ((kind, said),) = plain.items()
    if kind not in _SQL:
        raise SqlProjectError(
            f"{where}: data_tests, {kind} isn't read here, known are {', '.join(_SQL)}: write it as"
            " a SELECT in tests/"
        )
    where = f"{where}: data_tests, {kind}"
    said = dict(said or {})
    entry = {key: said.pop(key) for key in ("name", "description", "config") if key in said}
    given = dict(said.pop("arguments", {})) | said
    wanted = _ARGUMENTS.get(kind, ())
    for key in given:
        if key not in wanted:
            raise SqlProjectError(f"{where}: {key} isn't read here")
    for key in wanted:
        if not given.get(key):
            raise SqlProjectError(f"{where}: {key} is missing")
    config = entry.get("config") or {}
    for key in config:
        if key not in ("severity", "meta"):
            raise SqlProjectError(f"{where}, config: {key} isn't read here")
    values = [str(value) for value in given.get("values", [])]
    words = {"column": column.name, **given, "values": ", ".join(values)}
    sql = _SQL[kind].format(
        table=f"{{{{ ref('{model}') }}}}",
        # codes are stored as numbers, which know no other texts
        value=f"cast({column.name} as string)" if column.data_type == "varchar" else column.name,
        **words | {"values": ", ".join("'" + value.replace("'", "''") + "'" for value in values)},
    )
    told = [
        part for key in sorted(wanted) for part in (values if key == "values" else [given[key]])
    ]
    named = "__".join([column.name, *(re.sub(r"\W+", "_", str(part)) for part in told)])
    meta = {"what_to_do": _WHAT_TO_DO} | (config.get("meta") or {})
    return {
        "name": entry.get("name") or f"{kind}_{model}_{named}",
        "description": entry.get("description") or _SAID[kind].format(**words),
        "config": config | {"meta": meta},
        "select": Select.of(path, sql),
    }
