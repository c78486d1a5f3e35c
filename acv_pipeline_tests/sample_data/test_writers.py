"""Files say what their rows say, and are the same bytes every time."""

import csv
import datetime as dt
import io
import time

import pytest
from python_calamine import CalamineWorkbook

from acv_pipeline.sample_data.layouts import Cell, Layout
from acv_pipeline.sample_data.writers import WRITERS

ROWS: list[list[Cell]] = [
    ["Anah ; « cœur »", "", ""],
    ["Département", "Arrêté au", "Cumul"],
    ["2A", dt.date(2021, 2, 28), 1234],
    [1, "février 2021", 0],
]


def layout(encoding: str = "utf-8", delimiter: str = ";") -> Layout:
    return Layout(columns=(), file_name="", encoding=encoding, delimiter=delimiter)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
@pytest.mark.parametrize("delimiter", [",", ";"])
def test_csv_reads_back(encoding: str, delimiter: str) -> None:
    content = WRITERS["csv"](ROWS, layout(encoding, delimiter))
    assert content.startswith(b"\xef\xbb\xbf") == (encoding == "utf-8-sig")
    rows = list(csv.reader(io.StringIO(content.decode(encoding)), delimiter=delimiter))
    assert rows == [[str(cell) for cell in row] for row in ROWS]


@pytest.mark.parametrize("kind", ["xlsx", "ods"])
def test_spreadsheets_keep_numbers_and_days_as_such(kind: str) -> None:
    content = WRITERS[kind](ROWS, layout())
    (name, *others) = CalamineWorkbook.from_filelike(io.BytesIO(content)).sheet_names
    assert not others
    book = CalamineWorkbook.from_filelike(io.BytesIO(content))
    rows = book.get_sheet_by_name(name).to_python()
    assert rows[0] == ["Anah ; « cœur »", "", ""]
    assert rows[2] == ["2A", dt.date(2021, 2, 28), 1234]
    assert rows[3] == [1, "février 2021", 0]


@pytest.mark.parametrize("kind", list(WRITERS))
def test_the_clock_leaves_no_trace(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    first = WRITERS[kind](ROWS, layout())
    later = time.time() + 86_400 * 400
    moment = time.localtime(later)
    monkeypatch.setattr(time, "localtime", lambda *_: moment)
    monkeypatch.setattr(time, "time", lambda: later)
    time.sleep(1.1 if kind == "xlsx" else 0)  # the workbook's own clock counts whole seconds
    assert WRITERS[kind](ROWS, layout()) == first
