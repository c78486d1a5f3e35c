"""Vertical merges show their value in every row, in every format alike."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest
import xlwt
from odf.opendocument import OpenDocumentSpreadsheet
from odf.table import CoveredTableCell, Table, TableCell, TableRow
from odf.text import P

from acv_pipeline.reading import read_file


def xlsx(path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    for row in (["Code", "Logements", None], [None, "PO", "PB"], ["01", 174, 350]):
        sheet.append(row)
    sheet.merge_cells("A1:A2")
    sheet.merge_cells("B1:C1")
    book.save(path)


def xls(path: Path) -> None:
    book = xlwt.Workbook()
    sheet = book.add_sheet("Feuil1")
    sheet.write_merge(0, 1, 0, 0, "Code")
    sheet.write_merge(0, 0, 1, 2, "Logements")
    for column, (name, figure) in enumerate([("PO", 174), ("PB", 350)], 1):
        sheet.write(1, column, name)
        sheet.write(2, column, figure)
    sheet.write(2, 0, "01")
    book.save(str(path))


def ods(path: Path) -> None:
    def cell(text: str, **options: int) -> TableCell:
        found = TableCell(valuetype="string", **options)
        found.addElement(P(text=text))
        return found

    book = OpenDocumentSpreadsheet()
    table = Table(name="Feuil1")
    for cells in (
        [cell("Code", numberrowsspanned=2), cell("Logements", numbercolumnsspanned=2)],
        [CoveredTableCell(), cell("PO"), cell("PB")],
        [cell("01"), cell("174"), cell("350")],
    ):
        row = TableRow()
        for one in cells:
            row.addElement(one)
        table.addElement(row)
    book.spreadsheet.addElement(table)
    book.save(str(path))


@pytest.mark.parametrize("write", [xlsx, xls, ods])
def test_merges_downwards_are_filled_and_told(
    write: Callable[[Path], None], tmp_path: Path
) -> None:
    path = tmp_path / f"a.{write.__name__}"
    write(path)
    sheet = read_file(path)[0]
    assert sheet.cells.to_numpy(dtype=object).tolist() == [
        ["Code", "Logements", ""],
        ["Code", "PO", "PB"],
        ["01", "174", "350"],
    ]
    assert sheet.filled == {(1, 0)}
