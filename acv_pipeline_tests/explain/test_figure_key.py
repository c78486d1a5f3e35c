"""What a person types, understood."""

from __future__ import annotations

import pytest

from acv_pipeline.contract import Contract
from acv_pipeline.contract.months import month_of
from acv_pipeline.contract.spelling import UnknownNameError
from acv_pipeline.operations.explain import figure_key, series_of, sources_of
from acv_pipeline_tests.deliveries import ACV, PVD

MONTH = month_of("2020-03")


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("91", "91"),
        ("1", "01"),
        ("2a", "2A"),
        (" 974 ", "974"),
        ("Essonne", "91"),
        ("cote d'or", "21"),
        ("VAL-D’OISE", "95"),
        ("ile de la reunion", "974"),
    ],
)
def test_a_department_is_a_code_or_a_name(contract: Contract, typed: str, code: str) -> None:
    assert figure_key(contract, typed, MONTH).department_code == code


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("Nrod", "'Nrod': Nord\\? Give its code"),
        ("essonnes", "'essonnes': Essonne\\? Give its code"),
        ("99", "'99': give its code"),
        ("", "'': give its code"),
        ("Bruxelles", "'Bruxelles': give its code"),
    ],
)
def test_what_is_none_is_refused_with_what_it_may_have_been(
    contract: Contract, typed: str, said: str
) -> None:
    with pytest.raises(UnknownNameError, match=f"unknown département {said}"):
        figure_key(contract, typed, MONTH)


def test_every_department_is_found_by_its_name(contract: Contract) -> None:
    for code, name in contract.territories.departments.items():
        assert figure_key(contract, name.upper(), MONTH).department_code == code


def test_the_indicator_is_the_contracts_first_unless_named(contract: Contract) -> None:
    assert figure_key(contract, "91", MONTH).indicator.id == ACV
    assert figure_key(contract, "91", MONTH, indicator="pvd").indicator.id == PVD
    assert figure_key(contract, "91", MONTH, indicator=PVD).indicator.id == PVD
    with pytest.raises(UnknownNameError, match="'nothing': known are ACV, PVD, nb-logement-acc"):
        figure_key(contract, "91", MONTH, indicator="nothing")
    with pytest.raises(UnknownNameError, match="unknown indicator 'AVC': ACV\\? Known are ACV"):
        figure_key(contract, "91", MONTH, indicator="AVC")


def test_series_are_those_the_indicator_can_have(contract: Contract) -> None:
    assert series_of(contract, ACV) == ["total", "anah", "action_logement", "published"]
    assert series_of(contract, PVD) == ["total", "anah", "published"]
    assert [s.id for s in sources_of(contract, ACV, "total")] == ["anah", "action_logement"]
    assert [s.id for s in sources_of(contract, ACV, "published")] == ["barometre"]
    with pytest.raises(UnknownNameError, match="unknown PVD series 'action_logement': known are"):
        figure_key(contract, "91", MONTH, indicator="PVD", series="action_logement")
    with pytest.raises(UnknownNameError, match="unknown ACV series 'anha': anah\\?"):
        figure_key(contract, "91", MONTH, series="anha")
