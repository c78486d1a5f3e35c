"""Links into the page: a département, two side by side, a région; and the way back."""

from __future__ import annotations

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from acv_pipeline.publishing.report import Report
from acv_pipeline_tests.report.conftest import Open, Seen


def at(page: Page, report: Report, place: str) -> Page:
    page.goto(f"{report.path.as_uri()}#{place}")
    return page


def address(page: Page) -> str:
    return str(page.evaluate("location.hash"))


def test_a_link_leads_to_a_departement(report: Report, open_page: Open) -> None:
    page = at(open_page(report, reduced_motion="reduce"), report, "departement=59")
    assert page.evaluate("document.getElementById('d59').open")
    expect(page.locator("#d59")).to_be_in_viewport()
    at(page, report, "d13")
    assert page.evaluate("document.getElementById('d13').open")
    assert address(page) == "#departement=13", "one form is shown"


def test_the_address_follows_what_is_opened_and_back_returns(
    report: Report, open_page: Open
) -> None:
    page = open_page(report, reduced_motion="reduce")
    page.click("#d59 > summary")
    assert address(page) == "#departement=59"
    page.click("#acv-ranking tr[data-code='974'] a")
    expect(page.locator("#d974 .spark").first).to_be_visible()
    expect(page.locator("#d974")).to_be_in_viewport()
    page.go_back()
    page.wait_for_url("**#departement=59")
    expect(page.locator("#d59")).to_be_in_viewport()


@pytest.mark.parametrize("place", ["departement=99", "departements=59", "region=0", "x=%", "%"])
def test_a_link_to_nowhere_does_nothing(
    place: str, report: Report, open_page: Open, seen: Seen
) -> None:
    page = at(open_page(report), report, place)
    assert page.locator(".department[open]").count() == 0
    assert page.locator("#comparison table").count() == 0
    assert seen.console == []


def test_a_region_leads_to_its_departements(report: Report, open_page: Open) -> None:
    page = open_page(report, reduced_motion="reduce")
    page.focus("#pvd-regions th[data-region='32'] a")
    page.keyboard.press("Enter")
    expect(page.locator("#pvd-search")).to_have_value("Hauts-de-France")
    assert address(page) == "#indicateur=pvd&region=32"
    codes = page.eval_on_selector_all(
        "#pvd-ranking tbody tr", "all => all.filter(r => !r.hidden).map(r => r.dataset.code)"
    )
    assert sorted(codes) == ["02", "59", "60", "62"]
    assert page.input_value("#acv-search") == "", "the other indicator is left alone"
    at(page, report, "region=53")
    assert page.input_value("#acv-search") == "Bretagne"


def cells(page: Page, table: str) -> list[list[str]]:
    found: list[list[str]] = page.eval_on_selector_all(
        f"{table} tr", "all => all.map(r => [...r.cells].map(c => c.innerText.trim()))"
    )
    return found


def test_two_departements_stand_side_by_side(report: Report, open_page: Open, seen: Seen) -> None:
    page = open_page(report, reduced_motion="reduce")
    page.focus("#compare select >> nth=0")
    page.keyboard.type("59 No")
    page.keyboard.press("Tab")
    page.keyboard.type("13 Bo")
    page.wait_for_selector("#comparison table")
    assert address(page) == "#departements=59,13"
    shown = cells(page, "#acv-compared")
    assert shown[0] == ["Chiffre", "59 Nord", "13 Bouches-du-Rhône"]
    for line, column in (("Rang", 0), ("Cumul", 3), ("Ajouté", 4), ("Part", 7)):
        (row,) = [row for row in shown if row[0] == line]
        for place, code in enumerate(("59", "13")):
            cell = page.locator(f"#acv-ranking tr[data-code='{code}'] > *").nth(column)
            assert row[1 + place] == cell.inner_text().strip()
    assert page.inner_text("#compare [role=status]") == (
        "Comparaison affichée\u00a0: 59 Nord et 13 Bouches-du-Rhône."
    )
    page.click("#comparison summary >> nth=0")
    months = cells(page, "#acv-compared-by-month")
    by_month = {row[0]: row[1:] for row in months[1:]}
    of_59 = page.eval_on_selector_all(
        "#d59 .columns > div:nth-child(1) tbody tr",
        "all => all.map(r => [...r.cells].map(c => c.textContent.trim()))",
    )
    assert len(of_59) > 3
    for month, cumulative, *_ in of_59:
        assert by_month[month][0] == cumulative
    assert page.locator("#comparison figure .side-1").count() == 4, "a line and its key, twice"

    page.click("#language")
    assert cells(page, "#acv-compared")[1][0] == "Rank"
    english = cells(page, "#acv-compared")[2][1]
    assert english == shown[2][1].replace("\u202f", ",")
    assert cells(page, "#acv-compared-by-month")[1][0] == "" or re.match(
        r"[A-Z][a-z]{2} \d{4}", page.text_content("#acv-compared-by-month tbody th") or ""
    )
    page.click("#language")
    assert cells(page, "#acv-compared") == shown, "and back"

    page.select_option("#compare select >> nth=1", "62")
    assert address(page) == "#departements=59,62", "the place in the history is the same"
    page.select_option("#compare select >> nth=1", "13")
    at(page, report, "departements=2A,13")
    assert cells(page, "#acv-compared")[2][:2] == ["Cumul", "–"], "no figure this month"
    page.go_back()
    expect(page.locator("#acv-compared th + th >> nth=0")).to_have_text("59 Nord")
    assert seen.console == []


@pytest.mark.parametrize(("theme", "language"), [("light", "fr"), ("dark", "en")])
def test_the_comparison_is_accessible_and_fits_a_telephone(
    theme: str, language: str, report: Report, open_page: Open
) -> None:
    page = open_page(report, color_scheme=theme, viewport={"width": 390, "height": 844})
    page.goto(f"{report.path.as_uri()}?lang={language}#departements=59,13")
    page.evaluate("for (const d of document.querySelectorAll('#comparison details')) d.open = true")
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    found = Axe().run(page, context="#compare").response["violations"]
    assert [violation["id"] for violation in found] == []
