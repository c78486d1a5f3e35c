"""Files of kinds that others reported: what reading alone makes of them."""

from __future__ import annotations

import json

import pytest

from acv_pipeline.reading import DATE, NUMBER, Sheet, read_file
from acv_pipeline_tests.deliveries import REAL_DATA

FIELD = REAL_DATA / "field"
pytestmark = pytest.mark.skipif(
    not FIELD.is_dir(), reason="the reported files are not beside this checkout (../shared/data)"
)


def delivered(case: str) -> tuple[Sheet, list[str]]:
    """The only sheet of a case's delivery, and the figures that it truly holds, row by row."""
    said = json.loads((FIELD / case / "expect.json").read_text(encoding="utf-8"))
    path = FIELD / case / "landing" / said["source"] / said["day"] / said["file"]
    (sheet,) = read_file(path)
    month = max(key.partition("|")[2] for key in said["truth"])
    truth = {key.partition("|")[0]: value for key, value in said["truth"].items() if month in key}
    codes = [code for code in sheet.cells[0] if code in truth]
    assert len(codes) > 90
    return sheet, [str(truth[code]) for code in codes]


def column(sheet: Sheet, name: str, header: int = 0) -> list[str]:
    (position,) = (
        place for place, text in enumerate(sheet.cells.iloc[header]) if text.startswith(name)
    )
    texts: list[str] = sheet.cells[position].iloc[header + 1 :].tolist()
    return texts


@pytest.mark.parametrize(
    ("case", "name"),
    [
        ("blank_in_the_last_row", "Logements"),
        ("dates_an_hour_before_midnight", "Logements"),
        ("noise_of_floating_point", "Logements"),
        ("protected_without_password", "Logements"),
        ("zip_with_backslashes", "Logements"),
        ("parquet_of_bytes", "logements"),
    ],
)
def test_the_figures_are_read(case: str, name: str) -> None:
    sheet, figures = delivered(case)
    assert column(sheet, name) == figures
    assert sheet.kinds is not None
    assert NUMBER in sheet.kinds[1]


def test_times_before_midnight_are_left_as_they_are() -> None:
    sheet, _ = delivered("dates_an_hour_before_midnight")
    assert set(column(sheet, "Mois")) == {"2021-02-28 23:00:00"}
    assert sheet.kinds is not None
    assert DATE in sheet.kinds[1]


def test_merges_of_an_ods_are_filled() -> None:
    sheet, figures = delivered("header_of_two_lines_ods")
    assert sheet.filled == {(1, 0), (1, 1)}
    assert sheet.cells.iloc[1].tolist() == ["Code", "Département", "PO", "PB", "Total"]
    assert column(sheet, "Total", header=1) == figures


def test_a_note_is_no_digit() -> None:
    sheet, _ = delivered("note_number_on_a_figure")
    marked = [text for text in column(sheet, "Logements") if not text.isascii()]
    assert marked == ["49¹"]


def test_a_nul_byte_costs_its_name() -> None:
    sheet, figures = delivered("a_nul_byte")
    rows = [row for row in sheet.cells.to_numpy(dtype=object).tolist() if "\ufffd" in "".join(row)]
    assert [row[1] for row in rows] == ["Nord\ufffd\ufffd"]
    assert sheet.cells[3].iloc[1:].tolist() == figures


def test_bytes_are_text() -> None:
    sheet, _ = delivered("parquet_of_bytes")
    assert "Drôme" in column(sheet, "libelle")
