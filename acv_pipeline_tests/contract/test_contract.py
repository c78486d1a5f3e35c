"""What is true of the data, and what the contract refuses."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
import yaml

from acv_pipeline.contract import Contract, ContractError, load_contract
from acv_pipeline.contract.loading import CONTRACT_FILE
from acv_pipeline.contract.months import elapsed, month_end, month_of, month_range, shift

ACV, PVD = "nb-logement-accompagnement", "nb-logements-renoves-petites-villes"


def changed(tmp_path: Path, **entries: object) -> Path:
    contract = yaml.safe_load(CONTRACT_FILE.read_text(encoding="utf-8")) | entries
    path = tmp_path / "contract.yml"
    path.write_text(yaml.safe_dump(contract), encoding="utf-8")
    return path


def test_panels_are_all_départements_but_those_without_a_city(contract: Contract) -> None:
    acv, pvd = contract.panel(ACV), contract.panel(PVD)
    assert len(acv) == 96 and not {"21", "75", "92", "93", "94"} & set(acv)
    assert len(pvd) == 97 and "21" in pvd
    assert {"2A", "2B", "971", "972", "973", "974", "976"} <= set(acv)


def test_who_is_added_up(contract: Contract) -> None:
    assert contract.components(ACV) == dict.fromkeys(
        ["anah", "action_logement"], dt.date(2018, 9, 1)
    )
    assert contract.components(PVD) == {"anah": dt.date(2020, 10, 1)}


def test_a_break_has_its_reason_in_both_languages(tmp_path: Path) -> None:
    indicators = yaml.safe_load(CONTRACT_FILE.read_text(encoding="utf-8"))["indicators"]
    before = load_contract(changed(tmp_path))
    indicators[ACV]["breaks"] = [{"month": "2024-01", "fr": "périmètre", "en": "perimeter"}]
    contract = load_contract(changed(tmp_path, indicators=indicators))
    [entry] = contract.indicators[ACV].breaks
    assert (entry.month, entry.fr, entry.en) == (dt.date(2024, 1, 1), "périmètre", "perimeter")
    assert contract.reading_version == before.reading_version, "nothing is read again"
    del indicators[ACV]["breaks"][0]["en"]
    with pytest.raises(ContractError, match="breaks"):
        load_contract(changed(tmp_path, indicators=indicators))


def test_a_month_breaks_once_and_a_rhythm_is_a_number_of_months(tmp_path: Path) -> None:
    indicators = yaml.safe_load(CONTRACT_FILE.read_text(encoding="utf-8"))["indicators"]
    once = {"month": "2024-01", "fr": "périmètre", "en": "perimeter"}
    indicators[ACV]["breaks"] = [once, once]
    with pytest.raises(ContractError, match="2024-01 twice: say all that changed in one"):
        load_contract(changed(tmp_path, indicators=indicators))
    indicators[ACV]["breaks"], indicators[ACV]["months_between"] = [once], 0
    with pytest.raises(ContractError, match="months_between"):
        load_contract(changed(tmp_path, indicators=indicators))


def test_breaks_without_a_reason_are_the_unusual_months_of_before(tmp_path: Path) -> None:
    indicators = yaml.safe_load(CONTRACT_FILE.read_text(encoding="utf-8"))["indicators"]
    indicators[ACV]["breaks"] = ["2021-03"]
    acv = load_contract(changed(tmp_path, indicators=indicators)).indicators[ACV]
    assert (acv.breaks, acv.unusual_months) == ([], [dt.date(2021, 3, 1)])


def test_a_contract_that_states_some_words_has_ours_for_the_others(tmp_path: Path) -> None:
    ours = load_contract().remark_words
    words = load_contract(changed(tmp_path, remark_words={"flow": ["débit"]})).remark_words
    assert (words.flow, words.wrong) == (("débit",), ours.wrong)


def test_territories_of_the_code_officiel_géographique(contract: Contract) -> None:
    territories = contract.territories
    assert (len(territories.departments), len(territories.regions)) == (101, 18)
    assert set(territories.region_of.values()) == set(territories.regions)
    assert sum(territories.population.values()) == 68_350_798


def test_an_unknown_entry_is_named(tmp_path: Path) -> None:
    with pytest.raises(ContractError, match="unexpected"):
        load_contract(changed(tmp_path, unexpected=1))


def test_a_source_that_names_no_indicator_of_ours_is_named(tmp_path: Path) -> None:
    contract = yaml.safe_load(CONTRACT_FILE.read_text(encoding="utf-8"))
    sources = contract["sources"]
    sources["anah"]["contributes"].append({"indicator": "nb-arbres"})
    with pytest.raises(ContractError, match="anah names the unknown indicator nb-arbres"):
        load_contract(changed(tmp_path, sources=sources))


def test_a_missing_or_malformed_file_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(ContractError, match="cannot read"):
        load_contract(tmp_path / "none.yml")
    (tmp_path / "bad.yml").write_text("a: [", encoding="utf-8")
    with pytest.raises(ContractError, match="not valid YAML"):
        load_contract(tmp_path / "bad.yml")


def test_months() -> None:
    march = month_of("2021-03")
    assert march == month_of("2021-03-01") == dt.date(2021, 3, 1)
    assert month_end(month_of("2020-02")) == dt.date(2020, 2, 29)
    assert shift(march, -3) == dt.date(2020, 12, 1)
    assert elapsed(dt.date(2020, 1, 1), dt.date(2021, 1, 1)) == 12
    assert len(list(month_range(dt.date(2018, 9, 1), dt.date(2022, 12, 1)))) == 52
    with pytest.raises(ValueError, match="2021-03-02"):
        month_of("2021-03-02")


def test_today_is_the_day_of_the_contracts_time_zone(contract: Contract) -> None:
    # more than a day apart, so never on the same date, whatever the machine's own zone
    west, east = (
        contract.model_copy(update={"timezone": zone})
        for zone in ("Etc/GMT+12", "Pacific/Kiritimati")
    )
    assert west.today() < east.today()


@pytest.mark.parametrize(
    ("contact", "french", "english"),
    [
        ("the unit", "the unit", "the unit"),
        ({"fr": "la cellule", "en": "the unit"}, "la cellule", "the unit"),
    ],
)
def test_a_contact_is_one_text_or_one_for_each_language(
    tmp_path: Path, contact: object, french: str, english: str
) -> None:
    found = load_contract(_with_contact(tmp_path, contact)).sources["anah"].contact
    assert (found.fr, found.en) == (french, english)


@pytest.mark.parametrize("contact", [{"fr": "la cellule"}, {"fr": "a", "de": "b"}, 3])
def test_a_contact_in_another_shape_is_refused(tmp_path: Path, contact: object) -> None:
    with pytest.raises(ContractError, match=r"sources\.anah\.contact.*one text, or two: fr and en"):
        load_contract(_with_contact(tmp_path, contact))


def test_what_is_wrong_is_told_in_french(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACV_LANGUAGE", "fr")
    indicators = yaml.safe_load(CONTRACT_FILE.read_text(encoding="utf-8"))["indicators"]
    del indicators[ACV]["label"]
    with pytest.raises(ContractError) as refused:
        load_contract(changed(tmp_path, colour="red", indicators=indicators))
    assert "colour\u00a0: champ inconnu" in str(refused.value)
    assert f"indicators.{ACV}.label\u00a0: champ obligatoire" in str(refused.value)
    sources = yaml.safe_load(CONTRACT_FILE.read_text(encoding="utf-8"))["sources"]
    sources["anah"]["default_indicator"] = "ABC"
    with pytest.raises(ContractError, match="la source anah nomme l'indicateur inconnu ABC"):
        load_contract(changed(tmp_path, sources=sources))


def _with_contact(folder: Path, contact: object) -> Path:
    sources = yaml.safe_load(CONTRACT_FILE.read_text(encoding="utf-8"))["sources"]
    sources["anah"]["contact"] = contact
    return changed(folder, sources=sources)
