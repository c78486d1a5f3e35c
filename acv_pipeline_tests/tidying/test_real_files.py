"""The official releases read as they are, every row accounted for."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from acv_pipeline.contract import Contract
from acv_pipeline_tests.deliveries import ACV, PVD
from acv_pipeline_tests.tidying.outcomes import read

PREFIX = "barometre-resultats-services-publics-et-territoires-detail"


def test_every_file_is_read_and_no_row_lost(real_data: Path, contract: Contract) -> None:
    paths = sorted(real_data.glob("barometre/*/*.csv")) + sorted(real_data.glob("states/*/*.csv"))
    assert len(paths) > 40
    for path in paths:
        records = read(path, contract, "barometre").records
        raw = pd.read_csv(path, dtype="str")
        assert len(records) == len(raw), path
        assert records["row_number"].tolist() == list(range(2, len(raw) + 2)), path
        level = {"departemental": "department", "regional": "region", "national": "national"}
        figures = records[records["fate"] == "figure"]
        assert set(figures["level"]) <= {level[path.stem.rsplit("-", 1)[1]]}, path
        quarantined = records[records["fate"] == "quarantined"]
        assert set(quarantined["reason_code"]) <= {"conflicting_values", "no_figure_empty"}, path


@pytest.mark.parametrize(
    ("level", "figures", "set_aside"),
    [
        (
            "departemental",
            2030,
            {"other_indicator": 4340, "outside_panel_zero": 12, "repeated_row": 672},
        ),
        ("regional", 395, {"other_indicator": 738, "repeated_row": 143}),
        ("national", 23, {"other_indicator": 55, "repeated_row": 9}),
    ],
)
def test_the_release_of_december_2021(
    level: str, figures: int, set_aside: dict[str, int], real_data: Path, contract: Contract
) -> None:
    path = real_data / f"barometre/2021-12-21/{PREFIX}-{level}.csv"
    records = read(path, contract, "barometre").records
    assert (records["fate"] == "figure").sum() == figures
    assert records["reason_code"].value_counts().to_dict() == set_aside


def test_national_totals_of_the_release(real_data: Path, contract: Contract) -> None:
    path = real_data / f"barometre/2021-12-21/{PREFIX}-departemental.csv"
    records = read(path, contract, "barometre").records
    sums = records.groupby(["indicator_id", "month"])["value"].sum()
    expected = {
        "2020-01": 31658,
        "2021-01": 49497,
        "2021-02": 49880,
        "2021-05": 53965,
        "2021-09": 59612,
    }
    assert {month: sums[ACV, pd.Timestamp(month)] for month in expected} == expected
    assert sums[PVD, pd.Timestamp("2021-11")] == 14822
