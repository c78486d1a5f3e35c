"""Rows whose département could not be read: they may explain what is missing of a month."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
import pytest

from acv_pipeline.contract import Contract
from acv_pipeline.contract.months import month_of
from acv_pipeline.ledger.load import load
from acv_pipeline.ledger.store import judge_and_write
from acv_pipeline.operations.status import status
from acv_pipeline.warehouse import transaction
from acv_pipeline_tests.deliveries import deliver, steady_figures

MONTH = "2018-09"


@pytest.mark.parametrize(
    ("missing", "unreadable", "verdict"),
    [
        (["62"], ["6Z"], "accepted"),
        (["62", "91"], ["6Z", "", "??"], "accepted"),
        (["62", "91"], ["6Z"], "held"),
        (["62"], [], "held"),
        (["01", "02", "03", "04", "05"], ["a", "b", "c", "d", "e"], "held"),
    ],
)
def test_as_many_unreadable_rows_as_missing_ones_are_known_holes(
    warehouse: duckdb.DuckDBPyConnection,
    landing: Path,
    contract: Contract,
    missing: list[str],
    unreadable: list[str],
    verdict: str,
) -> None:
    figures: dict[str, int | str] = dict(steady_figures(contract, month_of(MONTH)))
    for code in missing:
        del figures[code]
    for code in unreadable:
        figures[code] = 12
    deliver(landing, "anah", "2018-10-10", {MONTH: figures})
    load(warehouse, landing, contract)
    with transaction(warehouse):
        judge_and_write(warehouse, contract)
    ((said, findings),) = warehouse.execute(
        "select verdict, findings from validated.verdicts"
    ).fetchall()
    assert said == verdict
    summary = next(
        f["summary"] for f in json.loads(findings) if f["rule"] == "panel_department_missing"
    )
    assert f"{len(missing)} of 96 expected départements have no figure" in summary
    assert (f"{len(unreadable)} quarantined row" in summary) == bool(unreadable)


@pytest.mark.parametrize(("code", "verdict"), [("01", "accepted"), ("59", "held")])
def test_a_name_that_contradicts_its_code_explains_one_department(
    warehouse: duckdb.DuckDBPyConnection,
    landing: Path,
    contract: Contract,
    code: str,
    verdict: str,
) -> None:
    """The row of 62 says ``01``, which has a row of its own; or ``59``, which has none."""
    names = contract.territories.departments
    figures = steady_figures(contract, month_of(MONTH))
    rows = [(c, names[c], value) for c, value in figures.items() if c not in ("62", "59")]
    rows += [(code, names["62"], figures["62"])]
    if code != "59":
        rows += [("59", names["59"], figures["59"])]
    path = deliver(landing, "anah", "2018-10-10", {MONTH: figures})
    lines = [f"{c};{name};2018-09-30;{value}" for c, name, value in rows]
    header = "code_departement;libelle_departement;mois;logements_cumules"
    path.write_text("\n".join([header, *lines]) + "\n", encoding="utf-8")
    load(warehouse, landing, contract)
    with transaction(warehouse):
        judge_and_write(warehouse, contract)
    assert warehouse.execute("select verdict from validated.verdicts").fetchall() == [(verdict,)]
    ((findings,),) = warehouse.execute("select findings from validated.verdicts").fetchall()
    assert "panel_department_missing" in findings


def test_what_may_be_an_unreadable_row_is_not_withdrawn(
    warehouse: duckdb.DuckDBPyConnection, landing: Path, contract: Contract
) -> None:
    whole = steady_figures(contract, month_of(MONTH), source="barometre")
    rest = {code: value for code, value in whole.items() if code != "62"}
    header = "id_indicateur;zone;date;valeur"
    counted = []
    for day, extra in (("2018-11-10", {"62": whole["62"]}), ("2018-12-10", {"6Z": 5})):
        folder = landing / "barometre" / day
        folder.mkdir(parents=True)
        lines = [
            f"nb-logement-accompagnement;{code};2018-09-30;{value}"
            for code, value in (rest | extra).items()
        ]
        (folder / "release.csv").write_text("\n".join([header, *lines]) + "\n")
        load(warehouse, landing, contract)
        with transaction(warehouse):
            judge_and_write(warehouse, contract)
        counted.append(
            warehouse.execute("select count(*) from validated.dwellings").fetchall()[0][0]
        )
    assert counted == [96, 96]


def test_detail_and_row_of_a_group_belong_together(
    warehouse: duckdb.DuckDBPyConnection, landing: Path, contract: Contract
) -> None:
    figures: dict[str, int | str] = dict(steady_figures(contract, month_of(MONTH)))
    figures |= {"01": "zzz", "02": "aaa"}
    deliver(landing, "anah", "2018-10-10", {MONTH: figures})
    load(warehouse, landing, contract)
    with transaction(warehouse):
        judge_and_write(warehouse, contract)
    (group,) = status(warehouse, contract).quarantined
    assert group.rows == 2
    assert "“zzz”" in group.reason and group.example == "row 2: 01 | 2018-09-30 | zzz"
