"""Measurements of the gate, made once for all tests that look at them."""

import pytest

from acv_pipeline.contract import Contract
from acv_pipeline_tests.gate.tables import Measurements


@pytest.fixture(scope="session")
def measured(contract: Contract) -> Measurements:
    return Measurements(contract)
