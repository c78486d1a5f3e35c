"""What was judged is remembered exactly as long as it holds."""

from __future__ import annotations

from pathlib import Path

import pytest

from acv_pipeline.contract import Contract
from acv_pipeline.engines.duckdb import Judged
from acv_pipeline.flow.pipeline import Pipeline
from acv_pipeline.ledger import store
from acv_pipeline.models import Project
from acv_pipeline.warehouse import open_warehouse, transaction
from acv_pipeline.warehouse.home import Home
from acv_pipeline_tests import warehouses
from acv_pipeline_tests.deliveries import deliver_trajectory


@pytest.fixture
def judgings(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Grows with each time everything is judged."""
    counted: list[int] = []
    judge = store.read_fresh
    monkeypatch.setattr(
        store, "read_fresh", lambda *args: counted.append(len(counted)) or judge(*args)
    )
    return counted


def test_it_holds_until_something_is_committed(
    home: Home, contract: Contract, judgings: list[int]
) -> None:
    judged = Judged()
    with open_warehouse(home, contract) as connection:
        first = judged.fresh(connection, contract)
        assert judged.fresh(connection, contract) is first
    with open_warehouse(home, contract) as connection:
        assert judged.fresh(connection, contract) is first
        with transaction(connection):
            pass
        assert judged.fresh(connection, contract) is not first
    assert len(judgings) == 2


def test_it_is_of_one_warehouse(tmp_path: Path, contract: Contract, judgings: list[int]) -> None:
    judged = Judged()
    for name in ("one", "other"):
        with open_warehouse(Home(tmp_path / name), contract) as connection:
            judged.fresh(connection, contract)
    assert len(judgings) == 2


def test_finding_the_months_and_running_them_judge_once(
    home: Home, landing: Path, contract: Contract, judgings: list[int]
) -> None:
    deliver_trajectory(landing, contract, "anah", ["2021-01", "2021-02"])
    pipeline = Pipeline(home, landing, contract, Project.load())
    months, _ = pipeline.receive_due(run_follows=True)
    warehouses.run(pipeline, months, is_killed=True)
    assert len(judgings) == 1
    # nothing is kept once it is used, nor where no run follows
    assert not pipeline.engine.judged._kept
    assert pipeline.receive_due()[0] and not pipeline.engine.judged._kept
    with open_warehouse(home, contract) as connection:
        (rows,) = connection.execute("select count(*) from validated.dwellings").fetchall()[0]
    assert rows == 2 * len(contract.panel("nb-logement-accompagnement"))
