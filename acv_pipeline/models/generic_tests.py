"""Generic tests, as dbt has them: templates in ``tests/generic``, declared with their models."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from jinja2 import Environment, StrictUndefined, TemplateError
from jinja2.environment import TemplateModule

from acv_pipeline.models.definitions import Select, SqlProjectError
from acv_pipeline.models.described import Entry, declared_tests

_JINJA = Environment(undefined=StrictUndefined, autoescape=False)
# to Jinja, dbt's test is a macro that gives SQL
_TAG = re.compile(r"({%-?\s*)(end)?test\b")


def generic_tests(path: Path, model: Entry) -> list[tuple[Entry, Select]]:
    """The entry and the SELECT of each generic test that the entry of a model declares.

    Raises:
        SqlProjectError: there is no such test, or it doesn't take what it is given.
    """
    found = []
    for declared in declared_tests(model):
        file = path / "tests" / "generic" / f"{declared.generic}.sql"
        if not file.exists():
            raise SqlProjectError(
                f"{model['name']}: {declared.generic} is no test here: write it as {file}"
            )
        reference = f"{{{{ ref('{model['name']}') }}}}"
        try:
            template = getattr(_template(file.read_text(encoding="utf-8")), declared.generic)
            text = template(reference, **declared.arguments)
        except (AttributeError, TemplateError, TypeError) as error:
            raise SqlProjectError(f"{file}, for {model['name']}: {error}") from error
        found.append((declared.entry, Select.parse(file, text)))
    return found


@cache
def _template(text: str) -> TemplateModule:
    return _JINJA.from_string(_TAG.sub(r"\1\2macro", text)).module
