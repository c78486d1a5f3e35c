"""The page in the look of the State's design system: from a folder such as npm installs.

The folder is made here, with the names and shapes of the real one; where ``ACV_DSFR`` names the
real one, that is read as well.
"""

from __future__ import annotations

import datetime as dt
import os
import re
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe

from acv_pipeline.contract import Contract
from acv_pipeline.publishing.dsfr import ENTITY, FOLDER, Dsfr, DsfrError
from acv_pipeline.publishing.published_copy import REPORT, make_publication
from acv_pipeline.publishing.report import Report, write_report
from acv_pipeline.warehouse.home import Home
from acv_pipeline_tests.deliveries import deliver_trajectory
from acv_pipeline_tests.report.conftest import RELEASE, TODAY, Open, Seen
from acv_pipeline_tests.report.world import World
from acv_pipeline_tests.warehouses import published

NAME = "Ministère / chargé / <du> Logement"
LIGHT = (
    ":root{--grey-1000-50:#fff;--background-default-grey:var(--grey-1000-50);"
    "--grey-975-75:#f6f6f6;--background-alt-grey:var(--grey-975-75);"
    "--grey-200-850:#3a3a3a;--text-default-grey:var(--grey-200-850);"
    "--grey-425-625:#666;--text-mention-grey:var(--grey-425-625);"
    "--grey-900-175:#ddd;--border-default-grey:var(--grey-900-175);"
    "--blue-france-sun-113-625:#000091;"
    "--text-action-high-blue-france:var(--blue-france-sun-113-625);"
    "--blue-france-975-sun-113:#f5f5fe;"
    "--text-inverted-blue-france:var(--blue-france-975-sun-113);"
    "--grey-0-1000:#000;--text-black-white-grey:var(--grey-0-1000)}"
)
DARK = (
    ":root[data-fr-theme=dark]{--grey-1000-50:#161616;--grey-975-75:#1e1e1e;"
    "--grey-200-850:#cecece;--grey-425-625:#929292;--grey-900-175:#353535;"
    "--blue-france-sun-113-625:#8585f6;--blue-france-975-sun-113:#000091;--grey-0-1000:#fff}"
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    dist = tmp_path / "dist"
    for name, content in {
        "core/core.main.min.css": LIGHT,
        "scheme/scheme.min.css": DARK,
        "component/logo/logo.main.min.css": ".fr-logo{color:var(--text-black-white-grey)}",
        "component/logo/logo.print.min.css": "@media print{.fr-logo{color:#000}}",
        "fonts/Marianne-Regular.woff2": "regular",
        "fonts/Marianne-Bold.woff2": "bold",
    }.items():
        (dist / name).parent.mkdir(parents=True, exist_ok=True)
        (dist / name).write_text(content, encoding="utf-8")
    return dist


def settings(folder: Path) -> dict[str, str]:
    return {FOLDER: str(folder), ENTITY: NAME}


def test_it_is_off_unless_asked_for() -> None:
    assert Dsfr.from_environment({}) is None
    assert Dsfr.from_environment({FOLDER: " ", ENTITY: NAME}) is None


def test_colours_lead_to_their_values_in_both_themes(folder: Path) -> None:
    dsfr = Dsfr.from_environment(settings(folder))
    assert dsfr is not None and dsfr.entity == ("Ministère", "chargé", "<du> Logement")
    style = dsfr.style_sheet()
    assert "--paper:light-dark(#fff,#161616)" in style
    assert "--accent:light-dark(#000091,#8585f6)" in style
    assert "url(data:font/woff2;base64,cmVndWxhcg==)" in style, "the letters of 'regular'"
    assert not re.findall(r"url\((?!data:)", style), "nothing is loaded"


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        ({ENTITY: ""}, "ACV_DSFR_ENTITY is not set"),
        ({ENTITY: " / "}, "ACV_DSFR_ENTITY is not set"),
        ({FOLDER: "/nowhere"}, "ACV_DSFR=/nowhere must be the folder dist of the npm package"),
    ],
)
def test_a_wrong_setting_is_told(folder: Path, damage: dict[str, str], said: str) -> None:
    with pytest.raises(DsfrError, match=re.escape(said)):
        dsfr = Dsfr.from_environment(settings(folder) | damage)
        assert dsfr is not None
        dsfr.style_sheet()


def test_another_version_is_told_by_what_it_lacks(folder: Path) -> None:
    core = folder / "core" / "core.main.min.css"
    core.write_text(LIGHT.replace("--border-default-grey", "--border"), encoding="utf-8")
    with pytest.raises(DsfrError, match="the colour border-default-grey has no value"):
        Dsfr(folder, ("x",)).style_sheet()
    core.write_text(LIGHT.replace("#ddd", "rgb(1 2 3)"), encoding="utf-8")
    with pytest.raises(DsfrError, match="the colour grey-900-175 has no value"):
        Dsfr(folder, ("x",)).style_sheet()


def report_in(dsfr: Dsfr, world: World, path: Path) -> Report:
    return write_report(
        world.connection, world.contract, path, release_sha256=RELEASE, today=TODAY, dsfr=dsfr
    )


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_page_wears_it_and_stays_accessible(
    theme: str, folder: Path, world: World, tmp_path: Path, open_page: Open, seen: Seen
) -> None:
    real = os.environ.get(FOLDER)
    dsfr = Dsfr(Path(real) if real else folder, ("Ministère", "<b>du</b> Logement"))
    report = report_in(dsfr, world, tmp_path / "index.html")
    page = open_page(report, color_scheme=theme, viewport={"width": 390, "height": 844})
    assert page.inner_text(".fr-logo").casefold() == "ministère\n<b>du</b> logement"
    paper = page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
    assert paper == ("rgb(255, 255, 255)" if theme == "light" else "rgb(22, 22, 22)")
    assert page.evaluate("document.documentElement.dataset.frTheme") == theme
    assert (
        page.evaluate("getComputedStyle(document.querySelector('h1')).fontFamily")[:8] == "Marianne"
    )
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    page.evaluate(
        "for (const [parts, most] of [['.department', 2], ['.codes text', 5], ['.bars tr', 10]])"
        " [...document.querySelectorAll(parts)].slice(1, -most).forEach((part) => part.remove())"
    )
    found = Axe().run(page).response["violations"]
    assert [(v["id"], v["nodes"][0]["html"][:150]) for v in found] == []
    # the letters made up here are no typeface, and Chromium says so; the real ones are
    font = ("OTS parsing", "Failed to decode downloaded font")
    assert not [said for said in seen.console if real or not said.startswith(font)]
    assert [url for url in seen.requests if not url.startswith("data:")] == [report.path.as_uri()]


def test_its_logo_is_printed_as_on_light_paper(
    folder: Path, world: World, tmp_path: Path, open_page: Open
) -> None:
    report = report_in(Dsfr(folder, ("Ministère",)), world, tmp_path / "index.html")
    page = open_page(report, color_scheme="dark")
    page.evaluate(
        "addEventListener('beforeprint',"
        " () => { window.printed = document.documentElement.dataset.frTheme; })"
    )
    page.pdf()
    assert page.evaluate("window.printed") == "light"
    assert page.evaluate("document.documentElement.dataset.frTheme") == "dark"


def test_the_setting_reaches_the_page_that_a_run_writes(
    contract: Contract, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = Home(tmp_path / "home")
    deliver_trajectory(tmp_path / "landing", contract, "anah", ["2020-01"])
    published(home, contract, tmp_path / "landing")
    for name, value in settings(folder).items():
        monkeypatch.setenv(name, value)
    make_publication(home, contract, [REPORT], dt.date(2026, 1, 2))
    html = home.report.read_text(encoding="utf-8")
    assert "Ministère<br>chargé<br>&lt;du&gt; Logement" in html
    monkeypatch.delenv(FOLDER)
    make_publication(home, contract, [REPORT], dt.date(2026, 1, 2))
    assert "fr-logo" not in home.report.read_text(encoding="utf-8").partition("<body")[2]
