"""Rows of cells as the bytes of a file, in each format, the same bytes every time."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Callable, Sequence
from typing import Literal

import pandas as pd

from acv_pipeline.contract.synthetic import FILE_MARK
from acv_pipeline.sample_data.layouts import Cell, Layout

LONG_AGO = (2018, 1, 1, 0, 0, 0)


def write_csv(rows: Sequence[Sequence[Cell]], layout: Layout) -> bytes:
    """Delimited text in the layout's encoding."""
    return csv_text(rows, layout.delimiter).encode(layout.encoding)


def csv_text(rows: Sequence[Sequence[Cell]], delimiter: str = ",") -> str:
    """Delimited text, one line per row."""
    buffer = io.StringIO(newline="")
    csv.writer(buffer, delimiter=delimiter, lineterminator="\n").writerows(rows)
    return buffer.getvalue()


def _write_workbook(engine: Literal["openpyxl", "odf"], rows: Sequence[Sequence[Cell]]) -> bytes:
    """A workbook with one sheet: numbers and days as such, the rest as text."""
    buffer = io.BytesIO()
    with pd.ExcelWriter(buffer, engine=engine) as book:
        pd.DataFrame(rows).to_excel(book, sheet_name=FILE_MARK, header=False, index=False)
    return _timeless(buffer.getvalue())


def write_xlsx(rows: Sequence[Sequence[Cell]], layout: Layout) -> bytes:
    """A workbook of Excel."""
    return _write_workbook("openpyxl", rows)


def write_ods(rows: Sequence[Sequence[Cell]], layout: Layout) -> bytes:
    """An OpenDocument spreadsheet."""
    from odf.element import Element  # type: ignore[import-untyped]
    from odf.namespaces import nsdict  # type: ignore[import-untyped]

    # The library declares the namespaces that any earlier document of the process has used.
    Element.namespaces = dict(nsdict)
    return _write_workbook("odf", rows)


def _timeless(archive: bytes) -> bytes:
    """The same archive without the moment it was made."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(archive)) as old, zipfile.ZipFile(buffer, "w") as new:
        for member in old.infolist():
            content = old.read(member)
            if member.filename == "docProps/core.xml":
                content = re.sub(rb">\d{4}-\d\d-\d\dT[\d:]+Z<", b">2018-01-01T00:00:00Z<", content)
            entry = zipfile.ZipInfo(member.filename, LONG_AGO)
            new.writestr(entry, content, member.compress_type)
    return buffer.getvalue()


WRITERS: dict[str, Callable[[Sequence[Sequence[Cell]], Layout], bytes]] = {
    "csv": write_csv,
    "xlsx": write_xlsx,
    "ods": write_ods,
}
