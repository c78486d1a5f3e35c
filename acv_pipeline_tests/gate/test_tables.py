"""The documentation says what was measured."""

from __future__ import annotations

from pathlib import Path

import pytest

from acv_pipeline_tests.gate.tables import NEED_REAL_DATA, TABLES, Measurements, table_in_page

REFRESH = "docs/gate.md is out of date: run python -m acv_pipeline_tests.gate.tables"


@pytest.mark.parametrize("name", sorted(set(TABLES) - NEED_REAL_DATA))
def test_the_page_has_the_current_table(name: str, measured: Measurements) -> None:
    assert table_in_page(name) == TABLES[name](measured), REFRESH


@pytest.mark.parametrize("name", sorted(NEED_REAL_DATA))
def test_the_page_has_the_measured_table(
    name: str, measured: Measurements, real_data: Path
) -> None:
    assert table_in_page(name) == TABLES[name](measured), REFRESH


def test_hardly_any_clean_month_is_held(measured: Measurements) -> None:
    """All but one kind of invented series; see the page for the one that grows too fast."""
    assert not [v for v in measured.sample if v.verdict == "held"]
    held = {
        name: sum(v.verdict == "held" for v in verdicts) / len(verdicts)
        for name, verdicts in measured.invented.items()
    }
    assert held.pop("growing by an eighth a month") < 0.35
    assert max(held.values()) < 0.05


def test_no_month_of_a_count_nothing_was_fitted_to_is_held(
    measured: Measurements, real_data: Path
) -> None:
    verdicts = measured.other_indicators["France services"]
    assert sum(v.verdict == "accepted" and bool(v.findings) for v in verdicts) >= 10
    assert not [v for v in verdicts if v.verdict == "held"]
