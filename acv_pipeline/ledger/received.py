"""What was received, as the raw tables have it: each delivery's figures, ready to be judged."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import duckdb
import numpy.typing as npt

from acv_pipeline.contract import Contract, Month
from acv_pipeline.ledger.blocks import Block, Covered, DeliveryFigures, blocks_of
from acv_pipeline.ledger.marks import standing_of
from acv_pipeline.tidying.records import ControlTotal

CHUNK_VECTORS = 500  # of 2048 rows: a million rows at a time

_DEPARTMENT_ROWS = """
with deliveries (delivery_id, number) as (select unnest($1::varchar[]), unnest(range(len($1)))),
    indicators (indicator_id, number) as (select unnest($2::varchar[]), unnest(range(len($2)))),
    departments (territory_code, number) as (select unnest($3::varchar[]), unnest(range(len($3))))
select
    deliveries.number as delivery,
    indicators.number as indicator,
    date_diff('month', date '1970-01-01', rows.month) as month,
    departments.number as position,
    cast(case when rows.fate = 'figure' then rows.value end as double) as value,
    rows.row_number
from raw.tidy_rows as rows
join deliveries using (delivery_id)
join indicators using (indicator_id)
join departments using (territory_code)
where rows.level = 'department' and rows.month is not null
    and rows.fate in ('figure', 'quarantined')
"""


@dataclass(frozen=True)
class Outside:
    """What a family of indicators is told of its deliveries' other rows; nothing else crosses.

    Attributes:
        covered: by delivery that states something of all indicators, what it has of the others.
        undated: deliveries with rows in quarantine that don't say their month.
    """

    covered: Mapping[str, Mapping[tuple[str, Month], Covered]] = field(default_factory=dict)
    undated: frozenset[str] = frozenset()


def received(
    connection: duckdb.DuckDBPyConnection, contract: Contract, outside: Outside | None = None
) -> list[DeliveryFigures]:
    """Every delivery on record that was understood, as arrays.

    Args:
        outside: where only a family's rows are on record, what the others' say.
    """
    outside = outside or Outside()
    blocks = _read_blocks(connection, contract)
    published = _by_delivery(
        connection,
        """
        select delivery_id, indicator_id, month, level, territory_code, cast(value as double)
        from raw.tidy_rows
        where level in ('region', 'national') and fate = 'figure'
        """,
    )
    zeros = _by_delivery(
        connection,
        """
        select delivery_id, indicator_id, month, count(*)
        from raw.tidy_rows where reason_code = 'outside_panel_zero' group by all
        """,
    )
    unreadable = _by_delivery(
        connection,
        """
        select delivery_id, indicator_id, month, count(*)
        from raw.tidy_rows as rows
        where fate = 'quarantined' and month is not null
            and coalesce(level, 'department') = 'department'
            and (
                territory_code is null
                -- the département of its code has another row: this one is of the other it names
                or reason_code = 'label_contradicts_code' and exists (
                    select 1 from raw.tidy_rows as figures
                    where figures.delivery_id = rows.delivery_id
                        and figures.indicator_id = rows.indicator_id
                        and figures.month = rows.month
                        and figures.level = 'department'
                        and figures.territory_code = rows.territory_code
                        and figures.fate = 'figure'
                )
            )
        group by all
        """,
    )
    return [
        DeliveryFigures(
            delivery_id,
            source,
            delivered_on,
            file_name,
            blocks.get(delivery_id, {}),
            published[delivery_id],
            _control_totals(control_total),
            zeros[delivery_id],
            unreadable[delivery_id],
            elsewhere=outside.covered.get(delivery_id, {}),
            has_undated_rows=has_undated_rows or delivery_id in outside.undated,
            is_replaced=is_replaced,
            received_at=received_at,
            standing=standing_of(file_name, titles or [], made_at, contract.standing_words),
        )
        for (
            delivery_id, source, delivered_on, file_name, control_total, received_at,
            made_at, titles, is_replaced, has_undated_rows,
        ) in connection.execute(
            """
            select
                delivery_id, source, delivered_on, file_name, control_total, received_at,
                made_at, titles,
                delivery_id not in (select delivery_id from raw.sightings),
                delivery_id in (
                    select delivery_id from raw.row_counts
                    where fate = 'quarantined' and month is null
                )
            from raw.deliveries where status <> 'refused'
            """
        ).fetchall()
        if source in contract.sources
    ]  # fmt: skip


def _by_delivery(
    connection: duckdb.DuckDBPyConnection, sql: str
) -> defaultdict[str, dict[tuple[Any, ...], Any]]:
    """The last column of a SELECT, by the first and by those between."""
    found: defaultdict[str, dict[tuple[Any, ...], Any]] = defaultdict(dict)
    for delivery_id, *key, value in connection.execute(sql).fetchall():
        found[delivery_id][tuple(key)] = value
    return found


def _read_blocks(
    connection: duckdb.DuckDBPyConnection, contract: Contract
) -> dict[str, dict[tuple[str, Month], Block]]:
    """The département rows on record; read in pieces, as numbers, so that millions fit."""
    found = connection.execute("select delivery_id from raw.deliveries where status <> 'refused'")
    deliveries = [delivery_id for (delivery_id,) in found.fetchall()]
    indicators, codes = list(contract.indicators), list(contract.territories.departments)
    result = connection.execute(_DEPARTMENT_ROWS, [deliveries, indicators, codes])

    def pieces() -> Iterator[dict[str, npt.NDArray[Any]]]:
        while len(rows := result.fetch_df_chunk(CHUNK_VECTORS)):
            yield {str(column): rows[column].to_numpy() for column in rows}

    return blocks_of(pieces(), deliveries, indicators, len(codes))


def _control_totals(text: str | None) -> list[ControlTotal]:
    return [
        ControlTotal(**{**entry, "month": entry["month"] and Month.fromisoformat(entry["month"])})
        for entry in json.loads(text or "[]")
    ]
