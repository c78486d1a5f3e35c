"""A real Dagster instance on disk, and runs of the real definitions."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import dagster as dg
import pytest
from dagster import DagsterInstance

from acv_pipeline.contract import Contract
from acv_pipeline.definitions import JOB, build_definitions
from acv_pipeline.flow.pipeline import Pipeline
from acv_pipeline.orchestration.instance import instance as open_instance
from acv_pipeline.warehouse.home import Home
from acv_pipeline_tests.deliveries import deliver_course

Run = Callable[..., dg.ExecuteInProcessResult]


@pytest.fixture
def pipeline(home: Home, landing: Path) -> Pipeline:
    return Pipeline.configured(home, landing)


@pytest.fixture
def good_months(landing: Path, contract: Contract) -> None:
    """Four months of both partners."""
    for source in ("anah", "action_logement"):
        deliver_course(landing, contract, source, ["2018-09", "2018-10", "2018-11", "2018-12"])


@pytest.fixture
def instance(home: Home) -> Iterator[DagsterInstance]:
    with open_instance(home) as opened:
        yield opened


@pytest.fixture
def run(pipeline: Pipeline, instance: DagsterInstance) -> Run:
    """Run the job as the UI would: one month, a range ``first``:``last``, or without months."""

    def start(
        first: str | None = None, last: str | None = None, assets: list[str] | None = None
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

    return start
