"""Generic tests, as dbt has them: templates in ``tests/generic``, declared with their models."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from jinja2 import Environment, StrictUndefined, TemplateError
from jinja2.environment import TemplateModule

from acv_pipeline.language import _
from acv_pipeline.models.described import BUILT_IN, Entry, declared_tests
from acv_pipeline.models.nodes import Select, SqlProjectError

_JINJA = Environment(undefined=StrictUndefined, autoescape=False)
# like dbt's, but with the whole rows, so that months are known; a null is never among values
_BUILT_IN = """
{% test not_null(model, column_name) %}
select * from {{ model }} where {{ column_name }} is null
{% endtest %}
{% test unique(model, column_name) %}
select * from {{ model }} where {{ column_name }} in (
    select {{ column_name }} from {{ model }} group by {{ column_name }} having count(*) > 1
)
{% endtest %}
{% test accepted_values(model, column_name, values) %}
select * from {{ model }} where cast({{ column_name }} as string) not in (
    {%- for value in values %}{{ ', ' if not loop.first }}'{{ value | replace("'", "''") }}'
    {%- endfor %})
{% endtest %}
{% test relationships(model, column_name, to, field) %}
select * from {{ model }} where {{ column_name }} is not null and {{ column_name }} not in (
    select {{ field }} from {{ '{{ ' ~ to ~ ' }}' }} where {{ field }} is not null
)
{% endtest %}
"""
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
        is_built_in = declared.generic in BUILT_IN and not file.exists()
        if not file.exists() and not is_built_in:
            raise SqlProjectError(
                _(
                    "{model}: {test} is no test here: write it as {file}",
                    model=model["name"],
                    test=declared.generic,
                    file=file,
                )
            )
        reference = f"{{{{ ref('{model['name']}') }}}}"
        try:
            source = _BUILT_IN if is_built_in else file.read_text(encoding="utf-8")
            template = getattr(_template(source), declared.generic)
            text = template(reference, **declared.arguments)
        except (AttributeError, TemplateError, TypeError) as error:
            raise SqlProjectError(
                _("{file}, for {model}: {error}", file=file, model=model["name"], error=error)
            ) from error
        found.append((declared.entry, Select.parse(file, text)))
    return found


@cache
def _template(text: str) -> TemplateModule:
    return _JINJA.from_string(_TAG.sub(r"\1\2macro", text)).module
