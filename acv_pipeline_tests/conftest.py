"""What most tests need: the contract, an empty home, the official releases, a browser."""

from __future__ import annotations

import gc
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import pytest

from acv_pipeline.contract import Contract, load_contract
from acv_pipeline.models.lineage import Lineage, Tables, column_lineage
from acv_pipeline.warehouse import open_warehouse
from acv_pipeline.warehouse.home import Home
from acv_pipeline_tests.deliveries import REAL_DATA, WHY_NO_REAL_DATA

if TYPE_CHECKING:
    from playwright.sync_api import Browser
    from xdist.scheduler import LoadScopeScheduling

gc.disable()  # until all is imported
os.environ["ACV_LANGUAGE"] = "en"  # the texts that tests expect, whatever the machine's locale

BROWSER_ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip


# Begun first, so that none is still at work when all others have ended: those that mostly wait for
# a daemon, then those that take longest.
SLOW = ["orchestration/test_ui", "orchestration/test_daemon", "deployment/test_deployment",
        "upkeep/", "engines/test_spark", "environment/test_no_secret_shows", "report/", "assets/",
        "torture/", "engines/test_changes", "test_docs", "test_cli", "quality/", "alerts/",
        "deployment/test_sign_in", "test_extending", "observing/", "test_status"]  # fmt: skip
# Whose tests look at what their conftest made once.
TOGETHER = {"alerts", "assets", "quality", "release", "report", "sample_data", "upkeep"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    def rank(item: pytest.Item) -> int:
        return next((n for n, part in enumerate(SLOW) if f"/{part}" in item.nodeid), len(SLOW))

    items.sort(key=rank)


def pytest_collection_finish() -> None:
    """What was imported stays: looking through all of it again takes a sixth of runs' time."""
    gc.enable()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> LoadScopeScheduling:
    """A file, or a folder with a world of its own, is one process's work."""
    from xdist.scheduler import LoadScopeScheduling

    class ByWorld(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            file = nodeid.partition("::")[0]
            folder = file.rpartition("/")[0]
            return folder if folder.rpartition("/")[2] in TOGETHER else file

    config.option.loadscopereorder = False  # the slow ones come first
    return ByWorld(config, log)


@pytest.fixture(scope="session", autouse=True)
def lineage_read_once() -> Iterator[None]:
    """Every run reads it from the same SQL, as a process of its own has to: a tenth of a run."""
    known: dict[tuple[str, str], Lineage] = {}

    def once(sql: str, tables: Tables) -> Lineage:
        if (sql, str(tables)) not in known:
            known[sql, str(tables)] = column_lineage(sql, tables)
        return known[sql, str(tables)]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("acv_pipeline.models.project.column_lineage", once)
        yield


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


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium; closed with its module: a process can't have two, nor an event loop beside it."""
    from playwright.sync_api import Error, sync_playwright

    with sync_playwright() as playwright:
        try:
            browser = playwright.chromium.launch(
                executable_path=shutil.which("chromium"),
                args=BROWSER_ARGUMENTS,
                timeout=180_000,  # on a busy machine
            )
        except Error as error:
            pytest.skip(f"no Chromium here: {error}")
        yield browser
        browser.close()


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Settings of whoever runs the tests have no influence; no run leaves any behind."""
    files = ("ACV_HOME", "ACV_LANDING", "ACV_CONTRACT", "ACV_SEEDS", "DAGSTER_HOME")
    for name in (*files, "ACV_DATAGOUV"):  # no test publishes where a person does
        monkeypatch.delenv(name, raising=False)
    for name in os.environ:
        if name.startswith("OPENLINEAGE_") or (name.startswith("ACV_") and name.endswith("_FILE")):
            monkeypatch.delenv(name)
