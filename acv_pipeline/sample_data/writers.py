"""Rows of cells as the bytes of a file, in each format, the same bytes every time."""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
import zipfile
from collections.abc import Callable, Sequence

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


def write_xlsx(rows: Sequence[Sequence[Cell]], layout: Layout) -> bytes:
    """A workbook with one sheet: numbers and days as such, the rest as text."""
    from openpyxl import Workbook  # type: ignore[import-untyped]

    book = Workbook(write_only=True)
    sheet = book.create_sheet(FILE_MARK)
    for row in rows:
        sheet.append(list(row))
    buffer = io.BytesIO()
    book.save(buffer)
    return _timeless(buffer.getvalue())


def write_ods(rows: Sequence[Sequence[Cell]], layout: Layout) -> bytes:
    """An OpenDocument spreadsheet with one sheet: numbers and days as such, the rest as text."""
    from odf.element import Element  # type: ignore[import-untyped]
    from odf.namespaces import nsdict  # type: ignore[import-untyped]
    from odf.opendocument import OpenDocumentSpreadsheet  # type: ignore[import-untyped]
    from odf.table import Table, TableCell, TableRow  # type: ignore[import-untyped]
    from odf.text import P  # type: ignore[import-untyped]

    # The library declares the namespaces that any earlier document of the process has used.
    Element.namespaces = dict(nsdict)
    book = OpenDocumentSpreadsheet()
    table = Table(name=FILE_MARK)
    for row in rows:
        line = TableRow()
        for value in row:
            if isinstance(value, int):
                cell = TableCell(valuetype="float", value=value)
            elif isinstance(value, dt.date):
                cell = TableCell(valuetype="date", datevalue=value.isoformat())
            else:
                cell = TableCell(valuetype="string")
            cell.addElement(P(text=str(value)))
            line.addElement(cell)
        table.addElement(line)
    book.spreadsheet.addElement(table)
    buffer = io.BytesIO()
    book.write(buffer)
    return _timeless(buffer.getvalue())


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
