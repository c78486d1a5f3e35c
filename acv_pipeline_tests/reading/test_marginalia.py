"""What is struck out is not read; what comments say is told with the place they are at."""

from __future__ import annotations

from pathlib import Path

import openpyxl
import pytest
import xlsxwriter
from odf.office import Annotation
from odf.opendocument import OpenDocumentSpreadsheet
from odf.style import Style, TextProperties
from odf.table import Table, TableCell, TableRow
from odf.text import P, Span
from openpyxl.comments import Comment
from openpyxl.styles import Font

from acv_pipeline.reading import read_file
from acv_pipeline_tests.reading.archives import parts_of, zipped


@pytest.mark.parametrize("inline", [False, True])
def test_what_is_struck_out_in_an_xlsx_is_blank(inline: bool, tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    with xlsxwriter.Workbook(path, {"constant_memory": inline}) as book:
        sheet, struck = book.add_worksheet(), book.add_format({"font_strikeout": True})
        sheet.write_row(0, 0, ["dep", "cumul"])
        sheet.write_row(1, 0, ["01", 37], struck)
        sheet.write_row(2, 0, ["01", 44], book.add_format({"bold": True}))
        sheet.write_string(3, 0, "02")
        sheet.write_rich_string(3, 1, struck, "37", " 44")
    (sheet,) = read_file(path)
    assert sheet.cells.to_numpy().tolist() == [
        ["dep", "cumul"],
        ["", ""],
        ["01", "44"],
        ["02", " 44"],
    ]
    assert [str(remark) for remark in sheet.remarks] != []


def test_a_style_that_says_that_it_strikes_nothing_out(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    for row in (["dep", "cumul"], ["01", 37]):
        book.active.append(row)
    book.active["B2"].font = Font(strike=False, bold=True)
    path = tmp_path / "a.xlsx"
    book.save(path)
    assert read_file(path)[0].cells.iloc[1].tolist() == ["01", "37"]


def test_comments_of_an_xlsx(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.active.append(["dep", "cumul"])
    book.active.append(["01", 37])
    book.active["B2"].comment = Comment("Service études:\nlire 44", "Service études")
    book.create_sheet("Autre")["C1"].comment = Comment("à relire", "x")
    path = tmp_path / "a.xlsx"
    book.save(path)
    assert [sheet.comments for sheet in read_file(path)] == [
        {(1, 1): "lire 44"},
        {(0, 2): "à relire"},
    ]


def test_a_thread_of_comments_is_told_once(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.active.append(["01", 37])
    book.active["B1"].comment = Comment(
        "[Commentaire]\n\nVotre version…\n\nCommentaire :\n    lire 44", "tc=1"
    )
    path = tmp_path / "a.xlsx"
    book.save(path)
    parts = parts_of(path)
    relations = "xl/worksheets/_rels/sheet1.xml.rels"
    parts[relations] = parts[relations].replace(
        b"</Relationships>",
        b'<Relationship Id="t" Target="../threadedComments/threadedComment1.xml" Type="http://'
        b'schemas.microsoft.com/office/2017/10/relationships/threadedComment"/></Relationships>',
    )
    parts["xl/threadedComments/threadedComment1.xml"] = (
        b'<ThreadedComments xmlns="http://schemas.microsoft.com/office/spreadsheetml/2018/'
        b'threadedcomments"><threadedComment ref="B1" id="{1}"><text>lire 44</text>'
        b"</threadedComment></ThreadedComments>"
    )
    assert read_file(zipped(path, parts))[0].comments == {(0, 1): "lire 44"}


def test_comments_and_what_is_struck_out_in_an_ods(tmp_path: Path) -> None:
    book = OpenDocumentSpreadsheet()
    for name, family in (("ce1", "table-cell"), ("T1", "text")):
        style = Style(name=name, family=family)
        style.addElement(TextProperties(textlinethroughstyle="solid"))
        book.automaticstyles.addElement(style)
    table = Table(name="A")
    for style, annotation in ((None, "lire 44"), ("ce1", None)):
        row = TableRow()
        code, figure = TableCell(valuetype="string"), TableCell(valuetype="float", value="37")
        if style:
            figure = TableCell(valuetype="float", value="37", stylename=style)
        text = P(text="0")
        text.addElement(Span(text="2", stylename="T1"))
        text.addText("1")
        code.addElement(text)
        if annotation:
            note = Annotation()
            note.addElement(P(text=annotation))
            figure.addElement(note)
        figure.addElement(P(text="37"))
        row.addElement(code)
        row.addElement(figure)
        table.addElement(row)
    book.spreadsheet.addElement(table)
    path = tmp_path / "a.ods"
    book.save(str(path))
    (sheet,) = read_file(path)
    assert sheet.cells.to_numpy().tolist() == [["01", "37"], ["01", ""]]
    assert sheet.comments == {(0, 1): "lire 44"}
