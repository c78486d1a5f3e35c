"""Deliveries in, one line per record out: the notation of the corpus.

A figure reads ``2: 01 2021-03 = 353`` (row number, territory, month, value), with ``PVD`` in front
for that indicator; any other row reads ``3: no_figure_secret``.
"""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path

import pandas as pd

from acv_pipeline.contract import Contract
from acv_pipeline.tidying import DeliveryRefused, TidyDelivery, read_delivery
from acv_pipeline_tests.deliveries import PVD


def read(
    path: Path, contract: Contract, source: str = "anah", received_on: dt.date | None = None
) -> TidyDelivery:
    delivery = read_delivery(path, contract.sources[source], contract, received_on=received_on)
    check(delivery)
    return delivery


def check(delivery: TidyDelivery) -> None:
    """What holds of every delivery: unique row numbers, one fate per row, reasons in full."""
    records = delivery.records
    assert records["row_number"].is_unique
    assert records["fate"].isin(["figure", "quarantined", "control", "set_aside"]).all()
    figure = records["fate"] == "figure"
    assert (
        records.loc[figure, ["indicator_id", "territory_code", "month", "value"]]
        .notna()
        .all(axis=None)
    )
    assert records.loc[~figure, "value"].isna().all()
    for column in ("reason_code", "reason", "reason_fr"):
        assert (records[column].isna() == figure).all()
    for column in ("reason", "reason_fr"):
        assert not records[column].dropna().str.contains("{cell}", regex=False).any()
    assert (records["reason"] != records["reason_fr"])[~figure].all()
    key = ["indicator_id", "level", "territory_code", "month"]
    assert not records.loc[figure, key].duplicated().any()


def check_refusal(refusal: DeliveryRefused, path: Path) -> None:
    """What holds of every refusal: in French it names the file, and quotes what English quotes."""
    assert path.name in refusal.reason
    assert path.name in refusal.reason_fr
    assert refusal.reason_fr != refusal.reason
    for quote in re.findall("“([^”]+)”", refusal.reason):
        assert f"«\u00a0{quote}\u00a0»" in refusal.reason_fr


def outcome(
    path: Path, contract: Contract, source: str = "anah", received_on: dt.date | None = None
) -> list[str]:
    """The records of the delivery, or its refusal as ``refused: code``."""
    try:
        delivery = read(path, contract, source, received_on)
    except DeliveryRefused as refusal:
        check_refusal(refusal, path)
        return [f"refused: {refusal.reason_code}"]
    return [line(record) for record in delivery.records.to_dict("records")]


def line(record: dict[str, object]) -> str:
    if record["fate"] != "figure":
        return f"{record['row_number']}: {record['reason_code']}"
    month = pd.Timestamp(str(record["month"]))
    said = f"{record['territory_code']} {month:%Y-%m} = {record['value']}"
    return f"{record['row_number']}: " + ("PVD " if record["indicator_id"] == PVD else "") + said
