"""Known errors, made in clean months of the real releases and of the sample data."""

from __future__ import annotations

from pathlib import Path

import pytest

from acv_pipeline_tests.gate.injections import Rates
from acv_pipeline_tests.gate.tables import Measurements

ALWAYS_HELD = [
    "a département is missing",
    "the file is cut",
    "all figures × 10",
    "rows shifted by one",
    "last month's file again",
    "the month's flow instead of the cumulative",
    "cumulative of the cumulative",
    "increments of the sister indicator",
    "an older file",
    "one partner missing from the sum",
]
WITH_TWO_PARTNERS = ["both partners in one partner's file", "the other partner's file"]


@pytest.fixture(scope="module")
def rates(real_data: Path, measured: Measurements) -> dict[str, dict[str, Rates]]:
    return measured.injected


@pytest.mark.parametrize("error", ALWAYS_HELD)
@pytest.mark.parametrize("kind", ["real", "sample"])
def test_gross_errors_are_held_without_a_control_total(
    rates: dict[str, dict[str, Rates]], error: str, kind: str
) -> None:
    rate = rates[error][kind]
    assert rate.held == rate.made > 0


@pytest.mark.parametrize("error", WITH_TWO_PARTNERS)
def test_partners_mixed_up_are_held(rates: dict[str, dict[str, Rates]], error: str) -> None:
    rate = rates[error]["sample"]
    assert rate.held == rate.made > 0


def test_a_control_total_sees_everything_but_an_exchange(
    rates: dict[str, dict[str, Rates]],
) -> None:
    for error, kinds in rates.items():
        for rate in kinds.values():
            if error != "two départements exchanged":
                assert rate.held_with_control == rate.made, error


def test_an_exchange_is_mostly_warned_of(rates: dict[str, dict[str, Rates]]) -> None:
    for rate in rates["two départements exchanged"].values():
        assert rate.seen > 0.8 * rate.made
