"""The texts of the SQL project's tests, for ``make messages``: they stand in its ``.yml`` files."""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO, Any

import yaml

from acv_pipeline.models.described import declared_tests


def texts_of_tests(
    file: IO[bytes], keywords: object, comment_tags: object, options: object
) -> Iterator[tuple[int, str, str, list[str]]]:
    """What each test of a file says, and what to do: as Babel wants it from an extraction method.

    Yields:
        Line, function, text and comments; only the text is of use.
    """
    content = yaml.safe_load(file) or {}
    entries: list[dict[str, Any]] = list(content.get("data_tests") or [])
    for model in content.get("models") or []:
        entries += [declared.entry for declared in declared_tests(model)]
    for entry in entries:
        for text in (entry["description"], entry["config"]["meta"]["what_to_do"]):
            if isinstance(text, str):  # those of dbt's own tests are code's
                yield 1, "", text.strip(), []
