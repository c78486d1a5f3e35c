"""The small plots for the Dagster UI: whole SVG documents of a few kilobytes."""

from __future__ import annotations

import datetime as dt
from xml.etree import ElementTree

import duckdb

from acv_pipeline.contract import Contract
from acv_pipeline.models import Project
from acv_pipeline.report.plots import map_plot, movers_plot, national_plot
from acv_pipeline.warehouse import transaction
from acv_pipeline_tests.deliveries import ACV, PVD
from acv_pipeline_tests.report.world import World

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
