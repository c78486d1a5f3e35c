"""Any tidy table, written in any supported layout, reads back to the same table."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from acv_pipeline.contract import Contract, load_contract
from acv_pipeline.contract.months import month_range, shift
from acv_pipeline.tidying import DeliveryRefused
from acv_pipeline_tests.deliveries import ACV
from acv_pipeline_tests.tidying.layouts import (
    CHOICES,
    Figures,
    Layout,
    is_a_stock_on_a_first_day,
    sheet_of,
    write,
)
from acv_pipeline_tests.tidying.outcomes import read

CONTRACT = load_contract()
PANEL = CONTRACT.panel(ACV)
MONTHS = list(month_range(CONTRACT.first_month, shift(CONTRACT.first_month, 40)))

LAYOUTS = st.builds(Layout, **{name: st.sampled_from(options) for name, options in CHOICES.items()})
TABLES = st.dictionaries(
    st.tuples(st.sampled_from(PANEL), st.sampled_from(MONTHS[::8])),
    st.integers(0, 1_000_000),
    min_size=1,
    max_size=40,
)


def not_mistaken_for_regions(figures: Figures) -> bool:
    """Eight codes or more, all of them region codes: nobody could tell."""
    codes = {code for code, _ in figures}
    return len(codes) < 8 or not codes <= set(CONTRACT.territories.regions)


def read_back(path: Path, contract: Contract = CONTRACT) -> Figures:
    records = read(path, contract).records
    figures = records[records["fate"] == "figure"]
    return {
        (row["territory_code"], row["month"].date()): row["value"]
        for row in figures.to_dict("records")
    }


@settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)
@given(figures=TABLES.filter(not_mistaken_for_regions), layout=LAYOUTS)
def test_round_trip(figures: Figures, layout: Layout) -> None:
    sheet = sheet_of(figures, layout, CONTRACT, ACV)
    with tempfile.TemporaryDirectory() as folder:
        path = write(Path(folder) / "acv", sheet.lines(), layout)
        if is_a_stock_on_a_first_day(layout):
            with pytest.raises(DeliveryRefused, match="first day"):
                read_back(path)
        else:
            assert read_back(path) == figures
