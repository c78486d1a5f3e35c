"""``acv health``: every aspect fine and not, and never anybody's way."""

from __future__ import annotations

import datetime as dt
import json
import os
import re
import socket
import time
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.remote_origin import (
    ManagedGrpcPythonEnvCodeLocationOrigin,
    RemoteRepositoryOrigin,
)
from dagster._core.scheduler.instigation import (
    InstigatorState,
    InstigatorStatus,
    InstigatorType,
)
from dagster._core.test_utils import create_run_for_test
from dagster._core.types.loadable_target_origin import LoadableTargetOrigin
from dagster._daemon.types import DaemonHeartbeat

from acv_pipeline.assets.ui import LOCATION, REPOSITORY, SIGN_OFF
from acv_pipeline.cli.observing import NAMES
from acv_pipeline.contract import Contract
from acv_pipeline.definitions import JOB
from acv_pipeline.operations import standstill
from acv_pipeline.operations.health import Health, Record, health
from acv_pipeline.operations.standstill import TELL_AFTER
from acv_pipeline.orchestration.instance import instance, prepare
from acv_pipeline.orchestration.pulse import Pulse, read
from acv_pipeline.warehouse import open_warehouse
from acv_pipeline.warehouse.home import Home
from acv_pipeline_tests.observing.conftest import HELD, acv, acv_apart

NOW = dt.datetime.now(dt.UTC)
PAGE = Path(__file__).parents[2] / "docs" / "observing.md"
SECRET = "zq7-of-the-database"
A_DAY = 24 * 3600


def look(home: Home, record: Record | None = None, *, with_daemon: bool = True) -> Health:
    now = dt.datetime.now(dt.UTC)
    return health(home, record or read(home), now, with_daemon=with_daemon)


def beat(home: Home, ago: dt.timedelta, *, but: str = "") -> None:
    """As the daemon does every half minute."""
    with instance(home) as opened:
        for part in opened.get_required_daemon_types():
            if part != but:
                at = (dt.datetime.now(dt.UTC) - ago).timestamp()
                opened.add_daemon_heartbeat(DaemonHeartbeat(at, part, "1", []))


def test_a_home_without_a_daemon_is_fine_after_a_run(after_a_run: Home) -> None:
    said = acv(after_a_run, "health", "--without-daemon")
    assert said.returncode == 0 and "✗" not in said.stdout, said
    assert "✓ held months: 1 month is held: 2018-11, since 2018-12-10" in said.stdout
    told = acv(after_a_run, "health", "--without-daemon", "--json")
    found = json.loads(told.stdout)
    assert found["is_fine"] and told.returncode == 0
    aspects = found["aspects"]
    assert aspects.keys() == NAMES.keys() - {"daemon"}
    assert aspects["runs"]["status"] == "FAILURE", "which is how a run ends that held a month"
    assert aspects["held_months"]["oldest"] == HELD and aspects["held_months"]["count"] == 1
    assert aspects["space"]["bytes_free"] > aspects["space"]["bytes_needed"] > 500_000_000
    assert abs(dt.datetime.fromisoformat(aspects["landing_zone"]["looked_at"]) - NOW) < TELL_AFTER


def test_a_daemon_that_never_ran_is_no_health(after_a_run: Home) -> None:
    said = acv(after_a_run, "health")
    assert said.returncode == 1 and "✗ daemon: it has never run here" in said.stdout, said


def test_a_home_where_nothing_ever_ran(home: Home) -> None:
    said = acv(home, "health", "--json")
    assert said.returncode == 1 and not home.root.exists(), "nothing is made by looking"
    fine = {name for name, found in json.loads(said.stdout)["aspects"].items() if found["is_fine"]}
    assert fine == {"held_months", "space", "backup", "alerts"}


def test_the_daemon_is_as_alive_as_its_slowest_part(observed: Home) -> None:
    beat(observed, dt.timedelta(seconds=40), but="SENSOR")
    found = look(observed).aspects["daemon"]
    assert not found.is_fine and found.says == "parts of it have never run: SENSOR"
    beat(observed, dt.timedelta(seconds=20))
    assert look(observed).is_fine
    beat(observed, dt.timedelta(minutes=6), but="SENSOR")
    found = look(observed).aspects["daemon"]
    assert not found.is_fine and found.says == "its last sign of life is 6 min old"
    beat(observed, -dt.timedelta(hours=1))
    found = look(observed).aspects["daemon"]
    assert not found.is_fine and found.says.endswith("still to come: is the clock right?")


def test_a_landing_zone_that_nobody_looks_at(observed: Home) -> None:
    record = Record()
    old = time.time() - TELL_AFTER.total_seconds() - 60
    assert look(observed, record).aspects["landing_zone"].is_fine
    os.utime(observed.looked, (old, old))
    assert not look(observed, record).aspects["landing_zone"].is_fine
    assert look(observed, record, with_daemon=False).aspects["landing_zone"].is_fine
    with observed.at_work():
        assert look(observed, record).aspects["landing_zone"].is_fine, "a run takes its time"
    standstill.seen(observed)
    assert look(observed, record).aspects["landing_zone"].is_fine
    at = time.time()
    os.utime(observed.looked, (at, at - 40 * A_DAY))
    found = look(observed, record, with_daemon=False).aspects["landing_zone"]
    assert not found.is_fine and found.says.startswith("looked at 40 days ago: does nobody call")
    os.utime(observed.looked, (at, at + A_DAY))
    for with_daemon in (True, False):
        found = look(observed, record, with_daemon=with_daemon).aspects["landing_zone"]
        assert not found.is_fine and "still to come: is the clock right?" in found.says


def test_a_run_by_hand_that_cannot_look_is_on_record(observed: Home, tmp_path: Path) -> None:
    ran = acv(observed, "run", "--landing", str(tmp_path / "away"))
    known = standstill.standing(observed)
    assert ran.returncode == 2 and known and known.reason in ran.stderr, ran
    standstill.begin(observed, known.reason, NOW + dt.timedelta(days=1))
    assert standstill.standing(observed) == known, "whatever the clock says later"
    standstill.end(observed)
    standstill.begin(observed, known.reason, NOW - TELL_AFTER)
    found = look(observed, Record(), with_daemon=False).aspects["landing_zone"]
    assert not found.is_fine and found.says.endswith(known.reason)
    (tmp_path / "away").mkdir()
    assert acv(observed, "run", "--landing", str(tmp_path / "away")).returncode != 2
    assert standstill.standing(observed) is None


def test_a_run_that_fails_is_no_health_until_one_does_not(
    observed: Home, after_a_run: Home
) -> None:
    """Of what can fail: the releases cannot be written."""
    again = ("run", "--landing", str(after_a_run.root.parent / "landing"))
    observed.releases.rename(observed.root / "aside")
    observed.releases.write_text("no folder")
    observed.published.unlink()
    ran = acv(observed, *again)
    assert ran.returncode == 1 and "failed: " in ran.stderr, ran
    found = look(observed, with_daemon=False).aspects["runs"]
    assert not found.is_fine and str(observed.releases) in found.says
    assert found.says.endswith("put that right, then re-execute it in the UI")
    observed.releases.unlink()
    (observed.root / "aside").rename(observed.releases)
    observed.published.unlink()  # so that there is something to do
    ran = acv(observed, *again)
    assert "failed: " not in ran.stderr, ran
    assert look(observed, with_daemon=False).aspects["runs"].is_fine


def test_a_run_that_failed_before_it_began_is_the_last(observed: Home) -> None:
    with instance(observed) as opened:
        run = create_run_for_test(opened, job_name=JOB, status=dg.DagsterRunStatus.STARTING)
        opened.report_run_failed(run, "It took longer than 180 seconds to start.")
    (last,) = read(observed).last_runs
    assert (last.status, last.seconds, last.steps) == ("FAILURE", 0, {})
    found = look(observed, with_daemon=False).aspects["runs"]
    assert not found.is_fine and "took longer than 180 seconds to start" in found.says


def test_a_sign_off_that_failed_is_no_illness(observed: Home) -> None:
    with instance(observed) as opened:
        run = create_run_for_test(opened, job_name=SIGN_OFF, status=dg.DagsterRunStatus.STARTING)
        opened.report_run_failed(run, "no such delivery")
    assert {run.job: bool(run.failure) for run in read(observed).last_runs} == {
        JOB: False, SIGN_OFF: True,
    }  # fmt: skip
    assert look(observed, with_daemon=False).aspects["runs"].is_fine


def test_a_run_without_an_end_is_no_health(observed: Home) -> None:
    with observed.at_work():
        assert look(observed).aspects["runs"].is_fine
        then = time.time() - 10 * A_DAY
        os.utime(observed.root / "turn.lock", (then, then))
        found = look(observed).aspects["runs"]
        assert not found.is_fine and found.says.startswith("one has been at work for 10 days: ")
    assert look(observed).aspects["runs"].is_fine, "it has ended"


def test_nobody_is_told_while_the_sensor_is_stopped(observed: Home) -> None:
    """As Dagster's record has it when somebody uses the switch in the UI."""
    target = LoadableTargetOrigin(module_name="acv_pipeline.definitions")
    location = ManagedGrpcPythonEnvCodeLocationOrigin(target, LOCATION)
    origin = RemoteRepositoryOrigin(location, REPOSITORY).get_instigator_origin("alerts")
    state = InstigatorState(origin, InstigatorType.SENSOR, InstigatorStatus.DECLARED_IN_CODE)
    with instance(observed) as opened:
        opened.add_instigator_state(state)
        assert look(observed).aspects["alerts"].is_fine
        opened.update_instigator_state(state.with_status(InstigatorStatus.STOPPED))
    found = look(observed).aspects["alerts"]
    assert not found.is_fine and "the sensor 'alerts' is stopped" in found.says
    assert look(observed, with_daemon=False).aspects["alerts"].is_fine, "no daemon, no sensor"


def test_looking_at_a_home_that_was_moved_changes_nothing(
    observed: Home, after_a_run: Home
) -> None:
    settings = observed.dagster / "dagster.yaml"
    before = settings.read_text("utf-8")
    assert str(after_a_run.root) in before and str(observed.root) not in before
    assert acv(observed, "health", "--without-daemon").returncode == 0
    assert settings.read_text("utf-8") == before


def test_a_standstill_is_no_health_once_it_is_long(observed: Home) -> None:
    now = dt.datetime.now(dt.UTC)
    standstill.begin(observed, "s3://files refuses access", now - TELL_AFTER / 2)
    assert look(observed, Record()).aspects["landing_zone"].is_fine
    standstill.end(observed)
    standstill.begin(observed, "s3://files refuses access", now - TELL_AFTER)
    found = look(observed, Record()).aspects["landing_zone"]
    assert not found.is_fine and found.says.endswith("UTC: s3://files refuses access")


def test_a_disk_that_is_too_full_for_a_run(observed: Home) -> None:
    assert look(observed, Record()).aspects["space"].is_fine
    os.truncate(observed.warehouse, 10 * 2**40)  # nothing but its size is looked at
    assert not look(observed, Record()).aspects["space"].is_fine


def test_a_damaged_record_or_copy(observed: Home) -> None:
    (observed.dagster / "history" / "runs.db").write_text("no database " * 1000)
    said = acv(observed, "health", "--without-daemon")
    assert said.returncode == 1 and "✗ record: Dagster's record cannot be read" in said.stdout, said
    observed.published.write_text("no database")
    found = look(observed, Record()).aspects["held_months"]
    assert not found.is_fine and found.says.startswith("the published copy cannot be read: ")


def test_a_backup_of_every_night_that_is_not_made(observed: Home, tmp_path: Path) -> None:
    made = acv(observed, "backup", str(tmp_path / "by-hand.tar.gz"))
    found = look(observed, Record()).aspects["backup"]
    assert made.returncode == 0 and found.says == "none is made every night"
    made = acv(observed, "backup", "--nightly", str(tmp_path / "1.tar.gz"))
    found = look(observed, Record()).aspects["backup"]
    assert made.returncode == 0 and found.is_fine and "last made" in found.says
    made = acv(observed, "backup", "--nightly", str(tmp_path / "1.tar.gz" / "no-folder"))
    assert made.returncode == 2, made
    at = time.time() - 2 * A_DAY
    os.utime(observed.nightly_backup, (at, at))
    found = look(observed, Record()).aspects["backup"]
    assert not found.is_fine and "last made 48 h ago: see why" in found.says


def test_alerts_that_cannot_be_told(
    after_a_run: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = look(after_a_run, Record()).aspects["alerts"]
    assert found.is_fine and found.says == "told in the log alone: ACV_ALERT_URLS is not set"
    addresses = tmp_path / "alert-urls"
    wrong = {
        "": f"nobody is told of anything: ACV_ALERT_URLS_FILE: {addresses} is empty: write",
        f"the team's address: {SECRET}\n": "1 entry of ACV_ALERT_URLS is no address",
        f"a {SECRET}\nmailto://u:{SECRET}@127.0.0.1:9\nb": "1 entry of ACV_ALERT_URLS is no",
    }
    monkeypatch.setenv("ACV_ALERT_URLS_FILE", str(addresses))
    found = look(after_a_run, Record()).aspects["alerts"]
    assert not found.is_fine and f"cannot read {addresses} (No such file" in found.says
    for content, says in wrong.items():
        addresses.write_text(content)
        found = look(after_a_run, Record()).aspects["alerts"]
        assert not found.is_fine and found.says.startswith(says), found
    said = acv(after_a_run, "health", "--without-daemon")
    assert said.returncode == 1 and "✗ alerts: 1 entry of ACV_ALERT_URLS" in said.stdout, said
    assert SECRET not in said.stdout + said.stderr
    addresses.write_text(f"error=json://{SECRET}@127.0.0.1:9/a?x=1,2\nwarn=mailto://b@127.0.0.1\n")
    found = look(after_a_run, Record()).aspects["alerts"]
    assert found.is_fine and found.says == "2 addresses are told"


def test_a_database_that_never_answers_is_given_up(
    observed: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        monkeypatch.setenv(
            "ACV_STORAGE_URL", f"postgresql+psycopg2://acv:{SECRET}@127.0.0.1:{port}/dagster"
        )
        (observed.dagster / "dagster.yaml").unlink()
        prepare(observed)
        pulse = Pulse(observed)
        first, second = pulse.take(1), pulse.take(0.1)
        assert first.problem == "Dagster's record does not answer within 1 s"
        assert second.problem and not look(observed, second).is_fine
    deadline = time.monotonic() + 60
    while "within" in (said := pulse.take(10).problem or ""):
        assert time.monotonic() < deadline
    assert said.startswith("Dagster's record cannot be read: ") and SECRET not in said


def test_looking_waits_for_no_writer_and_keeps_none_waiting(
    observed: Home, contract: Contract
) -> None:
    with observed.at_work(), open_warehouse(observed, contract):
        beat(observed, dt.timedelta(0))
        assert look(observed).is_fine
        said = acv_apart(observed, "health")
        assert said.returncode == 0, said


def test_the_page_shows_what_it_prints(observed: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACV_ALERT_URLS", "json://127.0.0.1:9")
    beat(observed, dt.timedelta(seconds=9))
    standstill.seen(observed)
    observed.nightly_backup.touch()
    at = time.time() - 7 * 3600
    os.utime(observed.nightly_backup, (at, at))
    shown = re.search(r"<!-- example: health -->\n```text\n(.*?)```", PAGE.read_text(), re.DOTALL)
    said = acv(observed, "health")
    assert shown and said.returncode == 0, said

    def without_numbers(text: str) -> str:
        return re.sub(r"[\d,.]+", "N", text)

    assert without_numbers(shown[1]) == without_numbers(said.stdout)
    rows = re.findall(r"^\| `(\w+)` \|", PAGE.read_text().split("## For Prometheus")[0], re.M)
    assert set(rows) == set(NAMES)
