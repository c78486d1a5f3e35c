"""The small plots for the Dagster UI: whole SVG documents of a few kilobytes."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path
from xml.etree import ElementTree

import duckdb

from acv_pipeline.contract import Contract
from acv_pipeline.models import Project
from acv_pipeline.publishing.published_copy import PICTURED, pictures
from acv_pipeline.publishing.report import charts
from acv_pipeline.publishing.report.drawing import document
from acv_pipeline.publishing.report.figures import CourseMonth, breaks
from acv_pipeline.publishing.report.palette import light
from acv_pipeline.publishing.report.plot import Frame
from acv_pipeline.publishing.report.plots import map_plot, movers_plot, national_plot
from acv_pipeline.publishing.report.queries import DepartmentMonth, Total
from acv_pipeline.publishing.report.sparklines import sparkline
from acv_pipeline.warehouse import transaction
from acv_pipeline_tests.deliveries import ACV, PVD, deliver_trajectory
from acv_pipeline_tests.report.world import HELD_MONTH, World
from acv_pipeline_tests.warehouses import process

MAY = dt.date(2020, 5, 1)
JUNE = dt.date(2020, 6, 1)


def texts(svg: bytes | None) -> list[str]:
    assert svg is not None and len(svg) < 20_000
    root = ElementTree.fromstring(svg)
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert b"var(--" not in svg and b"url(" not in svg and b"@" not in svg
    return [element.text or "" for element in root.iter("{http://www.w3.org/2000/svg}text")]


def test_the_national_course(world: World) -> None:
    assert "40,481" in texts(national_plot(world.connection, world.contract, ACV, JUNE))
    assert "target" in texts(national_plot(world.connection, world.contract, ACV, JUNE))
    assert "target" not in texts(national_plot(world.connection, world.contract, PVD, JUNE))


def test_the_movers_of_a_month(world: World) -> None:
    shown = texts(movers_plot(world.connection, world.contract, ACV, JUNE))
    assert "Mayotte (976)" in shown and "+129" in shown
    assert shown.index("Mayotte (976)") < shown.index("Guyane (973)")
    assert sum(text.startswith("+") for text in shown) == 10
    assert "Dwellings added, to the end of June 2020" in shown
    assert not any("since" in text for text in shown)


def test_movers_after_a_gap_say_since_when(world: World) -> None:
    """Nothing came for April: what May shows is of two months."""
    shown = texts(movers_plot(world.connection, world.contract, ACV, MAY))
    figures = [text for text in shown if text.startswith("+")]
    assert len(figures) == 10 and all(text.endswith(" since Mar 2020") for text in figures)


def test_pictures_are_of_the_last_month_that_the_indicator_has(world: World) -> None:
    """July has figures of Anah alone: the mart has rows, the total has none."""
    assert map_plot(world.connection, world.contract, ACV, HELD_MONTH) is None
    drawn = pictures(world.connection, world.contract)
    assert drawn.keys() == PICTURED.keys()
    assert drawn["department_rankings"] == map_plot(world.connection, world.contract, ACV, JUNE)
    assert "Dwellings added, to the end of June 2020" in texts(drawn["monthly_increments"])


def test_there_are_no_pictures_before_the_first_figure(
    warehouse: duckdb.DuckDBPyConnection, contract: Contract, tmp_path: Path
) -> None:
    (landing := tmp_path / "landing").mkdir()
    process(warehouse, contract, landing)
    assert pictures(warehouse, contract) == {}


def test_a_single_month_has_a_course_and_a_map_and_no_movers(
    warehouse: duckdb.DuckDBPyConnection, contract: Contract, tmp_path: Path
) -> None:
    for source in ("anah", "action_logement"):
        deliver_trajectory(tmp_path, contract, source, ["2020-06"])
    process(warehouse, contract, tmp_path)
    ((total,),) = warehouse.execute(
        "select sum(cumulative_dwellings) from marts.series where series = 'total'"
    ).fetchall()
    assert f"{total:,}" in texts(national_plot(warehouse, contract, ACV, JUNE))
    assert movers_plot(warehouse, contract, ACV, JUNE) is None
    assert texts(map_plot(warehouse, contract, ACV, JUNE))


def test_the_map_of_a_month(world: World, real: World) -> None:
    assert len(texts(map_plot(world.connection, world.contract, ACV, JUNE))) == 5
    december = dt.date(2021, 12, 1)
    assert "22.0 – 46.6" in texts(map_plot(real.connection, real.contract, ACV, december))


def test_nothing_to_show_is_no_plot(
    warehouse: duckdb.DuckDBPyConnection, contract: Contract
) -> None:
    project = Project.load()
    project.load_seeds(warehouse)
    with transaction(warehouse):
        project.build(warehouse)
    assert national_plot(warehouse, contract, ACV, JUNE) is None
    assert movers_plot(warehouse, contract, ACV, JUNE) is None
    assert map_plot(warehouse, contract, ACV, JUNE) is None


def test_nothing_is_drawn_across_a_break() -> None:
    months = [dt.date(2021, 11, 1), dt.date(2021, 12, 1), dt.date(2022, 1, 1), dt.date(2022, 2, 1)]
    old, new = dt.date(2018, 9, 1), dt.date(2022, 1, 1)
    before = [None, months[0], None, months[2]]
    shared = [
        {"month": month, "cumulative_dwellings": 10 * n, "previous_month": previous,
         "months_elapsed": previous and 1, "increment": previous and 10, "is_break": n == 3}
        for n, (month, previous) in enumerate(zip(months, before, strict=True), start=1)
    ]  # fmt: skip
    course = [
        CourseMonth(
            each["month"],
            Total(**each, is_complete=True, departments=3, comparable_since=since),
            *((), (), ()),
        )
        for each, since in zip(shared, (old, old, new, new), strict=True)
    ]
    assert breaks(course) == [(new, old)]
    drawn = charts.course(course, Frame(400, 200), light)["layer"]
    (line,) = (layer["data"]["values"] for layer in drawn if layer["mark"]["type"] == "line")
    assert [(point["y"], point["run"]) for point in line] == [(10, 1), (20, 1), (30, 2), (40, 2)]
    assert "break" in texts(document(charts.course(course, Frame(400, 200), light), "en"))
    bars = charts.increments(course, Frame(400, 200), light)["layer"][-1]["data"]["values"]
    assert [bar["y"] for bar in bars] == [10, 10]
    same = {"rank": 1, "rank_change": None, "is_tied": False, "share": 1.0, "rate": 1.0}
    rows = [
        DepartmentMonth(
            **each, **same, department_code="01", is_corrected=False, fall=None, fall_reason=None
        )
        for each in shared
    ]
    spark = sparkline(rows, months[0], months[-1])
    assert spark.count('class="bk"') == 1
    line_path = re.search(r'class="ln" d="([^"]*)"', spark)
    assert line_path and re.findall("[ML]", line_path[1]) == ["M", "L", "M", "L"]
    assert 'class="gp"' not in spark
