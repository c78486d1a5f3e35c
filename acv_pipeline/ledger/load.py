"""From the landing zone to the raw tables: each content once, as received and as understood.

Here: which files are new, and recording them with all their rows or with why they were refused.
Not here: reading and understanding a file (``tidying``), judging figures (``fold``).
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd

from acv_pipeline.contract import Contract
from acv_pipeline.landing import LandedFile, scan, sha256
from acv_pipeline.tidying import DeliveryRefused, TidyDelivery, read_delivery
from acv_pipeline.warehouse import append, transaction

# Rows kept in memory before they are written; bounds memory, not meaning.
FLUSH_ROWS = 2_000_000


@dataclass
class LoadReport:
    """What a look at the landing zone brought.

    Attributes:
        new: ids of deliveries read for the first time, refused ones included.
        refused: (file, reason) of those that could not be used.
        duplicates: (file, first file with the same bytes) of files whose content was known.
        shared: by delivery, (file, source) of those whose bytes count for another source.
        unchanged: number of files seen before and untouched since.
        misplaced: lines about files that are not where a delivery belongs.
    """

    new: list[str] = field(default_factory=list)
    refused: list[tuple[str, str]] = field(default_factory=list)
    duplicates: list[tuple[str, str]] = field(default_factory=list)
    shared: dict[str, tuple[str, str]] = field(default_factory=dict)
    unchanged: int = 0
    misplaced: list[str] = field(default_factory=list)


def load(
    connection: duckdb.DuckDBPyConnection,
    landing: Path,
    contract: Contract,
    *,
    sources: Iterable[str] | None = None,
    settle_seconds: float = 0,
    progress: Callable[[int, int, str], None] | None = None,
) -> LoadReport:
    """Record every delivery of the landing zone that isn't on record yet.

    Args:
        sources: look at these only.
        settle_seconds: leave files touched more recently for the next time.
        progress: called with (files done, files in all, file name).

    Raises:
        LandingError: the landing zone is no readable folder.
    """
    found = scan(landing, contract.sources, settle_seconds=settle_seconds)
    wanted = set(sources if sources is not None else contract.sources)
    files = [file for file in found.files if file.source in wanted]
    report = LoadReport(misplaced=found.misplaced)
    seen = {
        (source, day, name): (size, modified)
        for source, day, name, size, modified in connection.execute(
            "select source, delivered_on, file_name, byte_size, modified_ns from raw.sightings"
        ).fetchall()
    }
    names: dict[str, str] = dict(
        connection.execute("select delivery_id, file_name from raw.deliveries").fetchall()
    )
    pending = _Pending(connection)
    sighted: set[str] = set()
    for done, file in enumerate(files, start=1):
        key = (file.source, file.delivered_on, file.name)
        if seen.get(key) == (file.byte_size, file.modified_ns):
            report.unchanged += 1
            continue
        if progress:
            progress(done, len(files), file.name)
        delivery_id = sha256(file.path)
        pending.sighting(file, delivery_id)
        sighted.add(delivery_id)
        if delivery_id in names:
            if key not in seen:
                report.duplicates.append((_place(file), names[delivery_id]))
            continue
        names[delivery_id] = file.name
        report.new.append(delivery_id)
        try:
            tidy = read_delivery(
                file.path, contract.sources[file.source], contract, received_on=file.delivered_on
            )
        except DeliveryRefused as refusal:
            pending.refused(file, delivery_id, refusal)
            report.refused.append((_place(file), str(refusal)))
        else:
            pending.delivery(file, delivery_id, tidy)
    pending.flush()
    report.shared = _shared(connection, sighted)
    return report


def _shared(
    connection: duckdb.DuckDBPyConnection, sighted: Iterable[str]
) -> dict[str, tuple[str, str]]:
    """Those of the deliveries just seen that lie in the folder of another source too."""
    return {
        delivery_id: (f"{source}/{day}/{name}", counts_for)
        for delivery_id, source, day, name, counts_for in connection.execute(
            "select delivery_id, source, delivered_on, file_name, counts_for"
            " from raw.shared_deliveries where list_contains(?, delivery_id) order by all",
            [list(sighted)],
        ).fetchall()
    }


def _place(file: LandedFile) -> str:
    return f"{file.source}/{file.delivered_on}/{file.name}"


class _Pending:
    """Deliveries read but not yet written; written together, each whole."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection
        self._clear()

    def _clear(self) -> None:
        self._sightings: list[dict[str, Any]] = []
        self._deliveries: list[dict[str, Any]] = []
        self._records: list[pd.DataFrame] = []
        self._rows = 0

    def sighting(self, file: LandedFile, delivery_id: str) -> None:
        self._sightings.append(
            {
                "delivery_id": delivery_id,
                "source": file.source,
                "delivered_on": file.delivered_on,
                "file_name": file.name,
                "byte_size": file.byte_size,
                "modified_ns": file.modified_ns,
            }
        )

    def refused(self, file: LandedFile, delivery_id: str, refusal: DeliveryRefused) -> None:
        self._deliveries.append(
            _delivery(file, delivery_id)
            | {
                "row_count": 0,
                "status": "refused",
                "reason_code": refusal.reason_code,
                "reason": refusal.reason,
                "reason_fr": refusal.reason_fr,
            }
        )

    def delivery(self, file: LandedFile, delivery_id: str, tidy: TidyDelivery) -> None:
        control = [
            {
                "indicator_id": total.indicator_id,
                "month": total.month and total.month.isoformat(),
                "rows": total.rows,
                "total": total.total,
                "where": total.where,
                "territory_code": total.territory_code,
            }
            for total in [*tidy.control_totals, *tidy.region_totals]
        ]
        self._deliveries.append(
            _delivery(file, delivery_id)
            | {
                "row_count": len(tidy.records),
                "header": tidy.header,
                "control_total": json.dumps(control, ensure_ascii=False) if control else None,
                "remarks": tidy.remarks,
                "status": "loaded",
            }
        )
        self._records.append(tidy.records.assign(delivery_id=delivery_id))
        self._rows += len(tidy.records)
        if self._rows > FLUSH_ROWS:
            self.flush()

    def flush(self) -> None:
        if not self._sightings:
            return
        with transaction(self._connection):
            sightings = pd.DataFrame(self._sightings)
            for key in ("source", "delivered_on", "file_name"):
                sightings[key] = sightings[key].astype(object)
            self._connection.executemany(
                "delete from raw.sightings where source = ? and delivered_on = ? and file_name = ?",
                sightings[["source", "delivered_on", "file_name"]].values.tolist(),
            )
            append(self._connection, "raw.sightings", sightings)
            append(self._connection, "raw.deliveries", pd.DataFrame(self._deliveries))
            if self._records:
                records = pd.concat(self._records, ignore_index=True)
                append(self._connection, "raw.extract_rows", records)
                append(self._connection, "raw.tidy_rows", records)
            # the same bytes may lie in several folders: the earliest is the day of reception,
            # whichever was read first
            self._connection.execute(
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
        self._clear()


def _delivery(file: LandedFile, delivery_id: str) -> dict[str, Any]:
    return {
        "delivery_id": delivery_id,
        "source": file.source,
        "delivered_on": file.delivered_on,
        "file_name": file.name,
        "received_at": dt.datetime.now(dt.UTC).replace(tzinfo=None),
        "byte_size": file.byte_size,
    }
