"""The stages of a history, and receivers of alerts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from acv_pipeline.contract import Contract
from acv_pipeline.operations.alerts.channels import SETTING
from acv_pipeline_tests.alerts.receivers import Mailbox, Webhook
from acv_pipeline_tests.alerts.world import build


@pytest.fixture(scope="session")
def stages(tmp_path_factory: pytest.TempPathFactory, contract: Contract) -> dict[str, Path]:
    return build(tmp_path_factory.mktemp("alerts"), contract)


@pytest.fixture(autouse=True)
def no_channels(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(SETTING, raising=False)


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    server = Mailbox()
    yield server
    server.stop()


@pytest.fixture
def webhook() -> Iterator[Webhook]:
    server = Webhook()
    yield server
    server.stop()
