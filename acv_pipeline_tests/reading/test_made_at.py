"""When a workbook says it was made, by its properties or by its archive."""

from __future__ import annotations

import datetime as dt
import zipfile
from pathlib import Path

import openpyxl
import pytest
import xlsxwriter
from odf.dc import Date
from odf.opendocument import OpenDocumentSpreadsheet

from acv_pipeline.reading import made_at
from acv_pipeline_tests.reading.archives import parts_of, renamed, with_part, zipped
from acv_pipeline_tests.reading.files import write_parquet, write_xls, write_xlsx

ROWS = [["dep", "cumul"], ["01", 524]]
MORNING, EVENING = dt.datetime(2021, 4, 8, 9, 30), dt.datetime(2021, 4, 8, 17, 45)


def test_the_last_change_of_an_xlsx(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    book = openpyxl.Workbook()
    book.properties.created, book.properties.modified = MORNING, EVENING
    book.save(path)
    # openpyxl states the time of saving
    with_part(
        path,
        "docProps/core.xml",
        lambda content: content.replace(
            content[content.index(b"<dcterms:modified") : content.index(b"</dcterms:modified>")],
            b'<dcterms:modified xsi:type="dcterms:W3CDTF">2021-04-08T19:45:00+02:00',
        ),
    )
    assert made_at(path) == EVENING
    with_part(path, "docProps/core.xml", lambda content: content.replace(b"modified", b"other"))
    assert made_at(path) == MORNING
    assert made_at(renamed(path, lambda name: name.replace("/", "\\"))) == MORNING


def test_the_creation_of_an_xlsx(tmp_path: Path) -> None:
    with xlsxwriter.Workbook(tmp_path / "a.xlsx") as book:
        book.set_properties({"created": MORNING})
        book.add_worksheet()
    assert made_at(tmp_path / "a.xlsx") == MORNING


def test_the_date_of_an_ods(tmp_path: Path) -> None:
    book = OpenDocumentSpreadsheet()
    book.meta.addElement(Date(text="2021-04-08T17:45:00.123456789"))
    book.save(str(tmp_path / "a.ods"))
    assert made_at(tmp_path / "a.ods") == EVENING


@pytest.mark.parametrize(
    ("moments", "expected"),
    [
        ([(2021, 4, 8, 9, 30, 0), (2021, 4, 8, 17, 45, 0)], EVENING),
        ([(1980, 1, 1, 0, 0, 0), (2021, 4, 8, 9, 30, 0)], MORNING),
        ([(1980, 1, 1, 0, 0, 0)] * 2, None),
    ],
)
def test_the_times_in_the_archive(
    moments: list[tuple[int, int, int, int, int, int]],
    expected: dt.datetime | None,
    tmp_path: Path,
) -> None:
    parts = parts_of(write_xlsx(tmp_path / "a.xlsx", ROWS))
    del parts["docProps/core.xml"]
    with zipfile.ZipFile(tmp_path / "a.xlsx", "w") as archive:
        for number, (name, content) in enumerate(parts.items()):
            archive.writestr(zipfile.ZipInfo(name, moments[number % 2]), content)
    assert made_at(tmp_path / "a.xlsx") == expected


def test_what_says_nothing(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("dep;cumul\n")
    (tmp_path / "b.xlsx").write_bytes(b"PK\x03\x04 rubbish")
    (tmp_path / "c.xls").write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\1" * 600)
    write_parquet(tmp_path / "d.parquet", ROWS)
    write_xls(tmp_path / "e.xls", ROWS)
    zipped(tmp_path / "f.xlsx", {"docProps/core.xml": b"<dcterms:modified>hier<"})
    for path in [*sorted(tmp_path.iterdir()), tmp_path / "missing.xlsx", tmp_path]:
        assert made_at(path) is None
