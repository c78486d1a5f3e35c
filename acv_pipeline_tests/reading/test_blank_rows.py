"""Rows that say nothing cost nothing, however many there are; the others keep their numbers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
import xlsxwriter
from odf.opendocument import OpenDocumentSpreadsheet
from odf.table import CoveredTableCell, Table, TableCell, TableRow
from odf.text import P

from acv_pipeline.reading import NUMBER, TEXT, Limits, Sheet, read_file
from acv_pipeline.reading.sheet import MIB, without_blank_rows
from acv_pipeline_tests.reading.archives import with_part
from acv_pipeline_tests.reading.test_hostile import refusal

LAST_ROW, LAST_COLUMN = 1_048_575, 16_383
Write = Callable[[xlsxwriter.Workbook, xlsxwriter.worksheet.Worksheet], object]


def written(path: Path, more: Write) -> Path:
    """A hundred figures below a header, and whatever ``more`` leaves beside them."""
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet("Feuil1")
        sheet.write_row(0, 0, ["dep", "cumul"])
        for row in range(1, 101):
            sheet.write_row(row, 0, [f"{row:02}", row * 10])
        more(book, sheet)
    return path


def with_rows(path: Path, row: bytes, count: int) -> Path:
    """More rows below the hundred figures; each of ``%d`` in ``row`` is a row's number."""
    more = b"".join(row.replace(b"%d", b"%d" % number) for number in range(102, 102 + count))
    return with_part(
        path,
        "xl/worksheets/sheet1.xml",
        lambda content: content.replace(b"</sheetData>", more + b"</sheetData>"),
    )


NOTHING: dict[str, Write] = {
    "nothing": lambda book, sheet: None,
    "a space in the last row": lambda book, sheet: sheet.write(LAST_ROW, 20, " "),
    "a space in the last cell": lambda book, sheet: sheet.write(LAST_ROW, LAST_COLUMN, " "),
}
BLANK = {
    "formatted rows": b'<row r="%d" s="1" customFormat="1" ht="20" customHeight="1"/>',
    "formatted cells": b'<row r="%d" spans="1:4"><c r="A%d" s="1"/><c r="D%d" s="1"/></row>',
}
HALF = Limits(worker_bytes=400 * MIB)  # the grid to the last cell has 17 billion cells


def check_hundred_figures(sheet: Sheet) -> None:
    assert sheet.cells.shape == (101, 2)
    assert sheet.cells.index.tolist() == list(range(101))
    assert sheet.cells.iloc[-1].tolist() == ["100", "1000"]
    assert sheet.kinds is not None
    assert sheet.kinds[-1].tolist() == [TEXT, NUMBER]


@pytest.mark.parametrize("case", NOTHING)
def test_what_says_nothing_is_not_there(case: str, tmp_path: Path) -> None:
    check_hundred_figures(read_file(written(tmp_path / "a.xlsx", NOTHING[case]), HALF)[0])


@pytest.mark.parametrize("case", BLANK)
def test_a_million_formatted_rows(case: str, tmp_path: Path) -> None:
    path = written(tmp_path / "a.xlsx", NOTHING["nothing"])
    check_hundred_figures(read_file(with_rows(path, BLANK[case], LAST_ROW - 101), HALF)[0])


def test_as_many_rows_with_figures_need_memory(tmp_path: Path) -> None:
    path = written(tmp_path / "a.xlsx", NOTHING["nothing"])
    with_rows(path, b'<row r="%d"><c r="A%d"><v>%d</v></c></row>', 300_000)
    assert refusal(path, Limits(worker_bytes=100 * MIB)) == "too_big"


def test_rows_far_below_keep_their_numbers(tmp_path: Path) -> None:
    def far(book: xlsxwriter.Workbook, sheet: xlsxwriter.worksheet.Worksheet) -> None:
        sheet.write(5_000, 0, "une note")
        sheet.write(LAST_ROW, 1, "x")

    sheet = read_file(written(tmp_path / "a.xlsx", far))[0]
    assert sheet.cells.index.tolist() == [*range(101), 5_000, LAST_ROW]
    assert sheet.cells.loc[5_000].tolist() == ["une note", ""]
    assert sheet.cells.loc[LAST_ROW].tolist() == ["", "x"]


def test_a_short_run_of_blank_rows_is_kept(tmp_path: Path) -> None:
    path = written(tmp_path / "a.xlsx", lambda book, sheet: sheet.write(1_101, 0, "une note"))
    assert read_file(path)[0].cells.index.tolist() == list(range(1_102))
    path = written(tmp_path / "a.xlsx", lambda book, sheet: sheet.write(1_102, 0, "une note"))
    assert read_file(path)[0].cells.index.tolist() == [*range(101), 1_102]


def test_merges_near_and_far(tmp_path: Path) -> None:
    def merge(book: xlsxwriter.Workbook, sheet: xlsxwriter.worksheet.Worksheet) -> None:
        sheet.merge_range(10, 2, 12, 2, "haut")
        sheet.merge_range(900_000, 2, 900_002, 2, "bas")
        sheet.write(900_002, 0, "z")
        sheet.merge_range(500_000, 0, 900_001, 0, "")  # a merge of nothing

    sheet = read_file(written(tmp_path / "a.xlsx", merge))[0]
    assert sheet.filled == {(11, 2), (12, 2), (900_001, 2), (900_002, 2)}
    assert sheet.cells.loc[900_000:, 2].tolist() == ["bas"] * 3
    assert sheet.cells.loc[900_001, 0] == ""


def test_rows_without_numbers(tmp_path: Path) -> None:
    """Rows and cells need not state where they stand; they follow one another."""
    path = written(tmp_path / "a.xlsx", lambda book, sheet: None)
    with_part(
        path,
        "xl/worksheets/sheet1.xml",
        lambda content: (
            content[: content.index(b"<sheetData>")]
            + b"<sheetData><row/><row><c><v>1</v></c></row><row><c><v>2</v></c></row></sheetData>"
            + b"</worksheet>"
        ),
    )
    sheet = read_file(path)[0]
    assert sheet.cells[0].tolist() == ["", "1", "2"]
    assert sheet.cells.index.tolist() == [0, 1, 2]


def cell(text: str, **options: int) -> TableCell:
    found = TableCell(valuetype="string", **options)
    found.addElement(P(text=text))
    return found


def ods(path: Path, blank: int, last: str) -> Path:
    """A merge above and one below ``blank`` rows, then the text ``last`` far to the right."""
    book = OpenDocumentSpreadsheet()
    table = Table(name="Feuille1")
    for text in ("haut", "bas"):
        row = TableRow()
        row.addElement(cell(text, numberrowsspanned=2))
        row.addElement(cell("1"))
        table.addElement(row)
        row = TableRow()
        row.addElement(CoveredTableCell())
        row.addElement(cell("2"))
        table.addElement(row)
        row = TableRow(numberrowsrepeated=blank)
        row.addElement(TableCell(numbercolumnsrepeated=1024))
        table.addElement(row)
    row = TableRow()
    row.addElement(TableCell(numbercolumnsrepeated=30))
    row.addElement(cell(last))
    table.addElement(row)
    book.spreadsheet.addElement(table)
    other = Table(name="Autre")
    row = TableRow()
    row.addElement(cell("seul"))
    other.addElement(row)
    book.spreadsheet.addElement(other)
    book.save(str(path))
    return path


@pytest.mark.parametrize("blank", [3, 500_000])
def test_blank_rows_of_an_ods(blank: int, tmp_path: Path) -> None:
    sheet, other = read_file(ods(tmp_path / "a.ods", blank, "x"))
    below = blank + 2
    kept = [row for row in range(2 * below + 1) if blank == 3 or row in {0, 1, below, below + 1}]
    kept = kept if blank == 3 else [*kept, 2 * below]
    assert sheet.cells.index.tolist() == kept
    assert sheet.filled == {(1, 0), (below + 1, 0)}
    assert sheet.cells.loc[below + 1, 0] == "bas"
    assert sheet.cells.loc[2 * below, 30] == "x"
    assert other.cells.to_numpy(dtype=object).tolist() == [["seul"]]


def test_a_space_in_the_last_row_of_an_ods(tmp_path: Path) -> None:
    sheet = read_file(ods(tmp_path / "a.ods", 500_000, " "))[0]
    assert sheet.cells.shape == (4, 2)


def test_blank_lines_of_a_text_file(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("dep;cumul\n01;3\n" + ";\n" * 1_001 + "02;4\n" + ";\n" * 50_000)
    assert read_file(path)[0].cells.index.tolist() == [0, 1, 1_003]
    path.write_text("dep;cumul\n01;3\n" + ";\n" * 1_000 + "02;4;\n" + " ; \n" * 50_000)
    sheet = read_file(path)[0]
    assert sheet.cells.index.tolist() == list(range(1_003))
    assert sheet.widths is not None
    assert sheet.widths.tolist() == [2] * 1_002 + [3]


def test_a_sheet_without_blank_rows_is_left_alone() -> None:
    sheet = Sheet("", pd.DataFrame([["a"], ["b"]], dtype="str"))
    assert without_blank_rows(sheet) is sheet
    assert without_blank_rows(Sheet("", pd.DataFrame())).cells.empty


def test_a_row_without_end(tmp_path: Path) -> None:
    path = written(tmp_path / "a.xlsx", lambda book, sheet: None)
    with_part(
        path,
        "xl/worksheets/sheet1.xml",
        lambda content: content.replace(b"</row>", b"<!-- " + bytes(range(48, 58)) * 7_000_000, 1),
    )
    assert refusal(path) in {"too_big", "zip_bomb"}
