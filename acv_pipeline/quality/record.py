"""The standing results of all checks, in the warehouse: what fails now, for status and alerts."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Sequence

import duckdb
import pandas as pd

from acv_pipeline.quality.check import CheckResult
from acv_pipeline.warehouse import append, transaction

TABLE = "validated.check_results"


def record_results(connection: duckdb.DuckDBPyConnection, results: Sequence[CheckResult]) -> None:
    """Replace what the same checks said of the same months before."""
    if not results:
        return
    now = dt.datetime.now(dt.UTC).replace(tzinfo=None)
    frame = pd.DataFrame(
        [
            {
                "asset": result.check.asset,
                "check_name": result.check.name,
                "month": result.month,
                "passed": result.passed,
                "severity": result.severity or result.check.severity,
                "failed": result.failed,
                "summary": result.summary,
                "what_to_do": str(result.check.what_to_do),
                "sample": json.dumps(result.sample, ensure_ascii=False, default=str),
                "evaluated_at": now,
            }
            for result in results
        ]
    )
    with transaction(connection):
        connection.register("evaluated", frame[["asset", "check_name", "month"]])
        connection.execute(
            f"delete from {TABLE} where (asset, check_name, month) in"
            " (select asset, check_name, cast(month as date) from evaluated)"
        )
        connection.unregister("evaluated")
        append(connection, TABLE, frame)
