"""A real Dagster instance on disk, and runs of the real definitions."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import dagster as dg
import pytest
from dagster import DagsterInstance

from acv_pipeline.contract import Contract
from acv_pipeline.contract.months import month_of
from acv_pipeline.definitions import JOB, build_definitions
from acv_pipeline.flow.pipeline import Pipeline
from acv_pipeline.orchestration.instance import instance as open_instance
from acv_pipeline.warehouse.home import Home
from acv_pipeline_tests.deliveries import deliver, deliver_trajectory, steady_figures

Run = Callable[..., dg.ExecuteInProcessResult]
MONTHS = ["2018-09", "2018-10", "2018-11", "2018-12"]


def deliver_good(landing: Path, contract: Contract) -> None:
    """Four months of both partners."""
    for source in ("anah", "action_logement"):
        deliver_trajectory(landing, contract, source, MONTHS)


def deliver_held(landing: Path, contract: Contract) -> None:
    """Four months of Anah; of Action Logement October never came, and November breaks a rule."""
    deliver_trajectory(landing, contract, "anah", [MONTHS[0], *MONTHS[2:]])
    deliver_trajectory(landing, contract, "action_logement", [MONTHS[0], MONTHS[3]])
    november = steady_figures(contract, month_of("2018-11"), source="action_logement")
    del november["62"]  # without any row: nobody said why
    deliver(landing, "action_logement", "2018-12-10", {"2018-11": november})


@pytest.fixture
def pipeline(home: Home, landing: Path) -> Pipeline:
    return Pipeline.configured(home, landing)


@pytest.fixture
def good_months(landing: Path, contract: Contract) -> None:
    deliver_good(landing, contract)


@pytest.fixture
def one_held(landing: Path, contract: Contract) -> None:
    deliver_held(landing, contract)


@pytest.fixture
def instance(home: Home) -> Iterator[DagsterInstance]:
    with open_instance(home) as opened:
        yield opened


@pytest.fixture
def run(pipeline: Pipeline, instance: DagsterInstance) -> Run:
    """Run the job as the UI would: one month, a range ``first``:``last``, or without months."""
    return partial(run_job, pipeline, instance)


def run_job(
    pipeline: Pipeline,
    instance: DagsterInstance,
    first: str | None = None,
    last: str | None = None,
    assets: list[str] | None = None,
) -> dg.ExecuteInProcessResult:
    tags = {}
    if first and last is None:
        tags = {"dagster/partition": f"{first}-01"}
    elif first:
        tags = {
            "dagster/asset_partition_range_start": f"{first}-01",
            "dagster/asset_partition_range_end": f"{last}-01",
        }
    job = build_definitions(pipeline).resolve_job_def(JOB)
    return job.execute_in_process(
        instance=instance,
        tags=tags,
        raise_on_error=False,
        asset_selection=[dg.AssetKey(asset) for asset in assets] if assets else None,
        run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
    )


@dataclass(frozen=True)
class Past:
    """A folder with a landing zone and the home that a run of it left; what the run said."""

    root: Path
    result: dg.ExecuteInProcessResult

    def copied(self, home: Home, landing: Path) -> dg.ExecuteInProcessResult:
        """Let a test go on from there."""
        shutil.copytree(self.root / "home", home.root, symlinks=True)
        shutil.copytree(self.root / "landing", landing, dirs_exist_ok=True)
        return self.result


def past(root: Path, contract: Contract, deliveries: Callable[[Path, Contract], None]) -> Past:
    """A run of all months, and of one of which nothing came."""
    home, landing = Home(root / "home"), root / "landing"
    deliveries(landing, contract)
    with open_instance(home) as opened:
        pipeline = Pipeline.configured(home, landing)
        return Past(root, run_job(pipeline, opened, MONTHS[0], "2019-01"))


@pytest.fixture(scope="package")
def good_past(contract: Contract, tmp_path_factory: pytest.TempPathFactory) -> Past:
    made = past(tmp_path_factory.mktemp("good"), contract, deliver_good)
    assert made.result.success
    return made


@pytest.fixture(scope="package")
def held_past(contract: Contract, tmp_path_factory: pytest.TempPathFactory) -> Past:
    made = past(tmp_path_factory.mktemp("held"), contract, deliver_held)
    assert not made.result.success
    return made


@pytest.fixture
def ran(good_past: Past, home: Home, landing: Path) -> dg.ExecuteInProcessResult:
    """Comes before the instance: four good months, of both partners, are on record."""
    return good_past.copied(home, landing)


@pytest.fixture
def ran_held(held_past: Past, home: Home, landing: Path) -> dg.ExecuteInProcessResult:
    """The same of the months of which one is held."""
    return held_past.copied(home, landing)
