"""``docs/architecture.md`` names functions and rooms that are there."""

from __future__ import annotations

import importlib
import re
from operator import attrgetter
from pathlib import Path

import acv_pipeline

ROOT = Path(acv_pipeline.__file__).parent
PAGE = ROOT.parent / "docs" / "architecture.md"
FUNCTION = re.compile(r"`(acv_pipeline[\w.]+):([\w.]+)`")


def test_every_function_on_the_way_of_a_figure_is_there() -> None:
    named = FUNCTION.findall(PAGE.read_text(encoding="utf-8"))
    assert len(named) > 10
    for module, name in named:
        assert callable(attrgetter(name)(importlib.import_module(module))), f"{module}:{name}"


def test_every_room_is_in_the_picture() -> None:
    page = PAGE.read_text(encoding="utf-8")
    rooms = {path.parent.name for path in ROOT.glob("*/__init__.py")}
    assert {room for room in rooms if f"{room}/" not in page} <= {"sample_data", "upkeep"}


def test_domain_code_knows_no_dagster() -> None:
    domain = ("contract", "landing", "reading", "tidying", "gate", "ledger", "models", "quality")
    for room in domain:
        for path in (ROOT / room).rglob("*.py"):
            assert not re.search(r"^\s*(?:import|from) dagster", path.read_text(), re.M), path
