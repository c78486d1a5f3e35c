"""A layer follows the one before it, for the months that moved; a held month does not flow."""

from __future__ import annotations

from pathlib import Path

import dagster as dg
import pytest
from dagster import DagsterInstance

from acv_pipeline.contract import Contract
from acv_pipeline.contract.months import month_of
from acv_pipeline.definitions import build_definitions
from acv_pipeline.flow.pipeline import Pipeline
from acv_pipeline.orchestration.instance import instance as open_instance
from acv_pipeline.warehouse.home import Home
from acv_pipeline_tests.deliveries import deliver, deliver_trajectory, steady_figures

MONTHS = ["2018-09", "2018-10", "2018-11"]


class Automation:
    """Ticks of the automation on a real instance, and runs between them."""

    def __init__(self, pipeline: Pipeline, instance: DagsterInstance) -> None:
        self.definitions = build_definitions(pipeline)
        self.instance = instance
        self.cursor = None

    def tick(self) -> set[tuple[str, str]]:
        result = dg.evaluate_automation_conditions(
            self.definitions, instance=self.instance, cursor=self.cursor
        )
        self.cursor = result.cursor
        graph = self.definitions.resolve_asset_graph()
        return {
            (key.to_user_string(), partition[:7])
            for key in graph.materializable_asset_keys
            for partition in result.get_requested_partitions(key)
            if partition
        }

    def ticks(self) -> set[tuple[str, str]]:
        """What is asked for once what moved has come to rest."""
        return self.tick() | self.tick()

    def run(
        self, first: str, last: str, assets: list[str] | None = None, *, ends_red: bool = False
    ) -> None:
        job = self.definitions.resolve_implicit_global_asset_job_def()
        result = job.execute_in_process(
            raise_on_error=False,
            instance=self.instance,
            asset_selection=[dg.AssetKey(asset) for asset in assets] if assets else None,
            tags={
                "dagster/asset_partition_range_start": f"{first}-01",
                "dagster/asset_partition_range_end": f"{last}-01",
            },
            run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
        )
        assert result.success != ends_red


@pytest.fixture
def automation(home: Home, landing: Path):  # type: ignore[no-untyped-def]
    with open_instance(home) as instance:
        yield Automation(Pipeline.configured(home, landing), instance)


def correct_october(automation: Automation, landing: Path, contract: Contract) -> None:
    """All is made, then October is delivered again, and its extract run."""
    deliver_trajectory(landing, contract, "anah", MONTHS)
    automation.run("2018-09", "2018-11")
    automation.tick()
    corrected = steady_figures(contract, month_of("2018-10"))
    corrected["62"] += 1
    deliver(landing, "anah", "2019-01-20", {"2018-10": corrected})
    automation.run("2018-10", "2018-10", assets=["anah_extract"])


def test_a_month_long_past_is_followed_to_the_last_mart_and_no_other_month(
    automation: Automation, landing: Path, contract: Contract
) -> None:
    correct_october(automation, landing, contract)
    asked = automation.ticks()
    assert {month for _, month in asked} == {"2018-10"}
    assert {"validated_dwellings", "series", "department_rankings"} <= {asset for asset, _ in asked}
    automation.run("2018-10", "2018-10", assets=sorted({asset for asset, _ in asked}))
    assert {month for _, month in automation.ticks()} <= {"2018-11"}, "only its next increment"


def test_a_held_month_does_not_flow(
    automation: Automation, landing: Path, contract: Contract
) -> None:
    deliver_trajectory(landing, contract, "anah", MONTHS[:2])
    november = steady_figures(contract, month_of("2018-11"))
    del november["62"]
    deliver(landing, "anah", "2018-12-10", {"2018-11": november})
    automation.tick()
    held = ["anah_extract", "validated_dwellings"]
    automation.run("2018-09", "2018-11", assets=held, ends_red=True)
    asked = automation.ticks()
    assert ("series", "2018-10") in asked
    assert not {asset for asset, month in asked if month == "2018-11"} & {"series", "decreases"}


def test_a_run_of_the_whole_flow_leaves_nothing_to_follow_even_where_a_month_is_held(
    automation: Automation, landing: Path, contract: Contract
) -> None:
    """Else the held month would be judged again for the same reason, and again."""
    deliver_trajectory(landing, contract, "anah", MONTHS[:2])
    november = steady_figures(contract, month_of("2018-11"))
    del november["62"]
    deliver(landing, "anah", "2018-12-10", {"2018-11": november})
    automation.tick()
    automation.run("2018-09", "2018-11", ends_red=True)
    assert automation.tick() == set()
    assert automation.tick() == set()


def test_what_a_run_is_about_to_make_is_not_asked_for(
    automation: Automation, landing: Path, contract: Contract
) -> None:
    """Dagster may look when a run's first assets are there and its last ones not yet."""
    correct_october(automation, landing, contract)
    assert automation.tick() == set()
    automation.run("2018-10", "2018-10", assets=["validated_dwellings", "quarantined_rows"])
    assert ("validated_dwellings", "2018-10") not in automation.ticks()
