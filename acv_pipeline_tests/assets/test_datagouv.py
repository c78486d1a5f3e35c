"""Sending the release from Dagster: off by default, recorded when it was sent, clear when not."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator

import dagster as dg
import pytest
from dagster import DagsterInstance

from acv_pipeline.assets.datagouv import ASSET
from acv_pipeline.definitions import build_definitions
from acv_pipeline.flow.pipeline import Pipeline
from acv_pipeline.publishing.release import latest_release, release_sha256
from acv_pipeline_tests.datagouv.portal import DATASET, KEY, Portal, running


def sent_to(instance: DagsterInstance) -> int:
    """How often Dagster has it that a release was sent."""
    return len(instance.fetch_materializations(dg.AssetKey(ASSET), limit=10).records)


Send = Callable[..., dg.ExecuteInProcessResult]


@pytest.fixture
def portal() -> Iterator[Portal]:
    with running() as server:
        yield server


@pytest.fixture
def send(ran: dg.ExecuteInProcessResult, pipeline: Pipeline, instance: DagsterInstance) -> Send:
    """Send what a run released, as the UI would."""

    def start(**config: float) -> dg.ExecuteInProcessResult:
        return (
            build_definitions(pipeline)
            .resolve_implicit_global_asset_job_def()
            .execute_in_process(
                instance=instance,
                asset_selection=[dg.AssetKey(ASSET)],
                run_config={"ops": {ASSET: {"config": config}}},
                raise_on_error=False,
            )
        )

    return start


@pytest.mark.usefixtures("ran")  # before the instance
def test_off_by_default_on_when_told_and_clear_when_it_fails(
    pipeline: Pipeline,
    instance: DagsterInstance,
    send: Send,
    portal: Portal,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def logged(result: dg.ExecuteInProcessResult) -> str:
        return "\n".join(entry.user_message for entry in instance.all_logs(result.run_id))

    def set_up(mode: str, key: str) -> None:
        monkeypatch.setenv("ACV_DATAGOUV", mode)
        monkeypatch.setenv("ACV_DATAGOUV_URL", portal.url)
        monkeypatch.setenv("ACV_DATAGOUV_DATASET", DATASET)
        monkeypatch.setenv("ACV_DATAGOUV_KEY", key)

    set_up("dry-run", KEY)
    assert send().success
    assert sent_to(instance) == 0 and portal.writes() == []

    set_up("demo", "not-a-key-of-anybody")
    failed = send()
    assert not failed.success and sent_to(instance) == 0
    (failure,) = [event for event in failed.all_events if event.is_step_failure]
    reason = failure.step_failure_data.user_failure_data
    assert reason and reason.description and "key" in reason.description.lower()

    set_up("demo", KEY)
    sent = send()
    assert sent.success
    assert sent_to(instance) == 1
    release = latest_release(pipeline.home.releases)
    assert release
    name = "acv-logements-departemental.csv"
    assert portal.held(name) == (release / name).read_bytes()
    event = instance.get_latest_materialization_event(dg.AssetKey(ASSET))
    assert event and event.asset_materialization
    metadata = event.asset_materialization.metadata
    assert metadata["folder"].value == str(release)
    assert metadata["months"].value == "2018-09 to 2018-12"
    assert metadata["sha256"].value == release_sha256(release)
    files = metadata["files"].records
    assert name in {record.data["file"] for record in files}
    for secret in (KEY, "not-a-key-of-anybody"):
        for result in (failed, sent):
            assert secret not in logged(result)
            assert secret not in str(instance.all_logs(result.run_id))


def test_it_follows_new_releases_only_where_it_is_on(
    pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    def assets() -> dict[str, object]:
        specs = build_definitions(pipeline).resolve_all_asset_specs()
        return {spec.key.to_user_string(): spec.automation_condition for spec in specs}

    assert ASSET not in assets()
    monkeypatch.setenv("ACV_DATAGOUV", "demo")
    assert assets()[ASSET] is not None


@pytest.mark.usefixtures("ran")
def test_a_portal_that_is_away_is_asked_again(
    instance: DagsterInstance,
    send: Send,
    portal: Portal,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Until it is back, or for as long as was said; what no waiting helps fails at once."""
    for name, value in (("", "demo"), ("_URL", portal.url), ("_DATASET", DATASET), ("_KEY", KEY)):
        monkeypatch.setenv(f"ACV_DATAGOUV{name}", value)

    def tries(result: dg.ExecuteInProcessResult) -> int:
        kinds = [event.event_type_value for event in result.all_events]
        return 1 + kinds.count("STEP_RESTARTED")

    portal.fail("GET", "/datasets/", "maintenance", times=2)
    sent = send(retries=3, seconds_between=0.01)
    assert sent.success and tries(sent) == 3
    assert sent_to(instance) == 1
    portal.fail("GET", "/datasets/", "maintenance", times=99)
    gone = send(retries=2, seconds_between=0.01)
    assert not gone.success and tries(gone) == 3
    portal.failures.clear()
    monkeypatch.setenv("ACV_DATAGOUV_KEY", "not-a-key-of-anybody")
    portal.resources.clear()
    refused = send(retries=2, seconds_between=0.01)
    assert not refused.success and tries(refused) == 1


def test_the_definitions_need_no_requests_of_ours() -> None:
    """Whoever only looks at the assets doesn't load what sends."""
    code = (
        "import sys, acv_pipeline.assets.datagouv;"
        "assert 'acv_pipeline.publishing.datagouv.portal' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
