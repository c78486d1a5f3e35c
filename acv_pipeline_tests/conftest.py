"""What most tests need: the contract, an empty home, and the official releases if they are here."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from acv_pipeline.contract import Contract, load_contract
from acv_pipeline.home import Home
from acv_pipeline.warehouse import open_warehouse
from acv_pipeline_tests.deliveries import REAL_DATA, WHY_NO_REAL_DATA


@pytest.fixture(scope="session")
def contract() -> Contract:
    return load_contract()


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home")


@pytest.fixture
def landing(tmp_path: Path) -> Path:
    folder = tmp_path / "landing"
    folder.mkdir()
    return folder


@pytest.fixture
def warehouse(home: Home, contract: Contract) -> Iterator[duckdb.DuckDBPyConnection]:
    with open_warehouse(home, contract) as connection:
        yield connection


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The official releases and states, as published."""
    if not REAL_DATA.is_dir():
        pytest.skip(WHY_NO_REAL_DATA)
    return REAL_DATA


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Settings of whoever runs the tests have no influence; no run leaves any behind."""
    files = ("ACV_HOME", "ACV_LANDING", "ACV_CONTRACT", "ACV_SEEDS", "DAGSTER_HOME")
    for name in (*files, "ACV_DATAGOUV"):  # no test publishes where a person does
        monkeypatch.delenv(name, raising=False)
