"""Numbers per month that people plot: national totals, increments, rows stopped."""

from __future__ import annotations

from collections import defaultdict

import duckdb

from acv_pipeline.contract import Contract, Month

Numbers = dict[Month, dict[str, int]]

_STOPPED = """
with rows as (
    select rows.month, rows.indicator_id, rows.fate, rows.delivery_id, rows.rows, deliveries.source
    from raw.row_counts as rows join raw.deliveries as deliveries using (delivery_id)
    where rows.month is not null and rows.fate in ('figure', 'quarantined')
)
select
    rows.source, rows.month,
    coalesce(sum(rows.rows) filter (where rows.fate = 'quarantined'), 0),
    coalesce(
        sum(rows.rows) filter (where rows.fate = 'figure' and held.delivery_id is not null), 0
    )
from rows
left join validated.held_months as held
    on held.delivery_id = rows.delivery_id and held.indicator_id = rows.indicator_id
    and held.month = rows.month and held.status = 'held'
group by all
"""


def stopped(connection: duckdb.DuckDBPyConnection, source: str | None = None) -> Numbers:
    """Rows in quarantine, and rows of held months, of one source or of all."""
    found: Numbers = defaultdict(lambda: {"rows quarantined": 0, "rows held": 0})
    for sender, month, quarantined, held in connection.execute(_STOPPED).fetchall():
        if source in (None, sender):
            found[month]["rows quarantined"] += quarantined
            found[month]["rows held"] += held
    return dict(found)


def national(connection: duckdb.DuckDBPyConnection, contract: Contract) -> Numbers:
    """The complete national totals and their increments, by indicator."""
    found: Numbers = defaultdict(dict)
    for indicator, month, total, increment in connection.execute(
        "select indicator_id, month, cumulative_dwellings, increment from marts.territory_totals"
        " where series = 'total' and level = 'national' and is_complete"
    ).fetchall():
        name = contract.indicator(indicator).short_name
        found[month][f"{name} national total"] = int(total)
        if increment is not None:
            found[month][f"{name} increment"] = int(increment)
    return dict(found)
