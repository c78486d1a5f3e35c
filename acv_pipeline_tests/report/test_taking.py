"""What can be taken along: tables as CSV, charts and maps as pictures, the source as text."""

from __future__ import annotations

import csv
import datetime as dt
import io
import struct
import zlib
from pathlib import Path

import pytest
from playwright.sync_api import Page

from acv_pipeline.contract import Contract
from acv_pipeline.contract.loading import load_contract
from acv_pipeline.contract.model import ContractError
from acv_pipeline.publishing.report import Report
from acv_pipeline_tests.report.conftest import Open, Seen, report_on, rows
from acv_pipeline_tests.report.world import World

TABLE = ".scroll:has(#{}) + .take"


def taken(page: Page, selector: str) -> tuple[str, bytes]:
    """Name and content of what a button downloads."""
    with page.expect_download() as download:
        page.click(selector)
    return download.value.suggested_filename, Path(download.value.path()).read_bytes()


def read(content: bytes, separator: str) -> list[dict[str, str]]:
    assert content.startswith(b"\xef\xbb\xbf"), "so that Excel knows its letters"
    text = content.decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text), delimiter=separator))


def test_the_ranking_as_csv(world: World, report: Report, open_page: Open) -> None:
    page = open_page(report)
    name, content = taken(page, TABLE.format("acv-ranking"))
    assert name == "acv-logements-acv-ranking-2020-06.csv"
    lines = read(content, ";")
    expected = rows(
        world.connection,
        "select department_code, department_name, rank_cumulative, cumulative_dwellings,"
        " increment, dwellings_per_10k_inhabitants from marts.department_rankings"
        " where indicator_id = 'nb-logement-accompagnement' and series = 'total'"
        " and month = '2020-06-01' order by rank_cumulative, department_code",
    )
    assert len(lines) == len(expected)
    for line, (code, name, rank, cumulative, increment, rate) in zip(lines, expected, strict=True):
        assert line["Département"] == f"{code} {name}"
        assert line["Rang"] == str(rank) and line["Cumul"] == str(cumulative)
        assert line["Ajouté"] == ("" if increment is None else str(increment))
        assert float(line["Pour 10 000 hab."].replace(",", ".")) == pytest.approx(rate, abs=0.051)
        assert line["Part"].endswith("%") and "," in line["Part"]
    assert [line["Remarques"] for line in lines].count("ex æquo") == 2

    page.click("#language")
    page.fill("#acv-search", "bretagne")
    _, content = taken(page, TABLE.format("acv-ranking"))
    (line,) = read(content, ",")
    (of_29,) = [row for row in expected if row[0] == "29"]
    assert line["Département"] == "29 Finistère"
    assert line["Cumulative"] == str(of_29[3]), "what is shown: the language, the rows"
    assert line["Share"].endswith("%") and "." in line["Share"]


def test_months_are_written_as_every_program_reads_them(report: Report, open_page: Open) -> None:
    page = open_page(report)
    page.evaluate("for (const d of document.querySelectorAll('details')) d.open = true")
    for switch in (False, True):
        if switch:
            page.click("#language")
        separator, month = (",", "Month") if switch else (";", "Mois")
        _, content = taken(page, TABLE.format("acv-national"))
        lines = read(content, separator)
        assert lines[-1][month] == "2020-01" and lines[-2][month] == "2020-02"
        name, content = taken(page, "#d59 .columns > div:nth-child(1) .take")
        assert name == "acv-logements-acv-59-2020-06.csv"
        assert [line[month] for line in read(content, separator)][-2:] == ["2020-02", "2020-01"]


def test_a_spreadsheet_takes_no_text_for_a_formula(report: Report, open_page: Open) -> None:
    page = open_page(report)
    cell = page.locator("#quality tr:has(.file) .file").first
    cell.evaluate('cell => { cell.textContent = \'=HYPERLINK("x";"y")\'; }')
    _, content = taken(page, ".scroll:has(#quality-refused) + .take")
    (line,) = read(content, ";")
    assert line["Fichier"] == '\'=HYPERLINK("x";"y")'


def pixels(png: bytes) -> tuple[int, int, set[bytes]]:
    """Width, height and the colours of a picture, row by row as they are stored."""
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    width, height = struct.unpack(">II", png[16:24])
    at, packed = 8, b""
    while at < len(png):
        (length,) = struct.unpack(">I", png[at : at + 4])
        if png[at + 4 : at + 8] == b"IDAT":
            packed += png[at + 8 : at + 8 + length]
        at += 12 + length
    plain = zlib.decompress(packed)
    per_row = len(plain) // height
    return width, height, {plain[n * per_row : (n + 1) * per_row] for n in range(height)}


def test_a_picture_of_the_comparison_names_its_own_source(report: Report, open_page: Open) -> None:
    page = open_page(report)
    page.goto(f"{report.path.as_uri()}#departements=59,13")
    for place, indicator, month in ((0, "acv", "2020-06"), (1, "pvd", "2020-12")):
        name, content = taken(page, f"#comparison figure >> nth={place} >> .take")
        assert name == f"acv-logements-{indicator}-compared-{month}.png"
        assert pixels(content)[0] == 2100


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1440])
def test_charts_and_maps_as_pictures(
    theme: str, width: int, report: Report, open_page: Open, seen: Seen
) -> None:
    page = open_page(report, color_scheme=theme, viewport={"width": width, "height": 844})
    for button, named in (
        ("#acv .atlas .take", "acv-logements-acv-map-2020-06.png"),
        ("#acv .chart .take", "acv-logements-acv-national-2020-06.png"),
    ):
        name, content = taken(page, button)
        assert name == named
        wide, high, found = pixels(content)
        assert wide == 2100 and high > 1000
        assert len(found) > 300, "it is drawn, not blank"
    assert seen.console == []
    assert [url for url in seen.requests if not url.startswith(("data:", "blob:"))] == [
        report.path.as_uri()
    ]


def test_a_picture_says_what_it_shows_and_where_it_is_from(report: Report, open_page: Open) -> None:
    page = open_page(report)
    page.evaluate(
        "window.drawn = []; const before = Object.getOwnPropertyDescriptor(Image.prototype, 'src');"
        " Object.defineProperty(HTMLImageElement.prototype, 'src', {...before,"
        " set(v) { window.drawn.push(decodeURIComponent(v)); before.set.call(this, v); }})"
    )
    taken(page, "#acv .atlas .take")
    (drawn,) = page.evaluate("window.drawn")
    text = page.evaluate(
        "s => [...new DOMParser().parseFromString(s.slice(s.indexOf('<')), 'image/svg+xml')"
        ".querySelectorAll('text')].map(t => t.textContent).join(' ')",
        drawn,
    )
    assert "logements accompagnés" in text and "Carte des départements, à fin juin 2020" in text
    assert "Source\u00a0: Anah et Action Logement" in text
    assert "Paris et petite couronne" in text and "inner suburbs" not in text
    assert "hors périmètre" in text
    assert "var(--" not in drawn, "colours stand for themselves outside the page"


def test_the_source_can_be_quoted(report: Report, open_page: Open) -> None:
    page = open_page(report, permissions=["clipboard-read", "clipboard-write"])
    today = dt.date.today()
    cite = page.inner_text("#cite-acv")
    assert cite == (
        "Source\u00a0: Anah et Action Logement, «\u202fRedynamiser les cœurs de ville\u00a0:"
        " logements accompagnés\u202f», ACV à fin juin 2020, page du 23/11/2026, version"
        f" 5e5e5e5e5e5e, consultée le {today:%d/%m/%Y}"
    )
    page.focus("#about .cite + .take")
    page.keyboard.press("Enter")
    page.wait_for_selector("#about [role=status] .l")
    assert page.evaluate("navigator.clipboard.readText()") == cite + "."
    assert "C’est copié" in page.inner_text("#about")
    page.click("#language")
    assert "read on" in page.inner_text("#cite-acv")


def test_contact_and_data_set_stand_on_the_page_once_the_contract_knows_them(
    world: World, report: Report, open_page: Open, tmp_path: Path
) -> None:
    assert "Contact" not in open_page(report).inner_text("#about")
    known = {"contact": "donnees@example.org", "page": "https://data.example.org/acv"}
    dataset = world.contract.dataset.model_copy(update=known)
    contract = world.contract.model_copy(update={"dataset": dataset})
    page = open_page(report_on(World(world.connection, contract), tmp_path))
    links = page.eval_on_selector_all("#about a", "all => all.map(a => [a.textContent, a.href])")
    assert ["donnees@example.org", "mailto:donnees@example.org"] in links
    assert known["page"] in [href for _, href in links]


@pytest.mark.parametrize(
    ("field", "wrong"),
    [("contact", "Jeanne"), ("contact", "javascript:alert(1)"), ("page", "http://x"), ("page", "")],
)
def test_addresses_that_lead_nowhere_are_refused(
    field: str, wrong: str, contract: Contract, tmp_path: Path
) -> None:
    ours = (Path(load_contract.__code__.co_filename).parent / "contract.yml").read_text("utf-8")
    own = tmp_path / "contract.yml"
    own.write_text(ours.replace("dataset:\n", f'dataset:\n  {field}: "{wrong}"\n'), "utf-8")
    with pytest.raises(ContractError, match=f"dataset.*{field}|{field}"):
        load_contract(own)
