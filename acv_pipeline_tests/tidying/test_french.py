"""Reasons and refusals in French: they name file, sheet and row as the English does."""

from __future__ import annotations

from pathlib import Path

import pytest

from acv_pipeline.contract import Contract
from acv_pipeline.language import in_language
from acv_pipeline.reading.isolated import SAID
from acv_pipeline.tidying import DeliveryRefused, read_delivery
from acv_pipeline.tidying.reasons import REASONS
from acv_pipeline.tidying.record_table import reason_text
from acv_pipeline.tidying.refusals import PLACES
from acv_pipeline.tidying.sheets import SUBJECTS
from acv_pipeline.tidying.statements import OTHER_DATES
from acv_pipeline_tests.reading.files import write_workbook


@pytest.mark.parametrize("code", REASONS)
def test_each_reason_has_its_french(code: str) -> None:
    english, french = (reason_text(code, "«x{y}»", each) for each in ("en", "fr"))
    assert english and french and english != french
    assert ("«x{y}»" in english) == ("«x{y}»" in french) == ("{cell}" in REASONS[code].text)


@pytest.mark.parametrize(
    "text", [*SAID.values(), *PLACES.values(), *SUBJECTS.values(), *OTHER_DATES.values()]
)
def test_each_part_of_a_refusal_has_its_french(text: str) -> None:
    values = {name: "x" for name in ("file", "detail", "what") if f"{{{name}}}" in text}
    assert in_language("fr", text, **values) != in_language("en", text, **values)


def refusal_of(path: Path, contract: Contract) -> DeliveryRefused:
    with pytest.raises(DeliveryRefused) as refused:
        read_delivery(path, contract.sources["anah"], contract)
    return refused.value


def test_a_refusal_names_the_file_and_the_row(tmp_path: Path, contract: Contract) -> None:
    path = tmp_path / "ACV mars.csv"
    path.write_text('dep;mois;cumul\n01;2021-03;1\n02;"2021-03;2\n03;2021-03;3\n04;2021-03;"4\n')
    refused = refusal_of(path, contract)
    assert refused.reason_code == "unbalanced_quotes"
    assert refused.reason.startswith("ACV mars.csv: a quotation mark opened in row 3 ")
    assert refused.reason_fr.startswith("ACV mars.csv\u00a0: un guillemet ouvert en ligne 3 ")


def test_a_refusal_names_the_sheet(tmp_path: Path, contract: Contract) -> None:
    path = write_workbook(
        tmp_path / "ACV.xlsx", {"Mars 2021": [["dep", "mois", "agents"], ["01", "2021-03", "5"]]}
    )
    refused = refusal_of(path, contract)
    assert refused.reason_code == "no_value_column"
    assert refused.reason.startswith(
        "ACV.xlsx, sheet Mars 2021: no column for the cumulative figure; found “dep”, “mois”, "
        "“agents”"
    )
    assert refused.reason_fr.startswith(
        "ACV.xlsx, feuille Mars 2021\u00a0: pas de colonne pour le cumul\u00a0; trouvé "
        "«\u00a0dep\u00a0», «\u00a0mois\u00a0», «\u00a0agents\u00a0»"
    )


def test_numbers_are_written_as_in_french(tmp_path: Path, contract: Contract) -> None:
    path = tmp_path / "acv.csv"
    path.write_text(";".join(["dep"] * 2_001) + "\n")
    refused = refusal_of(path, contract)
    assert refused.reason_code == "too_many_columns"
    assert "more than 2,000 columns" in refused.reason
    assert "plus de 2\u202f000 colonnes" in refused.reason_fr


def test_a_note_on_another_sheet_contradicts_and_is_named(
    tmp_path: Path, contract: Contract
) -> None:
    path = write_workbook(
        tmp_path / "ACV.xlsx",
        {
            "Données": [["dep", "mois", "cumul"], ["01", "2021-03", "5"]],
            "Lisez-moi": [["Situation arrêtée au 30/06/2021"]],
        },
    )
    refused = refusal_of(path, contract)
    assert refused.reason_code == "month_contradiction"
    assert "sheet Lisez-moi says “Situation arrêtée au 30/06/2021” (2021-06)" in refused.reason
    assert "la feuille Lisez-moi dit «\u00a0Situation arrêtée au 30/06/2021\u00a0» (2021-06)" in (
        refused.reason_fr
    )
