"""A third partner with its own column names is one entry in the contract and no code."""

from __future__ import annotations

from pathlib import Path

import yaml

from acv_pipeline.contract import load_contract
from acv_pipeline.contract.loading import CONTRACT_FILE
from acv_pipeline_tests.tidying.outcomes import outcome

ENTRY = """
asset: banque_des_territoires_extract
label: Banque des Territoires
role: partner
contact: the data office of the bank
publication_lag_days: 25
default_indicator: nb-logement-accompagnement
contributes:
  - indicator: nb-logement-accompagnement
    since: 2021-01
headers:
  department_code: [circonscription]
  month: [clôture]
  cumulative: [prêts engagés]
  ignored: [valeur]
"""


def test_a_third_partner(tmp_path: Path) -> None:
    data = yaml.safe_load(CONTRACT_FILE.read_text(encoding="utf-8"))
    data["sources"]["banque_des_territoires"] = yaml.safe_load(ENTRY)
    own = tmp_path / "contract.yml"
    own.write_text(yaml.safe_dump(data, allow_unicode=True), encoding="utf-8")
    contract = load_contract(own)
    path = tmp_path / "acv.csv"
    path.write_text(
        "Circonscription;Clôture;Prêts engagés;valeur\n01;31/01/2021;353;9\n02;31/12/2020;4;9\n"
    )
    assert outcome(path, contract, "banque_des_territoires") == [
        "2: 01 2021-01 = 353",
        "3: before_first_month",
    ]
    assert outcome(path, contract, "anah") == ["refused: no_header"]
