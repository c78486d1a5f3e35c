"""Revisions, reconciliation and the marts as of a day, on small cases worked out by hand."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from acv_pipeline.models import Project, SqlProjectError
from acv_pipeline_tests.models.world import World, day


def revisions(world: World, columns: str) -> list[tuple]:
    return world.build().rows(
        f"select department_code, {columns} from marts.revisions order by all"
    )


def test_a_replaced_figure_is_a_routine_revision(world: World) -> None:
    world.delivered("a", "2022-01-13")
    world.delivered("b", "2022-03-15")
    world.observe(100, "a", "2022-01-13", "2022-03-15", "b")
    world.observe(90, "b", "2022-03-15")
    world.observe(40, "a", "2022-01-13", at=("2021-12", "03"))
    assert revisions(
        world, "revised_on, old_value, new_value, old_delivery_id, new_delivery_id, kind"
    ) == [("01", day("2022-03-15"), 100, 90, "a", "b", "routine")]


def test_a_dropped_figure_is_withdrawn_and_outside_the_panel_perimeter(world: World) -> None:
    world.delivered("a", "2022-01-13")
    world.delivered("b", "2022-03-15")
    world.observe(100, "a", "2022-01-13", "2022-03-15", "b")
    world.observe(7, "a", "2022-01-13", "2022-03-15", "b", at=("2021-12", "62"))
    assert revisions(world, "new_value, new_delivery_id, kind, national_effect") == [
        ("01", None, "b", "withdrawn", -107),
        ("62", None, "b", "perimeter", -107),
    ]


@pytest.mark.parametrize("held", ["a", "between", "b"])
def test_a_revision_of_a_month_that_was_held_is_a_correction(world: World, held: str) -> None:
    for delivery, on in (("a", "2022-01-13"), ("between", "2022-02-01"), ("b", "2022-03-15")):
        world.delivered(delivery, on)
    world.held(held, "2021-12")
    world.observe(100, "a", "2022-02-10", "2022-03-15", "b")  # signed off in February
    world.observe(90, "b", "2022-03-15")
    world.observe(50, "a", "2022-01-13", "2022-03-15", "b", at=("2021-09", "01"))
    world.observe(51, "b", "2022-03-15", at=("2021-09", "01"))
    assert revisions(world, "month, kind") == [
        ("01", day("2021-09-01"), "routine"),
        ("01", day("2021-12-01"), "correction"),
    ]


@pytest.mark.parametrize(("held", "source"), [("late", "barometre"), ("other", "anah")])
def test_holds_of_other_times_and_sources_make_no_correction(
    world: World, held: str, source: str
) -> None:
    for delivery, on in (("a", "2022-01-13"), ("other", "2022-02-01"), ("b", "2022-03-15")):
        world.delivered(delivery, on)
    world.delivered("late", "2022-04-01")
    world.held(held, "2021-12", source)
    world.observe(100, "a", "2022-01-13", "2022-03-15", "b")
    world.observe(90, "b", "2022-03-15")
    assert revisions(world, "kind") == [("01", "routine")]


def test_what_came_and_went_within_a_day_was_never_believed(world: World) -> None:
    for delivery, on in (("a", "2022-01-13"), ("b", "2022-03-15"), ("c", "2022-03-15")):
        world.delivered(delivery, on)
    world.observe(100, "a", "2022-01-13", "2022-03-15", "b")
    world.observe(95, "b", "2022-03-15", "2022-03-15", "c")
    world.observe(90, "c", "2022-03-15")
    # 03 is back to where it was by the end of the day: no revision.
    world.observe(10, "a", "2022-01-13", "2022-03-15", "b", at=("2021-12", "03"))
    world.observe(11, "b", "2022-03-15", "2022-03-15", "c", at=("2021-12", "03"))
    world.observe(10, "c", "2022-03-15", at=("2021-12", "03"))
    assert revisions(world, "old_value, new_value, new_delivery_id") == [("01", 100, 90, "c")]


def test_a_figure_revised_twice_has_two_revisions(world: World) -> None:
    for delivery, on in (("a", "2022-01-13"), ("b", "2022-03-15"), ("c", "2022-04-15")):
        world.delivered(delivery, on)
    world.observe(100, "a", "2022-01-13", "2022-03-15", "b")
    world.observe(95, "b", "2022-03-15", "2022-04-15", "c")
    world.observe(99, "c", "2022-04-15")
    assert revisions(world, "revised_on, old_value, new_value, national_effect") == [
        ("01", day("2022-03-15"), 100, 95, -5),
        ("01", day("2022-04-15"), 95, 99, 4),
    ]


def test_published_rows_that_change_or_vanish_between_releases(world: World) -> None:
    for delivery, on in (("a", "2021-12-21"), ("b", "2022-01-13"), ("regions", "2022-01-13")):
        world.delivered(delivery, on)
    world.published("a", "2020-09", FR=41_703)
    world.published("a", "2020-12", FR=48_035, r84=5)
    world.published("b", "2020-12", FR=48_325)
    world.published("b", "2021-12", FR=73_845)
    world.published("regions", "2020-12", r84=5)
    rows = world.build().rows(
        "select level, territory_code, strftime(month, '%Y-%m'), revised_on, old_value, new_value,"
        " old_delivery_id, new_delivery_id, kind from marts.published_revisions order by month"
    )
    on = day("2022-01-13")
    assert rows == [
        ("national", "FR", "2020-09", on, 41_703, None, "a", "b", "withdrawn"),
        ("national", "FR", "2020-12", on, 48_035, 48_325, "a", "b", "routine"),
    ]


def test_of_several_releases_of_a_day_the_one_made_last_counts(world: World) -> None:
    """Names tell only where the files don't say when they were made."""
    world.figures("barometre", {"2021-09": {"01": 10, "03": 5, "2A": 1}})
    world.delivered("old", "2021-11-01")
    world.delivered("y_made_later", "2021-12-21", made_at="2021-12-21 11:00")
    world.delivered("z_made_first", "2021-12-21", made_at="2021-12-21 09:00")
    world.delivered("zz_silent", "2021-12-21")
    for delivery, value in (
        ("old", 1),
        ("y_made_later", 16),
        ("z_made_first", 2),
        ("zz_silent", 3),
    ):
        world.published(delivery, "2021-09", FR=value)
    assert reconciliation(world) == [
        ("published_departments", "national", "FR", "2021-09", 16, 16, 0, True)
    ]
    changed = "select old_value, new_value, new_delivery_id from marts.published_revisions"
    assert world.rows(changed) == [(1, 16, "y_made_later")]


def reconciliation(world: World) -> list[tuple]:
    return world.build().rows(
        "select basis, level, territory_code, strftime(month, '%Y-%m'), computed, published,"
        " difference, is_complete from marts.reconciliation order by all"
    )


def test_published_totals_face_the_sum_of_the_departements(world: World) -> None:
    world.figures("barometre", {"2021-09": {"01": 10, "03": 5, "2A": 1}, "2021-10": {"01": 11}})
    world.delivered("old", "2021-11-01")
    world.delivered("new", "2021-12-21")
    world.published("old", "2021-09", FR=99, r84=99)
    world.published("new", "2021-09", FR=9, r84=15)
    world.published("new", "2021-10", FR=20)
    # The old release's region 94 is no longer published.
    world.published("old", "2021-09", r94=1)
    assert reconciliation(world) == [
        ("published_departments", "national", "FR", "2021-09", 16, 9, 7, True),
        ("published_departments", "national", "FR", "2021-10", 11, 20, -9, False),
        ("published_departments", "region", "84", "2021-09", 15, 15, 0, True),
    ]


def test_a_month_published_without_departements_faces_its_regions(world: World) -> None:
    world.figures("barometre", {"2021-01": {"01": 10, "03": 5, "2A": 1}})
    world.delivered("a", "2021-05-07")
    world.published("a", "2020-12", FR=48_035, r84=48_000, r94=325)
    world.published("a", "2020-11", FR=47_000, r84=47_000)
    world.published("a", "2021-01", FR=16, r84=99)
    found = [row for row in reconciliation(world) if row[1] == "national"]
    assert found == [
        ("published_departments", "national", "FR", "2021-01", 16, 16, 0, True),
        ("published_regions", "national", "FR", "2020-11", 47_000, 47_000, 0, False),
        ("published_regions", "national", "FR", "2020-12", 48_325, 48_035, 290, True),
    ]


def test_the_partners_face_what_is_published_at_every_level(world: World) -> None:
    codes = ("01", "03", "2A")
    world.figures("anah", {"2021-09": dict.fromkeys(codes, 3)})
    world.figures("action_logement", {"2021-09": dict.fromkeys(codes, 4)})
    world.figures("barometre", {"2021-09": {"01": 7, "03": 9}})
    world.delivered("a", "2021-12-21")
    world.published("a", "2021-09", FR=21)
    found = [row for row in reconciliation(world) if row[0] == "partners"]
    assert found == [
        ("partners", "department", "01", "2021-09", 7, 7, 0, True),
        ("partners", "department", "03", "2021-09", 7, 9, -2, True),
        ("partners", "national", "FR", "2021-09", 21, 21, 0, True),
    ]


@pytest.fixture
def revised(world: World) -> World:
    """December 2021 as released on 2022-01-13, and corrected on 2022-03-15."""
    world.delivered("a", "2022-01-13")
    world.delivered("b", "2022-03-15")
    for code, first, second in (("01", 100, 60), ("03", 80, 80), ("2A", 70, 70)):
        until, closed_by = ("2022-03-15", "b") if first != second else (None, None)
        world.observe(first, "a", "2022-01-13", until, closed_by, at=("2021-12", code))
        if until:
            world.observe(second, "b", "2022-03-15", at=("2021-12", code))
        world.observe(second + 1, "b", "2022-03-15", at=("2022-02", code))
    return world.build()


def test_a_ranking_as_of_a_day_is_the_one_believed_then(revised: World) -> None:
    revised.project.write_as_of_macros(revised.connection)

    def ranking(on: str) -> list[tuple]:
        return revised.rows(
            "select department_code, rank_cumulative, cumulative_dwellings"
            f" from marts.department_rankings_as_of('{on}')"
            " where month = '2021-12-01' order by 2"
        )

    assert ranking("2022-01-12") == []
    before = [("01", 1, 100), ("03", 2, 80), ("2A", 3, 70)]
    assert ranking("2022-01-13") == before
    assert ranking("2022-03-14") == before
    assert ranking("2022-03-15") == [("03", 1, 80), ("2A", 2, 70), ("01", 3, 60)]


def test_as_of_today_every_mart_is_the_one_in_force(revised: World) -> None:
    for name, model in revised.project.models.items():
        sql = revised.project.compile_as_of(name, day("2030-01-01"))
        now, then = f"(from {model.table})", f"({sql})"
        assert revised.rows(f"{now} except all {then}") == [], name
        assert revised.rows(f"{then} except all {now}") == [], name
    assert revised.rows("select count(*) from marts.revisions") == [(1,)]


def test_as_of_a_day_later_revisions_are_unknown(revised: World) -> None:
    sql = revised.project.compile_as_of("revisions", day("2022-02-01"))
    assert revised.rows(sql) == []


def test_a_source_can_be_asked_as_of_a_day(revised: World) -> None:
    sql = revised.project.compile_as_of("validated.dwellings", day("2022-02-01"))
    assert len(revised.rows(sql)) == 3
    described = revised.connection.execute(f"describe ({sql})").fetchall()
    real = revised.rows("describe validated.dwellings")
    assert [row[:2] for row in described] == [row[:2] for row in real]


def test_as_of_macros_go_with_a_copy_of_the_database(revised: World, tmp_path: Path) -> None:
    revised.project.write_as_of_macros(revised.connection)
    path = tmp_path / "copy.duckdb"
    revised.connection.execute(f"attach '{path}' as copied")
    revised.connection.execute("copy from database memory to copied")
    revised.connection.execute("detach copied")
    with duckdb.connect(str(path), read_only=True) as copy:
        sql = "select count(*) from marts.territory_totals_as_of(date '2022-02-01')"
        assert copy.execute(sql).fetchall() == [(3,)]


def test_as_of_macros_need_no_marts(world: World) -> None:
    world.observe(100, "a", "2022-01-13")
    world.project.write_as_of_macros(world.connection)
    sql = "select cumulative_dwellings from marts.series_as_of('2022-01-13')"
    assert world.rows(sql) == [(100,)]


def test_unknown_names_as_of_a_day_are_named(project: Project) -> None:
    with pytest.raises(SqlProjectError, match="nothing_like_it"):
        project.compile_as_of("nothing_like_it", day("2022-02-01"))
