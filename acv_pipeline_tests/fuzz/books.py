"""Workbooks of several sheets, with hidden ones, merged cells, superscripts and times of day."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import openpyxl
import xlwt
from odf.opendocument import OpenDocumentSpreadsheet
from odf.style import Style, TableProperties, TextProperties
from odf.table import CoveredTableCell, Table, TableCell, TableRow
from odf.text import P, Span
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.cell.text import InlineFont
from openpyxl.utils.datetime import CALENDAR_MAC_1904

Merged = tuple[int, int, int]
"""A line and its first and last column that are one cell."""


@dataclass(frozen=True)
class Raised:
    """A text with a superscript behind it."""

    text: str
    mark: str


@dataclass(frozen=True)
class Leaf:
    """A sheet of a workbook."""

    name: str
    lines: Sequence[Sequence[Any]]
    is_hidden: bool = False
    merged: tuple[Merged, ...] = ()


def write_book(path: Path, leaves: Sequence[Leaf], ending: str, since_1904: bool = False) -> Path:
    """The sheets as a workbook; ``path`` has no ending yet."""
    path = path.with_name(f"{path.name}.{ending}")
    if ending == "xlsx":
        _write_xlsx(path, leaves, since_1904)
    elif ending == "xls":
        _write_xls(path, leaves, since_1904)
    else:
        _write_ods(path, leaves)
    return path


def _write_xlsx(path: Path, leaves: Sequence[Leaf], since_1904: bool) -> None:
    book = openpyxl.Workbook()
    book.remove(book.active)
    if since_1904:
        book.epoch = CALENDAR_MAC_1904
    superscript = InlineFont(vertAlign="superscript")
    for leaf in leaves:
        sheet = book.create_sheet(leaf.name)
        sheet.sheet_state = "hidden" if leaf.is_hidden else "visible"
        for line in leaf.lines:
            sheet.append(
                [
                    CellRichText([cell.text, TextBlock(superscript, cell.mark)])
                    if isinstance(cell, Raised)
                    else cell
                    for cell in line
                ]
            )
        for line_at, first, last in leaf.merged:
            sheet.merge_cells(
                start_row=line_at + 1,
                end_row=line_at + 1,
                start_column=first + 1,
                end_column=last + 1,
            )
    book.active = next(at for at, leaf in enumerate(leaves) if not leaf.is_hidden)
    book.save(path)


def _write_xls(path: Path, leaves: Sequence[Leaf], since_1904: bool) -> None:
    book = xlwt.Workbook()
    book.dates_1904 = since_1904
    superscript = xlwt.Font()
    superscript.escapement = xlwt.Font.ESCAPEMENT_SUPERSCRIPT
    day = xlwt.easyxf(num_format_str="YYYY-MM-DD")
    moment = xlwt.easyxf(num_format_str="YYYY-MM-DD HH:MM:SS")
    for leaf in leaves:
        sheet = book.add_sheet(leaf.name)
        sheet.visibility = int(leaf.is_hidden)
        for r, line in enumerate(leaf.lines):
            covered = {c for at, a, b in leaf.merged if at == r for c in range(a, b + 1)}
            for at, first, last in leaf.merged:
                if at == r:
                    sheet.write_merge(r, r, first, last, line[first])
            for c, cell in enumerate(line):
                if cell is None or c in covered:
                    continue
                if isinstance(cell, Raised):
                    sheet.write_rich_text(r, c, [cell.text, (cell.mark, superscript)])
                elif isinstance(cell, dt.datetime):
                    sheet.write(r, c, cell, moment)
                elif isinstance(cell, dt.date):
                    sheet.write(r, c, cell, day)
                else:
                    sheet.write(r, c, cell)
    book.set_active_sheet(next(at for at, leaf in enumerate(leaves) if not leaf.is_hidden))
    book.save(str(path))


def _write_ods(path: Path, leaves: Sequence[Leaf]) -> None:
    book = OpenDocumentSpreadsheet()
    superscript = Style(name="T1", family="text")
    superscript.addElement(TextProperties(textposition="super 58%"))
    hidden = Style(name="ta1", family="table")
    hidden.addElement(TableProperties(display="false"))
    book.automaticstyles.addElement(superscript)
    book.automaticstyles.addElement(hidden)
    for leaf in leaves:
        style = {"stylename": hidden} if leaf.is_hidden else {}
        table = Table(name=leaf.name, **style)
        for r, line in enumerate(leaf.lines):
            spans = {first: last for at, first, last in leaf.merged if at == r}
            table.addElement(_ods_row(line, spans, superscript))
        book.spreadsheet.addElement(table)
    book.save(str(path))


def _ods_row(line: Sequence[Any], spans: dict[int, int], superscript: Style) -> TableRow:
    row = TableRow()
    until = -1
    for place, cell in enumerate(line):
        if place <= until:
            row.addElement(CoveredTableCell())
            continue
        about: dict[str, Any] = {}
        if place in spans:
            until = spans[place]
            about["numbercolumnsspanned"] = until - place + 1
        if isinstance(cell, dt.date):
            about |= {"valuetype": "date", "datevalue": cell.isoformat()}
        elif isinstance(cell, int | float):
            about |= {"valuetype": "float", "value": repr(cell)}
        elif cell not in (None, ""):
            about["valuetype"] = "string"
        found = TableCell(**about)
        if isinstance(cell, Raised):
            paragraph = P(text=cell.text)
            paragraph.addElement(Span(stylename=superscript, text=cell.mark))
            found.addElement(paragraph)
        elif isinstance(cell, str) and cell:
            found.addElement(P(text=cell))
        row.addElement(found)
    return row


def write_columns(path: Path, lines: Sequence[Sequence[Any]], kinds: dict[int, str]) -> Path:
    """A Parquet file whose columns are texts but for those of a given type."""
    path = path.with_name(f"{path.name}.parquet")
    header, *body = lines
    types = [kinds.get(place, "varchar") for place in range(len(header))]
    columns = ", ".join(
        '"' + str(name).replace('"', "") + f'" {kind}'
        for name, kind in zip(header, types, strict=True)
    )
    with duckdb.connect() as connection:
        connection.execute(f"create table rows ({columns})")
        rows = [[_of_type(cell, kind) for cell, kind in zip(r, types, strict=True)] for r in body]
        connection.executemany(f"insert into rows values ({', '.join('?' * len(header))})", rows)
        connection.execute(f"copy rows to '{path}' (format parquet)")
    return path


def _of_type(cell: Any, kind: str) -> Any:
    if cell is None or kind not in ("varchar", "blob"):
        return cell
    return str(cell).encode() if kind == "blob" else str(cell)
