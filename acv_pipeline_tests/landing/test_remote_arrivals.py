"""A landing zone on a server drives the pipeline as a folder does; people hear when it is away."""

from __future__ import annotations

import datetime as dt
import os
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from aiobotocore.client import AioBaseClient
from click.testing import CliRunner
from dagster import DagsterInstance

from acv_pipeline.cli.main import main
from acv_pipeline.contract import Contract
from acv_pipeline.contract.months import month_of
from acv_pipeline.definitions import SETTLE_SECONDS
from acv_pipeline.flow.pipeline import Pipeline
from acv_pipeline.landing import RemoteZone
from acv_pipeline.landing.mirror import Mirror
from acv_pipeline.operations.alerts import deliver as tell
from acv_pipeline.operations.alerts.channels import SETTING
from acv_pipeline.operations.standstill import TELL_AFTER
from acv_pipeline.warehouse import read_published
from acv_pipeline.warehouse.home import Home
from acv_pipeline_tests.alerts.receivers import Webhook
from acv_pipeline_tests.deliveries import deliver, deliver_trajectory, steady_figures
from acv_pipeline_tests.landing.conftest import Remote
from acv_pipeline_tests.orchestration.test_sensors import Ticks, run

MONTHS = ["2018-09", "2018-10", "2018-11"]


def upload_trajectory(remote: Remote, folder: Path, contract: Contract) -> None:
    for source in ("anah", "action_logement"):
        deliver_trajectory(folder, contract, source, MONTHS)
    remote.upload(folder)


def test_arrivals_corrections_and_removals(
    s3: Remote, home: Home, landing: Path, contract: Contract, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload_trajectory(s3, landing, contract)
    pipeline = Pipeline.configured(home, s3.zone, SETTLE_SECONDS)
    tick = Ticks(pipeline)
    assert tick() == [("2018-09", "2018-11")]
    run(pipeline, MONTHS)

    with monkeypatch.context() as idle:
        idle.setattr(Mirror, "update", None)  # nothing new: nothing may be fetched
        assert tick() == [] and tick() == []

    corrected = steady_figures(contract, month_of("2018-10")) | {"62": 7}
    path = deliver(
        landing, "anah", "2018-11-10", {"2018-10": corrected}, name="ACV_anah_2018-10.csv"
    )
    s3.put("anah/2018-11-10/ACV_anah_2018-10.csv", path.read_bytes(), age=20)
    assert tick() == [("2018-10", "2018-10")]
    run(pipeline, ["2018-10"])

    s3.remove("anah/2018-11-10/ACV_anah_2018-10.csv")
    assert tick() == []
    with read_published(home) as connection:
        rows = connection.execute(
            "select count(*), count(distinct month) from validated.dwellings where source = 'anah'"
        ).fetchall()
    assert rows == [(96 * 3, 3)], "what was once received stays"


def test_a_server_away_for_long_is_told_once_and_its_return_once(
    s3: Remote,
    home: Home,
    landing: Path,
    contract: Contract,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    upload_trajectory(s3, landing, contract)
    webhook = Webhook()
    monkeypatch.setenv(SETTING, webhook.url)
    pipeline = Pipeline.configured(home, s3.zone, SETTLE_SECONDS)
    tick = Ticks(pipeline)

    def skipped() -> str:
        context = dg.build_sensor_context(instance=DagsterInstance.ephemeral())
        return tick.sensor.evaluate_tick(context).skip_message or ""

    def told(later: dt.timedelta) -> list[str]:
        tell(home, contract, dt.datetime.now(dt.UTC) + later)
        return [subject for subject in webhook.subjects if "not taken in" in subject]

    s3.server.stop()
    assert "is the server up" in skipped()
    assert told(dt.timedelta(minutes=1)) == []
    skipped()
    assert len(told(TELL_AFTER)) == 1 and len(told(2 * TELL_AFTER)) == 1
    assert str(s3.zone) in webhook.posts[0]["message"]
    s3.server.start()
    assert tick() == [("2018-09", "2018-11")]
    subjects = told(3 * TELL_AFTER)
    assert len(subjects) == 2 and "Solved" in subjects[1]
    webhook.stop()


def test_the_command_line_and_where_the_password_may_not_be(
    sftp: Remote, home: Home, landing: Path, contract: Contract
) -> None:
    upload_trajectory(sftp, landing, contract)
    url = sftp.zone.url.replace("@", ":hunter2@")  # the key gets in

    def acv(*arguments: str) -> tuple[int, str]:
        done = CliRunner().invoke(main, [*arguments, "--home", str(home.root)])
        return done.exit_code, done.output

    code, said = acv("run", "--landing", url)
    assert code == 0, said
    with read_published(home) as connection:
        rows = connection.execute(
            "select count(*) from marts.department_rankings where series = 'total'"
        ).fetchall()
    assert rows == [(96 * 3,)]
    (mirror,) = (home.root / "received").iterdir()
    assert mirror == RemoteZone(url, home.root / "received").mirror.folder

    sftp.put("anah/avril/acv.csv")
    code, more = acv("run", "--landing", url)
    assert code == 0 and f"{sftp.zone}/anah/avril: not read" in more
    sftp.server.stop()
    code, most = acv("run", "--landing", url)
    assert code == 2 and most.count("\n") == 1 and "is the server up" in most
    assert "hunter2" not in said + more + most
    for path in (path for path in home.root.rglob("*") if path.is_file()):
        assert b"hunter2" not in path.read_bytes(), path


def test_an_idle_tick_asks_a_server_for_its_list_alone(
    s3: Remote, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of thousands of files none is looked at by itself, let alone fetched."""
    for day in range(1, 29):
        s3.put(f"anah/2021-04-{day:02}/0.csv")
        folder = s3.server.files / s3.prefix / f"anah/2021-04-{day:02}"
        for number in range(1, 50):
            os.link(folder / "0.csv", folder / f"{number}.csv")
    pipeline = Pipeline.configured(home, s3.zone, SETTLE_SECONDS)
    asked: list[str] = []
    ask = AioBaseClient._make_api_call

    async def counted(client: AioBaseClient, operation: str, said: dict[str, Any]) -> Any:
        asked.append(operation)
        return await ask(client, operation, said)

    monkeypatch.setattr(AioBaseClient, "_make_api_call", counted)
    for _ in range(2):
        asked.clear()
        pipeline.fingerprint()
        assert asked == ["ListObjectsV2"] * 2, "a thousand names a page, 1400 in all"
    assert not list(home.root.rglob("*.csv"))
