"""Deliveries as other people received them: only what is true comes into force.

Each case has the landing zone, what may be in force (``truth``), the figures that its last file
is about (``want``), and what a careful person would make of it (``ideal``).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pytest

from acv_pipeline.contract import Contract
from acv_pipeline.ledger.load import load
from acv_pipeline.ledger.store import judge_and_write
from acv_pipeline.tidying.texts import fold
from acv_pipeline.warehouse import transaction
from acv_pipeline_tests.deliveries import REAL_DATA

FIELD = REAL_DATA / "field"
CASES = sorted(path.name for path in FIELD.iterdir()) if FIELD.exists() else []
needs_field = pytest.mark.skipif(
    not CASES, reason="deliveries from the field are not beside this checkout (../shared/data)"
)


@dataclass
class Seen:
    """What came of a case."""

    in_force: dict[str, int]
    outcomes: set[str]
    reasons: str


def receive(
    connection: duckdb.DuckDBPyConnection, landing: Path, contract: Contract, want: set[str]
) -> Seen:
    load(connection, landing, contract)
    with transaction(connection):
        judge_and_write(connection, contract)
    in_force = {
        f"{code}|{month:%Y-%m}": int(figure)
        for code, month, figure in connection.execute(
            "select department_code, month, cumulative_dwellings from validated.dwellings"
        ).fetchall()
    }
    statuses = [
        status for (status,) in connection.execute("select status from raw.deliveries").fetchall()
    ]
    held = connection.execute("select count(*) from validated.held_months").fetchall()[0][0]
    rows = connection.execute("select count(*) from validated.quarantined_rows").fetchall()[0][0]
    outcomes = {"refused"} if "refused" in statuses else set()
    outcomes |= {"held"} if held else set()
    outcomes |= {"quarantined"} if rows else set()
    there = want & set(in_force)
    outcomes |= {"accepted"} if there == want and want else {"partly"} if there else set()
    said = connection.execute(
        "select string_agg(reason, ' ') from (select reason from raw.deliveries"
        " union all select reason from validated.quarantined_rows)"
    ).fetchall()[0][0]
    return Seen(in_force, outcomes, fold(said or ""))


@needs_field
@pytest.mark.parametrize("case", CASES)
def test_only_what_is_true_comes_into_force(
    case: str, warehouse: duckdb.DuckDBPyConnection, contract: Contract
) -> None:
    expected: dict[str, Any] = json.loads((FIELD / case / "expect.json").read_text())
    seen = receive(warehouse, FIELD / case / "landing", contract, set(expected["want"]))
    wrong = {k: v for k, v in seen.in_force.items() if expected["truth"].get(k) != v}
    assert not wrong
    assert seen.outcomes & set(expected["ideal"]), seen.outcomes
    kept = {key: seen.in_force.get(key) for key in expected["history"]}
    assert kept == expected["history"]  # what was there before stays
    for words in expected["says_not"]:
        assert fold(words) not in seen.reasons
    if "accepted" not in seen.outcomes:
        for words in expected["says"]:
            assert fold(words) in seen.reasons


@needs_field
def test_a_reader_that_is_wrong_would_be_noticed(
    warehouse: duckdb.DuckDBPyConnection, contract: Contract
) -> None:
    """The truth of one case is not that of another."""
    truth = json.loads((FIELD / CASES[0] / "expect.json").read_text())["truth"]
    other = json.loads((FIELD / "note_number_on_a_figure" / "expect.json").read_text())["truth"]
    seen = receive(warehouse, FIELD / "note_number_on_a_figure" / "landing", contract, set(other))
    assert any(truth.get(key) != figure for key, figure in seen.in_force.items())
