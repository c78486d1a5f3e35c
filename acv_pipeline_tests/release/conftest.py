"""Releases to look at: of a small world in which much goes wrong, and of the official releases."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pytest

from acv_pipeline.contract import Contract
from acv_pipeline.contract.months import month_of
from acv_pipeline.publishing.release import Release, make_release
from acv_pipeline.warehouse import open_warehouse
from acv_pipeline.warehouse.home import Home
from acv_pipeline_tests.deliveries import PVD, deliver, steady_figures
from acv_pipeline_tests.explain.conftest import fill
from acv_pipeline_tests.warehouses import process

TODAY = dt.date(2021, 1, 15)
FORMULA = """=cmd|'calc'!A1;=1+1,@x.csv"""


@dataclass(frozen=True)
class Released:
    """A release, and the warehouse that it was made from."""

    connection: duckdb.DuckDBPyConnection
    release: Release

    @property
    def folder(self) -> Path:
        return self.release.path


@contextmanager
def build_small(contract: Contract, root: Path) -> Iterator[Released]:
    """The world of ``explain``, the sister indicator, and a file name to beware of."""
    (landing := root / "landing").mkdir()
    fill(landing, contract)
    june = steady_figures(contract, month_of("2020-06"))
    deliver(landing, "anah", "2020-07-01", {"2020-06": june}, name=FORMULA)
    sister = {m: steady_figures(contract, month_of(m), PVD) for m in ("2020-10", "2020-11")}
    deliver(landing, "anah", "2020-12-10", sister, name="PVD_2020-10_2020-11.csv")
    with open_warehouse(Home(root / "home"), contract) as connection:
        process(connection, contract, landing)
        release = make_release(connection, contract, root / "releases", today=TODAY)
        assert release is not None
        yield Released(connection, release)


@pytest.fixture(scope="session")
def small(contract: Contract, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Released]:
    with build_small(contract, tmp_path_factory.mktemp("small")) as world:
        yield world


@pytest.fixture(scope="session")
def official(
    contract: Contract, real_data: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Released]:
    """The six official releases."""
    root = tmp_path_factory.mktemp("official")
    (landing := root / "landing").mkdir()
    releases = (real_data / "barometre").resolve()
    (landing / "barometre").symlink_to(releases, target_is_directory=True)
    with open_warehouse(Home(root / "home"), contract) as connection:
        process(connection, contract, landing)
        release = make_release(connection, contract, root / "releases", today=TODAY)
        assert release is not None
        yield Released(connection, release)


@pytest.fixture(params=["small", "official"])
def released(request: pytest.FixtureRequest) -> Released:
    """Either."""
    found: Released = request.getfixturevalue(request.param)
    return found
