"""Rows of cells as files in every format, for tests."""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Sequence
from pathlib import Path

import duckdb
import openpyxl
import xlwt
from odf.opendocument import OpenDocumentSpreadsheet
from odf.table import Table, TableCell, TableRow
from odf.text import P

Cell = str | int | float | dt.date | None
Rows = Sequence[Sequence[Cell]]


def csv_bytes(rows: Rows, delimiter: str = ";", encoding: str = "utf-8") -> bytes:
    buffer = io.StringIO(newline="")
    csv.writer(buffer, delimiter=delimiter).writerows(rows)
    return buffer.getvalue().encode(encoding, errors="replace")


def write_xlsx(path: Path, rows: Rows, sheet: str = "Feuil1") -> Path:
    return write_workbook(path, {sheet: rows})


def write_workbook(path: Path, sheets: dict[str, Rows]) -> Path:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(list(row))
    book.save(path)
    return path


def write_xls(path: Path, rows: Rows) -> Path:
    book = xlwt.Workbook()
    sheet = book.add_sheet("Feuil1")
    day = xlwt.easyxf(num_format_str="YYYY-MM-DD")
    for r, row in enumerate(rows):
        for c, cell in enumerate(row):
            if isinstance(cell, dt.date):
                sheet.write(r, c, cell, day)
            elif cell is not None:
                sheet.write(r, c, cell)
    book.save(str(path))
    return path


def write_ods(path: Path, rows: Rows) -> Path:
    book = OpenDocumentSpreadsheet()
    table = Table(name="Feuille1")
    for row in rows:
        line = TableRow()
        for cell in row:
            line.addElement(_ods_cell(cell))
        table.addElement(line)
    book.spreadsheet.addElement(table)
    book.save(str(path))
    return path


def _ods_cell(cell: Cell) -> TableCell:
    if cell is None or cell == "":
        return TableCell()
    if isinstance(cell, dt.date):
        return TableCell(valuetype="date", datevalue=cell.isoformat())
    if isinstance(cell, int | float):
        return TableCell(valuetype="float", value=str(cell))
    found = TableCell(valuetype="string")
    found.addElement(P(text=cell))
    return found


def write_parquet(path: Path, rows: Rows) -> Path:
    """The first row names the columns; each column has the type of its cells."""
    header, *body = rows
    kinds = {int: "bigint", float: "double", dt.date: "date"}
    types = []
    for column in zip(*body, strict=True):
        found = {type(cell) for cell in column if cell is not None}
        types.append(kinds.get(found.pop(), "varchar") if len(found) == 1 else "varchar")
    names = [f"{name!r}".replace("'", '"') for name in header]
    columns = ", ".join(f"{name} {kind}" for name, kind in zip(names, types, strict=True))
    with duckdb.connect() as connection:
        connection.execute(f"create table rows ({columns})")
        marks = ", ".join("?" * len(header))
        texts = [
            [
                str(c) if t == "varchar" and c is not None else c
                for c, t in zip(r, types, strict=True)
            ]
            for r in body
        ]
        connection.executemany(f"insert into rows values ({marks})", texts)
        connection.execute(f"copy rows to '{path}' (format parquet)")
    return path
