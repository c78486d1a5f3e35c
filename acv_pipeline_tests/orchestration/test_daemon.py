"""The real daemon: files are dropped, nobody touches Dagster, figures and mails come out.

A story in a test, because starting the daemon is most of its time.
"""

from __future__ import annotations

import fcntl
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import pytest

from acv_pipeline.contract import Contract
from acv_pipeline.contract.months import month_of
from acv_pipeline.definitions import JOB
from acv_pipeline.warehouse import mended_of
from acv_pipeline.warehouse.home import Home
from acv_pipeline_tests.alerts.receivers import Mailbox, Webhook
from acv_pipeline_tests.deliveries import ACV, deliver, deliver_trajectory, steady_figures
from acv_pipeline_tests.observing.conftest import acv_apart
from acv_pipeline_tests.orchestration.impatience import make_impatient

ROOT = Path(__file__).parents[2]
PATIENCE_SECONDS = 240


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    box = Mailbox()
    yield box
    box.stop()


@pytest.fixture
def webhook() -> Iterator[Webhook]:
    hook = Webhook()
    yield hook
    hook.stop()


def about(channel: Mailbox | Webhook, *words: str) -> list[str]:
    """Subjects of the messages that have all of ``words`` in them."""
    return [s for s in channel.subjects if all(word.lower() in s.lower() for word in words)]


class Daemon:
    """``dagster-daemon`` on one home, started and killed like any process."""

    def __init__(self, home: Home, landing: Path, channels: list[str]) -> None:
        self.home = home
        self.environment = {
            **os.environ,
            **make_impatient(home),
            "ACV_HOME": str(home.root),
            "ACV_LANDING": str(landing),
            "DAGSTER_HOME": str(home.dagster),
            "ACV_ALERT_URLS": " ".join(channels),
            "ACV_TICK_SECONDS": "2",
            "ACV_LOG_FORMAT": "json",
        }
        self.log = (home.root / "daemon.log").open("w")

    def rounds(self, result: str = "") -> int:
        """Rounds of alerts that ended, with this result."""
        text = Path(self.log.name).read_text()
        return text.count(f"Sensor alerts skipped: {result}")

    def start(self) -> None:
        self.process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "dagster._daemon",
                "run",
                "-w",
                "workspace.yaml",
                "--log-format",
                "json",
            ],
            cwd=ROOT,
            env=self.environment,
            stdout=self.log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    def kill(self) -> None:
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


@pytest.fixture
def daemon(home: Home, landing: Path, mailbox: Mailbox, webhook: Webhook) -> Iterator[Daemon]:
    started = Daemon(home, landing, [mailbox.url, webhook.url])
    started.start()
    yield started
    started.kill()
    started.log.close()


def until(what: str, holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not holds():
        assert time.monotonic() < deadline, f"waited in vain: {what}"
        time.sleep(0.5)


def ranked(home: Home, month: str) -> int:
    """How many départements the published copy ranks in a month."""
    if not home.published.exists():
        return 0
    with duckdb.connect(str(home.published), read_only=True) as connection:
        ((count,),) = connection.execute(
            "select count(*) from marts.department_rankings"
            " where series = 'total' and indicator_id = ? and month = ?",
            [ACV, month_of(month)],
        ).fetchall()
    return int(count)


def settled(path: Path) -> Path:
    """As if the file had been written a while ago."""
    os.utime(path, (time.time() - 60, time.time() - 60))
    return path


HELD = ("error", "November 2018", "held back")
SOLVED = ("solved", "November 2018", "held back")


def test_months_arrive_are_held_corrected_and_told(
    daemon: Daemon,
    mailbox: Mailbox,
    webhook: Webhook,
    home: Home,
    landing: Path,
    contract: Contract,
) -> None:
    # two good months of both partners are green and ranked, with nobody touching Dagster; a bad
    # one is told where one listens, for the mail server is away. The daemon is killed before it
    # is back.
    mailbox.stop()
    november = steady_figures(contract, month_of("2018-11"), source="action_logement")
    del november["62"]
    deliver(landing, "action_logement", "2018-12-11", {"2018-11": november}, name="n.csv")
    deliver_trajectory(landing, contract, "action_logement", ["2018-09", "2018-10"])
    deliver_trajectory(landing, contract, "anah", ["2018-09", "2018-10", "2018-11"])
    for path in landing.rglob("*.csv"):
        settled(path)
    until("two months ranked", lambda: ranked(home, "2018-10") == 96)
    until("lateness told", lambda: bool(about(webhook, "late")))
    until("the hold is told", lambda: bool(about(webhook, *HELD)))
    told = daemon.rounds()
    until("the round that told it is over", lambda: daemon.rounds() > told)
    daemon.kill()
    assert ranked(home, "2018-11") == 0
    assert mailbox.subjects == []

    # the correction comes while nobody is there; then the webhook is away instead
    settled(
        deliver(
            landing,
            "action_logement",
            "2018-12-20",
            {"2018-11": steady_figures(contract, month_of("2018-11"), source="action_logement")},
            name="corrected.csv",
        )
    )
    mailbox.start()
    webhook.stop()
    daemon.start()
    until("the hold is mailed", lambda: bool(about(mailbox, *HELD)))
    until("lateness is mailed", lambda: bool(about(mailbox, "late")))
    until("the correction is ranked", lambda: ranked(home, "2018-11") == 96)
    until("the recovery is mailed", lambda: bool(about(mailbox, *SOLVED)))
    webhook.start()
    until("the recovery is told everywhere", lambda: bool(about(webhook, *SOLVED)))

    # nothing is told again
    told = daemon.rounds()
    until("two more rounds", lambda: daemon.rounds() >= told + 2)
    for channel in (mailbox, webhook):
        assert len(about(channel, *HELD)) == len(about(channel, *SOLVED)) == 1, channel.subjects
        assert len(set(channel.subjects)) == len(channel.subjects), "no message twice"

    # whoever watches machines is content: looked at lately, heard of lately
    until(
        "it is well",
        lambda: acv_apart(home, "health", environment=daemon.environment).returncode == 0,
    )

    # all that the daemon, its code servers and the runs logged is JSON, with one set of names
    entries = [json.loads(line) for line in Path(daemon.log.name).read_text("utf-8").splitlines()]
    assert all({"timestamp", "level", "logger", "event"} <= entry.keys() for entry in entries)
    assert any(entry["logger"] == "dagster.daemon.SensorDaemon" for entry in entries)
    assert any("does not work, its messages wait" in entry["event"] for entry in entries
               if entry["logger"] == "acv_pipeline.alerts")  # fmt: skip
    of_runs = [entry for entry in entries if entry.get("job_name") == JOB]
    assert any("checks of" in entry["event"] and entry["step_key"] for entry in of_runs)


def test_a_warehouse_that_is_damaged_between_two_deliveries_is_no_end(
    daemon: Daemon, webhook: Webhook, home: Home, landing: Path, contract: Contract, tmp_path: Path
) -> None:
    for source in ("action_logement", "anah"):
        deliver_trajectory(landing, contract, source, ["2018-09", "2018-10"])
    for path in landing.rglob("*.csv"):
        settled(path)
    until("two months ranked", lambda: ranked(home, "2018-10") == 96)
    # while no run is at work on it, nor anything else has it open
    with home.at_work("a failing disk"), home.warehouse.open("r+b") as file:
        fcntl.lockf(file, fcntl.LOCK_EX)
        file.truncate(0)
        file.write(b"something else" * 1000)
    for source in ("action_logement", "anah"):
        deliver_trajectory(landing, contract, source, ["2018-11"])
    for path in landing.rglob("*2018-11.csv"):
        settled(path)

    # nobody does anything
    until("the next month is ranked", lambda: ranked(home, "2018-11") == 96)
    until("it is told", lambda: bool(about(webhook, "damaged database file")))
    (entry,) = mended_of(home)
    assert (entry.file, entry.base, entry.lost) == ("warehouse.duckdb", "copy", [])
    line = "warehouse.duckdb was damaged"
    assert line in str(entry) and line in Path(daemon.log.name).read_text("utf-8")
    assert line in acv_apart(home, "status", environment=daemon.environment).stdout

    # figures are those of a home whose disk never failed
    twin = Home(tmp_path / "twin")
    ran = acv_apart(twin, "run", "--landing", str(landing))
    assert ran.returncode == 0, ran
    assert figures(home) == figures(twin)


def figures(home: Home) -> list[tuple[object, ...]]:
    with duckdb.connect(str(home.published), read_only=True) as connection:
        return connection.execute("select * from marts.monthly_increments order by all").fetchall()
