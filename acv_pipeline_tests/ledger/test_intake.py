"""In one batch or in many, what is on record is the same, and an error leaves whole deliveries."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from acv_pipeline.contract import load_contract
from acv_pipeline.ledger import intake
from acv_pipeline.ledger.load import load
from acv_pipeline.ledger.raw_rows import write_records
from acv_pipeline.warehouse import open_warehouse
from acv_pipeline.warehouse.home import Home

CONTRACT = load_contract()
TABLES = {
    "raw.sightings": "* exclude (modified_ns)",
    "raw.deliveries": "* exclude (received_at)",
    "raw.extract_rows": "*",
    "raw.tidy_rows": "*",
}


def land(zone: Path, months: int, extra: int = 0) -> None:
    for month in range(1, months + 1):
        folder = zone / "anah" / f"2021-{month + 1:02}-05"
        folder.mkdir(parents=True, exist_ok=True)
        rows = "".join(f"{code:02};{code * month + extra}\n" for code in range(1, 20))
        text = f"code_departement;cumul\n{rows}total;perdu\n"
        (folder / f"acv-2021-{month:02}.csv").write_text(text)


def on_record(connection: duckdb.DuckDBPyConnection) -> dict[str, list[tuple[object, ...]]]:
    return {
        table: connection.execute(f"select {columns} from {table} order by all").fetchall()
        for table, columns in TABLES.items()
    }


def test_many_batches_leave_what_one_leaves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    zone, left = tmp_path / "landing", []
    for rows in (1_000_000, 30):
        monkeypatch.setattr(intake, "BATCH_ROWS", rows)
        with open_warehouse(Home(tmp_path / f"home-{rows}"), CONTRACT) as connection:
            land(zone, 7)
            load(connection, zone, CONTRACT)
            first = on_record(connection)
            land(zone, 7, extra=1)  # other bytes under the same names
            report = load(connection, zone, CONTRACT)
            left.append((first, on_record(connection), report))
    assert left[0] == left[1]


def test_what_went_wrong_while_writing_is_raised_and_leaves_whole_deliveries(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    zone = tmp_path / "landing"
    land(zone, 9)
    monkeypatch.setattr(intake, "BATCH_ROWS", 30)
    batches = []

    def failing(*arguments: object) -> None:
        write_records(*arguments)  # type: ignore[arg-type]
        batches.append(1)
        if len(batches) == 2:
            raise duckdb.IOException("no space left on device")

    with open_warehouse(Home(tmp_path / "home"), CONTRACT) as connection:
        with pytest.raises(duckdb.IOException, match="no space"):
            load(connection, zone, CONTRACT, write_rows=failing)
        counts = connection.execute(
            "select count(distinct delivery_id), count(*) from raw.tidy_rows"
        ).fetchall()
        assert counts == [(2, 40)]
        load(connection, zone, CONTRACT)
        assert len(on_record(connection)["raw.tidy_rows"]) == 9 * 20
