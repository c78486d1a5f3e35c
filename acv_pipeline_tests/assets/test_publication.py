"""The release and the report as assets: made by a run, from what is sound and published alone."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path

import dagster as dg
import pytest
from dagster import DagsterInstance

from acv_pipeline.contract.months import month_of
from acv_pipeline.flow.pipeline import Pipeline
from acv_pipeline.landing.whole_files import sha256
from acv_pipeline.ledger.months_on_record import rows_of
from acv_pipeline.publishing.published_copy import COPY, RELEASE, REPORT
from acv_pipeline.publishing.release import latest_release, release_sha256
from acv_pipeline.warehouse import read_published
from acv_pipeline_tests.assets.conftest import MONTHS, Run
from acv_pipeline_tests.assets.test_run import recorded


def dates(release: Path | None) -> set[str]:
    assert release
    with (release / "acv-logements-departemental.csv").open(encoding="utf-8") as file:
        return {row["date"] for row in csv.DictReader(file)}


@pytest.mark.usefixtures("ran_held")
def test_a_run_ends_with_a_release_and_a_report_without_what_is_held(
    pipeline: Pipeline, instance: DagsterInstance
) -> None:
    release = latest_release(pipeline.home.releases)
    assert release and dates(release) == {"2018-09-30", "2018-12-31"}
    page = pipeline.home.report.read_text(encoding="utf-8")
    assert release_sha256(release) in page
    shown = {}
    for asset in (COPY, RELEASE, REPORT):
        event = instance.get_latest_materialization_event(dg.AssetKey(asset))
        assert event and event.asset_materialization
        assert event.asset_materialization.partition is None
        shown[asset] = {k: v.value for k, v in event.asset_materialization.metadata.items()}
    assert shown[COPY]["months"] == shown[REPORT]["months"] == "3 months (2018-09 to 2018-12)"
    assert shown[RELEASE]["months"] == "2 months (2018-09 to 2018-12)", "totals: of both partners"
    assert shown[COPY]["sha256"] == sha256(pipeline.home.published)
    assert Path(shown[COPY]["folder"]).name == pipeline.home.published.parent.name
    assert shown[RELEASE]["sha256"] == release_sha256(release)
    assert Path(shown[RELEASE]["folder"]).name == release.name
    assert shown[REPORT]["sha256"] == sha256(pipeline.home.report)


@pytest.mark.usefixtures("ran_held")
def test_they_can_be_made_alone_and_again_without_changing_anything(
    pipeline: Pipeline, run: Run
) -> None:
    shutil.rmtree(pipeline.home.releases)
    pipeline.home.report.unlink()
    assert run(assets=[RELEASE, REPORT]).success
    release, page = latest_release(pipeline.home.releases), pipeline.home.report.read_bytes()
    assert release
    assert run(assets=[RELEASE, REPORT]).success
    assert [p for p in pipeline.home.releases.iterdir() if not p.is_symlink()] == [release]
    assert pipeline.home.report.read_bytes() == page


def test_before_anything_is_published_there_is_nothing_to_release(run: Run) -> None:
    result = run(assets=[RELEASE, REPORT])
    assert not result.success
    (failure,) = [event for event in result.all_events if event.is_step_failure]
    assert "holds no published figures yet" in str(failure.step_failure_data.user_failure_data)


@pytest.mark.usefixtures("good_months")
def test_if_they_cannot_be_made_the_figures_stand_and_the_months_stay_due(
    pipeline: Pipeline, run: Run, instance: DagsterInstance
) -> None:
    pipeline.home.releases.parent.mkdir(parents=True, exist_ok=True)
    pipeline.home.releases.write_text("no folder")
    result = run(MONTHS[0], MONTHS[-1])
    assert not result.success
    (failure,) = [event for event in result.all_events if event.is_step_failure]
    assert "cannot write a release to" in str(failure.step_failure_data.user_failure_data)
    assert recorded(instance, "validated_dwellings") == MONTHS, "what was found is told"
    assert instance.get_latest_materialization_event(dg.AssetKey(RELEASE)) is None
    with read_published(pipeline.home) as published:
        assert rows_of(published, "marts.department_rankings").keys() == {
            month_of(month) for month in MONTHS
        }
    due, _ = pipeline.receive_due()
    assert [f"{month:%Y-%m}" for month in due] == MONTHS
    pipeline.home.releases.unlink()
    assert run(MONTHS[0], MONTHS[-1]).success
    assert instance.get_latest_materialization_event(dg.AssetKey(RELEASE)) is not None
    assert pipeline.receive_due()[0] == []
