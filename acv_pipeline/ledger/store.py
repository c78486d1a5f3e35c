"""The ledger in the warehouse: read what was received, fold it, write what is in force."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import duckdb
import numpy as np
import pandas as pd

from acv_pipeline.contract import Contract, Month
from acv_pipeline.contract.tables import Column, tables
from acv_pipeline.ledger import months_on_record
from acv_pipeline.ledger.corrections import read_register
from acv_pipeline.ledger.fold import fold
from acv_pipeline.ledger.received import Outside, received
from acv_pipeline.ledger.state import NO_DAY
from acv_pipeline.ledger.verdicts import Ledger, SignOff, Verdict
from acv_pipeline.warehouse import figures_moved, written_quickly


@dataclass(frozen=True)
class Fresh:
    """What follows from everything on record, and where the warehouse says something else.

    Attributes:
        tables: the validated tables.
        differing: by table, the months that the warehouse had otherwise when this was made.
    """

    tables: dict[str, pd.DataFrame]
    differing: dict[str, set[Month]]


@dataclass
class JudgeReport:
    """What judging changed.

    Attributes:
        changed: months whose figures in force, or whose verdicts, are not what they were.
        in_force: months that have figures in force now.
        held: months with an open hold now.
    """

    changed: set[Month]
    in_force: set[Month]
    held: set[Month]


def read_ledger(
    connection: duckdb.DuckDBPyConnection, contract: Contract, outside: Outside | None = None
) -> Ledger:
    """Fold everything on record; ``outside`` is what a family is told of others' rows."""
    return fold(
        received(connection, contract, outside),
        signoffs(connection),
        contract,
        corrections=read_register(connection),
    )


def judge_and_write(
    connection: duckdb.DuckDBPyConnection,
    contract: Contract,
    months: Iterable[Month] | None = None,
    *,
    fresh: Fresh | None = None,
) -> JudgeReport:
    """Judge everything on record and bring the given months into force; call in a transaction.

    Args:
        months: write these only (all by default); the others stay as they are.
        fresh: what judging gives (``read_fresh``), where that is known already.
    """
    changed = write_judged(connection, fresh or read_fresh(connection, contract), months)
    write_delivery_status(connection)
    return JudgeReport(
        changed, months_on_record.in_force(connection), months_on_record.open_holds(connection)
    )


def write_judged(
    connection: duckdb.DuckDBPyConnection, fresh: Fresh, months: Iterable[Month] | None = None
) -> set[Month]:
    """Bring what judging gave into force, for the given months; those that were otherwise."""
    chosen = None if months is None else set(months)
    changed: set[Month] = set()
    with written_quickly(connection):
        for table, frame in fresh.tables.items():
            differing = fresh.differing[table]
            replaced = differing if chosen is None else differing & chosen
            if replaced:
                _replace(connection, table, frame, replaced)
            changed |= replaced
        totals = _published_totals(connection)
        _write_row_tables(connection)
        if changed or totals != _published_totals(connection):
            figures_moved(connection)
    return changed


def months_to_judge(fresh: Fresh) -> set[Month]:
    """The months that bringing everything into force would change."""
    return set().union(*fresh.differing.values())


def read_fresh(
    connection: duckdb.DuckDBPyConnection, contract: Contract, outside: Outside | None = None
) -> Fresh:
    """Judge everything on record; nothing is written."""
    ledger = read_ledger(connection, contract, outside)
    verdicts = _verdict_frame(ledger.verdicts)
    held = verdicts[verdicts["verdict"] == "held"]
    tables = {
        "validated.observations": ledger.observations,
        "validated.corrections": ledger.corrections,
        "validated.verdicts": verdicts,
        "validated.held_months": held.assign(
            check_name=held["blocking"].str.join(", "),
            evidence=held["findings"],
            reason=held["signed_off_reason"],
        ),
    }
    return Fresh(
        tables, {table: _differing(connection, table, frame) for table, frame in tables.items()}
    )


def signoffs(connection: duckdb.DuckDBPyConnection) -> list[SignOff]:
    """Every sign-off on record."""
    found = connection.execute(
        "select delivery_id, indicator_id, month, signed_by, reason, signed_at::date, signed_at"
        " from validated.signoffs"
    )
    return [SignOff(*row) for row in found.fetchall()]


def _verdict_frame(verdicts: list[Verdict]) -> pd.DataFrame:
    """Columns as ``validated.verdicts``, and the rules that block."""
    rows = [
        vars(verdict)
        | {
            "rules": [finding.rule for finding in verdict.findings],
            "blocking": [finding.rule for finding in verdict.findings if finding.blocking],
            "findings": json.dumps([f.recorded for f in verdict.findings], ensure_ascii=False),
            "signed_off_by": verdict.signoff and verdict.signoff.signed_by,
            "signed_off_reason": verdict.signoff and verdict.signoff.reason,
            "signed_off_on": verdict.signoff and verdict.signoff.signed_on,
        }
        for verdict in verdicts
    ]
    return pd.DataFrame(rows, columns=[*tables()["validated.verdicts"].column_names, "blocking"])


def _differing(
    connection: duckdb.DuckDBPyConnection, table: str, frame: pd.DataFrame
) -> set[Month]:
    """The months in which ``table`` isn't what ``frame`` says."""

    def said_by(rows: str, compared: str) -> dict[Month, tuple[Any, ...]]:
        asked = f"select month, count(*), {compared} from {rows} group by month"
        return {month: tuple(said) for month, *said in connection.execute(asked).fetchall()}

    hashed = f"sum(hash({', '.join(column.name for column in tables()[table].columns)}))"
    before = said_by(table, hashed)
    with _registered(connection, table, frame) as fresh:
        # where nothing is yet there is nothing to compare with
        after = said_by(fresh, hashed if before else "null")
    return {m for m in after.keys() | before.keys() if after.get(m) != before.get(m)}


def _replace(
    connection: duckdb.DuckDBPyConnection, table: str, frame: pd.DataFrame, months: set[Month]
) -> None:
    """Make of ``frame`` the content of ``table`` for the given months."""
    chosen = ", ".join(f"date '{month}'" for month in sorted(months))
    connection.execute(f"delete from {table} where month in ({chosen})")
    with _registered(connection, table, frame) as fresh:
        connection.execute(f"insert into {table} select * from {fresh} where month in ({chosen})")


@contextmanager
def _registered(
    connection: duckdb.DuckDBPyConnection, table: str, frame: pd.DataFrame
) -> Iterator[str]:
    """The rows of ``frame`` in the columns of ``table``, for a FROM clause."""
    casts = ", ".join(
        f"cast({_of_frame(column, frame)} as {column.type}) as {column.name}"
        for column in tables()[table].columns
    )
    connection.register("folded", frame)
    try:
        yield f"(select {casts} from folded)"
    finally:
        connection.unregister("folded")


def _of_frame(column: Column, frame: pd.DataFrame) -> str:
    """SQL: a column's value, where the frame has it; whole numbers are days counted from 1970."""
    if column.name not in frame:
        return "null"
    if column.type == "DATE" and frame[column.name].dtype == np.int32:
        return f"date '1970-01-01' + nullif({column.name}, {NO_DAY})"
    return column.name


def _write_row_tables(connection: duckdb.DuckDBPyConnection) -> None:
    """Quarantined rows and published totals follow from the raw tables alone."""
    connection.execute("delete from validated.published_totals")
    connection.execute(
        """
        insert into validated.published_totals
        select delivery_id, indicator_id, level, territory_code, month, value
        from raw.tidy_rows where level in ('region', 'national') and fate = 'figure'
        """
    )
    connection.execute("delete from validated.quarantined_rows")
    connection.execute(
        """
        insert into validated.quarantined_rows by name
        with quarantined as materialized (
            select
                rows.delivery_id, rows.row_number, rows.reason_code, rows.reason, rows.reason_fr,
                rows.indicator_id, rows.month, rows.level, rows.territory_code,
                deliveries.source, deliveries.delivered_on, deliveries.file_name
            from raw.tidy_rows as rows
            join raw.deliveries as deliveries on deliveries.delivery_id = rows.delivery_id
            where rows.fate = 'quarantined'
        ),
        -- the figures in force of their keys, of which the few above are looked for in one pass
        released as (
            select rows.delivery_id, rows.row_number, dwellings.delivery_id as released_by
            from quarantined as rows
            join validated.dwellings as dwellings
                on dwellings.indicator_id = rows.indicator_id
                and dwellings.source = rows.source
                and dwellings.month = rows.month
                and dwellings.department_code = rows.territory_code
            join raw.deliveries as later on later.delivery_id = dwellings.delivery_id
            left join validated.verdicts as verdicts
                on verdicts.delivery_id = rows.delivery_id
                and verdicts.indicator_id = rows.indicator_id
                and verdicts.month = rows.month
            where rows.level = 'department'
                and (
                    (later.delivered_on, later.file_name, later.delivery_id)
                        > (rows.delivered_on, rows.file_name, rows.delivery_id)
                    -- another file of the day, which took the place of this one
                    or (later.delivered_on = rows.delivered_on and verdicts.status = 'superseded')
                )
        )
        select
            rows.delivery_id, rows.row_number, rows.reason_code, rows.reason, rows.reason_fr,
            extract.cells, extract.sheet, extract.sheet_row, rows.source,
            rows.indicator_id, rows.month,
            case when rows.level = 'department' then rows.territory_code end as department_code,
            released.released_by
        from quarantined as rows
        join raw.extract_rows as extract
            on extract.delivery_id = rows.delivery_id and extract.row_number = rows.row_number
        left join released
            on released.delivery_id = rows.delivery_id and released.row_number = rows.row_number
        """
    )


def _published_totals(connection: duckdb.DuckDBPyConnection) -> tuple[Any, ...]:
    """Changes with the published totals, which are written anew each time."""
    columns = ", ".join(column.name for column in tables()["validated.published_totals"].columns)
    asked = f"select count(*), sum(hash({columns})) from validated.published_totals"
    return tuple(connection.execute(asked).fetchall()[0])


def write_delivery_status(connection: duckdb.DuckDBPyConnection) -> None:
    """What became of each delivery, from its rows and verdicts."""
    connection.execute(
        """
        update raw.deliveries as deliveries
        set status = outcome.status,
            reason_code = outcome.reason_code,
            reason = case outcome.reason_code
                when 'no_figure'
                    then 'no row of it could be used: see the quarantined and set-aside rows'
                when 'same_figures' then 'all its figures were already in force'
                when 'other_file_counts'
                    then 'another file that its source sent counts in its place'
            end
        from (
            select
                accounts.delivery_id,
                case
                    when accounts.validated = 0 and accounts.waiting = 0 then 'held'
                    when accounts.held > 0 or accounts.quarantined > 0 then 'partial'
                    when verdicts.all_unchanged then 'duplicate'
                    else 'loaded'
                end as status,
                case
                    when accounts.validated + accounts.held + accounts.waiting = 0 then 'no_figure'
                    when accounts.held = 0 and accounts.quarantined = 0
                        and verdicts.all_unchanged then 'same_figures'
                    when accounts.validated = 0 and verdicts.all_replaced then 'other_file_counts'
                end as reason_code
            from validated.row_accounts as accounts
            left join (
                select
                    delivery_id,
                    bool_and(verdict = 'unchanged') as all_unchanged,
                    bool_and(coalesce(status, '') = 'superseded') as all_replaced
                from validated.verdicts group by delivery_id
            ) as verdicts on verdicts.delivery_id = accounts.delivery_id
        ) as outcome
        where outcome.delivery_id = deliveries.delivery_id and deliveries.status <> 'refused'
        """
    )
