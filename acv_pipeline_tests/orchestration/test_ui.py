"""The Dagster UI of ``make dev`` as a person uses it: a year is filled by clicks.

One story in one test, because starting webserver and daemon, and the daemon's half minutes, are
most of its time. ``ACV_SHOTS=folder`` keeps pictures of every page.
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
from acv_pipeline.contract.months import month_of
from acv_pipeline.definitions import build_definitions
from acv_pipeline.flow.pipeline import Pipeline
from acv_pipeline.warehouse import read_published
from acv_pipeline.warehouse.home import Home
from acv_pipeline_tests.alerts.receivers import free_port
from acv_pipeline_tests.deliveries import course, deliver, deliver_course

ROOT = Path(__file__).parents[2]
PATIENCE = 240_000  # milliseconds; how long a busy machine may take for any step
YEAR = [f"2019-{month:02}" for month in range(1, 13)]
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


@pytest.fixture
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


def deliver_year(landing: Path, contract: Contract) -> None:
    """Both partners; in December one département of Anah falls, which warns."""
    deliver_course(landing, contract, "action_logement", YEAR)
    deliver_course(landing, contract, "anah", YEAR[:-1])
    december = course(contract, month_of(YEAR[-1]))
    december[FALLEN] = course(contract, month_of(YEAR[-2]))[FALLEN] - 3
    deliver(landing, "anah", "2020-01-10", {YEAR[-1]: december}, name="ACV_anah_2019-12.csv")
    for path in landing.rglob("*.csv"):
        os.utime(path, (time.time() - 60,) * 2)


def test_a_year_is_filled_by_clicks(
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

    # the year arrives after the sensor's look, so that it waits for a person
    dev.until(lambda: dev.says("Sensor arrivals skipped"))
    deliver_year(landing, contract)
    page.locator("a[href='/jobs']").click()
    page.get_by_role("link", name="monthly_figures_job").first.click()
    page.get_by_role("button", name="Materialize all").click()
    page.get_by_text("Show all partitions").click()
    months = page.get_by_placeholder(re.compile("^ex: 2018-09-01"))
    months.fill(f"[{YEAR[0]}-01...{YEAR[-1]}-01]")
    months.press("Enter")
    expect(page.get_by_text("12 partitions")).to_be_visible()
    ui.shot("backfill-dialog")
    launch = page.get_by_role("button", name="Launch backfill")
    launch.click()
    expect(launch).to_be_hidden()

    # the months fill, in one run
    ui.open("/assets/department_rankings?view=partitions")
    expect(page.get_by_text("Materialized (12)")).to_be_visible()
    expect(page.get_by_text("Failed (0)")).to_be_visible()
    ui.shot("partitions")
    ui.open("/assets/department_rankings")
    expect(page.get_by_text("Latest check results")).to_be_visible()
    ui.shot("asset")
    ui.open("/assets/validated_dwellings?view=checks&checkDetail=department_decreases")
    expect(page.get_by_text("falls, by 3 dwellings in all, since 2019-11")).to_be_visible()
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
    expect(page.get_by_text("judging what was received for 12 months")).to_be_visible()
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
    ui.open("/locations/acv_pipeline/assets/resources")
    for resource in definitions.resources or {}:
        expect(page.get_by_role("link", name=resource)).to_be_visible()
    ui.shot("resources")


def test_a_year_of_all_assets_is_published_though_its_december_is_held(
    dev: Dev, ui: Ui, home: Home, landing: Path, contract: Contract
) -> None:
    """A backfill of assets leaves out what is behind a month that is held; automation makes it."""
    page = ui.page
    dev.until(dev.answers)
    dev.until(lambda: dev.says("Sensor arrivals skipped"))
    deliver_year(landing, contract)
    december = course(contract, month_of(YEAR[-1]), source="action_logement")
    del december["62"]  # without any row: nobody said why
    path = deliver(landing, "action_logement", "2020-01-11", {YEAR[-1]: december}, name="again.csv")
    os.utime(path, (time.time() - 60,) * 2)
    ui.open("/asset-groups")
    page.get_by_role("button", name="Materialize all").click()
    page.get_by_text("Show all partitions").click()
    months = page.get_by_placeholder(re.compile("^ex: 2018-09-01"))
    months.fill(f"[{YEAR[0]}-01...{YEAR[-1]}-01]")
    months.press("Enter")
    ui.shot("asset-backfill")
    launch = page.get_by_role("button", name="Launch backfill")
    launch.click()
    expect(launch).to_be_hidden()
    ui.open("/assets/department_rankings?view=partitions")
    expect(page.get_by_text("Materialized (11)")).to_be_visible()
    expect(page.get_by_text("Failed (1)")).to_be_visible()
    dev.until(home.report.exists)
    ui.open("/runs")
    page.get_by_text("Show runs within backfills").click()
    expect(page.get_by_text("Failure", exact=True)).to_have_count(1)
    expect(page.get_by_text("Success", exact=True)).to_have_count(1)
    expect(page.get_by_role("link", name="automation", exact=True)).to_be_visible()
    ui.shot("asset-backfill-runs")
    with read_published(home) as copy:
        published = copy.execute("select distinct month from marts.series order by 1").fetchall()
    assert [f"{month:%Y-%m}" for (month,) in published] == YEAR, "what was accepted stands"
