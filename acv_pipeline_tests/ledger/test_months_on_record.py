"""Months that wait to be recorded, whenever the process that received something died."""

from __future__ import annotations

from pathlib import Path

from acv_pipeline.contract import Contract
from acv_pipeline.contract.months import month_of
from acv_pipeline.flow.pipeline import Pipeline
from acv_pipeline.ledger.load import load
from acv_pipeline.warehouse.home import Home
from acv_pipeline_tests import warehouses
from acv_pipeline_tests.deliveries import deliver, deliver_trajectory


def test_a_process_that_dies_after_receiving_leaves_no_month_behind(
    home: Home, landing: Path, contract: Contract
) -> None:
    """A refused file, and one in the folder of a second source: no row of theirs tells a month."""
    deliver(landing, "anah", "2019-03-06", {"2018-10": {}}, name="empty.csv")
    pipeline = Pipeline.configured(home, landing)
    with pipeline.warehouse() as connection:
        load(connection, landing, contract)
    assert pipeline.receive_due()[0] == [month_of("2019-02")]

    deliver_trajectory(landing, contract, "anah", ["2018-09"])
    due, _ = pipeline.receive_due()
    warehouses.run(pipeline, due)
    assert pipeline.receive_due()[0] == []
    (delivered,) = landing.glob("anah/*/ACV_anah_2018-09.csv")
    copy = landing / "action_logement" / delivered.parent.name / delivered.name
    copy.parent.mkdir(parents=True)
    copy.write_bytes(delivered.read_bytes())
    with pipeline.warehouse() as connection:
        load(connection, landing, contract)
    assert pipeline.receive_due()[0] == [month_of("2018-09")]
