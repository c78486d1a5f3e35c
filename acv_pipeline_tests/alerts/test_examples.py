"""The messages shown in the documentation are those that are sent."""

from __future__ import annotations

from pathlib import Path

from acv_pipeline.contract import Contract
from acv_pipeline.warehouse.home import Home
from acv_pipeline_tests.alerts.examples import BLOCK, PAGE, examples, with_examples


def test_the_page_shows_what_is_sent(
    stages: dict[str, Path], contract: Contract, home: Home
) -> None:
    """To renew: ``python -m acv_pipeline_tests.alerts.examples``."""
    page = PAGE.read_text(encoding="utf-8")
    messages = examples(stages, contract, home.root)
    assert {match[2] for match in BLOCK.finditer(page)} == set(messages)
    assert with_examples(page, messages) == page
