"""Columns and sheets with numbers that were not used: kept with the delivery, and said."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pytest

from acv_pipeline.contract import Contract
from acv_pipeline.contract.months import month_of
from acv_pipeline.ledger import read_one as loading
from acv_pipeline.ledger.load import load
from acv_pipeline.operations.unused import unused_of, unused_of_latest, unused_parts
from acv_pipeline_tests.deliveries import deliver, deliver_trajectory, steady_figures
from acv_pipeline_tests.test_cli import Acv


def column(letter: str, header: str, numbers: int, why: str | None = None) -> dict[str, Any]:
    return {
        "column": letter, "header": header, "role": "cumulative" if why is None else None,
        "used": why is None, "why": why, "numbers": numbers,
    }  # fmt: skip


def sheet(name: str, *columns: dict[str, Any], why: str | None = None) -> dict[str, Any]:
    return {"sheet": name, "used": why is None, "why": why, "rows": 96, "columns": list(columns)}


ACCOUNT = [
    sheet("Mars", column("C", "Cumul", 96), column("D", "Objectif", 96, "a target"),
          column("E", "Remarques", 0, "a remark")),
    sheet("Notes", column("A", "", 0), why="no table"),
    sheet("Communes", column("A", "Code", 35), column("B", "Total", 35), why="other territories"),
]  # fmt: skip


def test_only_what_holds_numbers_and_was_not_used_is_named() -> None:
    assert [str(part) for part in unused_parts(ACCOUNT)] == [
        "column D “Objectif” of sheet “Mars” (96 numbers: a target)",
        "sheet “Communes” (70 numbers: other territories)",
    ]
    assert unused_parts(ACCOUNT[1:2]) == []
    assert unused_parts([]) == []
    csv = unused_parts([sheet("", column("B", "", 1, "no header"))])
    assert str(csv[0]) == "column B (1 number: no header)"


@pytest.fixture
def accounted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every file is read with the account above; none is refused."""
    read = loading.read_delivery

    def reading(path: Path, *arguments: Any, **named: Any) -> Any:
        return replace(read(path, *arguments, **named), account=ACCOUNT)

    monkeypatch.setattr(loading, "read_delivery", reading)


@pytest.mark.usefixtures("accounted")
def test_the_account_is_kept_with_the_delivery(
    warehouse: duckdb.DuckDBPyConnection, landing: Path, contract: Contract
) -> None:
    for day, name in (("2021-04-06", "good.csv"), ("2021-05-06", "later.csv")):
        deliver(landing, "anah", day, {"2021-03": {"01": 12}}, name=name).open("a").write("\n")
    good = load(warehouse, landing, contract).new
    accounts = warehouse.execute("select account from raw.deliveries order by delivered_on")
    assert [json.loads(account) for (account,) in accounts.fetchall()] == [ACCOUNT]
    deliver(landing, "anah", "2021-05-07", {"2021-03": {"02": 12}}, name="later.csv")
    later = load(warehouse, landing, contract).new
    assert [found.file_name for found in unused_of(warehouse, good + later)] == [
        "good.csv", "later.csv",
    ]  # fmt: skip
    assert [found.file_name for found in unused_of_latest(warehouse)] == ["later.csv"]
    assert unused_of(warehouse, []) == []


def test_a_delivery_without_account_has_nothing_unused(
    warehouse: duckdb.DuckDBPyConnection, landing: Path, contract: Contract
) -> None:
    deliver(landing, "anah", "2021-04-06", {"2021-03": {"01": 12}})
    new = load(warehouse, landing, contract).new
    assert unused_of(warehouse, new) == unused_of_latest(warehouse) == []


@pytest.mark.usefixtures("accounted")
def test_run_and_status_say_it(tmp_path: Path, landing: Path, contract: Contract) -> None:
    acv = Acv(tmp_path / "home", landing)
    deliver_trajectory(landing, contract, "anah", ["2018-09"])
    done = acv.run()
    line = "(anah, received 2018-10-10), not used: column D “Objectif” of sheet “Mars” (96 numbers"
    assert done.exit_code == 0 and done.output.count(line) == 1, done.output
    shown = acv("status")
    assert shown.exit_code == 0 and shown.output.count(line) == 1
    (entry,) = json.loads(acv("status", "--json").output)["unused"]
    assert [part["header"] for part in entry["parts"]] == ["Objectif", ""]
    deliver(
        landing, "anah", "2018-11-10", {"2018-10": steady_figures(contract, month_of("2018-10"))}
    )
    assert "received 2018-11-10), not used" in acv.run().output
    assert line not in acv("status").output
