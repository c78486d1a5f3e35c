"""Deliveries read but not yet written: written together, each whole."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

import duckdb
import pandas as pd

from acv_pipeline.landing import LandedFile
from acv_pipeline.warehouse import append, transaction

WriteRows = Callable[[duckdb.DuckDBPyConnection, Sequence[tuple[str, Any]], Collection[str]], None]
"""Puts the rows of deliveries on record, in the place of those of some that are read again."""

# Rows gathered before they are written; bounds memory, not meaning.
BATCH_ROWS = 1_000_000


@dataclass
class _Batch:
    """What is written in one transaction.

    Attributes:
        moved: those of the sightings that take the place of others.
        new_elsewhere: deliveries that have a file where there was none.
    """

    sightings: list[dict[str, Any]] = field(default_factory=list)
    moved: list[dict[str, Any]] = field(default_factory=list)
    new_elsewhere: set[str] = field(default_factory=set)
    deliveries: list[dict[str, Any]] = field(default_factory=list)
    rows: list[tuple[str, Any]] = field(default_factory=list)
    row_count: int = 0

    def write(
        self,
        connection: duckdb.DuckDBPyConnection,
        known: Collection[str],
        write_rows: WriteRows,
    ) -> None:
        """Put it on record; ``known`` are the deliveries there that it may replace."""
        if not self.sightings and not self.deliveries:
            return
        with transaction(connection):
            for sighting in self.moved:
                connection.execute(
                    "delete from raw.sightings"
                    " where source = $source and delivered_on = $delivered_on"
                    " and file_name = $file_name",
                    {key: sighting[key] for key in ("source", "delivered_on", "file_name")},
                )
            again = {delivery["delivery_id"] for delivery in self.deliveries} & set(known)
            connection.execute(
                "delete from raw.deliveries where list_contains(?, delivery_id)", [list(again)]
            )
            append(connection, "raw.sightings", pd.DataFrame(self.sightings))
            append(connection, "raw.deliveries", pd.DataFrame(self.deliveries))
            write_rows(connection, self.rows, again)
            received = self.new_elsewhere | {row["delivery_id"] for row in self.deliveries}
            connection.execute(
                "insert into raw.lately_received"
                " select unnest(?::varchar[]) except from raw.lately_received",
                [sorted(received)],
            )
            # the same bytes may lie in several folders: the earliest is the day of reception,
            # whichever was read first
            connection.execute(
                """
                update raw.deliveries as deliveries
                set source = first.source,
                    delivered_on = first.delivered_on,
                    file_name = first.file_name
                from (
                    select
                        delivery_id, source, delivered_on, file_name,
                        row_number() over (
                            partition by delivery_id order by delivered_on, source, file_name
                        ) as place
                    from raw.sightings
                ) as first
                where first.delivery_id = deliveries.delivery_id
                    and first.place = 1
                    and (first.source, first.delivered_on, first.file_name)
                        is distinct from
                        (deliveries.source, deliveries.delivered_on, deliveries.file_name)
                """
            )


class Intake:
    """Gathers what is read, and puts it on record; ``finish`` what is left.

    Args:
        known: deliveries that are on record; one gathered again replaces what is there.

    Attributes:
        sighted: files seen for the first time, with their ids.
    """

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        known: Collection[str],
        write_rows: WriteRows,
    ) -> None:
        self._connection, self._known, self._write_rows = connection, known, write_rows
        self.sighted: list[tuple[LandedFile, str]] = []
        self._batch = _Batch()

    def sighting(self, file: LandedFile, delivery_id: str, *, is_new: bool) -> None:
        """A file has this content; it is new, or had another."""
        sighting = {
            "delivery_id": delivery_id,
            "source": file.source,
            "delivered_on": file.delivered_on,
            "file_name": file.name,
            "byte_size": file.byte_size,
            "modified_ns": file.modified_ns,
        }
        self._batch.sightings.append(sighting)
        if is_new:
            self.sighted.append((file, delivery_id))
            self._batch.new_elsewhere.add(delivery_id)
        else:
            self._batch.moved.append(sighting)

    def delivery(
        self,
        file: LandedFile,
        delivery_id: str,
        said: dict[str, Any],
        rows: Any,
        read_with: str,
        received_at: dt.datetime | None,
    ) -> None:
        """A file was read.

        Args:
            said: what became known of it, as columns of ``raw.deliveries``.
            rows: its rows, for whoever writes them; None of one that was refused.
        """
        self._batch.deliveries.append(
            {
                "delivery_id": delivery_id,
                "source": file.source,
                "delivered_on": file.delivered_on,
                "file_name": file.name,
                "received_at": received_at or dt.datetime.now(dt.UTC).replace(tzinfo=None),
                "read_with": read_with,
                "byte_size": file.byte_size,
            }
            | said
        )
        if rows is not None:
            self._batch.rows.append((delivery_id, rows))
        self._batch.row_count += said["row_count"]
        if self._batch.row_count > BATCH_ROWS:
            self.finish()

    def finish(self) -> None:
        """Put what was gathered on record."""
        self._batch.write(self._connection, self._known, self._write_rows)
        self._batch = _Batch()
