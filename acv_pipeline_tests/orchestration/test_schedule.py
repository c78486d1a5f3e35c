"""A year of ticks: which month runs, at what hour of the day in Paris."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from zoneinfo import ZoneInfo

import dagster as dg
import pytest
from dagster._utils.schedules import cron_string_iterator

from acv_pipeline.definitions import build_definitions
from acv_pipeline.flow.pipeline import Pipeline
from acv_pipeline.warehouse.home import Home

PARIS = ZoneInfo("Europe/Paris")


@pytest.fixture(scope="module")
def schedule(tmp_path_factory: pytest.TempPathFactory) -> dg.ScheduleDefinition:
    home = Home(tmp_path_factory.mktemp("home"))
    definitions = build_definitions(Pipeline.configured(home, Path("unused")))
    return definitions.resolve_schedule_def("monthly_figures_schedule")


def test_each_month_of_a_year_runs_the_one_before_it(schedule: dg.ScheduleDefinition) -> None:
    start = dt.datetime(2025, 12, 22, tzinfo=PARIS)
    seen = []
    times = cron_string_iterator(start.timestamp(), str(schedule.cron_schedule), "Europe/Paris")
    for _ in range(12):
        tick = next(times)
        data = schedule.evaluate_tick(dg.build_schedule_context(scheduled_execution_time=tick))
        assert data.run_requests is not None
        (request,) = data.run_requests
        local = tick.astimezone(PARIS)
        seen.append((f"{local:%m-%d %H:%M}", request.partition_key))
    assert seen == [
        (f"{month:02}-21 07:00", f"{2025 if month == 1 else 2026}-{(month - 2) % 12 + 1:02}-01")
        for month in range(1, 13)
    ]


def test_it_is_on_by_default(schedule: dg.ScheduleDefinition) -> None:
    assert schedule.default_status == dg.DefaultScheduleStatus.RUNNING
