"""What a cell was typed as survives: numbers keep decimals, dates their time, texts their text."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import duckdb
import openpyxl
import pytest
import xlsxwriter
import xlwt
from odf.opendocument import OpenDocumentSpreadsheet
from odf.table import CalculationSettings, NullDate, Table, TableCell, TableRow

from acv_pipeline.reading import DATE, NUMBER, TEXT, Sheet, read_file
from acv_pipeline.reading.worker import text_of_number, to_the_second
from acv_pipeline_tests.reading.archives import with_part
from acv_pipeline_tests.reading.files import csv_bytes, write_ods, write_parquet, write_xls

EPOCH_1900, EPOCH_1904 = dt.date(1899, 12, 30), dt.date(1904, 1, 1)


def said(sheet: Sheet, row: int) -> list[tuple[str, int]]:
    assert sheet.kinds is not None
    assert sheet.kinds.shape == sheet.cells.shape
    return list(zip(sheet.cells.iloc[row].tolist(), sheet.kinds[row].tolist(), strict=True))


def write_xlsx(path: Path, rows: list[list[Any]], **options: Any) -> Path:
    with xlsxwriter.Workbook(path, options) as book:
        sheet = book.add_worksheet("Feuil1")
        day = book.add_format({"num_format": "dd/mm/yyyy"})
        for r, row in enumerate(rows):
            for c, cell in enumerate(row):
                if isinstance(cell, dt.date):
                    sheet.write_datetime(r, c, cell, day)
                else:
                    sheet.write(r, c, cell)
    return path


WRITERS = {"xlsx": write_xlsx, "xls": write_xls, "ods": write_ods, "parquet": write_parquet}


@pytest.mark.parametrize("ending", WRITERS)
def test_kinds_in_every_format(ending: str, tmp_path: Path) -> None:
    rows = [["dep", "jour", "cumul"], ["01", dt.date(2021, 3, 31), 12.375]]
    sheet = read_file(WRITERS[ending](tmp_path / f"a.{ending}", rows))[0]
    assert said(sheet, 0) == [("dep", TEXT), ("jour", TEXT), ("cumul", TEXT)]
    assert said(sheet, 1) == [("01", TEXT), ("2021-03-31", DATE), ("12.375", NUMBER)]


def test_a_text_file_has_no_kinds(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(csv_bytes([["dep", "cumul"], ["01", "12.375"]]))
    assert read_file(path)[0].kinds is None


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (524.0, "524"),
        (56.99999999999999, "57"),
        (3479.9999999999995, "3480"),
        (57.00000000000001, "57"),
        (-0.0, "0"),
        (56.9, "56.9"),
        (12.375, "12.375"),
        (1234567.001, "1234567.001"),  # decimals of a large number are no noise
        (0.9999, "0.9999"),
        (1e16, "1e+16"),
        (float("nan"), "nan"),
        (7, "7"),
    ],
)
def test_only_the_noise_of_binary_calculation_is_rounded(number: float, text: str) -> None:
    assert text_of_number(number) == text


@pytest.mark.parametrize("ending", ["xlsx", "ods", "parquet"])
def test_noise_is_rounded_in_every_format(ending: str, tmp_path: Path) -> None:
    rows = [["cumul"], [56.99999999999999], [56.9], [1234567.001]]
    sheet = read_file(WRITERS[ending](tmp_path / f"a.{ending}", rows))[0]
    assert sheet.cells[0].tolist() == ["cumul", "57", "56.9", "1234567.001"]


def test_times_booleans_and_errors_are_texts(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet()
        sheet.write_number(0, 0, 0.5, book.add_format({"num_format": "hh:mm"}))
        sheet.write_boolean(0, 1, True)
        sheet.write_formula(0, 2, "=1/0", None, "#DIV/0!")
        sheet.write_number(0, 3, 0.123, book.add_format({"num_format": "0%"}))
    assert said(read_file(path)[0], 0) == [
        ("12:00:00", TEXT),
        ("TRUE", TEXT),
        ("", TEXT),
        ("0.123", NUMBER),
    ]


@pytest.mark.parametrize(
    ("time", "expected"),
    [
        ("2021-02-28 22:59:59.712", "2021-02-28 23:00:00"),  # the serial number 44255.95833
        ("2021-03-01 00:00:00.288", "2021-03-01 00:00:00"),
        ("2021-03-31 23:59:59.997", "2021-03-31 23:59:59"),  # the end of a day for SQL Server
        ("2021-03-31 23:59:59.999900", "2021-04-01 00:00:00"),  # midnight, calculated
    ],
)
def test_serial_dates_are_rounded_to_the_second_but_not_into_the_next_day(
    time: str, expected: str
) -> None:
    assert to_the_second(dt.datetime.fromisoformat(time)) == dt.datetime.fromisoformat(expected)


def test_an_hour_before_midnight_is_told(tmp_path: Path) -> None:
    late, rounded = dt.datetime(2021, 2, 28, 23), 44255.95833
    path = tmp_path / "a.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet()
        day = book.add_format({"num_format": "dd/mm/yyyy"})
        sheet.write_datetime(0, 0, late, day)
        sheet.write_number(1, 0, rounded, day)
        sheet.write_datetime(2, 0, dt.datetime(2021, 3, 1), day)
    cells = read_file(path)[0].cells[0].tolist()
    assert cells == ["2021-02-28 23:00:00", "2021-02-28 23:00:00", "2021-03-01"]


@pytest.mark.parametrize(("is_1904", "epoch"), [(True, EPOCH_1904), (False, EPOCH_1900)])
def test_the_day_that_dates_count_from(is_1904: bool, epoch: dt.date, tmp_path: Path) -> None:
    """A date with a format is right as it is, and one without follows from the epoch."""
    day = dt.date(2021, 3, 31)
    serial = (day - epoch).days
    rows = [[dt.datetime(day.year, day.month, day.day), serial]]
    sheet = read_file(write_xlsx(tmp_path / "a.xlsx", rows, date_1904=is_1904))[0]
    assert sheet.epoch == epoch
    assert said(sheet, 0) == [("2021-03-31", DATE), (str(serial), NUMBER)]

    book = xlwt.Workbook()
    book.dates_1904 = is_1904
    old = book.add_sheet("Feuil1")
    old.write(0, 0, serial, xlwt.easyxf(num_format_str="YYYY-MM-DD"))
    old.write(0, 1, serial)
    book.save(str(tmp_path / "a.xls"))
    sheet = read_file(tmp_path / "a.xls")[0]
    assert sheet.epoch == epoch
    assert said(sheet, 0) == [("2021-03-31", DATE), (str(serial), NUMBER)]


@pytest.mark.parametrize(("written", "epoch"), [("true", EPOCH_1904), ("false", EPOCH_1900)])
def test_the_day_in_words(written: str, epoch: dt.date, tmp_path: Path) -> None:
    day = dt.datetime(2021, 3, 31)
    path = write_xlsx(tmp_path / "a.xlsx", [[day, 1]], date_1904=epoch == EPOCH_1904)
    with_part(
        path,
        "xl/workbook.xml",
        lambda content: content.replace(b' date1904="1"', b"").replace(
            b"<workbookPr", f'<workbookPr date1904="{written}"'.encode()
        ),
    )
    sheet = read_file(path)[0]
    assert sheet.epoch == epoch
    assert said(sheet, 0)[0] == ("2021-03-31", DATE)


@pytest.mark.parametrize(("null_date", "epoch"), [("1904-01-01", EPOCH_1904), (None, EPOCH_1900)])
def test_the_day_that_dates_of_an_ods_count_from(
    null_date: str | None, epoch: dt.date, tmp_path: Path
) -> None:
    book = OpenDocumentSpreadsheet()
    if null_date:
        settings = CalculationSettings()
        settings.addElement(NullDate(datevalue=null_date))
        book.spreadsheet.addElement(settings)
    table, row = Table(name="A"), TableRow()
    row.addElement(TableCell(valuetype="float", value="42824"))
    table.addElement(row)
    book.spreadsheet.addElement(table)
    book.save(str(tmp_path / "a.ods"))
    assert read_file(tmp_path / "a.ods")[0].epoch == epoch


@pytest.mark.parametrize("ending", ["xlsx", "xls"])
def test_a_sheet_without_cells(ending: str, tmp_path: Path) -> None:
    path = tmp_path / f"a.{ending}"
    if ending == "xlsx":
        write_xlsx(path, [])
    else:
        write_xls(path, [])
    (sheet,) = read_file(path)
    assert sheet.cells.empty
    assert sheet.kinds is not None
    assert sheet.kinds.size == 0


@pytest.mark.parametrize("state", ["visible", "hidden", "veryHidden"])
def test_hidden_sheets(state: str, tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.active.append([1])
    book.create_sheet("Autre").append([2])
    book["Autre"].sheet_state = state
    book.save(tmp_path / "a.xlsx")
    sheets = read_file(tmp_path / "a.xlsx")
    assert [sheet.is_visible for sheet in sheets] == [True, state == "visible"]


def parquet(path: Path, select: str) -> Path:
    with duckdb.connect() as connection:
        connection.execute(f"copy ({select}) to '{path}' (format parquet)")
    return path


TYPES = {
    "date": ("date '2021-03-31'", "2021-03-31", DATE),
    "midnight": ("timestamp '2021-03-31 00:00:00'", "2021-03-31", DATE),
    "evening": ("timestamp '2021-02-28 23:00:00'", "2021-02-28 23:00:00", DATE),
    "last moment": ("timestamp '2021-03-31 23:59:59.999'", "2021-03-31 23:59:59", DATE),
    "milliseconds": ("'2021-03-31'::timestamp_ms", "2021-03-31", DATE),
    "nanoseconds": ("'2021-02-28 23:00:00'::timestamp_ns", "2021-02-28 23:00:00", DATE),
    "zone": ("'2021-03-01 00:00:00+01'::timestamptz", "2021-02-28 23:00:00+00:00", DATE),
    "midnight in a zone": (
        "'2021-03-01 00:00:00Z'::timestamptz",
        "2021-03-01 00:00:00+00:00",
        DATE,
    ),
    "integer": ("524::smallint", "524", NUMBER),
    "unsigned": ("524::ubigint", "524", NUMBER),
    "double": ("524::double", "524", NUMBER),
    "noise": ("56.99999999999999::double", "57", NUMBER),
    "fraction": ("12.375::double", "12.375", NUMBER),
    "single": ("12.1::float", "12.1", NUMBER),
    "decimal": ("524.00::decimal(10, 2)", "524", NUMBER),
    "decimals": ("12.50::decimal(10, 2)", "12.5", NUMBER),
    "hundreds": ("500::decimal(10, 0)", "500", NUMBER),
    "dictionary": ("'anah'::enum('anah', 'al')", "anah", TEXT),
    "boolean": ("true", "true", TEXT),
    "nothing": ("null::double", "", NUMBER),
    "list": ("[1, 2]", "[1, 2]", TEXT),
    "list of decimals": ("[1.50::decimal(4, 2)]", "[1.50]", TEXT),
    "list of times": ("[timestamp '2021-03-31']", "['2021-03-31 00:00:00']", TEXT),
    "record": ("{'a': 1}", "{'a': 1}", TEXT),
    "bytes": (r"'Dr\xC3\xB4me'::blob", "Drôme", TEXT),
    "bytes of Windows": (r"'Dr\xF4me'::blob", "Drôme", TEXT),
    "no bytes": ("null::blob", "", TEXT),
}


@pytest.mark.parametrize("case", TYPES)
def test_types_of_parquet(case: str, tmp_path: Path) -> None:
    expression, text, kind = TYPES[case]
    path = parquet(tmp_path / "a.parquet", f"select {expression} as value, 'x' as name")
    sheet = read_file(path)[0]
    assert said(sheet, 0) == [("value", TEXT), ("name", TEXT)]
    assert said(sheet, 1) == [(text, kind), ("x", TEXT)]


def test_a_quote_in_the_name_of_a_column_of_bytes(tmp_path: Path) -> None:
    path = parquet(tmp_path / "a.parquet", """select 'x'::blob as "a ""b"" 'c'" """)
    assert read_file(path)[0].cells[0].tolist() == ["a \"b\" 'c'", "x"]
