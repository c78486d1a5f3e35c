"""Every figure on the page is that of the marts: small world and official releases."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest

from acv_pipeline.publishing.report import Report
from acv_pipeline.publishing.report.figures import figures
from acv_pipeline.publishing.report.words import month_name
from acv_pipeline_tests.deliveries import ACV, PVD
from acv_pipeline_tests.report.conftest import Open, report_on, rows
from acv_pipeline_tests.report.world import HELD_MONTH, World

SLUGS = {ACV: "acv", PVD: "pvd"}
CELLS = """table => [...table.tBodies[0].rows].map(row => [
    row.dataset.code ?? row.dataset.from ?? row.querySelector('time')?.dateTime,
    ...[...row.cells].map(cell => {
        const shown = cell.cloneNode(true);
        shown.querySelectorAll('small, svg').forEach(part => part.remove());
        return shown.textContent.trim();
    })])"""


def value(text: str) -> float | None:
    """A figure as the French page writes it; None for a dash."""
    if text == "–":
        return None
    plain = text.replace("\u202f", "").replace(",", ".").replace("−", "-")
    return float(plain.removesuffix("%"))


def series_of(indicator: str, world: World) -> str:
    (found,) = rows(
        world.connection,
        "select coalesce(min(series) filter (series = 'total'), min(series)) from marts.series"
        " where indicator_id = ?",
        indicator,
    )
    return str(found[0])


@pytest.fixture(params=["world", "real"])
def either(request: pytest.FixtureRequest) -> tuple[World, Report]:
    names = {"world": "report", "real": "real_report"}
    return request.getfixturevalue(request.param), request.getfixturevalue(names[request.param])


@pytest.mark.parametrize("indicator", [ACV, PVD])
def test_every_figure_is_that_of_the_marts(
    indicator: str, either: tuple[World, Report], open_page: Open
) -> None:
    world, report = either
    page = open_page(report)
    slug, series = SLUGS[indicator], series_of(indicator, world)
    of = (indicator, series)

    def table(selector: str) -> dict[str, list[str]]:
        cells: list[list[Any]] = page.eval_on_selector(selector, CELLS)
        return {row[0]: row[1:] for row in cells}

    # ranking
    month = report.months[indicator]
    expected = rows(
        world.connection,
        "select department_code, rank_cumulative, cumulative_dwellings, increment,"
        " rank_cumulative_change, dwellings_per_10k_inhabitants, share_of_national"
        " from marts.department_rankings where indicator_id = ? and series = ? and month = ?",
        *of, month,
    )  # fmt: skip
    shown = table(f"#{slug}-ranking")
    assert shown.keys() == {code for code, *_ in expected}
    for code, rank, cumulative, increment, change, rate, share in expected:
        cells = shown[code]
        assert value(cells[0]) == rank
        assert value(cells[3]) == cumulative
        assert value(cells[4]) == increment
        assert (0 if cells[5] == "=" else value(cells[5])) == change
        assert value(cells[6]) == pytest.approx(rate, abs=0.051)
        assert value(cells[7]) == pytest.approx(100 * share, abs=0.051)

    # regions: sums of the ranking's départements, ranked where all expected ones are there
    places = world.contract.territories
    members: dict[str, list[str]] = defaultdict(list)
    for code in shown:
        members[places.region_of[code]].append(code)
    panel = world.contract.panel(indicator)
    totals_by_region = rows(
        world.connection,
        "select territory_code, cumulative_dwellings, increment, is_complete from"
        " marts.territory_totals where indicator_id = ? and series = ? and month = ?"
        " and level = 'region'",
        *of, month,
    )  # fmt: skip
    ranked = [total for _, total, _, is_complete in totals_by_region if is_complete]
    cells_of = {row[2]: row[1:] for row in page.eval_on_selector(f"#{slug}-regions", CELLS)}
    assert {region for region, *_ in totals_by_region} == set(members)
    assert cells_of.keys() == {places.regions[places.region_of[c]] for c in [*shown, *panel]}
    for region, total, increment, is_complete in totals_by_region:
        cells = cells_of[places.regions[region]]
        assert value(cells[0]) == (1 + sum(r > total for r in ranked) if is_complete else None)
        assert value(cells[2]) == total == sum(value(shown[c][3]) or 0 for c in members[region])
        assert value(cells[3]) == increment
        rate = 10_000 * total / sum(places.population[code] for code in members[region])
        assert value(cells[4]) == pytest.approx(rate, abs=0.051)
        there = [code for code in panel if places.region_of[code] == region]
        known = sum(code in shown for code in there)
        assert cells[5].startswith(f"{known} sur {len(there)}")
        assert is_complete == (known == len(there))

    # national table
    totals = rows(
        world.connection,
        "select month, cumulative_dwellings, increment, months_elapsed, is_complete"
        " from marts.territory_totals"
        " where indicator_id = ? and series = ? and level = 'national' order by month",
        *of,
    )
    national = table(f"#{slug}-national")
    for in_month, cumulative, increment, elapsed, _ in totals:
        cells = national[f"{in_month:%Y-%m}"]
        assert value(cells[1]) == cumulative
        assert value(cells[2]) == increment
        assert value(cells[3]) == elapsed
    with_figures = {f"{in_month:%Y-%m}" for in_month, *_ in totals}
    for key in national.keys() - with_figures:
        assert national[key][1:5] == ["–"] * 4

    # headline: the last complete total
    complete = [total for total in totals if total[4]]
    assert value(page.inner_text(f"#{slug} .figure strong")) == complete[-1][1]

    # sections
    every = rows(
        world.connection,
        "select department_code, month, cumulative_dwellings, increment, rank_cumulative"
        " from marts.department_rankings where indicator_id = ? and series = ?",
        *of,
    )
    position = list(report.months).index(indicator) + 1
    sections: dict[str, list[list[str]]] = page.evaluate(
        f"""position => Object.fromEntries([...document.querySelectorAll('.department')].map(d => {{
            const table = d.querySelector(`.columns > div:nth-child(${{position}}) table`);
            return [d.id.slice(1), table ? ({CELLS})(table) : []];
        }}))""",
        position,
    )
    on_page = {
        (code, row[1], *map(value, row[2:])) for code, found in sections.items() for row in found
    }
    assert on_page == {(c, month_name(m, "fr", short=True), v, i, r) for c, m, v, i, r in every}


def test_parts_add_up_to_the_complete_totals(world: World, report: Report, open_page: Open) -> None:
    page = open_page(report)
    cells: list[list[Any]] = page.eval_on_selector("#acv-by-partner", CELLS)
    shown = {row[0]: [value(cell) for cell in row[2:]] for row in cells}
    expected = {
        f"{month:%Y-%m}": total
        for month, total in rows(
            world.connection,
            "select month, cumulative_dwellings from marts.territory_totals where indicator_id = ?"
            " and series = 'total' and level = 'national' and is_complete",
            ACV,
        )
    }
    assert {month: total for month, (*_, total) in shown.items()} == expected
    assert all(sum(parts) == total for *parts, total in shown.values())


def test_what_is_missing_is_said(world: World, report: Report, open_page: Open) -> None:
    page = open_page(report)
    text = page.inner_text("#acv")
    assert "Juin 2020 est incomplet : 23 départements sur 24".replace(" :", "\u00a0:") in text
    assert "Juillet 2020 est retenu" in text
    assert "Une livraison plus récente de mai 2020 (Action Logement) est retenue" in text
    absent = page.inner_text("#acv .absences")
    assert "Corse-du-Sud" in absent and "Action Logement" in absent and "quarantaine" in absent
    state = "#acv-national tr[data-from='{}'] td:last-child"
    assert page.text_content(state.format("2020-04")).startswith("aucun chiffre")
    assert "retenu" in page.text_content(state.format("2020-07"))
    assert "chiffre antérieur en vigueur" in page.text_content(state.format("2020-05"))
    assert page.locator("#acv-ranking small", has_text="ex æquo").count() == 2
    assert page.text_content("#about .hash") == "5e" * 32


def test_a_held_month_shows_no_figure(world: World, report: Report) -> None:
    (acv, _) = figures(world.connection, world.contract)
    last = acv.course[-1]
    assert (last.month, last.state, last.held) == (HELD_MONTH, "held", ("action_logement",))
    assert last.delivered == ("anah",)
    assert HELD_MONTH not in {row.month for row in acv.departments}
    held = course_value(world, HELD_MONTH)
    html = report.path.read_text(encoding="utf-8")
    assert f"{held:,}".replace(",", "\u202f") not in html


def course_value(world: World, month: dt.date) -> int:
    """The sum that was delivered, and held."""
    (found,) = rows(
        world.connection,
        "select sum(value) from raw.tidy_rows join raw.deliveries using (delivery_id)"
        " where month = ? and source = 'action_logement' and fate = 'figure'",
        month,
    )
    return int(found[0])


def test_states_of_the_course(world: World) -> None:
    (acv, pvd) = figures(world.connection, world.contract)
    assert [month.state for month in acv.course] == [
        "complete", "complete", "complete", "none", "complete", "incomplete", "held",
    ]  # fmt: skip
    assert acv.headline and acv.headline.month == dt.date(2020, 5, 1)
    assert [month.month.month for month in acv.later] == [6, 7]
    assert pvd.later == [] and pvd.series == "total"
    assert [absent.department_code for absent in acv.absent] == ["2A"]
    assert {p.absence.code for p in acv.absent[0].parts if p.absence} == {"quarantined"}


def test_the_published_series_stands_in_where_there_is_no_total(real: World) -> None:
    for shown in figures(real.connection, real.contract):
        assert shown.series == "published"
        assert [source.id for source in shown.sources] == ["barometre"]
        assert shown.partners == []


def test_published_totals_of_a_held_month_are_not_shown(real: World) -> None:
    (acv, *_) = figures(real.connection, real.contract)
    month = acv.differences[0].month
    revised = {row.month for row in acv.published_revisions}
    real.connection.execute("begin")
    try:
        real.connection.execute(
            "insert into validated.held_months (indicator_id, month, source, status, delivery_id)"
            " select ?, unnest(?), 'barometre', 'held', min(delivery_id) from raw.deliveries",
            [ACV, sorted({month, max(revised)})],
        )
        (without, *_) = figures(real.connection, real.contract)
    finally:
        real.connection.execute("rollback")
    assert without.differences == [row for row in acv.differences if row.month < month]
    assert {row.month for row in without.published_revisions} == revised - {month, max(revised)}
    national = {row.level: row.compared for row in acv.compared}["national"]
    assert {row.level: row.compared for row in without.compared}["national"] < national


def test_findings_are_told_of_what_is_in_force_alone(world: World, tmp_path: Path) -> None:
    world.connection.execute("begin")
    try:
        world.connection.execute(
            "update validated.held_months set evidence = json_array(json_object("
            "'blocking', true, 'summary', status || ' found ' || strftime(month, '%Y-%m')))"
        )
        for check, month, summary in (
            ("keys_are_unique", "2020-06-01", "June is known"),
            ("keys_are_unique", "2020-07-01", "July is not"),
            ("nothing_else", "2020-07-01", "nor is this"),
        ):
            world.connection.execute(
                "insert into validated.check_results (asset, check_name, month, passed, severity,"
                " failed, summary) values ('validated_dwellings', ?, ?, false, 'error', 1, ?)",
                [check, month, summary],
            )
        html = report_on(world, tmp_path).path.read_text(encoding="utf-8")
    finally:
        world.connection.execute("rollback")
    assert "signed_off found 2020-05" in html
    assert "held found" not in html
    assert "superseded found" not in html
    assert "June is known" in html and "July is not" not in html and "nor is this" not in html
    assert html.count("Not shown: the month is held") == 1
