"""A raised digit is the number of a note, never a digit of the figure before it."""

from __future__ import annotations

from pathlib import Path

import pytest
import xlsxwriter
import xlwt
from odf.opendocument import OpenDocumentSpreadsheet
from odf.style import Style, TextProperties
from odf.table import Table, TableCell, TableRow
from odf.text import P, Span

from acv_pipeline.reading import TEXT, read_file
from acv_pipeline_tests.reading.archives import with_part

# what is raised after the 49, and what the cell says then
MARKS = {
    "1": "49¹",
    "(2)": "49(²)",
    "1, 3": "49¹, ³",
    "12*": "49¹²*",
    "er": "49er",
    "*": "49*",
    "a1": "49a1",
}


@pytest.mark.parametrize("mark", MARKS)
@pytest.mark.parametrize("inline", [False, True])
def test_superscripts_of_an_xlsx(mark: str, inline: bool, tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    with xlsxwriter.Workbook(path, {"constant_memory": inline}) as book:
        sheet = book.add_worksheet()
        raised = book.add_format({"font_script": 1, "bold": True})
        sheet.write_string(0, 0, "491")
        sheet.write_rich_string(1, 0, "49", raised, mark)
        sheet.write_rich_string(2, 0, book.add_format({"italic": True}), "4", "91")
        sheet.write_rich_string(3, 0, "49", book.add_format({"font_script": 2}), "1")
    sheet = read_file(path)[0]
    assert sheet.cells[0].tolist() == ["491", MARKS[mark], "491", "49¹"]  # lowered: no digit either
    assert sheet.kinds is not None
    assert sheet.kinds[1, 0] == TEXT


def test_superscripts_with_a_prefix_and_other_quotes(tmp_path: Path) -> None:
    """As programs write them that name the namespace."""
    path = tmp_path / "a.xlsx"
    with xlsxwriter.Workbook(path) as book:
        book.add_worksheet().write_string(0, 0, "x")
    with_part(
        path,
        "xl/sharedStrings.xml",
        lambda _: (
            b"<?xml version='1.0'?><x:sst xmlns:x='http://schemas.openxmlformats.org/"
            b"spreadsheetml/2006/main'><x:si><x:r><x:t>49</x:t></x:r><x:r><x:rPr>"
            b"<x:vertAlign val = 'superscript' /></x:rPr><x:t xml:space='preserve'> 1</x:t></x:r>"
            b"</x:si></x:sst>"
        ),
    )
    assert read_file(path)[0].cells.iloc[0, 0] == "49 ¹"


@pytest.mark.parametrize("mark", MARKS)
def test_superscripts_of_an_xls(mark: str, tmp_path: Path) -> None:
    book = xlwt.Workbook()
    plain, raised, lowered = xlwt.Font(), xlwt.Font(), xlwt.Font()
    raised.escapement, lowered.escapement = 1, 2
    first, sheet = book.add_sheet("Un"), book.add_sheet("Deux")
    for row, text in enumerate(["491", f"49{mark}"]):
        first.write(row, 0, text)  # the same texts with nothing raised
    sheet.write(1, 0, "491")
    sheet.write_rich_text(2, 0, [("49", plain), (mark, raised)])
    sheet.write_rich_text(3, 0, [("49", plain), ("1", lowered)])
    sheet.write_rich_text(4, 0, [(mark, raised), ("49", plain)])
    book.save(str(tmp_path / "a.xls"))
    one, two = read_file(tmp_path / "a.xls")
    assert one.cells[0].tolist() == ["491", f"49{mark}"]
    assert two.cells[0].tolist() == ["", "491", MARKS[mark], "49¹", MARKS[mark][2:] + "49"]


def ods(path: Path, position: str, mark: str) -> Path:
    book = OpenDocumentSpreadsheet()
    for name, where in (("T1", position), ("T2", "0% 100%")):
        style = Style(name=name, family="text")
        style.addElement(TextProperties(textposition=where))
        book.automaticstyles.addElement(style)
    table, row = Table(name="A"), TableRow()
    for style in ("T1", "T2"):
        cell, text = TableCell(valuetype="string"), P(text="49")
        text.addElement(Span(text=mark, stylename=style))
        cell.addElement(text)
        row.addElement(cell)
    table.addElement(row)
    book.spreadsheet.addElement(table)
    book.save(str(path))
    return path


@pytest.mark.parametrize("mark", MARKS)
def test_superscripts_of_an_ods(mark: str, tmp_path: Path) -> None:
    sheet = read_file(ods(tmp_path / "a.ods", "super 58%", mark))[0]
    assert sheet.cells.iloc[0].tolist() == [MARKS[mark], f"49{mark}"]


@pytest.mark.parametrize(
    ("position", "expected"),
    [("33% 58%", "49¹"), ("-33% 58%", "49¹"), ("sub 58%", "49¹"), ("0% 100%", "491")],
)
def test_raised_by_a_share_of_the_height(position: str, expected: str, tmp_path: Path) -> None:
    assert read_file(ods(tmp_path / "a.ods", position, "1"))[0].cells.iloc[0, 0] == expected
