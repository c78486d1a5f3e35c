"""Filling in the folder's templates: SQL and Markdown."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        undefined=StrictUndefined,
        keep_trailing_newline=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["literal"] = literal
    environment.filters["cell"] = _cell
    return environment


def rendered(template: str, /, **words: object) -> str:
    """The template of that file name with ``words`` filled in; a missing one is an error."""
    return _environment().get_template(template).render(words)


def literal(text: str) -> str:
    """``text`` as SQL writes it."""
    quoted = text.replace("'", "''")
    return f"'{quoted}'"


def _cell(text: str) -> str:
    """``text`` inside a Markdown table."""
    return text.replace("|", "\\|").replace("\n", " ")
