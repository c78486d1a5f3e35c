"""The report on a small world and on the official releases, and a browser to read it with."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import pytest
from playwright.sync_api import Browser, Page

from acv_pipeline.contract import Contract
from acv_pipeline.publishing.report import Report, write_report
from acv_pipeline.warehouse import open_warehouse
from acv_pipeline.warehouse.home import Home
from acv_pipeline_tests.deliveries import REAL_DATA, WHY_NO_REAL_DATA
from acv_pipeline_tests.report.world import World, fill, small
from acv_pipeline_tests.warehouses import process

TODAY = dt.date(2026, 11, 23)
RELEASE = "5e" * 32


@pytest.fixture(scope="package")
def world(contract: Contract, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("world")
    of_world = small(contract)
    with open_warehouse(Home(folder / "home"), of_world) as connection:
        fill(connection, of_world, folder / "landing")
        yield World(connection, of_world)


@pytest.fixture(scope="package")
def real(contract: Contract, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """The six official releases."""
    if not REAL_DATA.is_dir():
        pytest.skip(WHY_NO_REAL_DATA)
    folder = tmp_path_factory.mktemp("real")
    landing = folder / "landing"
    landing.mkdir()
    (landing / "barometre").symlink_to((REAL_DATA / "barometre").resolve())
    with open_warehouse(Home(folder / "home"), contract) as connection:
        process(connection, contract, landing)
        yield World(connection, contract)


def report_on(world: World, folder: Path) -> Report:
    return write_report(
        world.connection,
        world.contract,
        folder / "index.html",
        release_sha256=RELEASE,
        today=TODAY,
    )


@pytest.fixture(scope="package")
def report(world: World, tmp_path_factory: pytest.TempPathFactory) -> Report:
    return report_on(world, tmp_path_factory.mktemp("report"))


@pytest.fixture(scope="package")
def real_report(real: World, tmp_path_factory: pytest.TempPathFactory) -> Report:
    return report_on(real, tmp_path_factory.mktemp("real_report"))


@dataclass
class Seen:
    """What a page did while it was read: nothing of this should be there."""

    console: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)


Open = Callable[..., Page]


@pytest.fixture
def seen() -> Seen:
    return Seen()


@pytest.fixture
def open_page(browser: Browser, seen: Seen) -> Iterator[Open]:
    """Opens a report; settings are those of a browser context."""
    contexts = []

    def opened(report: Report, **settings: object) -> Page:
        context = browser.new_context(**settings)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: seen.console.append(message.text))
        page.on("pageerror", lambda error: seen.console.append(str(error)))
        page.on("request", lambda request: seen.requests.append(request.url))
        page.goto(report.path.as_uri())
        return page

    yield opened
    for context in contexts:
        context.close()


def rows(connection: duckdb.DuckDBPyConnection, sql: str, *given: object) -> list[tuple]:
    return connection.execute(sql, list(given)).fetchall()
