"""Each content once, as received and as understood."""

from __future__ import annotations

import shutil
from pathlib import Path

import duckdb

from acv_pipeline.contract import Contract
from acv_pipeline.landing import sidecar_path
from acv_pipeline.ledger.load import READING, load
from acv_pipeline.ledger.store import read_ledger
from acv_pipeline.warehouse import set_fingerprint, transaction
from acv_pipeline_tests.deliveries import deliver


def deliveries(warehouse: duckdb.DuckDBPyConnection) -> list[tuple[str, str, str]]:
    return [
        (source, str(day), name)
        for source, day, name in warehouse.execute(
            "select source, delivered_on, file_name from raw.deliveries order by all"
        ).fetchall()
    ]


def test_rows_are_kept_as_received(
    warehouse: duckdb.DuckDBPyConnection, landing: Path, contract: Contract
) -> None:
    deliver(landing, "anah", "2021-04-06", {"2021-03": {"01": 12, "02": "1 234"}})
    report = load(warehouse, landing, contract)
    assert len(report.new) == 1 and not report.refused
    received = warehouse.execute("select row_number, cells from raw.extract_rows order by 1")
    assert received.fetchall() == [
        (2, ["01", "2021-03-31", "12"]),
        (3, ["02", "2021-03-31", "1 234"]),
    ]  # fmt: skip
    understood = warehouse.execute("select value, fate from raw.tidy_rows order by row_number")
    assert understood.fetchall() == [
        (12, "figure"), (1234, "figure"),
    ]  # fmt: skip


def test_loading_again_changes_nothing(
    warehouse: duckdb.DuckDBPyConnection, landing: Path, contract: Contract
) -> None:
    path = deliver(landing, "anah", "2021-04-06", {"2021-03": {"01": 12}})
    load(warehouse, landing, contract)
    again = load(warehouse, landing, contract)
    assert (again.new, again.duplicates, again.unchanged) == ([], [], 1)
    path.touch()
    touched = load(warehouse, landing, contract)
    assert (touched.new, touched.unchanged) == ([], 0)
    assert len(deliveries(warehouse)) == 1


def test_the_same_bytes_elsewhere_are_the_same_delivery_of_the_earliest_day(
    warehouse: duckdb.DuckDBPyConnection, landing: Path, contract: Contract
) -> None:
    late = deliver(landing, "anah", "2021-04-20", {"2021-03": {"01": 12}}, name="again.csv")
    load(warehouse, landing, contract)
    early = landing / "anah" / "2021-04-06" / "first.csv"
    early.parent.mkdir()
    shutil.copy(late, early)
    report = load(warehouse, landing, contract)
    assert report.duplicates == [("anah/2021-04-06/first.csv", "again.csv")]
    assert deliveries(warehouse) == [("anah", "2021-04-06", "first.csv")]


def test_a_file_overwritten_under_the_same_name_is_a_new_delivery(
    warehouse: duckdb.DuckDBPyConnection, landing: Path, contract: Contract
) -> None:
    for value in (12, 13):
        deliver(landing, "anah", "2021-04-06", {"2021-03": {"01": value}}, name="acv.csv")
        load(warehouse, landing, contract)
    assert len(deliveries(warehouse)) == 2


def test_an_unreadable_file_is_on_record_with_the_reason(
    warehouse: duckdb.DuckDBPyConnection, landing: Path, contract: Contract
) -> None:
    folder = landing / "anah" / "2021-04-06"
    folder.mkdir(parents=True)
    (folder / "acv.csv").write_text("a;b\n1;2\n", encoding="utf-8")
    report = load(warehouse, landing, contract)
    assert [file for file, _ in report.refused] == ["anah/2021-04-06/acv.csv"]
    status, reason, rows = warehouse.execute(
        "select status, reason, row_count from raw.deliveries"
    ).fetchall()[0]
    assert status == "refused" and rows == 0
    assert "acv.csv" in reason
    assert load(warehouse, landing, contract).refused == [], "it is told once"


def test_only_the_sources_asked_for_are_looked_at(
    warehouse: duckdb.DuckDBPyConnection, landing: Path, contract: Contract
) -> None:
    deliver(landing, "anah", "2021-04-06", {"2021-03": {"01": 12}})
    deliver(landing, "action_logement", "2021-04-07", {"2021-03": {"01": 5}})
    load(warehouse, landing, contract, sources=["anah"])
    assert [source for source, _, _ in deliveries(warehouse)] == ["anah"]


def test_regional_subtotals_of_a_partner_are_compared_and_not_counted(
    warehouse: duckdb.DuckDBPyConnection, landing: Path, contract: Contract
) -> None:
    folder = landing / "anah" / "2021-04-06"
    folder.mkdir(parents=True)
    rows = "\n".join(
        f"{code};2021-03-31;10" for code in contract.panel("nb-logement-accompagnement")
    )
    corsica = "Corse;2021-03-31;21"  # 2A and 2B are 20
    text = f"département;mois;cumul\n{rows}\n{corsica}\nTotal;2021-03-31;960\n"
    (folder / "ACV.csv").write_text(text, encoding="utf-8")
    load(warehouse, landing, contract)
    (verdict,) = read_ledger(warehouse, contract).verdicts
    assert verdict.verdict == "accepted"
    assert [finding.rule for finding in verdict.findings] == ["region_differs_from_departments"]
    fates = "select fate, count(*) from raw.tidy_rows group by all order by all"
    assert warehouse.execute(fates).fetchall() == [("control", 2), ("figure", 96)]


def test_what_an_earlier_version_read_is_read_again_only_if_something_changes_after_it(
    warehouse: duckdb.DuckDBPyConnection, landing: Path, contract: Contract
) -> None:
    path = deliver(landing, "anah", "2021-04-06", {"2021-03": {"01": 12}})
    load(warehouse, landing, contract)

    def knowing(word: str) -> Contract:
        changed = contract.model_copy(update={"figure_words": [*contract.figure_words, word]})
        changed.__dict__.pop("reading_version", None)
        return changed

    def read(contract: Contract) -> object:
        load(warehouse, landing, contract)
        return warehouse.execute("select value from raw.tidy_rows").fetchall()

    def as_understood_by_an_earlier_version(contract: Contract) -> None:
        warehouse.execute("update raw.tidy_rows set value = 13")
        with transaction(warehouse):
            set_fingerprint(warehouse, READING, f"0.1.1 {contract.reading_version}")

    as_understood_by_an_earlier_version(contract)
    assert read(knowing("total ACV")) == [(13,)] == read(knowing("total ACV"))
    assert read(knowing("somme ACV")) == [(12,)], "the contract changed"

    as_understood_by_an_earlier_version(knowing("somme ACV"))
    sidecar_path(path).write_text("month;total\n2021-03;12\n", encoding="utf-8")
    assert read(knowing("total ACV")) == [(12,)], "what is said of the delivery changed"
