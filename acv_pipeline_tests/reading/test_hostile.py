"""Files that are no tables, or mean harm: each a clear refusal, none a traceback."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

import openpyxl
import pytest

from acv_pipeline.reading import DeliveryRefused, Limits, read_file
from acv_pipeline.reading.sheet import DEFAULT, MIB
from acv_pipeline_tests.reading.archives import with_part, zipped
from acv_pipeline_tests.reading.files import write_ods, write_parquet, write_xls, write_xlsx

ROWS = [["dep", "cumul"], *[[f"{n:02}", n] for n in range(1, 60)]]
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def refusal(path: Path, limits: Limits = DEFAULT) -> str:
    with pytest.raises(DeliveryRefused) as caught:
        read_file(path, limits)
    assert path.name in caught.value.reason
    assert path.name in caught.value.reason_fr
    return caught.value.reason_code


CONTENTS: dict[str, tuple[str, bytes, str]] = {
    "empty": ("a.csv", b"", "empty_file"),
    "blank": ("a.csv", b" \r\n\n ", "empty_file"),
    "binary": ("a.csv", bytes(range(256)) * 40, "not_text"),
    "zeros": ("a.csv", b"dep;cumul\n" + b"\0" * 5000, "not_text"),
    "pdf": ("a.csv", b"%PDF-1.7\n...", "unsupported_format"),
    "gzip": ("a.csv.gz", b"\x1f\x8b\x08\x00rubbish", "unsupported_format"),
    "web page": (
        "a.xls",
        b"<html><table><tr><td>01</td></tr></table></html>",
        "unsupported_format",
    ),
    "json": ("a.csv", b'[{"dep": "01", "cumul": 3}]', "unsupported_format"),
    "xml": ("a.xls", b"<?xml version='1.0'?><Workbook/>", "unsupported_format"),
    "other ole": ("a.xls", OLE + b"\0" * 4000, "unsupported_format"),
    "encrypted": (
        "a.xlsx",
        OLE + b"\0" * 600 + "EncryptedPackage".encode("utf-16-le"),
        "encrypted",
    ),
    "broken ole": ("a.xls", OLE + b"\1" * 600 + "Workbook".encode("utf-16-le"), "damaged"),
    "broken zip": ("a.xlsx", b"PK\x03\x04" + b"\0" * 100, "damaged"),
    "broken parquet": ("a.parquet", b"PAR1" + b"\7" * 100 + b"PAR1", "damaged"),
    "temporary": ("a.csv.part", b"dep;cumul\n01;3\n", "still_being_written"),
    "lock file": ("~$a.xlsx", b"someone", "still_being_written"),
    "open quote": ("a.csv", b'dep;cumul\n01;3\n"02;4\n03;5\n04;"6"\n', "unbalanced_quotes"),
    "many columns": ("a.csv", b"dep;cumul" + b";x" * 3000 + b"\n01;3\n", "too_many_columns"),
    "many columns below": ("a.csv", b"dep;cumul\n01;3\n" * 300 + b"x;" * 3000, "too_many_columns"),
}


@pytest.mark.parametrize("case", CONTENTS)
def test_contents(case: str, tmp_path: Path) -> None:
    name, content, expected = CONTENTS[case]
    path = tmp_path / name
    path.write_bytes(content)
    assert refusal(path) == expected


def test_a_line_without_end(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    with path.open("wb") as file:
        file.write(b"dep;cumul\n01;")
        file.truncate(512 * MIB)
    with path.open("r+b") as file:  # a sparse file, but no zeros where they would be noticed first
        file.seek(13)
        file.write(b"9" * 8 * MIB)
    started = time.monotonic()
    assert refusal(path) == "line_too_long"
    assert time.monotonic() - started < 5


def test_sizes_and_counts_beyond_the_limits(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("dep;cumul\n" + "01;3\n" * 100)
    assert refusal(path, Limits(file_bytes=100)) == "file_too_big"
    assert refusal(path, Limits(rows=50)) == "too_many_rows"
    book = write_xlsx(tmp_path / "a.xlsx", ROWS)
    assert refusal(book, Limits(rows=50)) == "too_many_rows"
    assert refusal(book, Limits(cells=50)) == "too_many_rows"
    assert refusal(book, Limits(sheets=0)) == "too_many_sheets"
    assert refusal(book, Limits(unpacked_bytes=1000)) == "zip_bomb"
    assert refusal(book, Limits(worker_seconds=0.001)) == "too_slow"


def test_zip_bomb(tmp_path: Path) -> None:
    content = b"<x>" + b" " * (64 * MIB)
    path = zipped(
        tmp_path / "a.xlsx", {"xl/workbook.xml": b"<x/>", "xl/worksheets/sheet1.xml": content}
    )
    assert path.stat().st_size < MIB
    assert refusal(path) == "zip_bomb"


def test_a_sheet_of_seventeen_billion_cells(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.active["A1"] = "dep"
    book.active["XFD1048576"] = 1
    path = tmp_path / "a.xlsx"
    book.save(path)
    started = time.monotonic()
    assert refusal(path) in {"too_big", "too_many_columns", "damaged"}
    assert time.monotonic() - started < 60


@pytest.mark.parametrize(
    "declaration", ['<!DOCTYPE x [<!ENTITY a "aaaa">]>', '<!DOCTYPE x SYSTEM "file:///etc/passwd">']
)
@pytest.mark.parametrize(
    ("ending", "part"), [("xlsx", "xl/sharedStrings.xml"), ("ods", "content.xml")]
)
def test_xml_entities(ending: str, part: str, declaration: str, tmp_path: Path) -> None:
    path = (write_xlsx if ending == "xlsx" else write_ods)(tmp_path / f"a.{ending}", ROWS)
    with_part(path, part, lambda content: declaration.encode() + content)
    assert refusal(path) == "xml_entities"


def test_a_document_that_is_no_spreadsheet(tmp_path: Path) -> None:
    assert (
        refusal(zipped(tmp_path / "a.xlsx", {"word/document.xml": b"<w/>"})) == "unsupported_format"
    )


@pytest.mark.parametrize("ending", ["xlsx", "xls", "ods", "parquet"])
def test_cut_short(ending: str, tmp_path: Path) -> None:
    write = {"xlsx": write_xlsx, "xls": write_xls, "ods": write_ods, "parquet": write_parquet}[
        ending
    ]
    path = write(tmp_path / f"a.{ending}", ROWS)
    whole = path.read_bytes()
    for share in (0.1, 0.5, 0.9):
        path.write_bytes(whole[: int(len(whole) * share)])
        assert refusal(path) in {"damaged", "unsupported_format"}


def test_macros_are_never_looked_at(tmp_path: Path) -> None:
    path = write_xlsx(tmp_path / "a.xlsm", ROWS)
    with_part(path, "xl/vbaProject.bin", lambda _: b"Sub Auto_Open() rubbish")
    assert read_file(path)[0].cells.shape == (60, 2)


def test_what_is_no_file(tmp_path: Path) -> None:
    folder = tmp_path / "a.csv"
    folder.mkdir()
    assert refusal(folder) == "not_a_file"
    assert refusal(tmp_path / "missing.csv") == "not_a_file"
    os.mkfifo(tmp_path / "pipe.csv")
    assert refusal(tmp_path / "pipe.csv") == "not_a_file"


def test_links_that_leave_the_folder(tmp_path: Path) -> None:
    outside = tmp_path / "outside.csv"
    outside.write_text("dep;cumul\n01;3\n")
    folder = tmp_path / "landing"
    folder.mkdir()
    (folder / "a.csv").symlink_to(outside)
    assert refusal(folder / "a.csv") == "outside_landing_zone"
    (folder / "b.csv").write_text("dep;cumul\n01;3\n")
    (folder / "c.csv").symlink_to(folder / "b.csv")
    assert read_file(folder / "c.csv")[0].cells.shape == (2, 2)


def test_a_file_that_changes_while_it_is_read(tmp_path: Path) -> None:
    path = write_xlsx(tmp_path / "a.xlsx", ROWS)
    content = path.read_bytes()
    stop = threading.Event()

    def keep_writing() -> None:
        while not stop.is_set():
            with path.open("r+b") as file:
                file.write(content[:1])
            time.sleep(0.002)

    writer = threading.Thread(target=keep_writing)
    writer.start()
    try:
        assert refusal(path) == "still_being_written"
    finally:
        stop.set()
        writer.join()


@pytest.mark.parametrize(
    "name", ["a b'c\"d.parquet", "été [1]*?.parquet", "$(x);{a,b}.parquet", "-rf.parquet"]
)
def test_odd_names(name: str, tmp_path: Path) -> None:
    path = write_parquet(tmp_path / "plain.parquet", ROWS).rename(tmp_path / name)
    assert read_file(path)[0].cells.shape == (60, 2)


def test_the_worker_imports_nothing_of_the_project() -> None:
    """It starts for every workbook: it has to be quick, and harmless to the caller."""
    worker = Path(read_file.__code__.co_filename).with_name("worker.py")
    assert "acv_pipeline" not in worker.read_text(encoding="utf-8")
