"""What a source states beside its figures: totals, subtotals, sidecars, known holes."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from acv_pipeline.contract import Contract
from acv_pipeline.landing import sidecar_path
from acv_pipeline.reading import DeliveryRefused
from acv_pipeline.tidying import ControlTotal, read_sidecar
from acv_pipeline_tests.deliveries import ACV
from acv_pipeline_tests.reading.files import Rows, write_workbook
from acv_pipeline_tests.tidying.outcomes import read

MARCH = dt.date(2021, 3, 1)


def written(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def test_total_rows_become_control_totals(tmp_path: Path, contract: Contract) -> None:
    text = (
        "dep;nom;mois;cumul\n22;;2021-03;1\n29;;2021-03;2\n;Bretagne;;3\nTotal;;;1 003\n"
        "Total;;;nd\n"
    )
    delivery = read(written(tmp_path / "acv.csv", text), contract)
    assert delivery.control_totals == [ControlTotal(ACV, MARCH, None, 1003, "row 5")]
    assert delivery.region_totals == [ControlTotal(ACV, MARCH, None, 3, "row 4", "53")]


def test_totals_of_several_months_keep_theirs(tmp_path: Path, contract: Contract) -> None:
    text = "dep;2021-02;2021-03\n22;1;2\nTotal;1;2\n"
    delivery = read(written(tmp_path / "acv.csv", text), contract)
    assert [(t.month, t.total) for t in delivery.control_totals] == [
        (dt.date(2021, 2, 1), 1),
        (MARCH, 2),
    ]


def test_totals_of_blocks_are_no_total_of_all(tmp_path: Path, contract: Contract) -> None:
    """Sheets or pages that end with their own sum; one that is wrong is told."""
    text = "dep;cumul\n01;1\n02;2\nTotal;3\n03;4\n04;5\nTotal;9\nTotal général;12\n"
    delivery = read(written(tmp_path / "acv-2021-03.csv", text), contract)
    assert [t.total for t in delivery.control_totals] == [12]
    delivery = read(written(tmp_path / "acv-2021-03.csv", text.replace(";9", ";8")), contract)
    assert [t.total for t in delivery.control_totals] == [8, 12]
    sheets: dict[str, Rows] = {
        "Nord": [["dep", "cumul"], ["59", 3], ["62", 4], ["Total", 7]],
        "Sud": [["dep", "cumul"], ["13", 5], ["83", 6], ["Total", 11]],
    }
    delivery = read(write_workbook(tmp_path / "acv-2021-03.xlsx", sheets), contract)
    assert delivery.control_totals == []


def test_a_total_of_no_known_month(tmp_path: Path, contract: Contract) -> None:
    text = "dep;mois;cumul\n22;2021-02;1\n22;2021-03;2\nTotal;;3\n"
    delivery = read(written(tmp_path / "acv.csv", text), contract)
    assert [(t.indicator_id, t.month, t.total) for t in delivery.control_totals] == [(ACV, None, 3)]


def test_the_sidecar_is_picked_up(tmp_path: Path, contract: Contract) -> None:
    path = written(tmp_path / "acv-2021-03.csv", "dep;cumul\n22;1\n29;2\n")
    beside = written(sidecar_path(path), "row_count,total\n2,3\n")
    assert beside.name == "acv-2021-03.csv.control.csv"
    delivery = read(path, contract)
    assert delivery.control_totals == [ControlTotal(ACV, MARCH, 2, 3, beside.name)]


@pytest.mark.parametrize(
    ("text", "rows", "total"),
    [
        ("row_count;total\n2;1 234\n", 2, 1234),
        ("total\n3\n", None, 3),
        ("ROW_COUNT,TOTAL\n2,\n", 2, None),
        ("row_count,total\n2,3.0\n\n", 2, 3),
    ],
)
def test_sidecars(text: str, rows: int | None, total: int | None, tmp_path: Path) -> None:
    sidecar = read_sidecar(written(tmp_path / "a.csv.control.csv", text))
    assert (sidecar.row_count, sidecar.total) == (rows, total)


@pytest.mark.parametrize(
    "text", ["", "row_count,total\n", "row_count,total\nx,3\n", "a,b\n1,2\n", "total\n1\n2\n"]
)
def test_a_wrong_sidecar_is_refused(text: str, tmp_path: Path, contract: Contract) -> None:
    path = written(tmp_path / "acv-2021-03.csv", "dep;cumul\n22;1\n")
    written(sidecar_path(path), text)
    with pytest.raises(DeliveryRefused) as caught:
        read(path, contract)
    assert caught.value.reason_code in {"bad_sidecar", "empty_file"}


def test_quarantined_rows_say_which_hole_they_leave(tmp_path: Path, contract: Contract) -> None:
    """The month of a single-month delivery, the code that is written, else the name's."""
    text = (
        "dep;nom;mois;cumul\n01;Ain;2021-03;1\n02;Ain;2021-03;2\n0O;Allier;2021-03;3\n"
        "04;;2023-06-31;4\n"
    )
    records = read(written(tmp_path / "acv.csv", text), contract).records
    assert records["fate"].tolist() == ["figure", "quarantined", "quarantined", "quarantined"]
    assert records["territory_code"].tolist() == ["01", "02", "03", "04"]
    assert records["month"].dt.date.tolist() == [MARCH] * 4


def test_reasons_name_what_was_found_in_two_languages(tmp_path: Path, contract: Contract) -> None:
    text = "dep;cumul\n01;12,5\n"
    record = read(written(tmp_path / "acv-2021-03.csv", text), contract).records.iloc[0]
    assert record["reason"] == "12,5 is no whole number of dwellings"
    assert record["reason_fr"] == "12,5 n'est pas un nombre entier de logements"
    assert record["cells"] == ["01", "12,5"]
    assert (record["sheet_row"], record["sheet_column"]) == (2, "")
