"""The two worlds, made once; whoever changes one does it in a transaction that rolls back."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from acv_pipeline.contract import Contract
from acv_pipeline_tests.quality.worlds import World, empty_world, fill_flawed, fill_good


@pytest.fixture(scope="session")
def good(contract: Contract, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with empty_world(tmp_path_factory.mktemp("good"), contract) as world:
        fill_good(world)
        yield world


@pytest.fixture(scope="session")
def flawed(contract: Contract, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with empty_world(tmp_path_factory.mktemp("flawed"), contract) as world:
        fill_flawed(world)
        yield world
