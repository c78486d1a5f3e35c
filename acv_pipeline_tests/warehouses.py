"""What a run does to the warehouse, without Dagster: for tests that look at tables."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import duckdb

from acv_pipeline.contract import Contract, Month
from acv_pipeline.flow.pipeline import Pipeline
from acv_pipeline.flow.turn import Turn
from acv_pipeline.ledger.load import load
from acv_pipeline.ledger.store import judge_and_write
from acv_pipeline.models import Project
from acv_pipeline.quality.check import Check
from acv_pipeline.warehouse import commits, open_warehouse, put_copy, transaction
from acv_pipeline.warehouse.home import Home

PROJECT = Project.load()


def process(
    connection: duckdb.DuckDBPyConnection,
    contract: Contract,
    landing: Path,
    months: Iterable[Month] | None = None,
) -> None:
    """Load what the landing zone holds, bring ``months`` into force (all by default), build."""
    load(connection, landing, contract)
    PROJECT.load_seeds(connection)
    with transaction(connection):
        judge_and_write(connection, contract, months)
        PROJECT.build(connection)
        PROJECT.write_as_of_macros(connection)


def run(
    pipeline: Pipeline,
    months: Sequence[Month],
    *,
    checks: Iterable[Check] = (),
    is_killed: bool = False,
) -> None:
    """What a run of all layers does, up to the published copy; unless killed it is on record."""
    with pipeline.warehouse() as connection:
        turn = Turn(pipeline, connection, print)
        turn.receive([*pipeline.contract.sources])
        turn.judge(months)
        turn.build([*pipeline.project.models])
        turn.check({(check.asset, check.name) for check in checks}, months)
        turn.publish(pipeline.home.published)
        if not is_killed:
            turn.recorded(months)


def published(home: Home, contract: Contract, landing: Path) -> None:
    """Process everything and publish the copy that readers use."""
    with open_warehouse(home, contract) as connection:
        process(connection, contract, landing)
        put_copy(connection, home, home.published, checked_at=commits(connection))


def sign_off_all(
    connection: duckdb.DuckDBPyConnection, on: str | None = None, *, also_superseded: bool = False
) -> int:
    """Release every held month on the day ``on`` (of its delivery by default); how many.

    Args:
        also_superseded: also those that a later delivery settled: in force until then.
    """
    states = ("held", "superseded") if also_superseded else ("held",)
    held = connection.execute(
        "select delivery_id, indicator_id, month, delivered_on from validated.held_months"
        " join raw.deliveries using (delivery_id) where list_contains(?, held_months.status)",
        [states],
    ).fetchall()
    for delivery_id, indicator, month, delivered_on in held:
        day = dt.date.fromisoformat(on) if on else delivered_on
        connection.execute(
            "insert into validated.signoffs values (?, ?, ?, 'head of unit', 'checked', ?)",
            [delivery_id, indicator, month, dt.datetime.combine(day, dt.time(12))],
        )
    return len(held)


def contents(connection: duckdb.DuckDBPyConnection) -> dict[str, list[tuple[Any, ...]]]:
    """Every table of the layers, sorted.

    Without the moments files were written and read, and what depends on how many commits it took.
    """
    tables = connection.execute(
        "select schema_name || '.' || table_name from duckdb_tables()"
        " where schema_name in ('raw', 'validated', 'marts')"
        " and table_name not in ('commits', 'fingerprints', 'lately_received', 'due_months')"
        " and database_name = current_database() and not temporary order by 1"
    ).fetchall()
    left_out = {
        "raw.deliveries": "exclude (received_at)",
        "raw.sightings": "exclude (modified_ns)",
    }
    return {
        table: connection.execute(
            f"select * {left_out.get(table, '')} from {table} order by all"
        ).fetchall()
        for (table,) in tables
    }
