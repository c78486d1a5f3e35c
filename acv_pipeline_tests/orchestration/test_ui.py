"""The Dagster UI of ``make dev`` as a person uses it: months are filled by clicks.

Webserver and daemon are started once, since that is much of the time; the second test goes on
where the first ended. ``ACV_SHOTS=folder`` keeps pictures of every page.
"""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from acv_pipeline.contract import Contract
from acv_pipeline.contract.months import month_of, shift
from acv_pipeline.definitions import build_definitions
from acv_pipeline.flow.pipeline import Pipeline
from acv_pipeline.warehouse import read_published
from acv_pipeline.warehouse.home import Home
from acv_pipeline_tests.alerts.receivers import free_port
from acv_pipeline_tests.deliveries import deliver, deliver_trajectory, steady_figures
from acv_pipeline_tests.orchestration.impatience import make_impatient

ROOT = Path(__file__).parents[2]
PATIENCE = 240_000  # milliseconds; how long a busy machine may take for any step
FIRST = ["2018-09", "2018-10", "2018-11", "2018-12"]
NEXT = ["2019-01", "2019-02", "2019-03", "2019-04"]
FALLEN = "59"
RUN = "a[href^='/runs/']:not([href^='/runs/b/'])"


class Dev:
    """``make dev`` on one home."""

    def __init__(self, home: Home, landing: Path) -> None:
        self.log = home.root.parent / "dev.log"
        self.port = free_port()
        with self.log.open("w") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "acv_pipeline.cli.dev"],
                cwd=ROOT,
                env={
                    **os.environ,
                    **make_impatient(home),
                    "ACV_HOME": str(home.root),
                    "ACV_LANDING": str(landing),
                    "ACV_PORT": str(self.port),
                    "ACV_TICK_SECONDS": "3600",  # what arrives later is left to the person
                },
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def until(self, holds: Callable[[], bool]) -> None:
        deadline = time.monotonic() + PATIENCE / 1000
        while not holds():
            running = self.process.poll() is None
            assert running and time.monotonic() < deadline, self.log.read_text()
            time.sleep(0.2)

    def answers(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def says(self, text: str) -> bool:
        return text in self.log.read_text()

    def stop(self) -> None:
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    return Home(tmp_path_factory.mktemp("ui") / "home")


@pytest.fixture(scope="module")
def landing(home: Home) -> Path:
    folder = home.root.with_name("landing")
    folder.mkdir()
    return folder


@pytest.fixture(scope="module")
def dev(home: Home, landing: Path) -> Iterator[Dev]:
    started = Dev(home, landing)
    yield started
    started.stop()


class Ui:
    """The UI in a browser."""

    def __init__(self, page: Page, port: int) -> None:
        self.page = page
        self.base = f"http://127.0.0.1:{port}"
        page.set_default_timeout(PATIENCE)
        expect.set_options(timeout=PATIENCE)

    def open(self, path: str) -> None:
        self.page.goto(self.base + path)

    def shot(self, name: str) -> None:
        if folder := os.environ.get("ACV_SHOTS"):
            self.page.wait_for_timeout(1500)  # for what moves to come to rest
            self.page.screenshot(path=Path(folder) / f"ui-{name}.png")


@pytest.fixture
def ui(browser: Browser, dev: Dev) -> Iterator[Ui]:
    page = browser.new_page(viewport={"width": 1500, "height": 1000})
    yield Ui(page, dev.port)
    page.close()


def deliver_months(
    landing: Path, contract: Contract, months: list[str], source: str, last: dict[str, int]
) -> None:
    """Months of both partners, of whose last one ``source`` says something of its own."""
    for partner in ("anah", "action_logement"):
        deliver_trajectory(landing, contract, partner, months[: -1 if partner == source else None])
    day = f"{shift(month_of(months[-1]), 1):%Y-%m}-10"
    deliver(landing, source, day, {months[-1]: last}, name="last.csv")
    for path in landing.rglob("*.csv"):
        os.utime(path, (time.time() - 60,) * 2)


def launch_backfill(ui: Ui, wanted: list[str]) -> None:
    """In the dialogue that *Materialize all* opens."""
    page = ui.page
    page.get_by_role("button", name="Materialize all").click()
    page.get_by_text("Show all partitions").click()
    months = page.get_by_placeholder(re.compile("^ex: 2018-09-01"))
    months.fill(f"[{wanted[0]}-01...{wanted[-1]}-01]")
    months.press("Enter")
    expect(page.get_by_text(f"{len(wanted)} partitions")).to_be_visible()
    ui.shot(f"backfill-dialog-{wanted[0]}")
    launch = page.get_by_role("button", name="Launch backfill")
    launch.click()
    expect(launch).to_be_hidden()


def test_months_are_filled_by_clicks(
    dev: Dev, ui: Ui, home: Home, landing: Path, contract: Contract
) -> None:
    page = ui.page
    definitions = build_definitions(Pipeline.configured(home, landing))
    automations = [*(definitions.schedules or []), *(definitions.sensors or [])]
    dev.until(dev.answers)

    # everything that makes it run by itself is on
    ui.open("/automation")
    for automation in automations:
        expect(page.get_by_role("link", name=re.compile(f" {automation.name} "))).to_be_visible()
    expect(page.locator("input[type=checkbox]:checked")).to_have_count(len(automations))
    ui.shot("automation")

    # they arrive after the sensor's look, so that they wait for a person
    dev.until(lambda: dev.says("Sensor arrivals skipped"))
    last = steady_figures(contract, month_of(FIRST[-1]))  # a fall, which warns
    last[FALLEN] = steady_figures(contract, month_of(FIRST[-2]))[FALLEN] - 3
    deliver_months(landing, contract, FIRST, "anah", last)
    page.locator("a[href='/jobs']").click()
    page.get_by_role("link", name="monthly_figures_job").first.click()
    launch_backfill(ui, FIRST)

    # the months fill, in one run
    ui.open("/assets/department_rankings?view=partitions")
    expect(page.get_by_text("Materialized (4)")).to_be_visible()
    expect(page.get_by_text("Failed (0)")).to_be_visible()
    ui.shot("partitions")
    ui.open("/assets/department_rankings")
    expect(page.get_by_text("Latest check results")).to_be_visible()
    ui.shot("asset")
    ui.open("/assets/validated_dwellings?view=checks&checkDetail=department_decreases")
    expect(page.get_by_text("falls, by 3 dwellings in all, since 2018-11")).to_be_visible()
    expect(page.get_by_text("what to do", exact=True)).to_be_visible()
    ui.shot("failed-check")
    ui.open("/asset-groups")
    expect(page.get_by_text("publication").first).to_be_visible()
    page.keyboard.press("Alt+e")  # expand all groups
    ui.shot("lineage")
    ui.open("/runs?view=backfills")
    expect(page.get_by_text("Success", exact=True)).to_be_visible()
    ui.shot("backfills")
    ui.open("/runs")
    page.get_by_text("Show runs within backfills").click()
    expect(page.get_by_text("Success", exact=True)).to_have_count(1)
    ui.shot("runs")

    # the numbers of each month as plots, and what the run printed
    ui.open("/assets/validated_dwellings")
    page.get_by_text("Plots", exact=True).click()
    expect(page.get_by_text("rows quarantined", exact=True)).to_be_visible()
    expect(page.get_by_text("When graphing values by partition")).to_be_visible()
    expect(page.locator("canvas")).to_have_count(4)
    ui.shot("plots")
    ui.open("/runs")
    page.get_by_text("Show runs within backfills").click()
    page.locator(RUN).first.click()
    page.get_by_text("stdout", exact=True).click()
    page.get_by_placeholder("Select a step").click()
    page.get_by_text(re.compile(r"^pid: \d+ \(7 steps\)$")).first.click()
    expect(page.get_by_text("judging what was received for 4 months")).to_be_visible()
    ui.shot("stdout")

    # checks alone, of all months: a run that has none of its own
    ui.open("/assets/department_rankings?view=checks")
    page.get_by_role("button", name="Execute all").click()
    expect(page.get_by_text("Launched run")).to_be_visible()
    ui.open("/runs")
    expect(page.get_by_text("Success", exact=True)).to_have_count(1)
    alone = page.locator(RUN).first.get_attribute("href")
    ui.open("/assets/department_rankings?view=checks&checkDetail=ranks_start_at_1")
    # the last evaluation, which is that of the last month, is this run's own
    expect(page.locator(f"a[href^='{alone}']").first).to_be_visible()
    expect(page.get_by_text("Passed").first).to_be_visible()
    ui.shot("checks-alone")

    # what the assets need of the world
    ui.open("/locations/acv_pipeline/resources")
    for resource in definitions.resources or {}:
        expect(page.get_by_role("link", name=resource)).to_be_visible()
    ui.shot("resources")


def test_months_of_all_assets_are_published_though_their_last_is_held(
    dev: Dev, ui: Ui, home: Home, landing: Path, contract: Contract
) -> None:
    """A backfill of assets leaves out what is behind a month that is held; automation makes it."""
    page = ui.page
    dev.until(dev.answers)
    dev.until(lambda: dev.says("Sensor arrivals skipped"))
    reported = home.report.stat().st_mtime_ns if home.report.exists() else 0
    last = steady_figures(contract, month_of(NEXT[-1]), source="action_logement")
    del last["62"]  # without any row: nobody said why
    deliver_months(landing, contract, NEXT, "action_logement", last)
    ui.open("/asset-groups")
    launch_backfill(ui, NEXT)
    ui.open("/assets/department_rankings?view=partitions")
    expect(page.get_by_text("Failed (1)")).to_be_visible()
    dev.until(lambda: home.report.exists() and home.report.stat().st_mtime_ns > reported)
    ui.open("/runs")
    page.get_by_text("Show runs within backfills").click()
    expect(page.get_by_text("Failure", exact=True)).to_have_count(1)
    expect(page.get_by_role("link", name="automation", exact=True).first).to_be_visible()
    ui.shot("asset-backfill-runs")
    with read_published(home) as copy:
        published = copy.execute(
            "select distinct month from marts.series where month >= '2019-01-01' order by 1"
        ).fetchall()
        ranked = copy.execute(
            "select distinct month from marts.series where series = 'total'"
            " and month >= '2019-01-01' order by 1"
        ).fetchall()
    assert [f"{month:%Y-%m}" for (month,) in published] == NEXT, "what was accepted stands"
    assert [f"{month:%Y-%m}" for (month,) in ranked] == NEXT[:-1]
