"""Which month a delivery and its rows count for, and which of them still matter.

A row counts for the month it states, if figures of that month could exist on the day
of reception (not before the contract's first month, not begun after that day). A row that states
no such month, and the delivery as a whole, count for the latest month that the delivery's other
rows state; failing that, for the month before reception, or the contract's first if that is later.

A quarantined row is settled once another delivery of the same source, of that day or later,
brings a figure for the cell that the row was about. Where the row doesn't say which territory or
indicator that is, any figure that fits what it does say settles it, if it came on a later day.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import duckdb

from acv_pipeline.contract import Contract, Month
from acv_pipeline.warehouse import of_deliveries
from acv_pipeline.warehouse.in_words import sql_reason

CHECKED_MONTHS = "checked_months"
"""month: the months asked about."""

CHECKED_SOURCES = "checked_sources"
"""source, asset."""

CHECKED_DELIVERIES = "checked_deliveries"
"""Columns of raw.deliveries, asset, month. Every delivery, whatever its month."""

CHECKED_TIDY, CHECKED_EXTRACT = "checked_tidy_rows", "checked_extract_rows"
"""Columns of raw.tidy_rows and raw.extract_rows. Views that have all rows of the deliveries that
state one of the months asked about, or count for one, if not only these."""

CHECKED_ROWS = "checked_rows"
"""asset, month, source, delivered_on, delivery_id, row_number, indicator_id, level,
territory_code, stated_month, value, fate, reason_code, reason, is_settled. The rows that are or
should be figures, of the months asked about. A view: there are as many as were ever received."""

CHECKED_QUARANTINE = "checked_quarantine"
"""Those of ``CHECKED_ROWS`` that are in quarantine."""

CHECKED_TERRITORIES = "checked_territories"
"""level, territory_code: all that the contract knows."""

DEPARTMENTS = f"select territory_code from {CHECKED_TERRITORIES} where level = 'department'"
TERRITORIES = f"select territory_code from {CHECKED_TERRITORIES}"

_DELIVERIES = f"""
create or replace temp table {CHECKED_DELIVERIES} as
select
    deliveries.*,
    sources.asset,
    greatest(
        coalesce(
            stated.month,
            cast(date_trunc('month', deliveries.delivered_on) - interval 1 month as date)
        ),
        cast($first_month as date)
    ) as month,
    cast($first_month as date) as first_month
from raw.deliveries as deliveries
join {CHECKED_SOURCES} as sources on sources.source = deliveries.source
left join (
    select rows.delivery_id, max(rows.month) as month
    from raw.row_counts as rows
    join raw.deliveries as deliveries on deliveries.delivery_id = rows.delivery_id
    where rows.fate <> 'set_aside'
        and rows.month between cast($first_month as date) and deliveries.delivered_on
    group by rows.delivery_id
) as stated on stated.delivery_id = deliveries.delivery_id
"""


_ASKED = f"""
select delivery_id from raw.row_counts semi join {CHECKED_MONTHS} using (month)
union
select delivery_id from {CHECKED_DELIVERIES} semi join {CHECKED_MONTHS} using (month)
"""


# A view, like CHECKED_ROWS: there are as many as were ever received. Rows of their own month come
# apart from those of their delivery's, so that files are passed over by the months they hold.
def _received() -> str:
    columns = f"""
    deliveries.source, deliveries.delivered_on, rows.delivery_id, rows.row_number,
    rows.indicator_id, rows.level, rows.territory_code, rows.month as stated_month, rows.value,
    rows.fate, rows.reason_code, {sql_reason("rows")} as reason"""
    return f"""
create or replace temp view received_rows as
select deliveries.asset, rows.month, {columns}
from {CHECKED_TIDY} as rows
join {CHECKED_MONTHS} as asked on asked.month = rows.month
join {CHECKED_DELIVERIES} as deliveries on deliveries.delivery_id = rows.delivery_id
where rows.month between deliveries.first_month and deliveries.delivered_on
union all
select deliveries.asset, deliveries.month, {columns}
from {CHECKED_TIDY} as rows
join (from {CHECKED_DELIVERIES} semi join {CHECKED_MONTHS} using (month)) as deliveries
    on deliveries.delivery_id = rows.delivery_id
where coalesce(rows.month not between deliveries.first_month and deliveries.delivered_on, true)
"""


_QUARANTINE = f"""
create or replace temp table {CHECKED_QUARANTINE} as
with quarantined as (
    select * from received_rows where fate = 'quarantined'
),
figures as not materialized (
    select * from received_rows where fate = 'figure'
),
latest as (
    select source, month, indicator_id, level, territory_code, max(delivered_on) as delivered_on
    from figures
    group by all
),
settled as (
    -- the same cell, in another delivery
    select quarantined.delivery_id, quarantined.row_number
    from quarantined
    join figures using (source, month, indicator_id, level, territory_code)
    where figures.delivered_on >= quarantined.delivered_on
        and figures.delivery_id <> quarantined.delivery_id
    union
    -- a cell that it may have been about, on a later day
    select quarantined.delivery_id, quarantined.row_number
    from quarantined
    join latest using (source, month)
    where latest.delivered_on > quarantined.delivered_on
        and (quarantined.indicator_id is null or quarantined.indicator_id = latest.indicator_id)
        and (quarantined.level is null or quarantined.level = latest.level)
        and (
            quarantined.territory_code is null
            or quarantined.territory_code = latest.territory_code
        )
)
select quarantined.*, settled.delivery_id is not null as is_settled
from quarantined
left join settled using (delivery_id, row_number)
"""

_ROWS = f"""
create or replace temp view {CHECKED_ROWS} as
select *, false as is_settled
from received_rows
where fate = 'figure'
union all by name
select * from {CHECKED_QUARANTINE}
"""

_TERRITORIES = f"""
create or replace temp table {CHECKED_TERRITORIES} as
select 'department' as level, unnest(cast($departments as text[])) as territory_code
union all
select 'region', unnest(cast($regions as text[]))
union all
select 'national', 'FR'
"""


@contextmanager
def attributed(
    connection: duckdb.DuckDBPyConnection, contract: Contract, months: Sequence[Month]
) -> Iterator[None]:
    """Make the temporary tables for ``months``; they are dropped at the end.

    Works on a read-only connection too.
    """
    try:
        connection.execute(
            f"create or replace temp table {CHECKED_MONTHS} as"
            " select unnest(cast(? as date[])) as month",
            [sorted(set(months))],
        )
        connection.execute(
            f"create or replace temp table {CHECKED_SOURCES} as"
            " select unnest(cast(? as text[])) as source, unnest(cast(? as text[])) as asset",
            [list(contract.sources), [source.asset for source in contract.sources.values()]],
        )
        connection.execute(
            _TERRITORIES,
            {
                "departments": list(contract.territories.departments),
                "regions": list(contract.territories.regions),
            },
        )
        connection.execute(_DELIVERIES, {"first_month": contract.first_month})
        asked = [delivery_id for (delivery_id,) in connection.execute(_ASKED).fetchall()]
        for view, table in ((CHECKED_TIDY, "raw.tidy_rows"), (CHECKED_EXTRACT, "raw.extract_rows")):
            rows = of_deliveries(connection, table, asked)
            connection.execute(f"create or replace temp view {view} as {rows}")
        for made in (_received(), _QUARANTINE, _ROWS):
            connection.execute(made)
        yield
    finally:
        for view in (CHECKED_ROWS, "received_rows", CHECKED_TIDY, CHECKED_EXTRACT):
            connection.execute(f"drop view if exists temp.{view}")
        for table in (
            CHECKED_QUARANTINE, CHECKED_DELIVERIES, CHECKED_TERRITORIES, CHECKED_SOURCES,
            CHECKED_MONTHS,
        ):  # fmt: skip
            connection.execute(f"drop table if exists temp.{table}")
