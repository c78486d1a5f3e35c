"""A workbook is what its content says, not what its parts are called or how it is locked."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path

import pytest
import xlsxwriter

from acv_pipeline.reading import DeliveryRefused, Limits, read_file
from acv_pipeline_tests.reading.archives import (
    DEFAULT_PASSWORD,
    encrypted_xls,
    encrypted_xlsx,
    parts_of,
    renamed,
    with_part,
    zipped,
)
from acv_pipeline_tests.reading.files import write_ods, write_workbook, write_xls, write_xlsx
from acv_pipeline_tests.reading.test_hostile import refusal

ROWS = [["dep", "cumul"], ["01", 524], ["02", 47]]
READ = [["dep", "cumul"], ["01", "524"], ["02", "47"]]

NAMES: dict[str, Callable[[str], str]] = {
    "as they are": lambda name: name,
    "backslashes": lambda name: name.replace("/", "\\"),
    "a point before": lambda name: f"./{name}",
    "a slash before": lambda name: f"/{name}",
    "a backslash before": lambda name: "\\" + name.replace("/", "\\"),
    "capitals": str.upper,
    "small letters": str.lower,
    "no relations of the package": lambda name: "" if name == "_rels/.rels" else name,
    "no content types": lambda name: "" if name == "[Content_Types].xml" else name,
}


def cells(path: Path) -> list[list[str]]:
    table: list[list[str]] = read_file(path)[0].cells.to_numpy(dtype=object).tolist()
    return table


@pytest.mark.parametrize("case", NAMES)
def test_names_of_parts(case: str, tmp_path: Path) -> None:
    assert cells(renamed(write_xlsx(tmp_path / "a.xlsx", ROWS), NAMES[case])) == READ


@pytest.mark.parametrize("case", ["a point before", "a slash before", "capitals"])
def test_names_of_parts_of_an_ods(case: str, tmp_path: Path) -> None:
    assert cells(renamed(write_ods(tmp_path / "a.ods", ROWS), NAMES[case])) == READ


# what to replace in the names of parts, and in the relations
MOVES: dict[str, tuple[dict[str, str], dict[str, str]]] = {
    "the workbook": ({"workbook.xml": "classeur.xml"}, {"workbook.xml": "classeur.xml"}),
    "the folder": ({"xl/": "donnees/"}, {"xl/": "donnees/"}),
    "the strings": ({"sharedStrings.xml": "textes.xml"}, {"sharedStrings.xml": "textes.xml"}),
    "the formats": ({"styles.xml": "formats.xml"}, {"styles.xml": "formats.xml"}),
    "a sheet": ({"worksheets/sheet1": "feuilles/un"}, {"worksheets/sheet1": "../xl/feuilles/un"}),
    "a sheet, by its full name": (
        {"sheet1.xml": "un.xml"},
        {"worksheets/sheet1": "/xl/worksheets/un"},
    ),
    "a sheet, with a backslash": ({}, {"worksheets/sheet1": "worksheets\\sheet1"}),
    "a sheet, with a point": ({}, {"worksheets/sheet1": "./worksheets/sheet1"}),
}


@pytest.mark.parametrize("case", MOVES)
def test_parts_under_other_names(case: str, tmp_path: Path) -> None:
    """The relations lead to them, as they do for a spreadsheet program."""
    path = tmp_path / "a.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet()
        for number, row in enumerate(ROWS):
            sheet.write_row(number, 0, row)
        day = book.add_format({"num_format": "dd/mm/yyyy"})
        sheet.write_datetime(3, 0, dt.date(2021, 3, 31), day)
    names, relations = MOVES[case]
    before, parts = parts_of(path), {}
    for name, content in before.items():
        text = content.decode()
        for old, new in relations.items() if name.endswith(".rels") else ():
            text = text.replace(old, new)
        for old, new in names.items():
            name = name.replace(old, new)
        parts[name] = text.encode()
    assert parts != before
    assert cells(zipped(path, parts)) == [*READ, ["2021-03-31", ""]]


def test_sheets_keep_their_order_and_names_in_a_copy(tmp_path: Path) -> None:
    path = write_workbook(tmp_path / "a.xlsx", {"Un": ROWS, "Deux": [["x"]], "Trois": [["y"]]})
    sheets = read_file(renamed(path, lambda name: f"./{name}"))
    assert [sheet.name for sheet in sheets] == ["Un", "Deux", "Trois"]
    assert sheets[2].cells.iloc[0, 0] == "y"


def test_strict_ooxml(tmp_path: Path) -> None:
    path = renamed(
        write_xlsx(tmp_path / "a.xlsx", ROWS),
        lambda name: name,
        main=(
            "http://schemas.openxmlformats.org/spreadsheetml/2006/main",
            "http://purl.oclc.org/ooxml/spreadsheetml/main",
        ),
        relations=(
            "http://schemas.openxmlformats.org/officeDocument/2006/relationships",
            "http://purl.oclc.org/ooxml/officeDocument/relationships",
        ),
    )
    assert b"purl.oclc.org" in parts_of(path)["xl/workbook.xml"]
    assert cells(path) == READ


@pytest.mark.parametrize(("name", "is_read"), [("WORKBOOK", True), ("Document", False)])
def test_names_in_an_old_workbook(name: str, is_read: bool, tmp_path: Path) -> None:
    path = write_xls(tmp_path / "a.xls", ROWS)
    content = path.read_bytes()
    path.write_bytes(content.replace("Workbook".encode("utf-16-le"), name.encode("utf-16-le")))
    assert path.read_bytes() != content
    if is_read:
        assert cells(path) == READ
    else:
        assert refusal(path) == "unsupported_format"


def test_an_archive_without_a_workbook(tmp_path: Path) -> None:
    write_xlsx(path := tmp_path / "a.xlsx", ROWS)
    renamed(path, lambda name: "" if "workbook" in name else name)
    assert refusal(path) == "unsupported_format"
    assert refusal(zipped(tmp_path / "b.xlsx", {"data.csv": b"dep;cumul"})) == "unsupported_format"


def test_another_opendocument(tmp_path: Path) -> None:
    write_ods(path := tmp_path / "a.ods", ROWS)
    with_part(path, "mimetype", lambda _: b"application/vnd.oasis.opendocument.text")
    assert refusal(path) == "unsupported_format"


@pytest.mark.parametrize("ending", ["xlsx", "xls"])
def test_protected_without_a_password(ending: str, tmp_path: Path) -> None:
    """Excel encrypts such files with a password that it tries by itself."""
    write, lock = {"xlsx": (write_xlsx, encrypted_xlsx), "xls": (write_xls, encrypted_xls)}[ending]
    path = write(tmp_path / f"a.{ending}", ROWS)
    plain = path.read_bytes()
    sheets = read_file(lock(path, DEFAULT_PASSWORD))
    assert path.read_bytes() != plain
    assert sheets[0].cells.to_numpy(dtype=object).tolist() == READ
    assert sheets[0].remarks == ()


@pytest.mark.parametrize("ending", ["xlsx", "xls"])
def test_protected_with_a_password(ending: str, tmp_path: Path) -> None:
    write, lock = {"xlsx": (write_xlsx, encrypted_xlsx), "xls": (write_xls, encrypted_xls)}[ending]
    assert refusal(lock(write(tmp_path / f"a.{ending}", ROWS), "secret")) == "encrypted"


def test_a_decrypted_workbook_is_looked_at_like_any_other(tmp_path: Path) -> None:
    path = write_xlsx(tmp_path / "a.xlsx", ROWS)
    with_part(path, "xl/workbook.xml", lambda content: b'<!DOCTYPE x [<!ENTITY a "b">]>' + content)
    assert refusal(encrypted_xlsx(path, DEFAULT_PASSWORD)) == "xml_entities"
    encrypted_xlsx(write_xlsx(path, ROWS), DEFAULT_PASSWORD)
    assert refusal(path, Limits(unpacked_bytes=1000)) == "zip_bomb"


MANIFEST = """<manifest:manifest
 xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0">
<manifest:file-entry manifest:full-path="{part}" manifest:media-type="text/xml">{said}
</manifest:file-entry></manifest:manifest>"""
ENCRYPTION = '<manifest:encryption-data manifest:checksum="c"/>'


@pytest.mark.parametrize("part", ["content.xml", "encrypted-package"])
def test_an_ods_with_a_password(part: str, tmp_path: Path) -> None:
    """Part by part, or the whole as a package in the package as of ODF 1.4."""
    path = write_ods(tmp_path / "a.ods", ROWS)
    parts = parts_of(path)
    if part not in parts:
        parts = {"mimetype": parts["mimetype"]}
    parts |= {part: bytes(range(256))}
    manifest = {"META-INF/manifest.xml": MANIFEST.format(part=part, said=ENCRYPTION).encode()}
    zipped(path, parts | manifest)
    with pytest.raises(DeliveryRefused, match="protected by a password") as caught:
        read_file(path)
    assert caught.value.reason_code == "encrypted"
    manifest = {"META-INF/manifest.xml": MANIFEST.format(part=part, said="").encode()}
    zipped(path, parts | manifest)
    assert refusal(path) in {"damaged", "unsupported_format"}


def test_entities_in_a_part_under_another_name(tmp_path: Path) -> None:
    path = write_xlsx(tmp_path / "a.xlsx", ROWS)
    renamed(
        path, lambda name: name.replace("sheet1.xml", "sheet1.dat"), a=("sheet1.xml", "sheet1.dat")
    )
    assert cells(path) == READ
    with_part(
        path,
        "xl/worksheets/sheet1.dat",
        lambda content: b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "b">]>' + content,
    )
    assert refusal(path) == "xml_entities"


def test_plain_xml_is_no_workbook(tmp_path: Path) -> None:
    """Flat ODS and the XML of Excel 2003 have no archive."""
    for name, text in (
        ("a.fods", '<?xml version="1.0"?><office:document/>'),
        ("a.xml", '<?xml version="1.0"?><?mso-application progid="Excel.Sheet"?><Workbook/>'),
    ):
        (tmp_path / name).write_text(text)
        assert refusal(tmp_path / name) == "unsupported_format"
