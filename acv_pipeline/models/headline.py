"""Which series is an indicator's own, put first everywhere; whose figures its total lacks."""

from __future__ import annotations

import duckdb

from acv_pipeline.contract import Contract, Month


def headline_series(connection: duckdb.DuckDBPyConnection, contract: Contract) -> dict[str, str]:
    """The series people quote, by indicator: ``total`` if there is any, else ``published``.

    Indicators with neither are absent: a single partner's figures are not the indicator's.
    """
    found = connection.execute(
        "select indicator_id, max(series) from marts.series"
        " where series in ('published', 'total') group by indicator_id"
    ).fetchall()
    series = dict(found)
    return {
        indicator: series[indicator] for indicator in contract.indicators if indicator in series
    }


def lacking(
    connection: duckdb.DuckDBPyConnection, contract: Contract, indicator: str, month: Month
) -> list[str]:
    """The sources without whose figures, not in force, an indicator has no total of ``month``."""
    there = connection.execute(
        "select distinct source from validated.dwellings where indicator_id = ? and month = ?",
        [indicator, month],
    ).fetchall()
    return [
        source
        for source, since in contract.components(indicator).items()
        if since <= month and (source,) not in there
    ]
