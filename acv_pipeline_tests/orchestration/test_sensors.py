"""Arrivals start runs for just the months they touch; lateness and recovery are recorded."""

from __future__ import annotations

import datetime as dt
import os
import time
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from dagster import DagsterInstance
from dagster._core.storage import tags

from acv_pipeline.contract import Contract
from acv_pipeline.contract.months import month_of
from acv_pipeline.definitions import JOB, SETTLE_SECONDS, build_definitions
from acv_pipeline.flow.pipeline import Pipeline
from acv_pipeline.ledger import load as loading
from acv_pipeline.operations import standstill
from acv_pipeline.orchestration import arrivals
from acv_pipeline.orchestration.arrivals import stretches
from acv_pipeline.orchestration.failures import REPEAT, last_failed
from acv_pipeline.publishing.published_copy import COPY, RELEASE, REPORT
from acv_pipeline.warehouse.home import Home
from acv_pipeline_tests import warehouses
from acv_pipeline_tests.deliveries import deliver, deliver_trajectory, steady_figures


@pytest.fixture
def pipeline(home: Home, landing: Path) -> Pipeline:
    return Pipeline.configured(home, landing, SETTLE_SECONDS)


def age(landing: Path, seconds: float = 60) -> None:
    """As if every file had been written a while ago."""
    then = time.time() - seconds
    for path in landing.rglob("*"):
        if path.is_file() and time.time() - path.stat().st_mtime < SETTLE_SECONDS:
            os.utime(path, (then, then))


class Ticks:
    """Ticks of the arrival sensor, one after the other."""

    def __init__(self, pipeline: Pipeline) -> None:
        self.definitions = build_definitions(pipeline)
        self.sensor = self.definitions.resolve_sensor_def("arrivals")
        self.cursor: str | None = None

    def __call__(self) -> list[tuple[str, str]]:
        """First and last month of each run asked for."""
        data = self.sensor.evaluate_tick(
            dg.build_sensor_context(instance=DagsterInstance.ephemeral(), cursor=self.cursor)
        )
        self.cursor = data.cursor or self.cursor
        return [
            (
                request.tags["dagster/asset_partition_range_start"][:7],
                request.tags["dagster/asset_partition_range_end"][:7],
            )
            for request in data.run_requests or []
        ]


def run(pipeline: Pipeline, months: list[str], *, is_killed: bool = False) -> None:
    """What the run that a tick asked for does up to the published copy, with its record."""
    chosen = [month_of(month) for month in months]
    warehouses.run(pipeline, chosen, is_killed=is_killed)


def test_new_deliveries_start_one_run_per_stretch_of_months(
    pipeline: Pipeline, landing: Path, contract: Contract
) -> None:
    deliver_trajectory(landing, contract, "anah", ["2018-09", "2018-10", "2019-01"])
    age(landing)
    tick = Ticks(pipeline)
    assert tick() == [("2018-09", "2018-10"), ("2019-01", "2019-01")]
    run(pipeline, ["2018-09", "2018-10", "2019-01"])
    assert tick() == []
    assert tick() == [], "an unchanged landing zone does nothing"


def test_a_correction_of_a_month_long_past_runs_that_month(
    pipeline: Pipeline, landing: Path, contract: Contract
) -> None:
    months = ["2018-09", "2018-10", "2018-11", "2018-12"]
    deliver_trajectory(landing, contract, "anah", months)
    age(landing)
    tick = Ticks(pipeline)
    assert tick() == [("2018-09", "2018-12")]
    run(pipeline, months)
    corrected = steady_figures(contract, month_of("2018-10"))
    corrected["62"] += 1
    deliver(landing, "anah", "2019-03-01", {"2018-10": corrected})
    age(landing)
    assert tick() == [("2018-10", "2018-10")]


def test_a_file_still_being_written_waits(
    pipeline: Pipeline, landing: Path, contract: Contract
) -> None:
    deliver_trajectory(landing, contract, "anah", ["2018-09"])
    tick = Ticks(pipeline)
    assert tick() == []
    age(landing)
    assert tick() == [("2018-09", "2018-09")]


def test_a_month_that_is_not_over_is_remembered(
    pipeline: Pipeline, landing: Path, contract: Contract, monkeypatch: pytest.MonkeyPatch
) -> None:
    deliver_trajectory(landing, contract, "anah", ["2018-09", "2018-10"])
    age(landing)
    tick = Ticks(pipeline)
    monkeypatch.setattr(Pipeline, "last_month", lambda self: month_of("2018-09"))
    assert tick() == [("2018-09", "2018-09")]
    run(pipeline, ["2018-09"])
    assert tick() == []
    monkeypatch.setattr(Pipeline, "last_month", lambda self: month_of("2018-10"))
    assert tick() == [("2018-10", "2018-10")]


def test_a_run_that_never_recorded_is_asked_for_again(
    pipeline: Pipeline, landing: Path, contract: Contract
) -> None:
    deliver_trajectory(landing, contract, "anah", ["2018-09"])
    age(landing)
    tick = Ticks(pipeline)
    assert tick() == [("2018-09", "2018-09")]
    run(pipeline, ["2018-09"], is_killed=True)
    assert tick() == [("2018-09", "2018-09")]


def test_a_run_that_died_before_it_wrote_anything_is_asked_for_again(
    pipeline: Pipeline, landing: Path, contract: Contract, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(arrivals, "PATIENCE_SECONDS", 0)
    deliver_trajectory(landing, contract, "anah", ["2018-09"])
    age(landing)
    definitions = build_definitions(pipeline)
    sensor = definitions.resolve_sensor_def("arrivals")
    keys, cursor = [], None
    with DagsterInstance.ephemeral() as instance:
        for end in (instance.report_run_failed, instance.report_run_canceled):
            context = dg.build_sensor_context(instance=instance, cursor=cursor)
            data = sensor.evaluate_tick(context)
            (request,) = data.run_requests or []
            keys.append(request.run_key)
            cursor = data.cursor
            end(instance.create_run_for_job(definitions.resolve_job_def(JOB)))
            # of another job, which says nothing of these months
            instance.create_run_for_job(
                definitions.resolve_implicit_global_asset_job_def(),
                status=dg.DagsterRunStatus.SUCCESS,
            )
        data = sensor.evaluate_tick(dg.build_sensor_context(instance=instance, cursor=cursor))
        assert not data.run_requests, "what a person ended stays so"
    assert keys[0] != keys[1], "Dagster starts nothing for a key that it has had"


def test_a_run_that_always_fails_is_asked_for_five_times_and_then_by_a_person(
    pipeline: Pipeline, landing: Path, contract: Contract, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(arrivals, "PATIENCE_SECONDS", 0)
    deliver_trajectory(landing, contract, "anah", ["2018-09"])
    age(landing)
    definitions = build_definitions(pipeline)
    sensor, job = definitions.resolve_sensor_def("arrivals"), definitions.resolve_job_def(JOB)
    cursor: str | None = None
    with DagsterInstance.ephemeral() as instance:

        def tick() -> tuple[list[dg.RunRequest], str]:
            nonlocal cursor
            data = sensor.evaluate_tick(dg.build_sensor_context(instance=instance, cursor=cursor))
            cursor = data.cursor or cursor
            return [*(data.run_requests or [])], data.skip_message or ""

        def fail(request: dg.RunRequest) -> None:
            """Before it could write anything."""
            instance.report_run_failed(instance.create_run_for_job(job, tags=dict(request.tags)))

        keys = set()
        for repeats in (None, "1", "2", "3", "4"):
            (request,), _ = tick()
            assert request.tags.get(REPEAT) == repeats
            keys.add(request.run_key)
            fail(request)
        assert len(keys) == 5
        for _look in range(2):
            assert tick() == ([], "the last run failed like those before it: a person has to "
                                  "re-execute it")  # fmt: skip

        # somebody signed something off, say; then something arrives
        os.utime(pipeline.home.warehouse)
        (request,), _ = tick()
        assert REPEAT not in request.tags, "it begins anew"
        instance.report_run_failed(
            instance.create_run_for_job(job, tags={**request.tags, REPEAT: "4"})
        )
        assert tick()[0] == []
        deliver_trajectory(landing, contract, "anah", ["2018-10"])
        age(landing)
        (request,), _ = tick()
        assert REPEAT not in request.tags and request.partition_key is None
        assert request.tags["dagster/asset_partition_range_end"] == "2018-10-01"


def test_what_a_run_alone_did_not_publish_another_does(
    pipeline: Pipeline, landing: Path, contract: Contract, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither the automation nor a delivery comes for it."""
    deliver_trajectory(landing, contract, "anah", ["2018-09"])
    age(landing)
    definitions = build_definitions(pipeline)
    sensor = definitions.resolve_sensor_def("arrivals")
    by_hand = definitions.resolve_implicit_global_asset_job_def()
    with DagsterInstance.ephemeral() as instance:

        def tick(cursor: str | None) -> Any:
            return sensor.evaluate_tick(dg.build_sensor_context(instance=instance, cursor=cursor))

        definitions.resolve_job_def(JOB).execute_in_process(
            instance=instance, tags=tick(None).run_requests[0].tags
        )
        quiet = tick(None)
        assert not quiet.run_requests
        pipeline.home.releases.rename(aside := pipeline.home.root / "aside")
        pipeline.home.releases.write_text("no folder")
        for asset in (RELEASE, "series"):  # a later run of something else says nothing of it
            by_hand.execute_in_process(
                instance=instance, asset_selection=[dg.AssetKey(asset)], raise_on_error=False
            )
        soon = tick(quiet.cursor)
        assert not soon.run_requests and "within the hour" in soon.skip_message
        monkeypatch.setattr(arrivals, "PATIENCE_SECONDS", 0)
        (request,) = tick(quiet.cursor).run_requests
        assert {key.to_user_string() for key in request.asset_selection} == {COPY, RELEASE, REPORT}
        assert request.tags[REPEAT] == "1"
        pipeline.home.releases.unlink()
        aside.rename(pipeline.home.releases)
        job = definitions.resolve_job_def(JOB).get_subset(
            asset_selection={*request.asset_selection}
        )
        assert job.execute_in_process(instance=instance, tags=dict(request.tags)).success
        assert last_failed(instance) is None and not tick(quiet.cursor).run_requests


@pytest.mark.parametrize("unread", [False, True])
def test_a_standstill_outlives_no_cause_while_a_run_that_failed_is_not_yet_tried_again(
    pipeline: Pipeline, landing: Path, contract: Contract, monkeypatch: pytest.MonkeyPatch,
    unread: bool,
) -> None:  # fmt: skip
    deliver_trajectory(landing, contract, "anah", ["2018-09", "2018-10"])
    age(landing)
    definitions = build_definitions(pipeline)
    sensor = definitions.resolve_sensor_def("arrivals")
    sha256 = loading.sha256

    def grumpy(path: Path) -> str:
        if unread and "2018-10" in path.name:
            raise PermissionError(13, "Permission denied", str(path))
        return sha256(path)

    monkeypatch.setattr(loading, "sha256", grumpy)
    with DagsterInstance.ephemeral() as instance:
        first = sensor.evaluate_tick(dg.build_sensor_context(instance=instance))
        if not unread:
            standstill.begin(pipeline.home, "a server away", dt.datetime.now(dt.UTC))
        instance.report_run_failed(instance.create_run_for_job(definitions.resolve_job_def(JOB)))
        context = dg.build_sensor_context(instance=instance, cursor=first.cursor)
        assert "within the hour" in (sensor.evaluate_tick(context).skip_message or "")
    assert (standstill.standing(pipeline.home) is not None) == unread


def test_while_a_run_goes_on_no_other_is_asked_for(
    pipeline: Pipeline, landing: Path, contract: Contract
) -> None:
    deliver_trajectory(landing, contract, "anah", ["2018-09"])
    age(landing)
    sensor = build_definitions(pipeline).resolve_sensor_def("arrivals")
    with DagsterInstance.ephemeral() as instance:
        running = instance.create_run_for_job(
            build_definitions(pipeline).resolve_implicit_global_asset_job_def()
        )
        context = dg.build_sensor_context(instance=instance)
        data = sensor.evaluate_tick(context)
        assert not data.run_requests and "going on" in (data.skip_message or "")
        instance.report_run_canceled(running)
        assert sensor.evaluate_tick(dg.build_sensor_context(instance=instance)).run_requests


def test_thousands_of_files_do_not_slow_an_idle_tick(pipeline: Pipeline, landing: Path) -> None:
    """Compared with reading the directory itself, in the same run; no clock of this machine."""
    folder = landing / "anah" / "2021-04-06"
    folder.mkdir(parents=True)
    for number in range(3000):
        (folder / f"{number}.csv").write_text("x", encoding="utf-8")
    age(landing)

    def listing() -> None:
        for path in sorted(folder.iterdir()):
            path.is_dir()
            path.stat()

    def seconds(work: object) -> float:
        started = time.perf_counter()
        work()  # type: ignore[operator]
        return time.perf_counter() - started

    reference = min(seconds(listing) for _ in range(3))
    ours = min(seconds(lambda: pipeline.fingerprint()) for _ in range(3))
    assert ours < 6 * reference


def test_no_landing_zone_is_said_and_not_raised(pipeline: Pipeline, landing: Path) -> None:
    landing.rmdir()
    sensor = build_definitions(pipeline).resolve_sensor_def("arrivals")
    data = sensor.evaluate_tick(dg.build_sensor_context(instance=DagsterInstance.ephemeral()))
    assert "is not a folder" in (data.skip_message or "")


def test_stretches() -> None:
    months = [month_of(text) for text in ("2021-02", "2020-12", "2021-01", "2021-05")]
    assert [[f"{m:%Y-%m}" for m in stretch] for stretch in stretches(months)] == [
        ["2020-12", "2021-01", "2021-02"], ["2021-05"],
    ]  # fmt: skip


def test_dagster_has_no_run_for_months_that_do_not_adjoin() -> None:
    """One key, or the first and the last of a range; with more than that, one run would do."""
    assert {name for name in dg.RunRequest._fields if "partition" in name} == {"partition_key"}
    told = {value for name, value in vars(tags).items() if "PARTITION" in name.upper()}
    assert {value for value in told if isinstance(value, str)} == {
        "dagster/partition",
        "dagster/partition/",  # several dimensions, one key of each
        "dagster/asset_partition_range_start",
        "dagster/asset_partition_range_end",
        "dagster/partition_set",
    }


def test_late_months_and_their_recovery_are_recorded_once(
    pipeline: Pipeline, landing: Path, contract: Contract
) -> None:
    deliver_trajectory(landing, contract, "anah", ["2018-09"])
    age(landing)
    run(pipeline, ["2018-09"])
    sensor = build_definitions(pipeline).resolve_sensor_def("overdue")

    def tick(cursor: str | None) -> tuple[list[tuple[str, bool]], str | None]:
        data = sensor.evaluate_tick(
            dg.build_sensor_context(instance=DagsterInstance.ephemeral(), cursor=cursor)
        )
        return [(e.partition[:7], e.passed) for e in data.asset_events or []], data.cursor  # type: ignore[union-attr, index]

    events, cursor = tick(None)
    assert ("2018-10", False) in events and not any(passed for _, passed in events)
    assert tick(cursor)[0] == []
    deliver_trajectory(landing, contract, "anah", ["2018-10"])
    age(landing)
    run(pipeline, ["2018-10"])
    assert tick(cursor)[0] == [("2018-10", True)]


def test_a_file_that_settles_while_a_tick_works_is_for_the_next_tick(
    pipeline: Pipeline, landing: Path, contract: Contract, monkeypatch: pytest.MonkeyPatch
) -> None:
    deliver_trajectory(landing, contract, "anah", ["2018-09"])
    age(landing)
    tick = Ticks(pipeline)
    pending = Pipeline.receive_due

    def slow(self: Pipeline, **given: Any) -> object:
        result = pending(self, **given)
        deliver_trajectory(landing, contract, "anah", ["2018-10"])
        age(landing)
        return result

    monkeypatch.setattr(Pipeline, "receive_due", slow)
    assert tick() == [("2018-09", "2018-09")]
    monkeypatch.setattr(Pipeline, "receive_due", pending)
    assert tick() == [("2018-09", "2018-10")]


def test_a_file_that_cannot_be_opened_is_tried_again_and_told(
    pipeline: Pipeline, landing: Path, contract: Contract, monkeypatch: pytest.MonkeyPatch
) -> None:
    deliver_trajectory(landing, contract, "anah", ["2018-09", "2018-10"])
    age(landing)
    sha256 = loading.sha256

    def grumpy(path: Path) -> str:
        if "2018-10" in path.name:
            raise PermissionError(13, "Permission denied", str(path))
        return sha256(path)

    tick = Ticks(pipeline)
    monkeypatch.setattr(loading, "sha256", grumpy)
    assert tick() == [("2018-09", "2018-09")], "what is fine is not kept waiting"
    standing = standstill.standing(pipeline.home)
    assert standing is not None and "2018-10.csv: not read; Permission denied" in standing.reason
    run(pipeline, ["2018-09"])
    assert tick() == [] and tick() == []
    assert standstill.standing(pipeline.home) == standing, "since the first look"
    monkeypatch.setattr(loading, "sha256", sha256)
    assert tick() == [("2018-10", "2018-10")], "although nothing changed in the landing zone"
    assert standstill.standing(pipeline.home) is None
    run(pipeline, ["2018-10"])
    assert tick() == []


def test_an_error_nobody_thought_of_is_told_and_raised(
    pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(self: Pipeline, **given: Any) -> object:
        raise ZeroDivisionError("of all things")

    monkeypatch.setattr(Pipeline, "receive_due", broken)
    tick = Ticks(pipeline)
    with pytest.raises(ZeroDivisionError):
        tick()
    standing = standstill.standing(pipeline.home)
    assert standing is not None and "of all things" in standing.reason
    monkeypatch.setattr(standstill, "begin", None)  # a full disk, say
    with pytest.raises(ZeroDivisionError):
        tick()
