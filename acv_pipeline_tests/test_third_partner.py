"""A third partner is the entry that the how-to page shows, and no code."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import dagster as dg
import pytest
import yaml

from acv_pipeline.contract import Contract, load_contract
from acv_pipeline.contract.loading import CONTRACT_FILE
from acv_pipeline.contract.months import month_end, month_of
from acv_pipeline.definitions import build_definitions
from acv_pipeline.flow.pipeline import Pipeline
from acv_pipeline.operations.alerts.digest import digest
from acv_pipeline.warehouse import read_published
from acv_pipeline.warehouse.home import Home
from acv_pipeline_tests.deliveries import deliver_trajectory, steady_figures
from acv_pipeline_tests.test_cli import Acv

PAGE = Path(__file__).parents[1] / "docs" / "third-partner.md"
PARTNER = "banque_des_territoires"
MONTHS = ["2021-11", "2021-12", "2022-01", "2022-02"]
SINCE = "2022-01"


@pytest.fixture
def contract(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Contract:
    """The contract with the page's entry, pasted as a person would."""
    found = re.search(r"```yaml\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert found
    entry = found[1]
    assert f"since: {SINCE}" in entry and list(yaml.safe_load(entry)) == [PARTNER]
    text = CONTRACT_FILE.read_text(encoding="utf-8")
    path = tmp_path / "contract.yml"
    path.write_text(text.replace("\nsources:\n", f"\nsources:\n{entry}"), encoding="utf-8")
    monkeypatch.setenv("ACV_CONTRACT", str(path))
    return load_contract()


def deliver_third(landing: Path, contract: Contract, month: str) -> dict[str, int]:
    """A file with the partner's own column names."""
    figures = {code: 3 * value for code, value in steady_figures(contract, month_of(month)).items()}
    last = month_end(month_of(month))
    path = landing / PARTNER / f"{last.year + (last.month == 12)}-{last.month % 12 + 1:02d}-12"
    path.mkdir(parents=True)
    lines = [f"{code};{last:%d/%m/%Y};{value}" for code, value in figures.items()]
    header = "Circonscription;Clôture;Prêts engagés"
    (path / "situation.csv").write_text("\n".join([header, *lines]), encoding="cp1252")
    return figures


def test_the_entry_is_all_it_takes(tmp_path: Path, landing: Path, contract: Contract) -> None:
    for source in ("anah", "action_logement"):
        deliver_trajectory(landing, contract, source, MONTHS)
    third = {month: deliver_third(landing, contract, month) for month in MONTHS[2:]}
    acv = Acv(tmp_path / "home", landing)
    done = acv.run()
    assert done.exit_code == 0, done.output
    assert "Banque des Territoires, ACV: 2 months accepted (2022-01 to 2022-02)" in done.output

    graph = build_definitions(Pipeline.configured()).resolve_asset_graph()
    asset = dg.AssetKey(f"{PARTNER}_extract")
    assert asset in graph.get(dg.AssetKey("validated_dwellings")).parent_keys
    checks = {source: set() for source in (PARTNER, "anah")}
    for key in graph.asset_check_keys:
        for source, found in checks.items():
            if key.asset_key == dg.AssetKey(f"{source}_extract"):
                found.add(key.name)
    assert checks[PARTNER] == checks["anah"] and "delivery_not_overdue" in checks[PARTNER]

    for month in MONTHS:
        parts = [
            steady_figures(contract, month_of(month), source="anah"),
            steady_figures(contract, month_of(month), source="action_logement"),
            *([third[month]] if month >= SINCE else []),
        ]
        totals = acv.query(
            "select department_code, cumulative_dwellings from marts.department_rankings"
            f" where series = 'total' and month = date '{month}-01'"
        )
        assert dict(totals) == {code: sum(part[code] for part in parts) for code in parts[0]}
    assert acv.query(
        "select distinct strftime(month, '%Y-%m'), increment, rank_increment"
        " from marts.department_rankings where series = 'total' and is_break"
    ) == [(SINCE, None, None)]

    # nobody takes what the partner did so far for the work of one month
    page = (acv.home / "report" / "index.html").read_text(encoding="utf-8")
    assert "Break in January 2022: from then on the sum counts Banque des Territoires" in page
    assert "Banque des Territoires, Anah et Action Logement" in page
    assert "busiest" not in page
    release = acv.home / "releases" / "latest"
    found = {
        path.stem.removeprefix("acv-logements-"): list(csv.DictReader(path.open(encoding="utf-8")))
        for path in release.glob("acv-*.csv")
    }
    assert len(found) == 5
    for name, rows in found.items():
        assert {r["date"] for r in rows if r["rupture"] == "true"} == {"2022-01-31"}, name
        assert '"rupture"' in (release / f"acv-logements-{name}.schema.json").read_text("utf-8")
    of_country = found["national"]
    assert [(r["date"], r["increment"] != "", r["rupture"]) for r in of_country] == [
        ("2021-11-30", False, "false"),
        ("2021-12-31", True, "false"),
        ("2022-01-31", False, "true"),
        ("2022-02-28", True, "false"),
    ]
    with read_published(Home(acv.home)) as connection:
        told = digest(connection, contract, month_of(SINCE))
    assert "A break: other partners are counted than before" in told.text
    assert "+" not in told.subject
    shown = acv("explain", "62", SINCE)
    assert "a break: other partners are counted than before" in shown.output
