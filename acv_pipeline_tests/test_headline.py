"""The series people quote: the total, else what was published, never a single partner."""

from __future__ import annotations

from pathlib import Path

import duckdb

from acv_pipeline.contract import Contract
from acv_pipeline.models.headline import headline_series
from acv_pipeline.publishing.report.figures import shown_series
from acv_pipeline_tests.deliveries import ACV, deliver_trajectory
from acv_pipeline_tests.warehouses import process


def test_the_total_before_the_published_before_nothing(
    warehouse: duckdb.DuckDBPyConnection, contract: Contract, tmp_path: Path
) -> None:
    def after(source: str) -> tuple[dict[str, str], dict[str, str]]:
        deliver_trajectory(tmp_path, contract, source, ["2020-01"])
        process(warehouse, contract, tmp_path)
        return headline_series(warehouse, contract), shown_series(warehouse, contract)

    assert after("anah") == ({}, {ACV: "anah"}), "a partner stands in on the page alone"
    assert after("barometre") == ({ACV: "published"}, {ACV: "published"})
    assert after("action_logement") == ({ACV: "total"}, {ACV: "total"})
