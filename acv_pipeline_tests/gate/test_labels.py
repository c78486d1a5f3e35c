"""The labelled history of the official releases, through reading, tidying, ledger and gate."""

from __future__ import annotations

from pathlib import Path

import pytest

from acv_pipeline.contract import Contract
from acv_pipeline.ledger.replay import Comparison, compare, replay
from acv_pipeline.ledger.verdicts import Verdict
from acv_pipeline_tests.deliveries import ACV, PVD
from acv_pipeline_tests.gate.replay import releases, verdicts, with_scaled_thresholds


@pytest.fixture(scope="module")
def comparison(real_data: Path, contract: Contract) -> Comparison:
    states = replay(real_data / "states", contract, "barometre")
    return compare(states.verdicts, real_data / "labels.csv")


@pytest.fixture(scope="module")
def released(real_data: Path, contract: Contract) -> dict[tuple[str, str, str], Verdict]:
    judged = replay(real_data / "barometre", contract, "barometre").verdicts
    return {(v.indicator_id, f"{v.month:%Y-%m}", v.delivered_on.isoformat()): v for v in judged}


def test_every_labelled_block_was_judged(comparison: Comparison) -> None:
    assert comparison.unknown == []
    assert sum(counts["blocks"] for counts in comparison.counts.values()) == 42


def test_every_major_error_is_held(comparison: Comparison) -> None:
    assert comparison.counts["MAJ"] == {"blocks": 11, "held": 11, "flagged": 11}


def test_wrong_totals_and_minor_errors_are_flagged(comparison: Comparison) -> None:
    assert comparison.counts["agg"]["flagged"] == comparison.counts["agg"]["blocks"] == 9
    assert comparison.counts["min"]["flagged"] == comparison.counts["min"]["blocks"] == 6


def test_no_good_month_is_held(comparison: Comparison) -> None:
    assert comparison.false_alarms == []
    assert comparison.counts["ok"]["blocks"] == 14


def test_the_wrong_december_2021_is_held_and_the_corrected_one_accepted(
    released: dict[tuple[str, str, str], Verdict],
) -> None:
    wrong = released[ACV, "2021-12", "2022-01-13"]
    assert wrong.verdict == "held"
    assert [f.rule for f in wrong.findings if f.blocking] == ["national_pace_jumps"]
    assert released[ACV, "2021-12", "2022-03-15"].verdict == "accepted"


def test_the_jump_of_essonne_is_held_and_shown(
    released: dict[tuple[str, str, str], Verdict],
) -> None:
    february = released[ACV, "2022-02", "2022-03-15"]
    [finding] = [f for f in february.findings if f.rule == "one_department_dominates"]
    assert february.verdict == "held" and finding.blocking
    worst = finding.evidence[0]
    assert (worst["department_code"], worst["previous"], worst["delivered"]) == ("91", 3929, 7482)


def test_a_release_with_wrong_totals_alone_still_brings_every_month_into_force(
    real_data: Path, contract: Contract, tmp_path: Path
) -> None:
    """Published totals that don't add up are flagged; the départements are right."""
    (tmp_path / "2021-12-21").symlink_to(real_data.resolve() / "barometre/2021-12-21")
    judged = replay(tmp_path, contract, "barometre").verdicts
    assert {verdict.verdict for verdict in judged} == {"accepted"}
    months = {
        indicator: [f"{v.month:%Y-%m}" for v in judged if v.indicator_id == indicator]
        for indicator in (ACV, PVD)
    }
    for month in ("2020-01", "2021-01", "2021-02", "2021-03", "2021-04", "2021-05", "2021-09"):
        assert month in months[ACV]
    assert len(months[PVD]) == 14
    assert (months[PVD][0], months[PVD][-1]) == ("2020-10", "2021-11")


@pytest.mark.parametrize("factor", [0.75, 0.9, 1.1, 1.25])
def test_no_threshold_sits_close_to_a_case(
    factor: float, real_data: Path, contract: Contract
) -> None:
    """All thresholds of blocking rules a quarter lower, or higher: the same outcome."""
    changed = with_scaled_thresholds(contract, factor)
    outcome = compare(
        verdicts(releases(real_data / "states", changed), changed), real_data / "labels.csv"
    )
    assert outcome.misses == []
    assert outcome.false_alarms == []
