"""What the contract dropped since it was delivered is still told, under its id."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from acv_pipeline.contract import Contract
from acv_pipeline.language import LANGUAGES
from acv_pipeline.operations.alerts.digest import digest
from acv_pipeline.operations.alerts.facts import _contacts, standing_facts
from acv_pipeline.operations.status import status
from acv_pipeline.warehouse import read_published
from acv_pipeline.warehouse.home import Home
from acv_pipeline_tests.alerts.world import show
from acv_pipeline_tests.deliveries import ACV

JULY, TODAY = dt.date(2021, 7, 1), dt.date(2021, 8, 12)


@pytest.mark.parametrize(
    ("group", "dropped"), [("sources", "action_logement"), ("indicators", ACV)]
)
def test_a_source_or_indicator_dropped_from_the_contract_is_called_by_its_id(
    home: Home, contract: Contract, stages: dict[str, Path], group: str, dropped: str
) -> None:
    show(home, stages["bad"])
    rest = {key: entry for key, entry in getattr(contract, group).items() if key != dropped}
    changed = contract.model_copy(update={group: rest})
    with read_published(home) as connection:
        facts = standing_facts(connection, changed, TODAY, home)
        (held,) = status(connection, changed).held
        said = digest(connection, changed, JULY).text
    (fact,) = (fact for fact in facts if fact.key.startswith("held/"))
    assert dropped in fact.title and dropped in said
    whose = contract.data_contact if group == "sources" else changed.sources[held.source].contact
    ask = str(whose)
    assert held.ask == ask and fact.ask == (ask,)


@pytest.mark.parametrize("run", LANGUAGES)
@pytest.mark.parametrize("reader", LANGUAGES)
def test_whom_a_check_names_is_asked_whatever_the_language_of_its_run(
    contract: Contract, monkeypatch: pytest.MonkeyPatch, run: str, reader: str
) -> None:
    anah = contract.sources["anah"].contact
    monkeypatch.setenv("ACV_LANGUAGE", reader)
    asked = _contacts(contract, "validated_dwellings", f"Anah: 1 / 96. {anah[run]}.")
    assert asked == (anah[reader],)
    assert _contacts(contract, "series", "1 row") == (contract.data_contact[reader],)
