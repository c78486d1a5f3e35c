"""``docs/architecture.md`` names functions and rooms that are there."""

from __future__ import annotations

import ast
import importlib
import re
from collections import Counter
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
    assert not {room for room in rooms if f"{room}/" not in page and room != "sample_data"}


def test_a_name_occurs_once() -> None:
    """No two modules are called alike, so that a name alone says which is meant."""
    names = Counter(path.stem for path in ROOT.rglob("*.py") if path.stem != "__init__")
    assert not [name for name, times in names.items() if times > 1]


def test_the_rooms_are_all_there_is() -> None:
    assert {path.name for path in ROOT.glob("*.py")} == {"__init__.py", "definitions.py"}


def test_domain_code_knows_no_dagster() -> None:
    domain = ("contract", "landing", "reading", "tidying", "gate", "ledger", "models", "quality")
    for room in domain:
        for path in (ROOT / room).rglob("*.py"):
            assert not re.search(r"^\s*(?:import|from) dagster", path.read_text(), re.M), path


def test_only_what_the_page_lists_is_imported_inside_functions() -> None:
    _, page = PAGE.read_text(encoding="utf-8").split("## What is imported only where it is used")
    listed = set(re.findall(r"`([a-z_.]+)`", page.split("\n## ")[0]))
    found = {
        name.removeprefix("acv_pipeline.")
        for path in ROOT.rglob("*.py")
        for function in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
        for node in ast.walk(function)
        for name in imported(node)
    }
    assert found == listed


def imported(node: ast.AST) -> list[str]:
    """The modules that a statement imports."""
    if isinstance(node, ast.ImportFrom):
        return [node.module or ""]
    return [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
