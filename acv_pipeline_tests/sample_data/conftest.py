"""The sample set, written once for all tests of this folder."""

from pathlib import Path

import pytest

from acv_pipeline.contract import Contract, load_contract
from acv_pipeline.sample_data import SampleManifest, generate


@pytest.fixture(scope="session")
def contract() -> Contract:
    return load_contract()


@pytest.fixture(scope="session")
def landing(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("landing")


@pytest.fixture(scope="session")
def manifest(landing: Path, contract: Contract) -> SampleManifest:
    return generate(landing, contract=contract)
