"""The marts on small cases worked out by hand; ``test_marts_property`` has all the others."""

from __future__ import annotations

import pytest

from acv_pipeline_tests.models.world import ACV, World, month


def series(world: World, name: str) -> dict[tuple[str, str], int]:
    rows = world.rows(
        "select strftime(month, '%Y-%m'), department_code, cumulative_dwellings"
        f" from marts.series where series = '{name}'"
    )
    return {(text, code): value for text, code, value in rows}


def test_total_is_the_sum_of_the_partners_only_where_both_have_a_figure(world: World) -> None:
    world.figures("anah", {"2020-01": {"01": 10, "03": 5}})
    world.figures("action_logement", {"2020-01": {"01": 7, "2A": 4}})
    world.build()
    assert series(world, "total") == {("2020-01", "01"): 17}
    assert series(world, "anah") == {("2020-01", "01"): 10, ("2020-01", "03"): 5}
    assert series(world, "action_logement") == {("2020-01", "01"): 7, ("2020-01", "2A"): 4}


def increments(world: World, columns: str, code: str = "01") -> list[tuple]:
    return world.rows(
        f"select {columns} from marts.monthly_increments"
        f" where department_code = '{code}' order by month"
    )


def test_an_increment_is_counted_from_the_previous_month_with_a_figure(world: World) -> None:
    world.figures(
        "barometre",
        {"2020-01": {"01": 10, "03": 1}, "2020-02": {"03": 4}, "2020-05": {"01": 22, "03": 2}},
    )
    world.build()
    columns = "month, previous_month, months_elapsed, increment, increment_per_month, is_decrease"
    january, february, may = month("2020-01"), month("2020-02"), month("2020-05")
    assert increments(world, columns) == [
        (january, None, None, None, None, None),
        (may, january, 4, 12, 3.0, False),
    ]
    assert increments(world, columns, "03") == [
        (january, None, None, None, None, None),
        (february, january, 1, 3, 3.0, False),
        (may, february, 3, -2, -2 / 3, True),
    ]


def test_no_increment_starts_from_a_baseline_of_zeros(world: World) -> None:
    world.figures(
        "barometre",
        {
            "2019-12": {"01": 0, "03": 0},
            "2020-01": {"01": 30, "03": 0},
            "2020-02": {"01": 31, "03": 2},
        },
    )
    world.build()
    assert increments(world, "previous_month, increment") == [
        (None, None),
        (None, None),
        (month("2020-01"), 1),
    ]
    # A zero of one département in a month that counts is a figure like any other.
    assert increments(world, "increment", "03") == [(None,), (None,), (2,)]


def ranking(world: World, columns: str, text: str) -> dict[str, tuple]:
    rows = world.rows(
        f"select department_code, {columns} from marts.department_rankings"
        f" where month = '{text}-01'"
    )
    return {code: tuple(values) for code, *values in rows}


def test_ranks_by_increment_and_how_far_a_departement_climbed(world: World) -> None:
    world.figures(
        "barometre",
        {
            "2020-01": {"01": 30, "03": 20, "2A": 10},
            "2020-02": {"01": 31, "03": 19, "2A": 25, "62": 40},
        },
    )
    world.build()
    columns = "rank_cumulative, increment, rank_increment, rank_cumulative_change"
    assert ranking(world, columns, "2020-01")["01"] == (1, None, None, None)
    assert ranking(world, columns, "2020-02") == {
        "62": (1, None, None, None),
        "01": (2, 1, 2, -1),
        "2A": (3, 15, 1, 0),
        "03": (4, -1, 3, -2),
    }


def test_shares_and_density(world: World) -> None:
    world.figures("barometre", {"2020-01": {"01": 75, "03": 25}})
    world.build()
    found = ranking(
        world,
        "department_name, region_code, share_of_national, dwellings_per_10k_inhabitants",
        "2020-01",
    )
    assert found["01"] == ("Ain", "84", 0.75, pytest.approx(75 * 10_000 / 679_344))


def totals(world: World, territory: str) -> list[tuple]:
    return world.rows(
        "select strftime(month, '%Y-%m'), cumulative_dwellings, increment, months_elapsed,"
        f" is_complete from marts.territory_totals where territory_code = '{territory}'"
        " order by month"
    )


def test_a_territory_is_complete_only_when_its_panel_is(world: World) -> None:
    world.figures(
        "barometre",
        {
            "2020-01": {"01": 1, "03": 2, "2A": 4},
            "2020-02": {"01": 2, "2A": 5},
            "2020-03": {"01": 3, "03": 5, "2A": 6},
            "2020-05": {"01": 4, "03": 4, "2A": 8},
        },
    )
    world.build()
    # 03 is missing in February: neither that month nor the next has a national increment.
    assert totals(world, "FR") == [
        ("2020-01", 7, None, None, True),
        ("2020-02", 7, None, None, False),
        ("2020-03", 14, None, None, True),
        ("2020-05", 16, 2, 2, True),
    ]
    assert totals(world, "94") == [
        ("2020-01", 4, None, None, True),
        ("2020-02", 5, 1, 1, True),
        ("2020-03", 6, 1, 1, True),
        ("2020-05", 8, 2, 2, True),
    ]
    assert [row[-1] for row in totals(world, "84")] == [True, False, True, True]


@pytest.fixture
def joined(world: World) -> World:
    """A third partner counts from March on; in March, 03 has no figure of Anah."""
    world.insert("contract.sources", ("third", "Third", "partner", "third"))
    world.insert("contract.components", (ACV, "third", month("2020-03")))
    both = {
        "2020-01": {"01": 1, "03": 2, "2A": 4},
        "2020-02": {"01": 2, "03": 4, "2A": 5},
        "2020-03": {"01": 3, "03": 5, "2A": 6},
        "2020-04": {"01": 5, "03": 6, "2A": 9},
        "2020-05": {"01": 6, "03": 8, "2A": 9},
    }
    world.figures("action_logement", both)
    world.figures("third", both)
    del both["2020-03"]["03"]
    world.figures("anah", both)
    return world.build()


def test_where_a_partner_joins_nothing_compares(joined: World) -> None:
    columns = "previous_month, increment, is_break, is_decrease"
    nothing, april = (None, None), month("2020-04")
    of_total = joined.rows(
        f"select department_code, strftime(month, '%Y-%m'), {columns}"
        " from marts.monthly_increments where series = 'total' and month >= '2020-03-01'"
        " order by all"
    )
    assert [row for row in of_total if row[0] != "2A"] == [
        ("01", "2020-03", *nothing, True, None),
        ("01", "2020-04", month("2020-03"), 6, False, False),
        ("01", "2020-05", april, 3, False, False),
        ("03", "2020-04", *nothing, True, None),
        ("03", "2020-05", april, 6, False, False),
    ]
    ranked = joined.rows(
        "select strftime(month, '%Y-%m'), department_code, rank_increment, rank_cumulative_change"
        " from marts.department_rankings where series = 'total' and is_break order by all"
    )
    assert ranked == [("2020-03", "01", None, None), ("2020-03", "2A", None, None),
                      ("2020-04", "03", None, None)]  # fmt: skip
    assert joined.rows(
        "select strftime(month, '%Y-%m'), increment, is_complete, is_break"
        " from marts.territory_totals where series = 'total' and level = 'national' order by all"
    ) == [
        ("2020-01", None, True, False),
        ("2020-02", 8, True, False),
        ("2020-03", None, False, True),
        ("2020-04", None, True, False),  # 03 alone is not compared
        ("2020-05", 9, True, False),
    ]


def test_a_partner_alone_and_the_first_month_of_a_total_are_no_break(joined: World) -> None:
    assert joined.rows(
        "select series, count(*) filter (is_break) from marts.monthly_increments group by series"
        " order by series"
    ) == [("action_logement", 0), ("anah", 0), ("third", 0), ("total", 3)]
    assert joined.rows(
        "select distinct comparable_since, min(month) over (partition by comparable_since)"
        " from marts.series where series = 'total' order by all"
    ) == [(month("2018-09"), month("2020-01")), (month("2020-03"), month("2020-03"))]


def test_where_a_perimeter_moves_nothing_compares_in_any_series(world: World) -> None:
    world.insert("contract.breaks", (ACV, month("2020-02"), "périmètre", "perimeter"))
    world.insert("contract.breaks", (ACV, month("2020-04"), "périmètre", "perimeter"))
    figures = {f"2020-0{n}": {"01": n, "2A": 2 * n} for n in (1, 2, 3, 5)}
    for source in ("anah", "action_logement", "barometre"):
        world.figures(source, figures)
    world.build()
    for series in ("anah", "total", "published"):
        assert world.rows(
            "select strftime(month, '%Y-%m'), increment is not null, is_break"
            f" from marts.monthly_increments where series = '{series}' and department_code = '01'"
            " order by month"
        ) == [
            ("2020-01", False, False),
            ("2020-02", False, True),
            ("2020-03", True, False),
            ("2020-05", False, True),  # April has no figure: the break shows in the next
        ], series


def test_a_break_before_the_first_figure_breaks_nothing(world: World) -> None:
    world.insert("contract.breaks", (ACV, month("2020-01"), "périmètre", "perimeter"))
    for source in ("anah", "action_logement"):
        world.figures(source, {"2020-01": {"01": 0}, "2020-02": {"01": 5}, "2020-03": {"01": 6}})
    world.build()
    assert world.rows("select max(is_break), max(increment) from marts.monthly_increments") == [
        (False, 2)
    ]


def test_a_partner_that_joins_before_anything_is_counted_breaks_nothing(world: World) -> None:
    world.insert("contract.sources", ("third", "Third", "partner", "third"))
    world.insert("contract.components", (ACV, "third", month("2020-02")))
    for source in ("anah", "action_logement"):
        world.figures(source, {"2020-01": {"01": 0}, "2020-02": {"01": 5}})
    world.figures("third", {"2020-02": {"01": 0}})
    world.build()
    assert world.rows("select max(is_break) from marts.monthly_increments") == [(False,)]
