"""The page's texts, for ``make messages``: they stand in ``texts.yml``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO

import yaml

from acv_pipeline.language import named_texts


def texts_of_page(
    file: IO[bytes], keywords: object, comment_tags: object, options: object
) -> Iterator[tuple[int, str, tuple[str, ...], list[str]]]:
    """Each text with its name as context: as Babel wants it from an extraction method.

    Yields:
        Line, gettext's function, its arguments, and comments; the line is of no use.
    """
    for name, text in named_texts(yaml.safe_load(file)):
        if isinstance(text, str):
            yield 1, "pgettext", (name, text), []
        else:
            yield 1, "npgettext", (name, *text), []
