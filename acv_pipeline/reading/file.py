"""From a path to sheets: which format the content is in, whatever the name says.

Here: ``read_file``, the one entrance. Not here: the formats themselves.
"""

from __future__ import annotations

from pathlib import Path

from acv_pipeline.reading.delimited import empty_file, read_delimited
from acv_pipeline.reading.sheet import DEFAULT, Limits, Sheet


def read_file(path: Path, limits: Limits = DEFAULT) -> list[Sheet]:
    """Every sheet of a delivered file, as text cells.

    Args:
        path: a file of the landing zone.
        limits: what reading may cost.

    Raises:
        DeliveryRefused: the file can't be read; the reason names it and says what to do.
    """
    if path.stat().st_size == 0:
        raise empty_file(path)
    return [read_delimited(path, limits)]
