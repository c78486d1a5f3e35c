"""``journal.jsonl`` beside the warehouse: what cannot be had again from the deliveries.

A line per fact, none of them ever changed: what people said (sign-offs, explanations), written
before it is committed, and which deliveries came when, written when the warehouse is closed.
"""

from __future__ import annotations

import datetime as dt
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb

from acv_pipeline.contract.tables import tables
from acv_pipeline.warehouse.home import Home
from acv_pipeline.warehouse.schema import figures_moved, put

FILE = "journal.jsonl"
# people's words in full; of deliveries, which came when: their rows are in the files
KEPT = {
    "validated.signoffs": None,
    "validated.explanations": None,
    "raw.deliveries": ("delivery_id", "source", "delivered_on", "file_name", "received_at"),
}
# when a word was said: a later one on the same matter takes its place
SAID_AT = {"validated.signoffs": "signed_at", "validated.explanations": "said_at"}
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


@contextmanager
def journal_first(home: Home) -> Iterator[None]:
    """What is journaled inside is taken back if what it tells of is not committed.

    Unless the process dies there: then it was said, and comes into force when the warehouse is
    opened again.
    """
    path = journal_of(home)
    length = path.stat().st_size if path.exists() else 0
    try:
        yield
    except BaseException:
        if not length:
            path.unlink(missing_ok=True)
        elif path.exists():
            os.truncate(path, length)
        raise


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


def words_lacking(connection: duckdb.DuckDBPyConnection, home: Home) -> dict[str, list[Entry]]:
    """What people said that the warehouse does not have, or has an earlier word of, by table.

    Nothing, unless the warehouse was made anew, or put back as it was at an earlier moment.
    """
    lacking = {}
    for table, moment in SAID_AT.items():
        names = [*tables()[table].key, moment]
        found = connection.execute(f"select {', '.join(names)} from {table}").fetchall()
        there = {tuple(map(str, key)): str(at) for *key, at in found}
        lacking[table] = [
            entry
            for entry in read_journal(home)[table]
            if there.get(tuple(str(entry[name]) for name in names[:-1]), "") < entry[moment]
        ]
    return {table: entries for table, entries in lacking.items() if entries}


def restore_words(connection: duckdb.DuckDBPyConnection, lacking: dict[str, list[Entry]]) -> None:
    """Put back what people said, in a transaction; the next run has work for its months."""
    for table, entries in lacking.items():
        put(connection, table, entries)
        for month in {entry["month"] for entry in entries}:
            connection.execute(
                "insert into validated.due_months select ?::date"
                " where ?::date not in (from validated.due_months)",
                [month, month],
            )
    figures_moved(connection)


def first_received(home: Home) -> dict[str, dt.datetime]:
    """When deliveries were received first, as far as a warehouse of this home ever knew."""
    return {
        entry["delivery_id"]: dt.datetime.fromisoformat(entry["received_at"])
        for entry in read_journal(home)["raw.deliveries"]
    }


def deliveries_lost(connection: duckdb.DuckDBPyConnection, home: Home) -> list[str]:
    """The deliveries that a warehouse of this home once had and this one has not."""
    there = set(connection.execute("select delivery_id from raw.deliveries").fetchall())
    return [
        f"{entry['source']}/{entry['delivered_on']}/{entry['file_name']}"
        for entry in read_journal(home)["raw.deliveries"]
        if (entry["delivery_id"],) not in there
    ]


def _lines(connection: duckdb.DuckDBPyConnection) -> list[bytes]:
    lines: list[bytes] = []
    for table, columns in KEPT.items():
        names = columns or tables()[table].column_names
        rows = connection.execute(f"select {', '.join(names)} from {table} order by all").fetchall()
        for row in rows:
            entry = {"table": table, **dict(zip(names, row, strict=True))}
            lines.append(json.dumps(entry, ensure_ascii=False, default=str).encode())
    return lines
