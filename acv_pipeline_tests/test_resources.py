"""Every resource can be replaced in a test, by a plain argument, and it is the one that is used."""

# no "from __future__ import annotations" here: Dagster reads the asset's annotations as classes

import shutil
from pathlib import Path

import dagster as dg
import pytest

from acv_pipeline.assets.datagouv import ASSET, build_data_gouv
from acv_pipeline.assets.resources import DataGouv, LandingZone, PublishedCopy, Warehouse
from acv_pipeline.contract import Contract
from acv_pipeline.definitions import JOB, build_definitions
from acv_pipeline.flow.pipeline import Pipeline
from acv_pipeline.publishing.release import latest_release
from acv_pipeline.warehouse.home import Home
from acv_pipeline_tests.datagouv.portal import DATASET, KEY, running
from acv_pipeline_tests.deliveries import deliver_trajectory

MONTHS = ["2018-09", "2018-10"]
QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
RANGE = {
    "dagster/asset_partition_range_start": f"{MONTHS[0]}-01",
    "dagster/asset_partition_range_end": f"{MONTHS[1]}-01",
}


@pytest.fixture
def definitions(home: Home, landing: Path, contract: Contract) -> dg.Definitions:
    """Those of a home whose landing zone has one month."""
    for source in ("anah", "action_logement"):
        deliver_trajectory(landing, contract, source, MONTHS[:1])
    return build_definitions(Pipeline.configured(home, landing))


def test_each_resource_can_be_replaced_and_the_replaced_one_is_used(
    definitions: dg.Definitions, home: Home, tmp_path: Path, contract: Contract
) -> None:
    other, elsewhere, public = Home(tmp_path / "other"), tmp_path / "zone", Home(tmp_path / "pub")
    for source in ("anah", "action_logement"):
        deliver_trajectory(elsewhere, contract, source, MONTHS)
    # settings that nothing but the replaced one has: files so new are left alone
    untouched = LandingZone(address=str(elsewhere), settle_seconds=3600)
    replaced = {
        "warehouse": Warehouse(home=str(other.root)),
        "landing_zone": LandingZone(address=str(elsewhere)),
        "published": PublishedCopy(home=str(public.root)),
    }
    job = definitions.resolve_job_def(JOB)

    def run(**resources: object) -> list[str]:
        result = job.execute_in_process(
            tags=RANGE, run_config=QUIET, resources=resources, raise_on_error=False
        )
        return [str(e.step_failure_data) for e in result.all_events if e.is_step_failure]

    run(**replaced | {"landing_zone": untouched})
    assert other.warehouse.exists() and not latest_release(public.releases)
    assert run(**replaced) == []
    with PublishedCopy(home=str(public.root)).connect() as copy:
        months = copy.execute("select count(distinct month) from validated.dwellings").fetchall()
    assert months == [(2,)], "of the other zone"
    release = latest_release(public.releases)
    assert release and public.report.exists()
    assert not (other.published.exists() or other.report.exists() or other.releases.exists())
    assert not (home.warehouse.exists() or home.published.exists() or home.releases.exists())

    @dg.asset
    def own(published: PublishedCopy) -> int:
        with published.connect() as copy:
            ((rows,),) = copy.execute("select count(*) from marts.series").fetchall()
        return int(rows)

    made = dg.materialize([own], resources={"published": replaced["published"]})
    assert made.output_for_node("own") > 0


def test_where_the_release_is_sent_can_be_replaced_too(
    definitions: dg.Definitions, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The environment says live; the test has a portal of its own, and no real one hears of it."""
    job = definitions.resolve_job_def(JOB)
    tags = {"dagster/partition": f"{MONTHS[0]}-01"}
    assert job.execute_in_process(tags=tags, run_config=QUIET).success
    kept = Path(shutil.copytree(home.releases, home.root.parent / "kept" / "releases")).parent
    shutil.rmtree(home.releases)
    monkeypatch.setenv("ACV_DATAGOUV", "live")
    monkeypatch.setenv("ACV_DATAGOUV_KEY", KEY)
    with running() as portal:
        sent = dg.materialize(
            [build_data_gouv()],
            run_config=QUIET,
            resources={
                "published": PublishedCopy(home=str(kept)),
                "data_gouv": DataGouv(mode="demo", dataset=DATASET, url=portal.url),
            },
        )
        release = latest_release(kept / "releases")
        assert release
        name = "acv-logements-departemental.csv"
        assert portal.held(name) == (release / name).read_bytes()
    (shown,) = sent.asset_materializations_for_node(ASSET)
    assert shown.metadata["folder"].value == str(release)
    assert shown.metadata["months"].value == "2018-09 to 2018-09"
