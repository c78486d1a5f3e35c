"""Two invented indicators of other habits: learned from the first half, judged in the second."""

from __future__ import annotations

import csv
import datetime as dt
from pathlib import Path

import pytest

from acv_pipeline.contract import load_contract
from acv_pipeline.ledger.replay import Comparison, compare, replay
from acv_pipeline.sample_data.other_habits import CAMPAIGNS, REVISED, write_releases
from acv_pipeline_tests.calibration.halves import Half, learn_from_first_half
from acv_pipeline_tests.gate.replay import FRANCE_SERVICES

BOTH = [CAMPAIGNS, REVISED]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    where = tmp_path_factory.mktemp("other_habits")
    write_releases(where, load_contract())
    return where


@pytest.fixture(scope="module")
def half(folder: Path) -> Half:
    return learn_from_first_half(folder / "releases", folder, BOTH)


@pytest.fixture(scope="module")
def compared(folder: Path, half: Half) -> dict[str, Comparison]:
    judged = replay(folder / "releases", load_contract(half.contract), "barometre").verdicts
    return {
        indicator: compare(
            [v for v in judged if v.indicator_id == indicator],
            _labels_after(folder / "labels.csv", indicator, half.until),
        )
        for indicator in BOTH
    }


def _labels_after(labels: Path, indicator: str, day: dt.date) -> Path:
    with labels.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    path = labels.with_name(f"{indicator}.csv")
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        for row in rows:
            if row["indicator"] == indicator and dt.date.fromisoformat(row["delivered"]) > day:
                writer.writerow(row)
    return path


@pytest.mark.parametrize("indicator", BOTH)
def test_hardly_any_good_month_of_the_second_half_is_held(
    compared: dict[str, Comparison], indicator: str
) -> None:
    good = compared[indicator].counts["ok"]
    assert good["blocks"] >= 25
    assert good["held"] <= 0.05 * good["blocks"], compared[indicator].false_alarms


@pytest.mark.parametrize("indicator", BOTH)
def test_the_labelled_errors_of_the_second_half_are_held(
    compared: dict[str, Comparison], indicator: str
) -> None:
    wrong = compared[indicator].counts["MAJ"]
    assert wrong["blocks"] == 8
    assert wrong["held"] == 8, compared[indicator].misses


@pytest.mark.parametrize("indicator", BOTH)
def test_every_kind_of_gross_error_is_held(half: Half, indicator: str) -> None:
    caught = half.caught[indicator].caught
    assert len(caught) == 8
    made, held = (sum(counts) for counts in zip(*caught.values(), strict=True))
    assert held >= 0.9 * made
    for kind, (of, found) in caught.items():
        assert found >= 0.9 * of > 0, kind


@pytest.mark.parametrize("indicator", BOTH)
def test_the_common_thresholds_would_cry_wolf(folder: Path, half: Half, indicator: str) -> None:
    """The samples have habits indeed: without them they are held far too often."""
    contract = load_contract(half.contract)
    entry = contract.indicators[indicator]
    bare = entry.model_copy(
        update={"panel_sometimes": [], "panel_joins": [], "thresholds": contract.thresholds}
    )
    both = {**contract.indicators, indicator: bare}
    contract = contract.model_copy(update={"indicators": both})
    judged = replay(folder / "releases", contract, "barometre").verdicts
    labels = _labels_after(folder / "labels.csv", indicator, half.until)
    good = compare(judged, labels).counts["ok"]
    assert good["held"] > 0.2 * good["blocks"]


def test_the_real_other_count_is_judged_as_well_as_before(real_data: Path, tmp_path: Path) -> None:
    """France services: nothing held in the second half, and errors held but a stale copy.

    It stands still for months by nature, so that a stale copy is what usually comes.
    """
    half = learn_from_first_half(real_data / "barometre", tmp_path, [FRANCE_SERVICES])
    judged = replay(real_data / "barometre", load_contract(half.contract), "barometre").verdicts
    later = [
        verdict
        for verdict in judged
        if verdict.indicator_id == FRANCE_SERVICES and verdict.delivered_on > half.until
    ]
    assert later and not [verdict for verdict in later if verdict.verdict == "held"]
    caught = half.caught[FRANCE_SERVICES].caught
    assert {kind for kind, (made, held) in caught.items() if held < made} <= {
        "last month's file again"
    }
    assert sum(made for made, _ in caught.values()) >= 10
