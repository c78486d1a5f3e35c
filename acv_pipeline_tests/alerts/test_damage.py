"""A damaged file is told once, until somebody deletes it; deliveries lost by it are an error."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from acv_pipeline.contract import Contract
from acv_pipeline.operations.alerts.damage import mended_facts
from acv_pipeline.operations.alerts.deliver import deliver
from acv_pipeline.warehouse import mended_of, open_warehouse, set_lost
from acv_pipeline.warehouse.home import Home
from acv_pipeline_tests.alerts.world import show

NOW = dt.datetime(2021, 8, 11, 9, tzinfo=dt.UTC)


def test_it_is_told_once_and_over_when_the_file_is_deleted(
    home: Home, contract: Contract, stages: dict[str, Path], caplog: pytest.LogCaptureFixture
) -> None:
    show(home, stages["corrected"])

    def told(hours: int) -> list[str]:
        caplog.clear()
        with caplog.at_level("INFO"):
            deliver(home, contract, NOW + dt.timedelta(hours=hours))
        return [text for text in caplog.messages if "damaged database file" in text]

    assert told(0) == []
    home.warehouse.write_bytes(b"something else" * 1000)
    with open_warehouse(home, contract):
        pass
    (entry,) = mended_of(home)
    (subject,) = told(1)
    assert "Warning: a damaged database file (warehouse.duckdb)" in subject
    (fact,) = mended_facts(contract, home, [entry])
    assert "warehouse.duckdb was damaged" in fact.lines[0] and entry.aside in fact.lines[0]
    assert str(home.replaced / entry.aside) in fact.what_to_do[-1]
    assert told(2) == []
    set_lost(home, ["anah/2021-07-12/a.csv"])
    (subject,) = told(3)
    assert "Error: a damaged" in subject
    (fact,) = mended_facts(contract, home, mended_of(home))
    assert "1 delivery is lost" in fact.lines[1] and "anah/2021-07-12/a.csv" in fact.lines[1]
    (home.replaced / entry.aside).unlink()
    (over,) = told(4)
    assert "Solved: a damaged" in over
