"""A figure explained: its value, increment and rank, and every source's part in it."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import duckdb

from acv_pipeline.contract import Contract, Month
from acv_pipeline.gate.rules import RULES
from acv_pipeline.language import _
from acv_pipeline.operations.explain.figure_key import TOTAL, FigureKey, series_of, sources_of
from acv_pipeline.operations.explain.history import at, part_of
from acv_pipeline.operations.explain.on_record import Absence, Part


class OutdatedCopyError(Exception):
    """The published copy was written by another version; the message says what to do."""


@dataclass(frozen=True)
class Rank:
    """A place among the départements with a figure: 1 is the highest, equals share it."""

    place: int
    of: int
    tied_with: list[str]


@dataclass(frozen=True)
class Increment:
    """What the month adds; of a decrease, ``why`` as in ``marts.decreases``, and that in words."""

    value: int
    previous_month: Month
    months_elapsed: int
    rank: Rank
    why: str | None
    reason: str | None


@dataclass(frozen=True)
class Step:
    """What the figure was believed to be, from one day to the next change; None: no figure."""

    value: int | None
    since: dt.date
    until: dt.date | None


@dataclass(frozen=True)
class Figure:
    """Everything on record of one figure.

    Attributes:
        value: cumulative dwellings in force; None: there is none, and ``absences`` says why.
        is_break: other partners are counted than in the figure before, so there is no increment.
        believed: what it was before, oldest first, the present value last.
        rules: the gate's rules, by which every month of every delivery is judged.
    """

    department_code: str
    department_name: str
    indicator_id: str
    indicator: str
    series: str
    month: Month
    as_of: dt.date | None
    value: int | None
    increment: Increment | None
    is_break: bool
    rank: Rank | None
    rank_change: int | None
    share_of_national: float | None
    dwellings_per_10k_inhabitants: float | None
    believed: list[Step]
    parts: list[Part]
    absences: list[Absence]
    rules: list[str]

    def to_json(self) -> str:
        """For programs."""
        return json.dumps(asdict(self), ensure_ascii=False, indent=2, default=str)


def explain(connection: duckdb.DuckDBPyConnection, contract: Contract, key: FigureKey) -> Figure:
    """Explain one figure from the published copy.

    Raises:
        OutdatedCopyError: the copy lacks tables that this version writes.
    """
    try:
        return _explain(connection, contract, key)
    except (duckdb.CatalogException, duckdb.BinderException) as error:
        raise OutdatedCopyError(
            _(
                "the published copy was written by another version of this program: run 'acv run' "
                "to write it again ({error})",
                error=str(error).splitlines()[0],
            )
        ) from error


def _explain(connection: duckdb.DuckDBPyConnection, contract: Contract, key: FigureKey) -> Figure:
    indicator, code, month = key.indicator, key.department_code, key.month
    first = contract.components(indicator.id)
    series = key.series or _usual_series(connection, contract, key)
    parts = [
        part_of(connection, contract, key, source)
        for source in sources_of(contract, indicator.id, series)
    ]
    row = _ranked(connection, key, series)
    return Figure(
        department_code=code,
        department_name=contract.territories.departments[code],
        indicator_id=indicator.id,
        indicator=indicator.short_name,
        series=series,
        month=key.month,
        as_of=key.as_of,
        value=row["cumulative_dwellings"] if row else None,
        increment=_increment(row) if row else None,
        is_break=bool(row and row["is_break"]),
        rank=_rank(row, "cumulative_dwellings", "rank_cumulative") if row else None,
        rank_change=row["rank_cumulative_change"] if row else None,
        share_of_national=row["share_of_national"] if row else None,
        dwellings_per_10k_inhabitants=row["dwellings_per_10k_inhabitants"] if row else None,
        # partners that count later are no part of it yet
        believed=_believed([p for p in parts if first.get(p.source, month) <= month]),
        parts=parts,
        absences=_absences(parts, series) if not row else [],
        rules=[rule.name for rule in RULES],
    )


def _usual_series(connection: duckdb.DuckDBPyConnection, contract: Contract, key: FigureKey) -> str:
    """The total where the month has one, else what was published; else where anything is known."""
    named = series_of(contract, key.indicator.id)
    found = connection.execute(
        f"select distinct series from {at('marts.series', key.as_of)}"
        " where indicator_id = ? and month = ?",
        [key.indicator.id, key.month],
    ).fetchall()
    with_figures = {series for (series,) in found}
    published = [s.series for s in contract.sources.values() if s.role == "reference"]
    for series in (TOTAL, *published):
        if series in with_figures and series in named:
            return series
    delivered = connection.execute(
        "select distinct source from validated.verdicts"
        " where indicator_id = ? and month = ? and delivered_on <= ?",
        [key.indicator.id, key.month, key.as_of or dt.date.max],
    ).fetchall()
    series_delivered = {contract.sources[s].series for (s,) in delivered if s in contract.sources}
    if series_delivered and series_delivered <= set(published):
        return next(series for series in published if series in series_delivered)
    return TOTAL


def _absences(parts: Sequence[Part], series: str) -> list[Absence]:
    # what is true of the département or the month is true of every partner: said once
    missing = list(dict.fromkeys(part.absence for part in parts if part.absence))
    if series == TOTAL and any(part.absence is None for part in parts):
        present = [
            _("{source} ({value:,})", source=part.label, value=part.value)
            for part in parts
            if part.value is not None
        ]
        why = _(
            "a total needs a figure of every partner; there is only that of {sources}",
            sources=_(" and ").join(present),
        )
        return [Absence("partner_missing", why), *missing]
    return missing


def _ranked(
    connection: duckdb.DuckDBPyConnection, key: FigureKey, series: str
) -> dict[str, Any] | None:
    """The figure's row of the rankings, with what it added since when, why it fell if it did, and
    who else holds its places; None: no figure."""
    cell = "(indicator_id, series, month, department_code)"
    result = connection.execute(
        f"""
        select
            rankings.*,
            increments.previous_month,
            increments.months_elapsed,
            increments.is_break,
            decreases.explanation,
            decreases.reason,
            count(*) over () as of_cumulative_dwellings,
            count(rankings.increment) over () as of_increment,
            list(department_code) over (partition by rankings.cumulative_dwellings)
                as with_cumulative_dwellings,
            list(department_code) over (partition by rankings.increment) as with_increment
        from {at("marts.department_rankings", key.as_of)} as rankings
        join {at("marts.monthly_increments", key.as_of)} as increments using {cell}
        left join {at("marts.decreases", key.as_of)} as decreases using {cell}
        where indicator_id = ? and series = ? and month = ?
        qualify department_code = ?
        """,
        [key.indicator.id, series, key.month, key.department_code],
    )
    names = [column[0] for column in result.description]
    rows = result.fetchall()
    return dict(zip(names, rows[0], strict=True)) if rows else None


def _rank(row: dict[str, Any], value: str, rank: str) -> Rank:
    others = sorted(code for code in row[f"with_{value}"] if code != row["department_code"])
    return Rank(row[rank], row[f"of_{value}"], others)


def _increment(row: dict[str, Any]) -> Increment | None:
    if row["increment"] is None:
        return None
    return Increment(
        row["increment"],
        row["previous_month"],
        row["months_elapsed"],
        _rank(row, "increment", "rank_increment"),
        row["explanation"],
        row["reason"],
    )


def _believed(parts: Sequence[Part]) -> list[Step]:
    """The figure day by day: the sum of the parts while all of them are in force."""
    days = sorted(
        {day for part in parts for v in part.history for day in (v.since, v.until) if day}
    )
    steps: list[Step] = []
    for day in days:
        values = [
            next((v.value for v in part.history if v.since <= day < (v.until or dt.date.max)), None)
            for part in parts
        ]
        value = None if None in values else sum(v for v in values if v is not None)
        before = steps[-1].value if steps else None
        if value != before:
            if steps:
                steps[-1] = Step(before, steps[-1].since, day)
            steps.append(Step(value, day, None))
    return steps
