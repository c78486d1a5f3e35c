"""Dagster's SQLite event log, with connections that stay open and events of a step in batches.

The stock storage opens a connection and a schema look-up per event, and up to four transactions
(10 to 14 ms each). A run that records every month and every check writes thousands of events, so
that is most of its time. This keeps the files, the tables, their content and the locking of the
stock storage and changes two things: a file's connection is reused, and what a run records in a
stretch (``IN_BATCHES``) is written together, once anything else is stored or anything is read.
Concurrent processes and ``dagster.yaml`` without this entry read the same data. Tests pin the
private methods it relies on.
"""

from __future__ import annotations

import datetime as dt
import threading
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as db
from dagster import DagsterEventType, EventLogEntry
from dagster._core.events import ASSET_EVENTS
from dagster._core.storage.asset_check_execution_record import AssetCheckExecutionRecordStatus
from dagster._core.storage.event_log.schema import (
    AssetCheckExecutionsTable,
    SqlEventLogStorageTable,
)
from dagster._core.storage.event_log.sqlite.sqlite_event_log import (
    INDEX_SHARD_NAME,
    SqliteEventLogStorage,
)
from dagster._core.storage.sqlite import SQLITE_BUSY_TIMEOUT_SECONDS
from dagster._serdes import ConfigurableClassData
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.pool import QueuePool

# Shards kept open: the index and the latest runs. A daemon sees thousands of runs.
OPEN_SHARDS = 8

# What a run of thousands of events consists of.
IN_BATCHES = {
    DagsterEventType.ASSET_MATERIALIZATION_PLANNED,
    DagsterEventType.ASSET_MATERIALIZATION,
    DagsterEventType.ASSET_CHECK_EVALUATION_PLANNED,
    DagsterEventType.ASSET_CHECK_EVALUATION,
}
# What comes between them, and concerns the run alone: lines of its log, and outputs of its steps.
BETWEEN = {None, DagsterEventType.STEP_OUTPUT}
# A batch is written once so many are waiting, or one comes so much later than the first.
BATCH_EVENTS, BATCH_SECONDS = 1000, 1.0

EVENT_ID = SqlEventLogStorageTable.c.id
Rows = list[dict[str, Any]]


class _BatchError(Exception):
    """The batch can't be written as one; nothing of it was."""


class PooledSqliteEventLogStorage(SqliteEventLogStorage):
    """The stock SQLite event log storage that reuses connections and writes in batches."""

    def __init__(self, base_dir: str, inst_data: ConfigurableClassData | None = None) -> None:
        self._engines: OrderedDict[str, Engine] = OrderedDict()
        self._known_tables: set[str] = set()
        self._known_columns: set[str] = set()
        self._waiting: list[EventLogEntry] = []
        self._waiting_lock = threading.RLock()
        super().__init__(base_dir, inst_data)

    @classmethod
    def from_config_value(  # type: ignore[override]
        cls, inst_data: ConfigurableClassData | None, config_value: dict[str, Any]
    ) -> PooledSqliteEventLogStorage:
        """As Dagster builds it from ``dagster.yaml``."""
        return cls(inst_data=inst_data, **config_value)

    def store_event(self, event: EventLogEntry) -> None:
        """Store an event, now or with the batch it belongs to; always before any later one."""
        with self._waiting_lock:
            kind = _type(event)
            # what comes between doesn't end a batch, nor wait where nothing else does
            joins = kind in IN_BATCHES or (kind in BETWEEN and self._waiting)
            if not (event.run_id and event.step_key and joins):
                self._write_waiting()
                super().store_event(event)
                return
            if self._waiting and (
                event.run_id != self._waiting[0].run_id
                or event.timestamp - self._waiting[0].timestamp > BATCH_SECONDS
                or len(self._waiting) == BATCH_EVENTS
            ):
                self._write_waiting()
            self._waiting.append(event)

    def settle(self, run_id: str) -> None:
        """Write what waits, so that neither a kill nor a power cut can take it away any more."""
        self._write_waiting()
        for shard in (run_id, INDEX_SHARD_NAME):
            with self._connect(shard) as connection:
                connection.execute(db.text("PRAGMA wal_checkpoint(PASSIVE)"))

    def _write_waiting(self) -> None:
        with self._waiting_lock:
            events, self._waiting = self._waiting, []
            if len(events) > 1:
                try:
                    self._write(events)
                except (_BatchError, db.exc.SQLAlchemyError):
                    pass  # one by one it may work, or says what is wrong
                else:
                    return
            for event in events:
                super().store_event(event)

    def _write(self, events: list[EventLogEntry]) -> None:
        """What the stock storage does for each event, for all in one transaction per file."""
        rows = [self._event_to_row(event) for event in events]
        with (
            self._db_lock,
            self._engine(events[0].run_id).begin() as run,
            self._engine(INDEX_SHARD_NAME).begin() as index,
        ):
            run.execute(SqlEventLogStorageTable.insert(), rows)
            insert = SqlEventLogStorageTable.insert().returning(
                EVENT_ID, sort_by_parameter_order=True
            )
            # the index knows nothing of what comes between
            indexed = [(e, r) for e, r in zip(events, rows, strict=True) if _type(e) in IN_BATCHES]
            if not indexed:
                return
            ids = list(index.execute(insert, [row for _, row in indexed]).scalars())
            by_type: dict[Any, list[tuple[EventLogEntry, int, str]]] = {}
            for (event, row), number in zip(indexed, ids, strict=True):
                by_type.setdefault(_type(event), []).append((event, number, row["event"]))
            for kind, entries in by_type.items():
                if kind in ASSET_EVENTS:
                    self._store_asset_events(index, entries)
                elif kind == DagsterEventType.ASSET_CHECK_EVALUATION_PLANNED:
                    index.execute(AssetCheckExecutionsTable.insert(), _planned(entries))
                else:
                    _record_evaluations(index, entries)

    def _store_asset_events(
        self, index: Connection, entries: list[tuple[EventLogEntry, int, str]]
    ) -> None:
        """Tags of all; the asset's own row shows its last event."""
        events, ids = [event for event, *_ in entries], [number for _, number, _ in entries]
        self._store_asset_event_tags(index, events, ids)
        last = {event.get_dagster_event().asset_key: (event, n) for event, n, _ in entries}
        for event, number in last.values():
            self._store_asset_event(index, event, number)

    @contextmanager
    def _connect(self, shard: str) -> Iterator[Connection]:
        self._write_waiting()
        with self._db_lock, self._engine(shard).begin() as connection:
            yield connection

    def _engine(self, shard: str) -> Engine:
        engine = self._engines.get(shard)
        if engine is None:
            engine = db.create_engine(
                self.conn_string_for_shard(shard),
                poolclass=QueuePool,
                pool_size=1,
                max_overflow=0,
                connect_args={
                    "timeout": SQLITE_BUSY_TIMEOUT_SECONDS,
                    "check_same_thread": False,  # one thread at a time, by the lock
                },
            )
            if shard not in self._initialized_dbs:
                # migrations look around with connections of their own
                initial = db.create_engine(
                    self.conn_string_for_shard(shard),
                    poolclass=db.pool.NullPool,
                    connect_args={"timeout": SQLITE_BUSY_TIMEOUT_SECONDS},
                )
                self._initdb(initial)
                initial.dispose()
                self._initialized_dbs.add(shard)
            # WAL stays consistent without an fsync per event; what a power cut takes away before
            # it is settled, the next run records again
            db.event.listen(engine, "connect", _relax_synchronous)
            self._engines[shard] = engine
            while len(self._engines) > OPEN_SHARDS:
                _, oldest = self._engines.popitem(last=False)
                oldest.dispose()
        self._engines.move_to_end(shard)
        return engine

    def has_table(self, table_name: str) -> bool:
        """Whether the index has the table; asked per check event, and tables don't go away."""
        if table_name not in self._known_tables and super().has_table(table_name):
            self._known_tables.add(table_name)
        return table_name in self._known_tables

    def _has_asset_key_col_on_connection(self, conn: Connection, column_name: str) -> bool:
        """Whether assets have the column; asked per materialisation, and columns don't go away."""
        if column_name not in self._known_columns and super()._has_asset_key_col_on_connection(
            conn, column_name
        ):
            self._known_columns.add(column_name)
        return column_name in self._known_columns

    def dispose(self) -> None:
        """Write what is waiting and close every connection."""
        self._write_waiting()
        for engine in self._engines.values():
            engine.dispose()
        self._engines.clear()
        super().dispose()


def _type(event: EventLogEntry) -> DagsterEventType | None:
    """None: a line of the log."""
    return event.dagster_event.event_type if event.dagster_event else None


def _planned(entries: list[tuple[EventLogEntry, int, str]]) -> Rows:
    """A row for each partition in which a check is about to be evaluated."""
    rows = []
    for event, number, text in entries:
        planned = event.get_dagster_event().asset_check_planned_data
        subset = planned.partitions_subset
        rows += [
            {
                "asset_key": planned.asset_key.to_string(),
                "check_name": planned.check_name,
                "partition": partition,
                "run_id": event.run_id,
                "execution_status": AssetCheckExecutionRecordStatus.PLANNED.value,
                "evaluation_event": text,
                "evaluation_event_timestamp": _utc(event),
                "evaluation_event_storage_id": number,
            }
            for partition in (subset.get_partition_keys() if subset else [None])
        ]
    return rows


def _record_evaluations(index: Connection, entries: list[tuple[EventLogEntry, int, str]]) -> None:
    """Put evaluations in place of what was planned, and add those of months beside the run's.

    Raises:
        _BatchError: one of them is there twice.
    """
    rows: Rows = []
    for event, number, text in entries:
        evaluation = event.get_dagster_event().asset_check_evaluation_data
        status = AssetCheckExecutionRecordStatus
        target = evaluation.target_materialization_data
        rows.append(
            {
                "of_asset": evaluation.asset_key.to_string(),
                "of_check": evaluation.check_name,
                "of_run": event.run_id,
                "of_partition": evaluation.partition,
                "execution_status": (
                    status.SUCCEEDED if evaluation.passed else status.FAILED
                ).value,
                "evaluation_event": text,
                "evaluation_event_timestamp": _utc(event),
                "evaluation_event_storage_id": number,
                "materialization_event_storage_id": target.storage_id if target else None,
            }
        )
    table = AssetCheckExecutionsTable
    update = table.update().where(
        table.c.asset_key == db.bindparam("of_asset"),
        table.c.check_name == db.bindparam("of_check"),
        table.c.run_id == db.bindparam("of_run"),
        table.c.partition.is_not_distinct_from(db.bindparam("of_partition")),
    )
    told: dict[str, Any] = {name: db.bindparam(name) for name in rows[0] if name[:3] != "of_"}
    updated = index.execute(update.values(told), rows).rowcount
    if updated == len(rows):
        return
    there = set(
        index.execute(
            db.select(table.c.asset_key, table.c.check_name, table.c.partition).where(
                table.c.run_id == rows[0]["of_run"]
            )
        )
    )
    key = ("of_asset", "of_check", "of_partition")
    added = {name: row for row in rows if (name := tuple(row[part] for part in key)) not in there}
    if updated + len(added) != len(rows):
        raise _BatchError
    index.execute(
        table.insert(),
        [
            {
                "asset_key": row["of_asset"],
                "check_name": row["of_check"],
                "run_id": row["of_run"],
                "partition": row["of_partition"],
            }
            | {name: value for name, value in row.items() if name in told}
            for row in added.values()
        ],
    )


def _utc(event: EventLogEntry) -> dt.datetime:
    return dt.datetime.fromtimestamp(event.timestamp, dt.UTC).replace(tzinfo=None)


def _relax_synchronous(connection: Any, _record: Any) -> None:
    connection.execute("PRAGMA synchronous=NORMAL")
