"""The report in a real browser: quiet, accessible, by keyboard, on telephones and on paper."""

from __future__ import annotations

import itertools
import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from acv_pipeline.publishing.report import Report
from acv_pipeline_tests.report.conftest import Open, Seen
from acv_pipeline_tests.report.world import (
    HOSTILE_FILE,
    HOSTILE_NAME,
    HOSTILE_REASON,
    HOSTILE_REFUSED,
)

OPEN_ALL = "for (const d of document.querySelectorAll('details')) d.open = true"
FEW_ALIKE = (  # the last of what is all alike: axe looks at every text there is
    "for (const [parts, most] of [['.department', 2], ['.codes text', 5], ['.ranking tr', 26]])"
    " [...document.querySelectorAll(parts)].slice(1, -most).forEach((part) => part.remove());"
    + OPEN_ALL
)
TELEPHONE = {"viewport": {"width": 360, "height": 740}}


def press_until_focused(page: Page, selector: str, key: str = "Tab", most: int = 60) -> None:
    """Walk with the keyboard until ``selector`` has the focus."""
    for _ in range(most):
        page.keyboard.press(key)
        if page.evaluate("s => document.activeElement.matches(s)", selector):
            return
    raise AssertionError(f"{selector} is not reached by {most} times {key}")


def violations(page: Page, *, contrast: bool) -> list[str]:
    rules = {"color-contrast": {"enabled": contrast}}
    found = Axe().run(page, options={"resultTypes": ["violations"], "rules": rules})
    found = found.response["violations"]
    return [f"{v['id']} ({v['impact']}): {v['nodes'][0]['html'][:200]}" for v in found]


@pytest.mark.parametrize(
    ("theme", "language", "width", "contrast"),  # contrast is the theme's, and takes long
    [
        ("light", "fr", 390, True),
        ("dark", "en", 1440, True),
        ("dark", "fr", 1440, False),
        ("light", "en", 390, False),
    ],
)
def test_axe_finds_nothing_and_the_page_is_quiet(
    theme: str,
    language: str,
    width: int,
    contrast: bool,
    report: Report,
    open_page: Open,
    seen: Seen,
) -> None:
    page = open_page(report, color_scheme=theme, viewport={"width": width, "height": 844})
    if language == "en":
        page.click("#language")
    assert page.evaluate("document.documentElement.lang") == language
    page.evaluate(FEW_ALIKE)
    assert violations(page, contrast=contrast) == []
    assert seen.console == []
    assert seen.requests == [report.path.as_uri()]


def test_the_real_page_is_quiet_and_small(real_report: Report, open_page: Open, seen: Seen) -> None:
    page = open_page(real_report, **TELEPHONE)
    page.click("#language")
    page.click("#theme")
    page.evaluate(FEW_ALIKE)
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    assert seen.console == []
    assert seen.requests == [real_report.path.as_uri()]
    assert real_report.byte_size < 2_000_000


@pytest.mark.parametrize("language", ["fr", "en"])
def test_nothing_sticks_out_of_a_telephone(language: str, report: Report, open_page: Open) -> None:
    page = open_page(report, **TELEPHONE)
    if language == "en":
        page.click("#language")
    page.evaluate(OPEN_ALL)
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    wide = page.eval_on_selector_all(
        ".scroll", "all => all.filter(e => e.scrollWidth > e.clientWidth).length"
    )
    assert wide > 0, "wide tables scroll within their box"
    assert page.locator("svg.narrow").first.is_visible()
    assert not page.locator("svg.wide").first.is_visible()


def test_the_language_is_switched_by_keyboard(report: Report, open_page: Open) -> None:
    page = open_page(report)
    french = page.inner_text("#acv .figure strong")
    assert re.fullmatch(r"\d+\u202f\d{3}", french)
    assert "janv." in page.text_content("#acv-national tbody")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    press_until_focused(page, "#language")
    page.keyboard.press("Enter")
    assert page.evaluate("document.documentElement.lang") == "en"
    assert page.title().startswith("Revitalising town centres")
    assert page.inner_text("#acv .figure strong") == french.replace("\u202f", ",")
    assert "Jan 2020" in page.text_content("#acv-national tbody")
    assert "janv." not in page.inner_text("body")
    shown = page.inner_text("#acv .facts")
    assert "since the end of" in shown and "depuis" not in shown
    page.reload()
    assert page.evaluate("document.documentElement.lang") == "en", "the choice is remembered"
    page.click("#language")
    assert page.inner_text("#acv .figure strong") == french
    assert page.title().startswith("Redynamiser")


def test_no_text_of_the_other_language_is_shown(report: Report, open_page: Open) -> None:
    page = open_page(report)
    page.evaluate(OPEN_ALL)
    for language, other in (("fr", "en"), ("en", "fr")):
        assert page.evaluate("document.documentElement.lang") == language
        visible = f".l[lang={other}]"
        assert (
            page.eval_on_selector_all(visible, "all => all.filter(e => e.offsetParent).length") == 0
        )
        page.click("#language")


def test_the_theme_follows_the_device_until_it_is_chosen(report: Report, open_page: Open) -> None:
    page = open_page(report, color_scheme="dark")
    paper = "getComputedStyle(document.documentElement).backgroundColor"
    dark = page.evaluate(paper)
    page.emulate_media(color_scheme="light")
    light = page.evaluate(paper)
    assert dark != light == "rgb(255, 255, 255)"
    page.focus("#theme")
    page.keyboard.press("Space")
    assert page.evaluate(paper) == dark
    page.reload()
    assert page.evaluate(paper) == dark


def ranking(page: Page) -> list[tuple[str, str]]:
    """Rank and département code of the rows shown, in order."""
    return page.eval_on_selector_all(
        "#acv-ranking tbody tr",
        "rows => rows.filter(r => !r.hidden).map(r => [r.cells[0].dataset.v, r.dataset.code])",
    )


def test_the_ranking_is_sorted_by_keyboard(report: Report, open_page: Open) -> None:
    page = open_page(report)
    assert page.get_attribute("#acv-ranking th", "aria-sort") == "ascending"
    before = ranking(page)
    page.focus("#acv-ranking thead th:nth-child(2) button")
    page.keyboard.press("Enter")
    headings = page.eval_on_selector_all(
        "#acv-ranking thead th", "all => all.map(e => e.getAttribute('aria-sort'))"
    )
    assert headings == [None, "ascending", *[None] * 6]
    names = page.eval_on_selector_all(
        "#acv-ranking tbody th a", "all => all.map(e => e.textContent)"
    )
    assert names[:2] == ["Ain", "Aisne"] and names[-1] == "Yvelines"
    page.keyboard.press("Enter")
    assert ranking(page)[0][1] == "78"
    press_until_focused(page, "#acv-ranking th:nth-child(4) button", most=3)
    page.keyboard.press("Enter")
    assert [code for _, code in ranking(page)][-1] == before[0][1], "the fewest dwellings first"
    page.focus("#acv-ranking thead th:nth-child(1) button")
    page.keyboard.press("Enter")
    assert [rank for rank, _ in ranking(page)] == [rank for rank, _ in before]


def test_a_departement_is_found_without_accents(report: Report, open_page: Open) -> None:
    page = open_page(report)
    page.focus("#acv-search")
    page.keyboard.type("reunion")
    assert [code for _, code in ranking(page)] == ["974"]
    assert page.inner_text("[data-shown=acv-ranking]") == "1"
    page.fill("#acv-search", "bretagne")
    assert [code for _, code in ranking(page)] == ["29"]
    page.fill("#acv-search", "")
    assert len(ranking(page)) == 23


def test_a_link_opens_the_section_it_leads_to(report: Report, open_page: Open) -> None:
    page = open_page(report)
    assert not page.evaluate("document.getElementById('d974').open")
    page.focus("#acv-ranking tr[data-code='974'] a")
    page.keyboard.press("Enter")
    page.wait_for_function("document.getElementById('d974').open")
    assert page.locator("#d974 .spark").first.is_visible()


def test_the_map_shows_the_chosen_measure_and_reads_out(report: Report, open_page: Open) -> None:
    page = open_page(report)
    fill = "getComputedStyle(document.querySelector(\"#acv use[data-code='974']\")).fill"
    by_rate = page.evaluate(fill)
    page.focus("input[name=acv-measure]")
    page.keyboard.press("ArrowDown")
    assert page.get_attribute("#acv .atlas", "data-measure") == "count"
    assert page.locator("#acv .legend.of-count").is_visible()
    assert not page.locator("#acv .legend.of-rate").is_visible()
    page.emulate_media(reduced_motion="reduce")
    assert page.evaluate(fill) != by_rate
    page.dispatch_event("#acv use[data-code='974']", "pointerenter")
    figure = page.inner_text("#acv-ranking tr[data-code='974'] .n >> nth=0")
    said = page.inner_text("#acv .atlas .readout")
    assert said.startswith(f"La Réunion (974)\u00a0: {figure} logements à fin juin 2020, soit ")
    assert said.endswith(" sur 23. Voir ce département")
    page.dispatch_event("#acv use[data-code='2A']", "pointerenter")
    said = page.inner_text("#acv .atlas .readout")
    assert "un chiffre est attendu, il manque à fin juin 2020." in said
    page.click("#language")
    page.dispatch_event("#acv .close-up use[data-code='75']", "pointerenter")
    said = page.inner_text("#acv .atlas .readout")
    assert said == "Paris (75): outside the perimeter, the indicator expects no figure there."
    assert page.locator("#acv .map use.on[data-code='75']").count() == 2, "here and in the close-up"


def test_a_month_pointed_at_is_read_out_of_the_table(report: Report, open_page: Open) -> None:
    page = open_page(report, viewport={"width": 1200, "height": 900})
    box = page.locator("#acv .chart svg.wide").first
    box.scroll_into_view_if_needed()
    where = box.bounding_box()
    assert where
    page.mouse.move(where["x"] + where["width"] * 0.25, where["y"] + where["height"] / 2)
    said = page.inner_text("#acv .chart .readout")
    row = page.locator("#acv-national tr[data-from='2020-02'] td")
    total, added = (cell.strip().removeprefix("+") for cell in row.all_text_contents()[:2])
    assert said == (
        f"À fin février 2020, {total} logements, {added} de plus qu’à fin janvier 2020."
    )


def test_without_a_script_the_page_is_complete_in_french(report: Report, open_page: Open) -> None:
    page = open_page(report, java_script_enabled=False)
    assert page.locator("#acv .figure strong").is_visible()
    assert page.locator("#acv-ranking tbody tr").count() == 23
    assert not page.locator("#language").is_visible()
    assert not page.locator("#acv-search").is_visible()
    assert "dwellings" not in page.inner_text("#acv .headline")


def test_hostile_text_stays_text(report: Report, open_page: Open, seen: Seen) -> None:
    page = open_page(report)
    page.evaluate(OPEN_ALL)
    assert page.evaluate("window.pwned") is None
    assert page.locator("script").count() == 1
    assert page.locator("main img").count() == 0
    assert page.locator("b").count() == 0
    text = page.inner_text("body")
    for hostile in (HOSTILE_FILE, HOSTILE_REFUSED, HOSTILE_REASON, HOSTILE_NAME):
        assert hostile in text
    assert "{{7*7}}" in text
    assert seen.console == []


def test_it_prints_on_a4(report: Report, open_page: Open) -> None:
    page = open_page(report, color_scheme="dark")
    pdf = page.pdf(prefer_css_page_size=True)
    assert pdf.startswith(b"%PDF")
    sizes = set(re.findall(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", pdf))
    assert {(round(float(w)), round(float(h))) for w, h in sizes} == {(595, 842)}
    assert 4 <= len(re.findall(rb"/Type /Page\b", pdf)) <= 14
    page.emulate_media(media="print")
    assert page.evaluate("getComputedStyle(document.documentElement).colorScheme") == "light"
    assert not page.locator(".contents").is_visible()
    assert not page.locator("#d974 .columns").first.is_visible(), "closed sections print one line"
    assert page.locator("#d974 summary").first.is_visible()
    assert (
        page.evaluate("getComputedStyle(document.querySelector('.scroll')).overflow") == "visible"
    )


EDGE = 48  # points, the lower margin of a sheet
LINE_BELOW, TABLE_BELOW = 45, 100  # for a line; for a note, a table's head and its first row


def test_no_heading_is_alone_at_the_foot_of_a_page(report: Report, open_page: Open) -> None:
    page = open_page(report)
    printed = []
    for pushed in range(0, 700, 100):  # wherever sheets happen to end
        page.evaluate("n => document.querySelector('.top').style.paddingBottom = n + 'px'", pushed)
        pdf = page.pdf(prefer_css_page_size=True, outline=True, tagged=True)
        outline = re.findall(
            rb"/Title <FEFF([0-9A-F]+)>[^>]*?/Dest \[\d+ 0 R /XYZ [-\d.]+ ([-\d.]+)", pdf
        )
        printed += [(bytes.fromhex(t.decode()).decode("utf-16-be"), float(y)) for t, y in outline]
    assert len(printed) > 7 * 20
    for title, height in printed:
        is_of_table = title.startswith(("Classement", "Les régions"))
        assert height > EDGE + (TABLE_BELOW if is_of_table else LINE_BELOW), title


def test_the_ranking_shows_the_figure_on_a_telephone(report: Report, open_page: Open) -> None:
    page = open_page(report, viewport={"width": 390, "height": 844})
    for cell in ("td.bar .n", "th a"):
        box = page.locator(f"#acv-ranking tbody tr >> nth=0 >> {cell}").bounding_box()
        assert box and box["x"] >= 0 and box["x"] + box["width"] <= 390 - 16
    assert not page.locator("#acv-ranking th:nth-child(3)").is_visible(), "the région"


@pytest.mark.parametrize("width", [390, 1440])
def test_nothing_is_above_the_header(width: int, report: Report, open_page: Open) -> None:
    page = open_page(report, viewport={"width": width, "height": 844})
    buttons = page.locator("#language").bounding_box()
    kicker = page.locator(".top .kicker").bounding_box()
    assert buttons and kicker
    assert buttons["y"] <= 16
    assert kicker["x"] == (buttons["x"] if width == 390 else 256), "they stand where texts do"
    assert kicker["y"] < 2 * 16 + buttons["height"]


def test_the_tables_on_quality_are_whole_on_a_desktop(
    real_report: Report, report: Report, open_page: Open
) -> None:
    for of in (real_report, report):
        page = open_page(of, viewport={"width": 1440, "height": 900})
        clipped = page.eval_on_selector_all(
            "#quality .scroll", "all => all.filter(e => e.scrollWidth > e.clientWidth).length"
        )
        assert clipped == 0


def test_headings_and_tables_say_what_they_are(report: Report, open_page: Open) -> None:
    page = open_page(report)
    page.evaluate(OPEN_ALL)
    levels = page.eval_on_selector_all(
        "h1, h2, h3, h4", "all => all.map(e => Number(e.tagName[1]))"
    )
    assert levels.count(1) == 1 and levels[0] == 1
    assert all(later - earlier <= 1 for earlier, later in itertools.pairwise(levels))
    tables = page.eval_on_selector_all(
        "table",
        "all => all.map(t => [Boolean(t.caption && t.caption.textContent.trim()),"
        " [...t.tHead.rows[0].cells].every(c => c.scope === 'col'),"
        " t.matches('.m') ||"
        " [...t.tBodies[0].rows].every(r => [...r.cells].some(c => c.scope === 'row'))])",
    )
    assert len(tables) > 20
    assert all(all(table) for table in tables)
    # those by month and département leave it to the browser, which knows
    session = page.context.new_cdp_session(page)
    root = session.send("DOM.getDocument")["root"]["nodeId"]
    query = {"nodeId": root, "selector": "#d974 table.m tbody th"}
    heading = session.send("DOM.querySelector", query)["nodeId"]
    found = session.send("Accessibility.getPartialAXTree", {"nodeId": heading})["nodes"]
    assert found[0]["role"]["value"] == "rowheader"
