"""The real daemon: files are dropped, nobody touches Dagster, figures and mails come out.

One story in one test, because starting the daemon is most of its time.
"""

from __future__ import annotations

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
from acv_pipeline.home import Home
from acv_pipeline.orchestration.home import instance as open_instance
from acv_pipeline_tests.alerts.receivers import Mailbox
from acv_pipeline_tests.deliveries import ACV, course, deliver, deliver_course

ROOT = Path(__file__).parents[2]
PATIENCE_SECONDS = 240


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    box = Mailbox()
    yield box
    box.stop()


def about(mailbox: Mailbox, *words: str) -> list[str]:
    """Subjects of the mails that have all of ``words`` in them."""
    return [s for s in mailbox.subjects if all(word.lower() in s.lower() for word in words)]


class Daemon:
    """``dagster-daemon`` on one home, started and killed like any process."""

    def __init__(self, home: Home, landing: Path, mailbox: Mailbox) -> None:
        self.home = home
        self.environment = {
            **os.environ,
            "ACV_HOME": str(home.root),
            "ACV_LANDING": str(landing),
            "DAGSTER_HOME": str(home.dagster),
            "ACV_ALERT_URLS": mailbox.url,
            "ACV_TICK_SECONDS": "5",
        }
        self.log = (home.root / "daemon.log").open("w")

    def start(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "dagster._daemon", "run", "-w", "workspace.yaml"],
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
def daemon(home: Home, landing: Path, mailbox: Mailbox) -> Iterator[Daemon]:
    with open_instance(home):
        pass
    started = Daemon(home, landing, mailbox)
    started.start()
    yield started
    started.kill()
    started.log.close()


def until(what: str, holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not holds():
        assert time.monotonic() < deadline, f"waited in vain: {what}"
        time.sleep(0.5)


def settled(path: Path) -> Path:
    """As if the file had been written a while ago."""
    os.utime(path, (time.time() - 60, time.time() - 60))
    return path


def test_months_arrive_are_held_corrected_and_told(
    daemon: Daemon, mailbox: Mailbox, home: Home, landing: Path, contract: Contract
) -> None:
    def total(month: str) -> int:
        if not home.published.exists():
            return 0
        with duckdb.connect(str(home.published), read_only=True) as connection:
            ((count,),) = connection.execute(
                "select count(*) from marts.department_rankings"
                " where series = 'total' and indicator_id = ? and month = ?",
                [ACV, month_of(month)],
            ).fetchall()
        return int(count)

    # two good months of both partners: green and ranked, with nobody touching Dagster
    for source in ("anah", "action_logement"):
        deliver_course(landing, contract, source, ["2018-09", "2018-10"])
    for path in landing.rglob("*.csv"):
        settled(path)
    until("two months ranked", lambda: total("2018-10") == 96)

    # a bad month, while the mail server is away and the daemon is killed in between
    until("lateness told once", lambda: bool(about(mailbox, "late")))
    mailbox.stop()
    deliver_course(landing, contract, "anah", ["2018-11"])
    november = course(contract, month_of("2018-11"), source="action_logement")
    del november["62"]
    settled(deliver(landing, "action_logement", "2018-12-11", {"2018-11": november}, name="n.csv"))
    for path in landing.rglob("ACV_anah_2018-11.csv"):
        settled(path)

    def held() -> bool:
        with duckdb.connect(str(home.published), read_only=True) as connection:
            rows = connection.execute("select status from validated.held_months").fetchall()
        return rows == [("held",)]

    until("the bad month is held", held)
    assert total("2018-11") == 0
    daemon.kill()
    mailbox.start()
    held_back = ("error", "November 2018", "held back")
    assert about(mailbox, *held_back) == []
    daemon.start()
    until("the hold is told", lambda: bool(about(mailbox, *held_back)))

    # the correction: released, and one recovery
    settled(
        deliver(
            landing,
            "action_logement",
            "2018-12-20",
            {"2018-11": course(contract, month_of("2018-11"), source="action_logement")},
            name="corrected.csv",
        )
    )
    until("the correction is ranked", lambda: total("2018-11") == 96)
    until(
        "the recovery is told", lambda: bool(about(mailbox, "solved", "November 2018", "held back"))
    )
    time.sleep(12)  # two more rounds must tell nothing again
    assert len(about(mailbox, *held_back)) == 1, mailbox.subjects
    solved = about(mailbox, "solved", "November 2018", "held back")
    assert len(solved) == 1, mailbox.subjects
    assert len(set(mailbox.subjects)) == len(mailbox.subjects), "no message twice"
