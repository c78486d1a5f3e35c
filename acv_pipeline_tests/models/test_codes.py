"""Codes are stored as numbers, and nobody who reads the marts can tell."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from acv_pipeline.models import Project, SqlProjectError
from acv_pipeline.models.definitions import Select
from acv_pipeline_tests.models.world import World, month
from acv_pipeline_tests.warehouses import make_table


@pytest.fixture
def built(world: World) -> World:
    world.figures("barometre", {"2020-01": {"01": 1, "2A": 3}, "2020-02": {"01": 2, "2A": 3}})
    return world.build()


def types(world: World, table: str) -> dict[str, str]:
    return {name: kind for name, kind, *_ in world.rows(f"describe {table}")}


def test_a_mart_shows_the_texts_of_what_is_stored(built: World) -> None:
    for model in built.project.models.values():
        shown, stored = types(built, model.table), types(built, model.stored)
        assert shown == {column.name: column.data_type.upper() for column in model.columns}
        coded = {name for name in shown if shown[name] != stored[name]}
        assert coded == shown.keys() & built.project.codes.keys(), model.name
        assert all(stored[name].startswith("ENUM(") for name in coded)
    assert built.rows(
        "select department_code, region_code from marts.department_rankings"
        " where month = '2020-02-01' order by department_code"
    ) == [("01", "84"), ("2A", "94")]


def test_a_territory_more_numbers_the_others_anew_and_changes_nothing(built: World) -> None:
    before = types(built, "stored.series")["department_code"]
    built.connection.execute("insert into reference.departments values ('00', 'New', '84', 1)")
    built.figures("barometre", {"2020-03": {"00": 1}})
    results = built.project.build(built.connection)
    assert types(built, "stored.series")["department_code"] != before
    assert results["series"].changed_months == {month("2020-03")}
    assert results["department_rankings"].changed_months == {month("2020-03")}


def test_figures_of_a_territory_that_nobody_knows_can_be_stored(built: World) -> None:
    built.figures("barometre", {"2020-03": {"XX": 1}})
    built.build()
    found = built.rows("select department_code from marts.series where month = '2020-03-01'")
    assert found == [("XX",)]


def test_a_table_in_the_place_of_a_mart_makes_room_for_it(built: World) -> None:
    """An earlier version kept marts as tables, and so does dbt."""
    make_table(built.connection, "marts.series")
    built.connection.execute("drop table stored.series")
    built.connection.execute("delete from marts.series where month = '2020-02-01'")
    results = built.project.build(built.connection)
    assert results["series"].changed_months == {month("2020-02")}
    assert results["monthly_increments"].changed_months == frozenset()
    assert built.rows("select count(*) from stored.series") == [(4,)]
    assert built.rows("select count(*) from marts.series") == [(4,)]


def test_what_dbt_built_since_is_not_gone_back_behind(built: World) -> None:
    built.connection.execute("update validated.observations set cumulative_dwellings = 99")
    for model in built.project.models.values():
        rows = built.project.compile(model.name)
        make_table(built.connection, model.table)
        built.connection.execute(f"create or replace table {model.table} as {rows}")
    results = built.project.build(built.connection)
    assert all(result.changed_months == frozenset() for result in results.values())
    assert built.rows("select distinct cumulative_dwellings from marts.series") == [(99,)]
    assert built.rows("select distinct cumulative_dwellings from stored.series") == [(99,)]


def test_a_part_can_be_built_and_tested_on_marts_of_an_earlier_version(built: World) -> None:
    for model in built.project.models.values():
        make_table(built.connection, model.table)
    built.connection.execute("drop schema stored cascade")
    built.project.adopt(built.connection)
    assert built.project.run_test(built.connection, "no_rank_without_figure").passed
    for model in built.project.models.values():
        make_table(built.connection, model.table)
    built.connection.execute("drop schema stored cascade")
    result = built.project.build(built.connection, ["monthly_increments"])["monthly_increments"]
    assert result.changed_months == frozenset()


def test_what_is_stored_otherwise_than_it_would_be_now_is_written_anew(built: World) -> None:
    built.connection.execute("alter table stored.series alter cumulative_dwellings type integer")
    built.connection.execute("alter table stored.series alter department_code type varchar")
    results = built.project.build(built.connection)
    assert results["monthly_increments"].changed_months == frozenset()
    stored = types(built, "stored.series")
    assert stored["cumulative_dwellings"] == "BIGINT"
    assert stored["department_code"].startswith("ENUM(")


def test_a_part_is_built_though_the_contract_has_dropped_a_series(built: World) -> None:
    built.connection.execute("update contract.sources set series = 'renamed'")
    built.project.build(built.connection, ["monthly_increments"])
    assert built.rows("select distinct series from marts.monthly_increments") == [("published",)]


def test_a_code_that_no_file_lists_is_named(built: World, project: Project) -> None:
    listed = Select(Path("codes/series.sql"), "select 'anah' as series", (), ())
    forgetful = dataclasses.replace(project, codes=project.codes | {"series": listed})
    built.connection.execute("drop schema stored cascade")
    built.connection.execute("drop schema marts cascade")
    with pytest.raises(SqlProjectError, match=r"no file of codes/ lists .*'published'"):
        forgetful.build(built.connection)


def test_codes_that_cannot_be_read_are_named(built: World) -> None:
    built.connection.execute("drop schema reference cascade")
    with pytest.raises(SqlProjectError, match=r"codes/department_code\.sql reads a table"):
        built.project.build(built.connection)


def test_a_table_of_other_columns_in_the_place_of_a_mart_says_nothing(built: World) -> None:
    built.connection.execute("drop view marts.series")
    built.connection.execute("drop table stored.series")
    built.connection.execute("create table marts.series as select 1 as nothing")
    results = built.project.build(built.connection)
    assert results["series"].changed_months == {month("2020-01"), month("2020-02")}
    assert built.rows("select count(*) from marts.series") == [(4,)]


def test_codes_of_no_column_are_named(project: Project, tmp_path: Path) -> None:
    for folder in ("models", "tests", "seeds", "codes", "as_of"):
        (tmp_path / folder).symlink_to(project.path / folder)
    assert Project.load(tmp_path).codes.keys() == project.codes.keys()
    (tmp_path / "codes").unlink()
    (tmp_path / "codes").mkdir()
    (tmp_path / "codes" / "colour.sql").write_text("select 1 as colour", encoding="utf-8")
    with pytest.raises(SqlProjectError, match="codes of colour"):
        Project.load(tmp_path)
