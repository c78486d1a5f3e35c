"""The documentation says what was measured, and what was measured is good enough."""

from __future__ import annotations

from pathlib import Path

import pytest

from acv_pipeline.contract import Contract
from acv_pipeline_tests.gate import tables


@pytest.mark.parametrize("name", sorted(set(tables.TABLES) - tables.NEED_REAL_DATA))
def test_the_page_has_the_current_table(name: str, contract: Contract) -> None:
    assert tables.table_in_page(name) == tables.TABLES[name](contract)


@pytest.mark.parametrize("name", sorted(tables.NEED_REAL_DATA))
def test_the_page_has_the_measured_table(name: str, contract: Contract, real_data: Path) -> None:
    assert tables.table_in_page(name) == tables.TABLES[name](contract)
