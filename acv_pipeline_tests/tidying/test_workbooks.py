"""Workbooks and Parquet: the same rows as in CSV, sheets, merges, formulas, hidden parts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pandas as pd
import pytest

from acv_pipeline.contract import Contract
from acv_pipeline_tests.reading.files import (
    Rows,
    csv_bytes,
    write_ods,
    write_parquet,
    write_workbook,
    write_xls,
    write_xlsx,
)
from acv_pipeline_tests.tidying.outcomes import outcome, read

DAY = dt.date(2021, 3, 31)
ROWS: Rows = [
    ["Code département", "Libellé", "Mois", "Nb logements (cumul)", "Remarques"],
    *[["01", "Ain", DAY, 353, None], ["2A", "Corse-du-Sud", DAY, 1234, "à vérifier"]],
    *[["26", "Drôme", DAY, None, None], ["974", "La Réunion", DAY, 12, None]],
    *[
        ["21", "Côte-d'Or", DAY, 0, None],
        ["06", "Ain", DAY, 7, None],
        ["Total", None, DAY, 1599, None],
    ],
]


def write_cp1252(path: Path, rows: Rows) -> Path:
    path.write_bytes(csv_bytes(rows, encoding="cp1252"))
    return path


WRITERS: dict[str, Callable[[Path, Rows], Path]] = {
    "xlsx": write_xlsx,
    "xls": write_xls,
    "ods": write_ods,
    "parquet": write_parquet,
}


@pytest.mark.parametrize("ending", WRITERS)
def test_every_format_gives_the_same_records(
    ending: str, tmp_path: Path, contract: Contract
) -> None:
    by_csv = read(write_cp1252(tmp_path / "acv.csv", ROWS), contract)
    other = read(WRITERS[ending](tmp_path / f"acv.{ending}", ROWS), contract)
    same = [c for c in by_csv.records if c not in ("sheet", "cells")]
    pd.testing.assert_frame_equal(by_csv.records[same], other.records[same])
    assert [t.total for t in by_csv.control_totals] == [1599]
    assert [t.total for t in other.control_totals] == [1599]
    assert by_csv.header == other.header


def test_sheets_are_read_where_they_have_a_header(tmp_path: Path, contract: Contract) -> None:
    sheets: dict[str, Rows] = {
        "Lisez-moi": [["Données Anah"], ["Contact : le service des études"]],
        "mars 2021": [["dep", "cumul"], [1, 353]],
        "avril 2021": [["dep", "cumul"], [1, 360]],
        "Nomenclature": [["code", "libellé"], ["01", "Ain"]],
    }
    path = write_workbook(tmp_path / "acv.xlsx", sheets)
    assert outcome(path, contract) == ["1: 01 2021-03 = 353", "2: 01 2021-04 = 360"]
    records = read(path, contract).records
    assert records["sheet"].tolist() == ["mars 2021", "avril 2021"]
    assert records["sheet_row"].tolist() == [2, 2]


def test_sheets_of_two_indicators(tmp_path: Path, contract: Contract) -> None:
    rows: Rows = [["dep", "cumul"], [1, 353]]
    path = write_workbook(tmp_path / "partenaire-2021-03.xlsx", {"ACV": rows, "PVD": rows})
    assert outcome(path, contract) == ["1: 01 2021-03 = 353", "2: PVD 01 2021-03 = 353"]


def test_a_workbook_without_any_header(tmp_path: Path, contract: Contract) -> None:
    path = write_workbook(tmp_path / "a.xlsx", {"A": [["rien"]], "B": []})
    assert outcome(path, contract) == ["refused: no_header"]


def test_hidden_sheets_rows_and_comments(tmp_path: Path, contract: Contract) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    for row in (["dep", "cumul"], ["exemple", 12], ["01", 353], ["02", 4]):
        sheet.append(row)
    sheet.row_dimensions[2].hidden = True
    sheet["B3"].comment = openpyxl.comments.Comment("à vérifier", "service")
    model = book.create_sheet("Modèle")
    model.sheet_state = "hidden"
    model.append(["id_indicateur", "dep", "cumul"])
    model.append(["IND-XXX", "a_remplir", "a_remplir"])
    path = tmp_path / "acv-2021-03.xlsx"
    book.save(path)
    assert outcome(path, contract) == [
        "2: template_row",
        "3: 01 2021-03 = 353",
        "4: 02 2021-03 = 4",
    ]


def test_comments_speak_of_their_cell(tmp_path: Path, contract: Contract) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    for row in (["dep", "févr-21", "mars-21"], ["01", 3, 37], ["02", 4, 37], ["03", 5, 37]):
        sheet.append(row)
    for place, text in (("C2", "lire 44"), ("B3", "chiffre de janvier"), ("A4", "vu avec la DDT")):
        sheet[place].comment = openpyxl.comments.Comment(text, "service")
    path = tmp_path / "acv.xlsx"
    book.save(path)
    assert outcome(path, contract) == [
        *("1: 01 2021-02 = 3", "2: conflicting_values"),
        *("3: something_else", "4: 02 2021-03 = 37"),
        *("5: 03 2021-02 = 5", "6: 03 2021-03 = 37"),
    ]
    for place, text in (("C1", "hors délégation"), ("A1", "Ne pas utiliser")):
        sheet["C1"].comment = sheet["A1"].comment = None
        sheet[place].comment = openpyxl.comments.Comment(text, "service")
        book.save(path)
        assert outcome(path, contract) == ["refused: other_subject"]


def test_merged_cells(tmp_path: Path, contract: Contract) -> None:
    """A merged month or département holds for all its rows; a merged value for none."""
    book = openpyxl.Workbook()
    sheet = book.active
    rows = (["mois", "dep", "cumul"], ["2021-03", "01", 3], [None, "02", 4], [None, "03", 5])
    for row in (
        ["Logements ACV", None, None],
        *rows,
        ["2021-04", "01", 9],
        ["2021-04", "02", None],
    ):
        sheet.append(row)
    for merged in ("A1:C1", "A3:A5", "C6:C7"):
        sheet.merge_cells(merged)
    path = tmp_path / "a.xlsx"
    book.save(path)
    assert outcome(path, contract) == [
        "3: 01 2021-03 = 3",
        "4: 02 2021-03 = 4",
        "5: 03 2021-03 = 5",
        "6: merged_value",
        "7: merged_value",
    ]


def test_formulas_count_by_their_cached_value(tmp_path: Path, contract: Contract) -> None:
    """The library that writes the test file caches nothing: a formula without value is empty."""
    path = write_xlsx(tmp_path / "acv-2021-03.xlsx", [["dep", "cumul"], ["01", 3], ["02", "=B2+1"]])
    assert outcome(path, contract) == ["2: 01 2021-03 = 3", "3: no_figure_empty"]


def test_one_column_per_month_with_dates_as_headers(tmp_path: Path, contract: Contract) -> None:
    rows: Rows = [["dep", dt.date(2021, 1, 31), dt.date(2021, 2, 28)], ["01", 3, 4]]
    path = write_xlsx(tmp_path / "acv.xlsx", rows)
    assert outcome(path, contract) == ["1: 01 2021-01 = 3", "2: 01 2021-02 = 4"]
    records = read(path, contract).records
    assert records["sheet_column"].tolist() == ["B", "C"]
    assert records["cells"].tolist() == [["01", "3"], ["01", "4"]]


def test_a_wrong_ending_is_remarked_on(tmp_path: Path, contract: Contract) -> None:
    path = tmp_path / "acv-2021-03.xlsx"
    path.write_text("dep;cumul\n01;3\n")
    delivery = read(path, contract)
    assert delivery.records["value"].tolist() == [3]
    assert list(map(str, delivery.remarks)) == [
        "acv-2021-03.xlsx is named .xlsx and holds CSV; it was read as that"
    ]
