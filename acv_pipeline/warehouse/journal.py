"""``journal.jsonl`` beside the warehouse: what cannot be had again from the deliveries.

Append-only, a line per fact, written when the warehouse is closed: what people said (sign-offs,
explanations), and which deliveries came when.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import duckdb

from acv_pipeline.contract.tables import tables
from acv_pipeline.warehouse.home import Home
from acv_pipeline.warehouse.schema import put

FILE = "journal.jsonl"
# people's words in full; of deliveries, which came when: their rows are in the files
KEPT = {
    "validated.signoffs": None,
    "validated.explanations": None,
    "raw.deliveries": ("delivery_id", "source", "delivered_on", "file_name", "received_at"),
}
Entry = dict[str, Any]


def journal_of(home: Home) -> Path:
    """Where the journal of a home is."""
    return home.root / FILE


def write_journal(connection: duckdb.DuckDBPyConnection, home: Home) -> None:
    """Append what the tables hold and the journal doesn't."""
    path = journal_of(home)
    there = path.read_bytes() if path.exists() else b""
    known = set(there.splitlines())
    fresh = [line for line in _lines(connection) if line not in known]
    if not fresh:
        return
    with path.open("ab") as file:
        if there and not there.endswith(b"\n"):
            file.write(b"\n")  # its last writer was killed in the middle of a line
        file.write(b"".join(line + b"\n" for line in fresh))
        file.flush()
        os.fsync(file.fileno())


def read_journal(home: Home) -> dict[str, list[Entry]]:
    """By table, the last word on every key; nothing if there is no journal."""
    last: dict[str, dict[tuple[Any, ...], Entry]] = {table: {} for table in KEPT}
    path = journal_of(home)
    for line in path.read_bytes().splitlines() if path.exists() else []:
        try:
            entry = json.loads(line)
        except ValueError:
            continue  # cut short by a kill; the fact was appended again
        table = entry.pop("table")
        if table in last:
            last[table][tuple(entry[column] for column in tables()[table].key)] = entry
    return {table: list(entries.values()) for table, entries in last.items()}


def restore_words(connection: duckdb.DuckDBPyConnection, home: Home) -> None:
    """Put what people said into a warehouse made anew; the journal has the last word."""
    for table, entries in read_journal(home).items():
        if KEPT[table] is None:
            put(connection, table, entries)


def _lines(connection: duckdb.DuckDBPyConnection) -> list[bytes]:
    lines: list[bytes] = []
    for table, columns in KEPT.items():
        names = columns or tables()[table].column_names
        rows = connection.execute(f"select {', '.join(names)} from {table} order by all").fetchall()
        for row in rows:
            entry = {"table": table, **dict(zip(names, row, strict=True))}
            lines.append(json.dumps(entry, ensure_ascii=False, default=str).encode())
    return lines
