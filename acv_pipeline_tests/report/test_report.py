"""The report as a file: written when it says something new, and only then."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import re
from pathlib import Path

import duckdb

from acv_pipeline.contract import Contract
from acv_pipeline.contract.synthetic import FILE_MARK
from acv_pipeline.models import Project
from acv_pipeline.publishing.published_copy import RELEASE, REPORT, make_publication
from acv_pipeline.publishing.release import latest_release, release_sha256
from acv_pipeline.publishing.report import write_report
from acv_pipeline.warehouse import transaction
from acv_pipeline.warehouse.home import Home
from acv_pipeline_tests.deliveries import deliver_trajectory
from acv_pipeline_tests.report.conftest import Open, Seen
from acv_pipeline_tests.report.world import World
from acv_pipeline_tests.warehouses import process, published


def written(world: World, path: Path, day: str, sha256: str | None = None) -> bool:
    today = dt.date.fromisoformat(day)
    report = write_report(
        world.connection, world.contract, path, release_sha256=sha256, today=today
    )
    assert report.byte_size == path.stat().st_size
    return report.is_new


def test_the_same_figures_are_not_written_twice(world: World, tmp_path: Path) -> None:
    path = tmp_path / "deep" / "index.html"
    assert written(world, path, "2026-01-02")
    first = path.read_bytes()
    assert b'content="2026-01-02"' in first and b">02/01/2026</time>" in first
    assert not written(world, path, "2026-05-06"), "another day is nothing new"
    assert path.read_bytes() == first
    assert written(world, path, "2026-05-06", "ab" * 32)
    changed = path.read_text(encoding="utf-8")
    assert 'content="2026-05-06"' in changed and "ab" * 32 in changed
    assert [file.name for file in path.parent.iterdir()] == ["index.html"]


def test_a_damaged_page_is_written_anew(world: World, tmp_path: Path) -> None:
    path = tmp_path / "index.html"
    written(world, path, "2026-01-02")
    whole = path.read_bytes()
    path.write_bytes(whole[:5000])
    assert written(world, path, "2026-01-02")
    assert path.read_bytes() == whole


def test_another_copy_of_the_tables_makes_the_same_page(world: World, tmp_path: Path) -> None:
    copy = tmp_path / "copy.duckdb"
    world.connection.execute(f"attach '{copy}' as twin")
    try:
        name = world.connection.execute("select current_database()").fetchall()[0][0]
        world.connection.execute(f"copy from database {name} to twin")
    finally:
        world.connection.execute("detach twin")
    with duckdb.connect(str(copy), read_only=True) as twin:
        pages = []
        for number, connection in enumerate((world.connection, twin)):
            path = tmp_path / f"{number}.html"
            written(World(connection, world.contract), path, "2026-01-02")
            pages.append(path.read_bytes())
    assert pages[0] == pages[1]


def test_the_policy_lets_this_script_run_and_nothing_else(world: World, tmp_path: Path) -> None:
    path = tmp_path / "index.html"
    written(world, path, "2026-01-02")
    html = path.read_text(encoding="utf-8")
    (script,) = re.findall(r"<script>(.*?)</script>", html, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    (policy,) = re.findall(r'Content-Security-Policy" content="([^"]+)"', html)
    assert "default-src 'none'".replace("'", "&#39;") in policy
    assert f"script-src 'sha256-{digest}'".replace("'", "&#39;") in policy
    assert not re.search(r"<[^>]+\son\w+=", re.sub(r"<script>.*?</script>", "", html, flags=re.S))
    loaded = re.findall(r'(?:src|<link[^>]+href)="([^"]*)"', html)
    assert loaded == ["data:,"], "the icon, lest browsers ask for one"


def test_before_the_first_figure_the_page_says_so(
    warehouse: duckdb.DuckDBPyConnection,
    contract: Contract,
    tmp_path: Path,
    open_page: Open,
    seen: Seen,
) -> None:
    project = Project.load()
    project.load_seeds(warehouse)
    with transaction(warehouse):
        project.build(warehouse)
    path = tmp_path / "index.html"
    report = write_report(warehouse, contract, path, release_sha256=None, today=dt.date(2026, 1, 2))
    html = path.read_text(encoding="utf-8")
    assert report.months == {}
    assert "Aucun chiffre n’est encore en vigueur" in html
    assert "No figure is in force yet" in html
    page = open_page(report)
    page.click("#language")
    page.goto(f"{path.as_uri()}#departements=59,62")
    assert page.inner_text(".banner") == "No figure is in force yet."
    assert seen.console == []


def test_synthetic_files_are_told_apart(world: World, tmp_path: Path) -> None:
    path = tmp_path / "index.html"
    written(world, path, "2026-01-02")
    assert FILE_MARK not in path.read_text(encoding="utf-8")
    world.connection.execute("begin")
    try:
        world.connection.execute(
            "update raw.deliveries set file_name = file_name || ? where file_name like 'ACV anah%'",
            [f"-{FILE_MARK}"],
        )
        written(world, path, "2026-01-02")
        html = path.read_text(encoding="utf-8")
        assert "ACV: partly synthetic figures" in html and "Licence Ouverte" not in html
        world.connection.execute(
            "update raw.deliveries set file_name = file_name || ?", [FILE_MARK]
        )
        written(world, path, "2026-01-02")
        html = path.read_text(encoding="utf-8")
        assert all(
            f"{name}: synthetic figures. All files in force" in html for name in ("ACV", "PVD")
        )
    finally:
        world.connection.execute("rollback")


def test_a_partner_that_stands_in_is_not_called_the_indicator(
    warehouse: duckdb.DuckDBPyConnection, contract: Contract, world: World, tmp_path: Path
) -> None:
    said = "These figures are those of Anah alone, not the indicator ACV"
    path = tmp_path / "index.html"
    deliver_trajectory(tmp_path / "landing", contract, "anah", ["2020-01"])
    process(warehouse, contract, tmp_path / "landing")
    written(World(warehouse, contract), path, "2026-01-02")
    html = path.read_text(encoding="utf-8")
    assert said in html and "One partner alone: Anah" in html and "do not tell" not in html
    written(world, path, "2026-01-02")
    assert "not the indicator" not in path.read_text(encoding="utf-8")


def test_the_page_names_a_release_of_its_own_figures_alone(
    contract: Contract, tmp_path: Path
) -> None:
    """A run that makes no release knows of none that has the figures of its page."""
    home = Home(tmp_path / "home")

    def page(month: str, *chosen: str) -> str:
        for source in ("anah", "action_logement"):
            deliver_trajectory(tmp_path / "landing", contract, source, [month])
        published(home, contract, tmp_path / "landing")
        make_publication(home, contract, chosen, contract.today())
        return home.report.read_text(encoding="utf-8")

    both = page("2020-01", RELEASE, REPORT)
    first = latest_release(home.releases)
    assert first and release_sha256(first) in both
    alone = page("2020-02", REPORT)
    assert latest_release(home.releases) == first
    assert release_sha256(first) not in alone
    assert 'class="hash"' not in alone and "SHA-256" not in alone
