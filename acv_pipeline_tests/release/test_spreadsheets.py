"""The spreadsheets: what a person sees who opens one, in French, and that they hold the tables."""

from __future__ import annotations

import datetime as dt
import subprocess
from pathlib import Path
from typing import Any

import duckdb
import frictionless
import openpyxl
import pytest
from openpyxl.utils.escape import unescape
from openpyxl.worksheet.worksheet import Worksheet

from acv_pipeline.contract import Contract
from acv_pipeline.publishing.release import make_release, spreadsheets
from acv_pipeline.publishing.release.declared import release_files
from acv_pipeline.publishing.release.folder import read_sums
from acv_pipeline.publishing.release.origins import Origins
from acv_pipeline.publishing.release.spreadsheets import MOST_CHARACTERS, write_spreadsheet
from acv_pipeline.publishing.release.writing import Rows
from acv_pipeline_tests.deliveries import ACV, PVD
from acv_pipeline_tests.release.conftest import FORMULA, TODAY, Released
from acv_pipeline_tests.release.test_reading import CSV_FILTER, SOFFICE, strings

FRENCH = """<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry">
<item oor:path="/org.openoffice.Setup/L10N">
<prop oor:name="ooSetupSystemLocale" oor:op="fuse"><value>fr-FR</value></prop></item>
</oor:items>
"""
REAL = Origins([], [], [], files=1, synthetic_files=0)


def data(path: Path) -> Worksheet:
    sheet = openpyxl.load_workbook(path).worksheets[0]
    assert sheet.title == "données"
    return sheet


def opened_in_french(path: Path, folder: Path) -> dict[str, list[list[str]]]:
    """What a French LibreOffice shows of each sheet, cell by cell as displayed."""
    settings = folder / "profile" / "user" / "registrymodifications.xcu"
    settings.parent.mkdir(parents=True, exist_ok=True)
    settings.write_text(FRENCH, encoding="utf-8")
    assert SOFFICE is not None
    done = subprocess.run(
        [
            SOFFICE,
            f"-env:UserInstallation={(folder / 'profile').as_uri()}",
            "--headless",
            "--norestore",
            "--convert-to",
            f"csv:{CSV_FILTER}:44,34,76,1,,0,false,true,false,false,false,-1",
            "--outdir",
            str(folder / "out"),
            str(path),
        ],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    written = (folder / "out").glob(f"{path.stem}-*.csv")
    return {file.stem.removeprefix(f"{path.stem}-"): strings(file) for file in written}


@pytest.mark.skipif(SOFFICE is None, reason="LibreOffice (soffice) is not installed")
def test_a_double_click_shows_it_as_french_people_write_it(small: Released, tmp_path: Path) -> None:
    path = small.folder / "acv-logements-classement-departemental.xlsx"
    sheets = opened_in_french(path, tmp_path)
    assert set(sheets) == {"données", "lisez-moi"}
    header, *rows = sheets["données"]
    at = {heading: place for place, heading in enumerate(header)}
    ain = [row for row in rows if row[at["Département"]] == "Ain"]
    assert {row[at["Code du département"]] for row in ain} == {"01"}
    assert {row[at["Région"]] for row in ain} == {"Auvergne-Rhône-Alpes"}
    (share,) = small.connection.execute(
        "select dwellings_per_10k_inhabitants from marts.department_rankings"
        " where indicator_id = ? and series = 'total' and department_code = '01'"
        " and month = '2020-01-01'",
        [ACV],
    ).fetchall()
    (january,) = (
        row for row in ain if row[at["Date"]] == "31/01/2020" and row[at["Série"]] == "total"
    )
    shown = january[at["Logements pour 10 000 habitants"]]
    assert "," in shown and float(shown.replace(",", ".")) == round(share[0], 3)
    assert january[at["Ex æquo"]] in ("VRAI", "FAUX")
    explained = {row[0]: row[1:] for row in sheets["lisez-moi"]}
    assert explained["Code du département"][0] == "code_departement"
    assert set(header) <= set(explained)


def test_each_holds_its_table_with_types_under_a_header_that_stays(
    released: Released, contract: Contract
) -> None:
    plain = duckdb.connect()
    for file in release_files(contract, [ACV, PVD]):
        found = plain.execute(f"select * from '{released.folder / file.parquet}'").fetchall()
        sheet = data(released.folder / file.xlsx)
        assert sheet.freeze_panes == "A2"
        assert sheet.auto_filter.ref == sheet.dimensions
        header, *rows = sheet.values
        assert list(header) == [column.heading for column in file.columns]
        assert [tuple(map(as_table, row)) for row in rows] == [
            tuple(map(as_cell, row)) for row in found
        ], file.stem
        types = {"string": "s", "integer": "n", "number": "n", "boolean": "b", "date": "d"}
        for cells in sheet.iter_rows(min_row=2, max_row=3):
            for column, cell in zip(file.columns, cells, strict=True):
                assert cell.value is None or cell.data_type == types[column.type], column.name
    plain.close()


def as_table(value: object) -> object:
    return value.date() if isinstance(value, dt.datetime) else value


def as_cell(value: object) -> object:
    # an Excel number has no more digits
    return float(f"{value:.15g}") if isinstance(value, float) else value


def test_a_file_name_is_text_and_whole(small: Released) -> None:
    cells = [cell for row in data(small.folder / "livraisons.xlsx").iter_rows() for cell in row]
    (beware,) = (cell for cell in cells if "calc" in str(cell.value))
    assert (beware.value, beware.data_type) == (FORMULA, "s")


def write(connection: duckdb.DuckDBPyConnection, contract: Contract, text: str, to: Path) -> bool:
    """A table of one delivery, with this file name."""
    (file,) = (f for f in release_files(contract, []) if f.stem == "livraisons")
    kinds = {"string": "'a'", "integer": "1", "boolean": "true", "date": "date '2021-01-31'"}
    values: dict[str, Any] = {column.name: kinds[column.type] for column in file.columns}
    chosen = ", ".join(
        f'$text as "{name}"' if name == "nom_fichier" else f'{value} as "{name}"'
        for name, value in values.items()
    )
    connection.execute(f"create or replace temp table one as select {chosen}", {"text": text})
    return write_spreadsheet(connection, Rows(file, "one", 1), REAL, contract.dataset, to)


@pytest.mark.parametrize(
    "text",
    [
        "<b>x</b> & “y”]]>",
        " spaces ",
        "two\nlines\r\nand a tab\t",
        "_x0041_ _x_ x0041_",
        "é 😀 ２",
        "",
    ],
)
def test_any_text_comes_back(contract: Contract, tmp_path: Path, text: str) -> None:
    with duckdb.connect() as connection:
        assert write(connection, contract, text, tmp_path)
    header, row = data(tmp_path / "livraisons.xlsx").values
    found = dict(zip(header, row, strict=True))["Nom du fichier"]
    assert unescape(found or "") == text


def test_what_xml_cannot_hold_is_marked(contract: Contract, tmp_path: Path) -> None:
    with duckdb.connect() as connection:
        assert write(connection, contract, "a\x01b\ufffe", tmp_path)
    header, row = data(tmp_path / "livraisons.xlsx").values
    assert dict(zip(header, row, strict=True))["Nom du fichier"] == "a\ufffdb\ufffd"


def test_no_cell_is_cut(contract: Contract, tmp_path: Path) -> None:
    with duckdb.connect() as connection:
        assert not write(connection, contract, "x" * (MOST_CHARACTERS + 1), tmp_path)
        assert list(tmp_path.iterdir()) == []
        assert write(connection, contract, "x" * MOST_CHARACTERS, tmp_path)


def test_a_table_that_no_spreadsheet_holds_has_none_and_the_release_says_so(
    small: Released, contract: Contract, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    counts = small.release.row_counts
    most = counts["acv-logements-departemental"]
    monkeypatch.setattr(spreadsheets, "MOST_ROWS", most)  # the header is a row too
    release = make_release(small.connection, contract, tmp_path, today=TODAY)
    assert release is not None
    held = {stem for stem, count in counts.items() if count < most}
    assert {path.stem for path in release.path.glob("*.xlsx")} == held
    readme = (release.path / "README.md").read_text(encoding="utf-8")
    (said,) = (
        part for part in readme.split("\n\n") if part.startswith("Sans `.xlsx`, parce qu'aucun")
    )
    assert all((f"`{stem}`" in said) == (stem not in held) for stem in counts)
    assert "Sans `.xlsx`" not in (small.folder / "README.md").read_text(encoding="utf-8")
    assert frictionless.validate(str(release.path / "datapackage.json")).valid


def test_the_same_table_is_the_same_file_on_another_day(
    small: Released, contract: Contract, tmp_path: Path
) -> None:
    later = make_release(small.connection, contract, tmp_path, today=dt.date(2022, 3, 4))
    assert later is not None
    mine, theirs = (
        {name: value for name, value in read_sums(folder).items() if name.endswith(".xlsx")}
        for folder in (small.folder, later.path)
    )
    assert mine == theirs and len(mine) == 13
