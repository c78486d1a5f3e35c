"""Deliveries read but not yet written: written together, each whole."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

import duckdb
import pandas as pd

from acv_pipeline.landing import LandedFile
from acv_pipeline.ledger.raw_rows import append_records
from acv_pipeline.reading import made_at
from acv_pipeline.tidying import DeliveryRefused, TidyDelivery
from acv_pipeline.warehouse import append, transaction

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
    tidied: list[tuple[str, TidyDelivery]] = field(default_factory=list)
    rows: int = 0

    def write(self, connection: duckdb.DuckDBPyConnection, known: Collection[str]) -> None:
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
            for table in ("raw.deliveries", "raw.extract_rows", "raw.tidy_rows"):
                if again:
                    connection.execute(
                        f"delete from {table} where list_contains(?, delivery_id)", [list(again)]
                    )
            append(connection, "raw.sightings", pd.DataFrame(self.sightings))
            append(connection, "raw.deliveries", pd.DataFrame(self.deliveries))
            append_records(connection, self.tidied)
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
        timezone: where files are made that say when, and not in which zone.

    Attributes:
        sighted: files seen for the first time, with their ids.
    """

    def __init__(
        self, connection: duckdb.DuckDBPyConnection, known: Collection[str], timezone: str
    ) -> None:
        self._connection, self._known, self._timezone = connection, known, timezone
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

    def refused(
        self,
        file: LandedFile,
        delivery_id: str,
        refusal: DeliveryRefused,
        read_with: str,
        received_at: dt.datetime | None,
    ) -> None:
        """A file cannot be used."""
        self._batch.deliveries.append(
            self._row(file, delivery_id, read_with, received_at)
            | {
                "row_count": 0,
                "status": "refused",
                "reason_code": refusal.reason_code,
                "reason": refusal.reason,
                "reason_fr": refusal.reason_fr,
            }
        )

    def delivery(
        self,
        file: LandedFile,
        delivery_id: str,
        tidy: TidyDelivery,
        read_with: str,
        received_at: dt.datetime | None,
    ) -> None:
        """A file was read and tidied."""
        control = [
            vars(total) | {"month": total.month and total.month.isoformat()}
            for total in [*tidy.control_totals, *tidy.region_totals]
        ]
        self._batch.deliveries.append(
            self._row(file, delivery_id, read_with, received_at)
            | {
                "row_count": len(tidy.table),
                "header": tidy.header,
                "control_total": json.dumps(control, ensure_ascii=False) if control else None,
                "remarks": [remark.en for remark in tidy.remarks],
                "remarks_fr": [remark.fr for remark in tidy.remarks],
                "titles": list(dict.fromkeys(tidy.titles)) or None,
                "account": json.dumps(tidy.account, ensure_ascii=False) if tidy.account else None,
                "status": "loaded",
            }
        )
        self._batch.tidied.append((delivery_id, tidy))
        self._batch.rows += len(tidy.table)
        if self._batch.rows > BATCH_ROWS:
            self.finish()

    def _row(
        self, file: LandedFile, delivery_id: str, read_with: str, received_at: dt.datetime | None
    ) -> dict[str, Any]:
        return {
            "delivery_id": delivery_id,
            "source": file.source,
            "delivered_on": file.delivered_on,
            "file_name": file.name,
            "received_at": received_at or dt.datetime.now(dt.UTC).replace(tzinfo=None),
            "read_with": read_with,
            "byte_size": file.byte_size,
            "made_at": made_at(file.path, self._timezone),
        }

    def finish(self) -> None:
        """Put what was gathered on record."""
        self._batch.write(self._connection, self._known)
        self._batch = _Batch()
