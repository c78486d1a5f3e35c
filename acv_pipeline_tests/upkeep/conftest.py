"""A home with a past that people had their say in, without Dagster's record."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from acv_pipeline.contract import Contract
from acv_pipeline.contract.months import month_of
from acv_pipeline.flow.pipeline import Pipeline
from acv_pipeline.ledger.signoff import sign_off
from acv_pipeline.operations.explain import figure_key
from acv_pipeline.operations.explain.explanations import record_explanation
from acv_pipeline.warehouse import open_warehouse
from acv_pipeline.warehouse.home import Home
from acv_pipeline_tests.deliveries import deliver, deliver_trajectory, steady_figures
from acv_pipeline_tests.torture.forks import flow
from acv_pipeline_tests.warehouses import contents

Contents = dict[str, list[tuple[Any, ...]]]


@pytest.fixture(scope="session")
def life(tmp_path_factory: pytest.TempPathFactory, contract: Contract) -> Path:
    """Three months: one released by a sign-off, one figure whose fall somebody explained."""
    root = tmp_path_factory.mktemp("life")
    home, landing = Home(root / "home"), root / "landing"
    deliver_trajectory(landing, contract, "anah", ["2018-09", "2018-11"])
    deliver_trajectory(landing, contract, "action_logement", ["2018-09", "2018-10"])
    october = steady_figures(contract, month_of("2018-10"))
    october["62"] = steady_figures(contract, month_of("2018-09"))["62"] - 1
    deliver(landing, "anah", "2018-11-10", {"2018-10": october}, name="falls.csv")
    november = steady_figures(contract, month_of("2018-11"), source="action_logement")
    del november["59"]
    deliver(landing, "action_logement", "2018-12-10", {"2018-11": november}, name="held.csv")
    flow(home, landing)
    with Pipeline.configured(home, landing).warehouse() as connection:
        ((held,),) = connection.execute(
            "select delivery_id from validated.held_months where status = 'held'"
        ).fetchall()
        sign_off(
            connection, contract, held, "ACV", month_of("2018-11"),
            reason="no city left", signed_by="head of unit",
        )  # fmt: skip
        key = figure_key(contract, "62", month_of("2018-10"), series="anah")
        record_explanation(connection, contract, key, reason="recounted", said_by="data unit")
    flow(home, landing)
    return root


@pytest.fixture
def lived_in(life: Path, home: Home, landing: Path) -> Home:
    """A copy of that home, and of its landing zone, for one test."""
    shutil.copytree(life / "home", home.root, symlinks=True)
    shutil.copytree(life / "landing", landing, dirs_exist_ok=True)
    return home


def tables_of(home: Home, contract: Contract) -> Contents:
    """Every table, as comparisons need them: without when checks were evaluated."""
    with open_warehouse(home, contract) as connection:
        found = contents(connection)
        found["validated.check_results"] = connection.execute(
            "select * exclude (evaluated_at) from validated.check_results order by all"
        ).fetchall()
        found["received"] = connection.execute(
            "select delivery_id, received_at from raw.deliveries order by all"
        ).fetchall()
    return found


@pytest.fixture
def tables(contract: Contract) -> Callable[[Home], Contents]:
    """``tables_of`` with the contract."""
    return lambda home: tables_of(home, contract)
