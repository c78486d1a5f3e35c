"""Deliveries read by the process beside: the same on record, whoever read them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from acv_pipeline import beside
from acv_pipeline.contract import Contract
from acv_pipeline.contract.months import month_of, shift
from acv_pipeline.home import Home
from acv_pipeline.landing import LandedFile
from acv_pipeline.ledger import ahead
from acv_pipeline.ledger.load import LoadReport, load
from acv_pipeline.warehouse import open_warehouse
from acv_pipeline_tests.deliveries import deliver
from acv_pipeline_tests.warehouses import contents

FILES = 30
SHARED = FILES // ahead.SHARE


@pytest.fixture
def many(landing: Path) -> None:
    """A file a month, the last but one without a figure."""
    for number in range(FILES):
        month = shift(month_of("2019-01"), number)
        figures: dict[str, Any] = {"01": 10 + number, "02": "1 234", "2A": "unknown"}
        text = {f"{month:%Y-%m}": figures}
        path = deliver(landing, "anah", f"{shift(month, 1):%Y-%m}-10", text)
        if number == FILES - 2:
            path.write_text("nothing of the kind")


def loaded(
    home: Home, landing: Path, contract: Contract, ask: beside.Ask | None
) -> tuple[LoadReport, dict[str, list[tuple[Any, ...]]]]:
    with open_warehouse(home, contract) as connection:
        report = load(connection, landing, contract, ask=ask)
        return report, contents(connection)


@pytest.mark.usefixtures("many")
def test_what_is_on_record_is_the_same_whoever_read_it(
    tmp_path: Path, landing: Path, contract: Contract
) -> None:
    asked: list[int] = []

    def counted(function: Callable[..., Any], /, *arguments: Any, **named: Any) -> Any:
        asked.append(len(arguments[0]))
        return ask(function, *arguments, **named)

    alone, on_record = loaded(Home(tmp_path / "alone"), landing, contract, None)
    with beside.asking() as ask:
        shared, the_same = loaded(Home(tmp_path / "shared"), landing, contract, counted)
    assert asked == [SHARED]
    assert len(alone.new) == FILES and len(alone.refused) == 1
    assert shared == alone
    assert the_same == on_record


@pytest.mark.usefixtures("many")
def test_without_the_process_they_are_read_here(
    tmp_path: Path, landing: Path, contract: Contract, monkeypatch: pytest.MonkeyPatch
) -> None:
    alone, on_record = loaded(Home(tmp_path / "alone"), landing, contract, None)
    monkeypatch.setattr(beside, "_running", lambda: None)
    with beside.asking() as ask:
        assert loaded(Home(tmp_path / "shared"), landing, contract, ask) == (alone, on_record)


def landed(byte_sizes: list[int]) -> list[LandedFile]:
    day = month_of("2019-01")
    return [
        LandedFile(Path(f"{number}.csv"), "anah", day, size, 0)
        for number, size in enumerate(byte_sizes)
    ]


@pytest.mark.parametrize(
    ("byte_sizes", "shared"),
    [
        ([100] * FILES, range(FILES - SHARED, FILES)),
        ([100] * (ahead.FEWEST_FILES * ahead.SHARE - 1), []),  # too few
        ([ahead.MOST_BYTES] + [100] * 29, range(20, FILES)),
        ([100] * 29 + [ahead.MOST_BYTES], []),  # the last alone is too few
        ([1_100_000] * FILES, range(FILES - 9, FILES)),
        ([], []),
    ],
)
def test_the_last_third_is_shared_while_there_are_many_and_they_are_small(
    contract: Contract, byte_sizes: list[int], shared: range
) -> None:
    files = landed(byte_sizes)
    asked: list[LandedFile] = []

    def ask(_: Callable[..., Any], /, *arguments: Any, **__: Any) -> Any:
        asked.extend(arguments[0])

    assert len(ahead.readings(files, contract, ask)) == len(files)
    assert asked == [files[place] for place in shared]
