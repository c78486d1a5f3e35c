"""The release and the report as assets: made by a run, from what is sound and published alone."""

from __future__ import annotations

import csv
from pathlib import Path

import dagster as dg
import pytest
from dagster import DagsterInstance

from acv_pipeline.contract import Contract
from acv_pipeline.contract.months import month_of
from acv_pipeline.flow import RELEASE, REPORT, Pipeline
from acv_pipeline.release import latest_release, release_sha256
from acv_pipeline_tests.assets.conftest import Run
from acv_pipeline_tests.assets.test_run import recorded
from acv_pipeline_tests.deliveries import course, deliver, deliver_course

MONTHS = ["2018-09", "2018-10", "2018-11", "2018-12"]
MONTH_ENDS = {"2018-09-30", "2018-10-31", "2018-11-30", "2018-12-31"}


@pytest.fixture
def one_held(landing: Path, contract: Contract) -> None:
    """Four months of both partners; November of Action Logement breaks a rule."""
    deliver_course(landing, contract, "anah", MONTHS)
    deliver_course(landing, contract, "action_logement", MONTHS[:2] + MONTHS[3:])
    november = course(contract, month_of("2018-11"), source="action_logement")
    del november["62"]  # without any row: nobody said why
    deliver(landing, "action_logement", "2018-12-10", {"2018-11": november})


def dates(release: Path | None) -> set[str]:
    assert release
    with (release / "acv-logements-departemental.csv").open(encoding="utf-8") as file:
        return {row["date"] for row in csv.DictReader(file)}


@pytest.mark.usefixtures("one_held")
def test_a_run_ends_with_a_release_and_a_report_without_what_is_held(
    pipeline: Pipeline, run: Run, instance: DagsterInstance
) -> None:
    assert run(MONTHS[0], MONTHS[-1]).success
    release = latest_release(pipeline.home.releases)
    assert release and dates(release) == MONTH_ENDS - {"2018-11-30"}
    good = [month for month in MONTHS if month != "2018-11"]
    assert recorded(instance, RELEASE) == recorded(instance, REPORT) == good
    page = pipeline.home.report.read_text(encoding="utf-8")
    assert release_sha256(release) in page
    for asset, key in ((RELEASE, "sha256"), (REPORT, "page")):
        event = instance.get_latest_materialization_event(dg.AssetKey(asset))
        assert event and event.asset_materialization
        assert event.asset_materialization.metadata[key].value


@pytest.mark.usefixtures("one_held")
def test_they_can_be_made_alone_and_again_without_changing_anything(
    pipeline: Pipeline, run: Run
) -> None:
    figures = [asset for asset in pipeline.assets() if asset not in (RELEASE, REPORT)]
    assert run(MONTHS[0], MONTHS[-1], assets=figures).success
    assert latest_release(pipeline.home.releases) is None
    assert run(MONTHS[0], MONTHS[-1], assets=[RELEASE, REPORT]).success
    release, page = latest_release(pipeline.home.releases), pipeline.home.report.read_bytes()
    assert release
    assert run(MONTHS[0], assets=[RELEASE, REPORT]).success
    assert [p for p in pipeline.home.releases.iterdir() if not p.is_symlink()] == [release]
    assert pipeline.home.report.read_bytes() == page


def test_before_anything_is_published_there_is_nothing_to_release(run: Run) -> None:
    result = run(MONTHS[0], assets=[RELEASE, REPORT])
    assert not result.success
    (failure,) = [event for event in result.all_events if event.is_step_failure]
    assert "holds no published figures yet" in str(failure.step_failure_data.user_failure_data)
