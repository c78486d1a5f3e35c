"""Each SQL test of the project passes on marts as built and finds what is broken by hand."""

from __future__ import annotations

import datetime as dt

import pytest

from acv_pipeline.models import Project
from acv_pipeline_tests.models.world import ACV, World, month

# What breaks the tables so that a test has something to find, and in which months it says so.
BREAKS = {
    "increments_sum_to_cumulative": (
        "update marts.monthly_increments set increment = increment + 1"
        " where series = 'anah' and department_code = '01' and month = '2020-02-01'",
        {"2020-02", "2020-03"},
    ),
    "increments_cross_no_break": (
        "update contract.components set first_month = '2020-03-01' where source = 'anah'",
        {"2020-03"},
    ),
    "ranks_start_at_1": (
        "update marts.department_rankings set rank_increment = rank_increment + 1"
        " where month = '2020-03-01'",
        {"2020-03"},
    ),
    "ranks_agree_with_values": (
        "update marts.department_rankings set rank_cumulative = 2"
        " where series = 'total' and department_code = '2A' and month = '2020-02-01'",
        {"2020-02"},
    ),
    "no_rank_without_figure": (
        "delete from marts.series where department_code = '03' and month = '2020-01-01'",
        {"2020-01"},
    ),
    "shares_sum_to_one": (
        "update marts.department_rankings set share_of_national = null"
        " where department_code = '2A' and month = '2020-02-01'",
        {"2020-02"},
    ),
    "total_equals_sum_of_partners": (
        "delete from marts.series where series = 'total' and month = '2020-01-01'",
        {"2020-01"},
    ),
    "totals_equal_sum_of_departments": (
        "update marts.territory_totals set cumulative_dwellings = cumulative_dwellings - 1"
        " where level = 'region' and month = '2020-02-01'",
        {"2020-02"},
    ),
    "decreases_explained": (
        "update marts.decreases set explanation = 'unexplained' where month = '2020-02-01'",
        {"2020-02"},
    ),
    "reconciliation_differences": (
        "update marts.reconciliation set difference = 1 where month = '2020-01-01'",
        {"2020-01"},
    ),
}

NOW = dt.datetime(2020, 4, 1, 12)


@pytest.fixture
def sound(world: World) -> World:
    """Three months of both partners, published as they add up; a tie, a gap, a fall, a revision."""
    for source in ("anah", "action_logement"):
        world.figures(
            source,
            {
                "2020-01": {"01": 0, "03": 2, "2A": 9},
                "2020-02": {"01": 5, "2A": 5},
                "2020-03": {"01": 6, "03": 6, "2A": 6},
            },
        )
        fall = (ACV, source, month("2020-02"), "2A", -4, "head of unit", "counted twice", NOW)
        world.insert("validated.explanations", fall)
    world.figures("barometre", {"2020-01": {"01": 0, "03": 4, "2A": 18}})
    world.delivered("a", "2020-02-10")
    world.delivered("b", "2020-03-10")
    world.published("a", "2020-01", FR=99)
    world.published("b", "2020-01", FR=22, r84=4, r94=18)
    world.observe(1, "a", "2020-02-10", "2020-03-10", "b", at=("2020-01", "01"))
    world.observe(0, "b", "2020-03-10", at=("2020-01", "01"))
    return world.build()


def test_all_pass_on_sound_marts(sound: World) -> None:
    for model in sound.project.models.values():
        assert sound.rows(f"select count(*) > 0 from {model.table}") == [(True,)], model.name
    failing = [
        name
        for name in sound.project.tests
        if not sound.project.run_test(sound.connection, name).passed
    ]
    assert failing == []


@pytest.mark.parametrize("name", BREAKS)
def test_each_finds_what_is_broken(sound: World, name: str) -> None:
    broken, months = BREAKS[name]
    sound.connection.execute(broken)
    result = sound.project.run_test(sound.connection, name)
    assert {f"{found:%Y-%m}" for found in result.per_month} == months
    assert result.total == sum(result.per_month.values())
    assert result.sample


@pytest.mark.parametrize("model", Project.load().models)
def test_each_mart_has_its_key_tested(sound: World, model: str) -> None:
    table = sound.project.models[model].table
    sound.connection.execute(f"insert into {table} from {table} order by all limit 1")
    result = sound.project.run_test(sound.connection, f"{model}_unique_key")
    assert result.total == 1
    assert result.sample[0]["occurrences"] == 2


@pytest.mark.parametrize("column", ["indicator_id", "series", "department_code", "month"])
def test_a_ranking_of_nobody_is_found(sound: World, column: str) -> None:
    sound.connection.execute(
        f"insert into marts.department_rankings select * replace (null as {column})"
        " from marts.department_rankings limit 1"
    )
    result = sound.project.run_test(sound.connection, "no_rank_without_figure")
    assert (result.total, result.sample[0][column]) == (1, None)


def test_an_indicator_that_the_contract_drops_is_in_no_mart(sound: World) -> None:
    for table in ("indicators", "components", "panel"):
        sound.connection.execute(f"delete from contract.{table}")
    sound.build()
    assert sound.rows("select count(*) from validated.dwellings") != [(0,)]
    for model in ("series", "monthly_increments", "department_rankings", "territory_totals"):
        assert sound.rows(f"select count(*) from marts.{model}") == [(0,)], model


def test_every_test_has_a_failing_case(project: Project) -> None:
    keys = {f"{model}_unique_key" for model in project.models}
    assert set(project.tests) == set(BREAKS) | keys


def test_an_increment_that_is_missing_is_found(sound: World) -> None:
    sound.connection.execute(
        "update marts.monthly_increments set increment = null where department_code = '2A'"
    )
    result = sound.project.run_test(sound.connection, "increments_sum_to_cumulative")
    assert result.total > 0


def test_an_increment_across_a_break_is_found(sound: World) -> None:
    sound.insert("contract.sources", ("third", "Third", "partner", "third"))
    sound.insert("contract.components", (ACV, "third", month("2020-02")))
    sound.figures("third", {"2020-02": {"01": 100, "2A": 50}})
    name = "increments_cross_no_break"
    assert sound.build().project.run_test(sound.connection, name).passed
    sound.connection.execute(
        "update marts.monthly_increments set previous_month = '2020-01-01', increment = 110"
        " where series = 'total' and month = '2020-02-01' and department_code = '01'"
    )
    assert sound.project.run_test(sound.connection, name).sample == [
        {
            "month": month("2020-02"),
            "indicator_id": ACV,
            "series": "total",
            "what": "third",
            "departments": 1,
            "dwellings": 110,
        }
    ]


def test_an_increment_across_a_perimeter_that_moved_is_found(sound: World) -> None:
    name = "increments_cross_no_break"
    assert sound.project.run_test(sound.connection, name).passed
    sound.insert("contract.breaks", (ACV, month("2020-02"), "périmètre", "perimeter"))
    found = sound.project.run_test(sound.connection, name)
    assert {(row["series"], row["what"]) for row in found.sample} == {
        (series, "perimeter") for series in ("anah", "action_logement", "total")
    }
    assert sound.build().project.run_test(sound.connection, name).passed


def test_a_figure_that_changed_on_its_way_to_the_ranking_is_found(sound: World) -> None:
    sound.connection.execute(
        "update marts.department_rankings set cumulative_dwellings = cumulative_dwellings + 1"
        " where series = 'total' and department_code = '2A' and month = '2020-02-01'"
    )
    result = sound.project.run_test(sound.connection, "no_rank_without_figure")
    assert result.per_month == {month("2020-02"): 1}
