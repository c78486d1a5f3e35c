"""What is late: past the contract's deadline, from a source that has begun, and not come."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import duckdb
import pytest

from acv_pipeline.cli.terminal_status import print_status
from acv_pipeline.contract import Contract
from acv_pipeline.contract.months import month_of
from acv_pipeline.flow.pipeline import Pipeline
from acv_pipeline.ledger.corrections import CorrectionsError, load_register
from acv_pipeline.ledger.lateness import due_on, late_months
from acv_pipeline.ledger.load import load
from acv_pipeline.operations.alerts import standing_facts
from acv_pipeline.operations.status import status
from acv_pipeline.quality.lateness_checks import evaluate_lateness_checks, lateness_checks
from acv_pipeline.warehouse.home import Home
from acv_pipeline_tests import warehouses
from acv_pipeline_tests.deliveries import ACV, deliver, deliver_trajectory


def refused(landing: Path) -> None:
    """Anah sent something for February that is no table of figures."""
    (landing / "anah" / "2021-03-12").mkdir()
    (landing / "anah" / "2021-03-12" / "no table.csv").write_text("a;b\n1;2\n", encoding="utf-8")


@pytest.fixture
def received(
    warehouse: duckdb.DuckDBPyConnection, landing: Path, contract: Contract
) -> duckdb.DuckDBPyConnection:
    """Anah delivered January and March 2021, Action Logement nothing yet."""
    deliver_trajectory(landing, contract, "anah", ["2021-01", "2021-03"])
    load(warehouse, landing, contract)
    return warehouse


def late(
    connection: duckdb.DuckDBPyConnection, contract: Contract, day: str
) -> list[tuple[str, str, int]]:
    return [
        (entry.source, f"{entry.month:%Y-%m}", entry.days_late)
        for entry in late_months(connection, contract, dt.date.fromisoformat(day))
    ]


def test_the_deadline_is_the_contracts_lag_into_the_next_month(contract: Contract) -> None:
    assert due_on(contract.sources["anah"], dt.date(2021, 1, 1)) == dt.date(2021, 2, 20)
    assert due_on(contract.sources["barometre"], dt.date(2021, 1, 1)) is None


def test_the_day_of_the_deadline_is_in_time_and_the_next_is_late(
    received: duckdb.DuckDBPyConnection, contract: Contract
) -> None:
    assert late(received, contract, "2021-03-20") == []
    assert late(received, contract, "2021-03-21") == [("anah", "2021-02", 1)]
    assert late(received, contract, "2021-05-22") == [
        ("anah", "2021-02", 63), ("anah", "2021-04", 2),
    ]  # fmt: skip


def test_a_month_whose_rows_are_all_in_quarantine_did_come(
    received: duckdb.DuckDBPyConnection, landing: Path, contract: Contract
) -> None:
    deliver(landing, "anah", "2021-03-10", {"2021-02": {"01": "12,5"}})
    load(received, landing, contract)
    assert late(received, contract, "2021-03-21") == []


def test_a_held_month_did_come_and_a_refused_one_did_not(
    received: duckdb.DuckDBPyConnection, landing: Path, contract: Contract
) -> None:
    """The reason is said by whoever tells of it: check, status, alert."""
    deliver(landing, "anah", "2021-05-10", {"2021-04": {"01": 5}}, name="a part.csv")
    refused(landing)
    warehouses.process(received, contract, landing)
    assert received.execute("select month from validated.held_months").fetchall() == [
        (month_of("2021-04"),)
    ]
    day = dt.date(2021, 5, 22)
    (february,) = late_months(received, contract, day)
    assert february.month == month_of("2021-02")
    assert [str(file) for file in february.refused] == ["no table.csv (received 2021-03-12)"]
    checks = [check for check in lateness_checks(contract) if check.asset == "anah_extract"]
    (said,) = evaluate_lateness_checks(received, contract, checks, [february.month], day)
    assert said.summary == (
        "February 2021 from Anah is 63 days late: it was due on 2021-03-20; no table.csv "
        "(received 2021-03-12) was refused."
    )
    facts = standing_facts(received, contract, day, Home(Path("home")))
    (fact,) = [fact for fact in facts if fact.key.startswith("late/")]
    assert "63 days ago; no table.csv (received 2021-03-12) was refused." in fact.lines[0]


def test_status_is_short_about_years(
    received: duckdb.DuckDBPyConnection,
    landing: Path,
    contract: Contract,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(Contract, "today", lambda self: dt.date(2028, 12, 24))
    refused(landing)
    load(received, landing, contract)
    print_status(status(received, contract), Home(Path("home")))
    said = capsys.readouterr().out
    assert "  ! LATE anah: 2021-02, 2021-04 to 2028-11: 93 months, up to 2836 days\n" in said
    assert "      what came was refused, see below: 2021-02\n" in said
    assert "REFUSED no table.csv from anah, received 2021-03-12" in said
    assert len(said.splitlines()) < 10


def test_the_check_says_by_how_much_and_passes_once_it_came(
    received: duckdb.DuckDBPyConnection, landing: Path, contract: Contract
) -> None:
    def failing() -> list[str]:
        results = evaluate_lateness_checks(
            received,
            contract,
            lateness_checks(contract),
            [dt.date(2021, 1, 1), dt.date(2021, 2, 1)],
            today=dt.date(2021, 3, 26),
        )
        assert len(results) == 4
        return [result.summary for result in results if not result.passed]

    assert failing() == ["February 2021 from Anah is 6 days late: it was due on 2021-03-20."]
    deliver_trajectory(landing, contract, "anah", ["2021-02"])
    load(received, landing, contract)
    assert failing() == []


ENTRY = """\
- {source: anah, indicator: ACV, month: 2021-01, department: 59, delivered: 2, corrected: 1,
   reason: one dossier was counted twice, by: the statistics unit, date: 2021-03-22}
"""


def test_everybody_goes_by_the_same_day(
    received: duckdb.DuckDBPyConnection,
    landing: Path,
    home: Home,
    contract: Contract,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The contract's, not that of the machine."""
    monkeypatch.setattr(Contract, "today", lambda self: dt.date(2021, 3, 21))
    pipeline = Pipeline.configured(home, landing)
    assert pipeline.last_month() == month_of("2021-02")
    assert [entry.days_late for entry in pipeline.late(received)] == [1]
    assert [entry.days_late for entry in status(received, contract).late] == [1]
    checks = [check for check in lateness_checks(contract) if check.asset == "anah_extract"]
    (result,) = evaluate_lateness_checks(received, contract, checks, [month_of("2021-02")])
    assert "is 1 day late" in result.summary
    home.corrections.write_text(ENTRY, encoding="utf-8")
    with pytest.raises(CorrectionsError, match="not after today"):
        load_register(home.corrections, contract)
    deliver_trajectory(landing, contract, "action_logement", ["2021-01"], day="2021-03-22")
    report = load(received, landing, contract)
    assert not report.new and "that day has not come yet" in report.misplaced[-1]
    arrived = pipeline.fingerprint()[0]
    monkeypatch.setattr(Contract, "today", lambda self: dt.date(2021, 3, 22))
    assert pipeline.fingerprint()[0] != arrived, "what waited is there now"
    assert len(load_register(home.corrections, contract)) == 1
    assert len(load(received, landing, contract).new) == 1


def test_between_the_months_of_its_rhythm_nobody_is_late(
    received: duckdb.DuckDBPyConnection, contract: Contract
) -> None:
    acv = contract.indicators[ACV].model_copy(update={"months_between": 2})
    rare = contract.model_copy(update={"indicators": {**contract.indicators, ACV: acv}})
    assert late(received, rare, "2021-05-21") == []
    assert late(received, rare, "2021-07-19") == [("anah", "2021-05", 29)]
    assert len(late(received, contract, "2021-07-19")) == 3


def test_a_row_in_quarantine_begins_no_rhythm(
    received: duckdb.DuckDBPyConnection, contract: Contract
) -> None:
    received.execute(
        "insert into raw.tidy_rows (delivery_id, row_number, indicator_id, month, fate)"
        " select delivery_id, 9999, ?, date '2020-12-01', 'quarantined'"
        " from raw.deliveries limit 1",
        [ACV],
    )
    acv = contract.indicators[ACV].model_copy(update={"months_between": 2})
    rare = contract.model_copy(update={"indicators": {**contract.indicators, ACV: acv}})
    assert late(received, rare, "2021-05-21") == []
    assert late(received, rare, "2021-07-19") == [("anah", "2021-05", 29)]
