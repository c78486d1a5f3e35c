"""The pages on deliveries and corrections say what the code does."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import acv_pipeline.reading
import acv_pipeline.tidying
from acv_pipeline.contract import Contract
from acv_pipeline.ledger.corrections import load_register
from acv_pipeline.reading.isolated import SAID
from acv_pipeline.reading.refusal import DeliveryRefused
from acv_pipeline.reading.worker import Refused
from acv_pipeline.tidying.reasons import REASONS

DOCS = Path(__file__).parents[1] / "docs"
SECTIONS = {
    "quarantined": "Quarantined rows",
    "set_aside": "Rows set aside",
    "control": "Control rows",
}
CODE = re.compile(r"[a-z0-9]+(_[a-z0-9]+)+|damaged|encrypted|unreadable")


def documented(section: str) -> list[str]:
    """The codes of a section's table."""
    text = (DOCS / "deliveries.md").read_text(encoding="utf-8")
    found = re.search(rf"\n## {section}\n(.*?)(\n## |\Z)", text, re.DOTALL)
    assert found, section
    return re.findall(r"^\| `([a-z0-9_]+)`", found[1], re.MULTILINE)


def codes_of_refusals() -> set[str]:
    """Every code that reading or tidying can refuse a delivery with, from the source itself."""
    folders = [Path(str(m.__file__)).parent for m in (acv_pipeline.reading, acv_pipeline.tidying)]
    trees = [
        ast.parse(path.read_text(encoding="utf-8"))
        for folder in folders
        for path in folder.glob("*.py")
    ]
    # a function that is given the code and makes the refusal: its callers name the code
    makers = {DeliveryRefused.__name__, Refused.__name__} | {
        node.name
        for tree in trees
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef) and "code" in [a.arg for a in node.args.args]
        if any(name == DeliveryRefused.__name__ for name, _ in calls(node))
    }
    named = {
        code for tree in trees for name, codes in calls(tree) if name in makers for code in codes
    }
    return named | set(SAID)


def calls(tree: ast.AST) -> Iterator[tuple[str, list[str]]]:
    """Per call: the name of what is called, and the codes among its arguments."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            called = node.func.attr if isinstance(node.func, ast.Attribute) else node.func
            name = called if isinstance(called, str) else getattr(called, "id", "")
            yield name, next(filter(None, map(constants, node.args)), [])


def constants(argument: ast.expr) -> list[str]:
    """The codes that an argument can be."""
    branches = [argument.body, argument.orelse] if isinstance(argument, ast.IfExp) else [argument]
    texts = [branch.value for branch in branches if isinstance(branch, ast.Constant)]
    return [text for text in texts if isinstance(text, str) and CODE.fullmatch(text)]


@pytest.mark.parametrize("fate", SECTIONS)
def test_every_reason_of_a_row_is_documented_and_no_other(fate: str) -> None:
    known = [code for code, reason in REASONS.items() if reason.fate == fate]
    assert sorted(documented(SECTIONS[fate])) == sorted(known)
    assert {reason.fate for reason in REASONS.values()} == set(SECTIONS)


def test_every_refusal_is_documented_and_no_other() -> None:
    codes = codes_of_refusals()
    assert len(codes) > 25, "the search finds them"
    assert sorted(documented("Refused deliveries")) == sorted(codes)


def test_the_page_of_corrections_shows_a_valid_entry(tmp_path: Path, contract: Contract) -> None:
    text = (DOCS / "corrections.md").read_text(encoding="utf-8")
    found = re.search(r"```yaml\n(.*?)```", text, re.DOTALL)
    assert found
    path = tmp_path / "corrections.yml"
    path.write_text(found[1], encoding="utf-8")
    (entry,) = load_register(path, contract)
    assert (entry.department_code, entry.delivered, entry.corrected) == ("2A", 1234, 1243)
