"""The tables as spreadsheets that a double click opens: types kept, French headings, explained.

xlsxwriter makes each workbook but for the rows of its table: those DuckDB writes, as the XML that
stands in an XLSX. Cell by cell in Python they take ten times as long as all the rest of a release.
"""

from __future__ import annotations

import datetime as dt
import io
import re
from collections.abc import Iterator
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

import duckdb
from xlsxwriter import Workbook
from xlsxwriter.utility import xl_col_to_name

from acv_pipeline.contract.entries import Dataset
from acv_pipeline.publishing.release.declared import Column, ReleaseFile
from acv_pipeline.publishing.release.describing import told
from acv_pipeline.publishing.release.origins import Origins
from acv_pipeline.publishing.release.writing import Rows

MOST_ROWS = 1_048_576  # Excel's, the header included
MOST_CHARACTERS = 32_767  # Excel's, of a cell
WIDEST = 45
_AT_ONCE = 10_000  # rows in memory
_DATA = "xl/worksheets/sheet1.xml"
_MADE = dt.datetime(2000, 1, 1)  # the same table is the same file, whenever it is written
_MADE_ZIP = (1980, 1, 1, 0, 0, 0)

# of what XML cannot hold, and of what Excel takes for its way to write such a character
_UNFIT = r"[\x00-\x08\x0B\x0C\x0E-\x1F\x{FFFE}\x{FFFF}]"
_LIKE_AN_ESCAPE = "_(x[0-9A-Fa-f]{4}_)"


def write_spreadsheet(
    connection: duckdb.DuckDBPyConnection,
    rows: Rows,
    whose: Origins,
    dataset: Dataset,
    folder: Path,
) -> bool:
    """One table as a workbook; False, and no file, where Excel could not hold it."""
    widths, longest = _lengths(connection, rows)
    if rows.count >= MOST_ROWS or longest > MOST_CHARACTERS:
        return False
    book = io.BytesIO(_without_rows(rows, widths, whose, dataset))
    with ZipFile(book) as made, ZipFile(folder / rows.file.xlsx, "w", ZIP_DEFLATED) as written:
        for name in made.namelist():
            content = made.read(name)
            entry = ZipInfo(name, _MADE_ZIP)
            entry.compress_type = ZIP_DEFLATED
            with written.open(entry, "w") as part:
                parts = _with_rows(connection, rows, content) if name == _DATA else [content]
                part.writelines(parts)
    return True


def _lengths(connection: duckdb.DuckDBPyConnection, rows: Rows) -> tuple[list[int], int]:
    """How wide each column is to be, and the characters of the longest text."""
    chosen = ", ".join(
        f'coalesce(max(length("{column.name}"::varchar)), 0)' for column in rows.file.columns
    )
    (found,) = connection.execute(f"select {chosen} from {rows.table}").fetchall()
    widths = [
        min(WIDEST, max(length, len(column.heading) + 3, 11))
        for column, length in zip(rows.file.columns, found, strict=True)
    ]
    return widths, max(found)


def _without_rows(rows: Rows, widths: list[int], whose: Origins, dataset: Dataset) -> bytes:
    """The workbook with the header of its table."""
    file, content = rows.file, io.BytesIO()
    with Workbook(content, {"in_memory": True}) as book:
        book.set_properties({"title": whose.title(file.title).fr, "created": _MADE})
        bold = book.add_format({"bold": True})
        date = book.add_format({"num_format": 14})  # as the reader's own language writes it
        sheet = book.add_worksheet("données")
        sheet.freeze_panes(1, 0)
        sheet.autofilter(0, 0, rows.count, len(file.columns) - 1)
        sheet.ignore_errors({"number_stored_as_text": "A1:XFD1048576"})  # codes are meant to be
        for at, (column, width) in enumerate(zip(file.columns, widths, strict=True)):
            sheet.set_column(at, at, width, date if column.type == "date" else None)
            sheet.write_string(0, at, column.heading, bold)
        _explain(book, file, whose, dataset)
    return content.getvalue()


def _explain(book: Workbook, file: ReleaseFile, whose: Origins, dataset: Dataset) -> None:
    bold, wrapped = book.add_format({"bold": True}), book.add_format({"text_wrap": True})
    for each in (bold, wrapped):
        each.set_align("top")
    headings = {column.name: column.heading for column in file.columns}
    licence = dataset.licence
    lines = [
        *([whose.warning.fr] if whose.warning else []),
        file.table.description.fr,
        f"Une ligne par : {', '.join(headings[name] for name in file.table.key)}.",
        "Une case vide est une absence de chiffre, jamais zéro.",
        f"Les mêmes lignes sont dans {file.csv} et {file.parquet}, sous les noms de colonnes "
        "ci-dessous.",
        "Licence : aucune, données synthétiques."
        if whose.is_synthetic
        else f"Licence : {licence.title} ({licence.url}).",
    ]
    sheet = book.add_worksheet("lisez-moi")
    for at, width in enumerate((28, 30, 90, 20)):
        sheet.set_column(at, at, width)
    sheet.write_string(0, 0, whose.title(file.title).fr, bold)
    for at, line in enumerate(lines, start=1):
        sheet.merge_range(at, 0, at, 3, "", wrapped)
        sheet.write_string(at, 0, line, wrapped)
        sheet.set_row(at, 15 * (1 + len(line) // 150))
    begin = len(lines) + 2
    for at, heading in enumerate(("Colonne", "Nom dans le CSV", "Sens", "Unité")):
        sheet.write_string(begin, at, heading, bold)
    for down, column in enumerate(file.columns, start=begin + 1):
        cells = (column.heading, column.name, told(column, "fr"), column.unit or "")
        for at, cell in enumerate(cells):
            sheet.write_string(down, at, cell, wrapped)


def _with_rows(connection: duckdb.DuckDBPyConnection, rows: Rows, sheet: bytes) -> Iterator[bytes]:
    """The table's sheet with its rows behind the header."""
    dates = re.search(rb'<col [^>]*style="(\d+)"', sheet)  # the only columns with a format
    style = dates[1].decode() if dates else "0"
    cells = " || ".join(
        _cell(column, xl_col_to_name(at), style) for at, column in enumerate(rows.file.columns)
    )
    end = f"{xl_col_to_name(len(rows.file.columns) - 1)}{rows.count + 1}".encode()
    sheet = re.sub(rb'<dimension ref="[^"]*"', b'<dimension ref="A1:' + end + b'"', sheet)
    before, behind, after = sheet.partition(b"</sheetData>")
    yield before
    found = connection.execute(
        f"""
        select '<row r="' || line || '">' || {cells} || '</row>'
        from (select *, row_number() over (order by rowid) + 1 as line from {rows.table})
        order by line
        """
    )
    while some := found.fetchmany(_AT_ONCE):
        yield "".join(row for (row,) in some).encode()
    yield behind + after


def _cell(column: Column, letters: str, date_style: str) -> str:
    """The SQL expression for one cell; nothing where there is no value."""
    name = f'"{column.name}"'
    attributes, value = {
        "string": (' t="inlineStr"', _xml_text(name)),
        "boolean": (' t="b"', f"'<v>' || {name}::integer || '</v>'"),
        "date": (f' s="{date_style}"', f"'<v>' || ({name} - date '1899-12-30') || '</v>'"),
    }.get(column.type, ("", f"'<v>' || {name} || '</v>'"))
    return f"""coalesce('<c r="{letters}' || line || '"{attributes}>' || {value} || '</c>', '')"""


def _xml_text(name: str) -> str:
    text = f"regexp_replace({name}, '{_LIKE_AN_ESCAPE}', '_x005F_\\1', 'g')"
    text = f"regexp_replace({text}, '{_UNFIT}', chr(65533), 'g')"
    for character, written in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ("\r", "_x000D_")):
        text = f"replace({text}, chr({ord(character)}), '{written}')"
    return f"""'<is><t xml:space="preserve">' || {text} || '</t></is>'"""
