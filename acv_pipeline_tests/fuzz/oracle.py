"""Whether what was read is what may be read."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pandas as pd

from acv_pipeline.tidying import DeliveryRefused, TidyDelivery, read_delivery
from acv_pipeline_tests.deliveries import ACV
from acv_pipeline_tests.fuzz.cases import Case, contract
from acv_pipeline_tests.tidying.outcomes import check


def read_checked(path: Path, received_on: dt.date | None = None) -> TidyDelivery:
    delivery = read_delivery(path, contract().sources["anah"], contract(), received_on=received_on)
    check(delivery)
    return delivery


def figures_of(delivery: TidyDelivery) -> list[dict[str, object]]:
    records = delivery.records
    return records[records["fate"] == "figure"].to_dict("records")


def judge(case: Case, path: Path) -> str:
    """What came of a case.

    Raises:
        AssertionError: something was read that may not be, or something wasn't that must be.
    """
    called = f"{case.name} ({case.note})" if case.note else case.name
    try:
        delivery = read_checked(path, case.received_on)
    except DeliveryRefused as refusal:
        assert path.name in refusal.reason, refusal.reason
        assert not case.harmless, f"{called} refused: {refusal.reason}"
        return f"{case.name}: refused"
    found = figures_of(delivery)
    read = {
        (str(row["territory_code"]), pd.Timestamp(str(row["month"])).date()): row["value"]
        for row in found
    }
    assert not case.refused, f"{called} was accepted: {read}"
    assert {row["indicator_id"] for row in found} <= {ACV}, called
    possible = case.expected | case.allowed
    wrong = {key: value for key, value in read.items() if possible.get(key) != value}
    missing = {key: value for key, value in case.expected.items() if key not in read}
    assert not wrong, f"{called}: read {wrong}, true {possible}"
    assert not missing, f"{called}: missing {missing}; {_reasons(delivery)}"
    _check_conserved(delivery, case, called)
    return f"{case.name}: read"


def _reasons(delivery: TidyDelivery) -> list[str]:
    return delivery.records["reason"].dropna().drop_duplicates().head(5).tolist()


def _check_conserved(delivery: TidyDelivery, case: Case, called: str) -> None:
    """Every line below the header has its records, blank ones at the end excepted."""
    lines = [any(cell not in (None, "") for cell in line) for line in case.lines]
    last = max(place for place, filled in enumerate(lines) if filled)
    records = delivery.records
    if case.main_sheet:
        records = records[records["sheet"] == case.main_sheet]
    expected = set(range(case.first_record + 1, last + 2))
    # the last line of a header may be one that says nothing by itself
    found = set(records["sheet_row"]) - {case.first_record}
    assert found == expected, f"{called}: lines lost"
