"""A month delivered again moves its own and the next increment and the ranks that change, no more;
and Dagster's record says so."""

from __future__ import annotations

from pathlib import Path

import dagster as dg

from acv_pipeline.contract import Contract
from acv_pipeline.contract.months import month_of
from acv_pipeline.flow.pipeline import Pipeline
from acv_pipeline.warehouse import read_published
from acv_pipeline_tests.assets.conftest import Run
from acv_pipeline_tests.deliveries import deliver, deliver_trajectory, steady_figures

Rows = dict[tuple[str, str], set[tuple[object, ...]]]


def recorded(result: dg.ExecuteInProcessResult) -> dict[str, list[str]]:
    """Months that a run put on record, by mart."""
    months: dict[str, list[str]] = {}
    for event in result.all_events:
        if event.is_step_materialization and event.asset_key and event.partition:
            months.setdefault(event.asset_key.to_user_string(), []).append(event.partition[:7])
    return {asset: sorted(found) for asset, found in months.items()}


def marts(pipeline: Pipeline) -> Rows:
    """Rows by mart and month."""
    rows: Rows = {}
    with read_published(pipeline.home) as connection:
        for name, model in pipeline.project.models.items():
            result = connection.execute(f"from {model.table}")
            at = [column[0] for column in result.description].index("month")
            for row in result.fetchall():
                rows.setdefault((name, f"{row[at]:%Y-%m}"), set()).add(row)
    return rows


# the next month that has figures may be several months away; the last month has none
MONTHS = ["2018-09", "2018-10", "2019-03", "2019-04"]
MOVED = {"2018-10": ["2018-10", "2019-03"], "2019-04": ["2019-04"]}


def test_a_month_delivered_again_moves_what_follows_from_it_and_nothing_else(
    pipeline: Pipeline, run: Run, landing: Path, contract: Contract
) -> None:
    for source in ("anah", "action_logement"):
        deliver_trajectory(landing, contract, source, MONTHS)
    assert run(MONTHS[0], MONTHS[-1]).success
    for again, moved in MOVED.items():
        before = marts(pipeline)
        corrected = steady_figures(contract, month_of(again))
        corrected["62"] += 1
        deliver(landing, "anah", "2021-01-20", {again: corrected})
        due, _ = pipeline.receive_due()
        assert due == [month_of(again)], "only the delivered month is judged anew"
        result = run(again)
        assert result.success
        assert_moved(pipeline, before, recorded(result), again, moved)


def assert_moved(
    pipeline: Pipeline, before: Rows, shown: dict[str, list[str]], again: str, moved: list[str]
) -> None:
    after = marts(pipeline)
    changed: dict[str, list[str]] = {}
    for mart, month in sorted(before.keys() | after.keys()):
        if before.get((mart, month)) != after.get((mart, month)):
            changed.setdefault(mart, []).append(month)
    assert changed["series"] == [again]
    assert changed["monthly_increments"] == moved
    assert changed["territory_totals"] == moved
    assert changed["revisions"] == [again]
    assert set(changed["department_rankings"]) == set(moved)
    assert changed.keys() == {
        "series", "monthly_increments", "department_rankings", "territory_totals", "revisions",
    }  # fmt: skip
    assert shown["validated_dwellings"] == [again]
    for mart in pipeline.project.models:
        assert set(shown.get(mart, [])) == {again, *changed.get(mart, [])}, mart
    for table, key in (("monthly_increments", 4), ("series", 4)):
        cells = {
            row[:key]
            for month in moved
            for row in before.get((table, month), set()) ^ after.get((table, month), set())
        }
        assert {(series, code) for _, series, _, code in cells} == {
            ("anah", "62"),
            ("total", "62"),
        }, table
