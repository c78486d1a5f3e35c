"""What the checks say of each month: one table at a time, all months at once.

Here: counting, sampling and wording. Not here: what is checked (``suites``), Great Expectations
(``expectations``), and which month a row counts for (``attribution``).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any, cast

import duckdb
import pandas as pd

from acv_pipeline.contract import Contract, Month
from acv_pipeline.quality.attribution import CHECKED_MONTHS, attributed
from acv_pipeline.quality.check import Check, CheckResult
from acv_pipeline.quality.expectations import Failure, failures
from acv_pipeline.quality.rule import ColumnRule, Expectation, SqlRule
from acv_pipeline.quality.suites import rules
from acv_pipeline.quality.witnesses import Witnesses

SAMPLE_ROWS = 20
NAMED_PROBLEMS = 3

Place = tuple[str, Month]
"""An asset and a month."""


@dataclass
class _Tally:
    """What one rule found.

    Attributes:
        checked: how many things were looked at.
        problems: how many of them fail, by what is wrong.
        sample: some of the failing ones.
    """

    checked: Counter[Place] = field(default_factory=Counter)
    problems: dict[Place, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    sample: dict[Place, list[dict[str, Any]]] = field(default_factory=lambda: defaultdict(list))


def evaluate(
    connection: duckdb.DuckDBPyConnection,
    contract: Contract,
    checks: Sequence[Check],
    months: Sequence[Month],
) -> list[CheckResult]:
    """What each check says of each month: one result per (check, month), in that order.

    A month without any row of a check's asset passes with ``checked=0``, and so does everything
    about a mart that was not built yet.

    Args:
        connection: the warehouse, or its published copy.
        checks: some of ``suites.checks(contract)``.
        months: first days; any order.

    Raises:
        ValueError: a check that is not declared here.
    """
    wanted = {(check.asset, check.name) for check in checks}
    chosen = [
        rule
        for rule in rules(contract)
        if any((check.asset, check.name) in wanted for check in rule.checks)
    ]
    declared = {(check.asset, check.name) for rule in chosen for check in rule.checks}
    if unknown := sorted(wanted - declared):
        raise ValueError(f"no check of a table is called {unknown}")
    if not checks or not months:
        return []
    tallies: dict[tuple[str, str], _Tally] = {}
    by_batch: dict[str, list[ColumnRule]] = defaultdict(list)
    for rule in chosen:
        if isinstance(rule, ColumnRule):
            by_batch[rule.batch].append(rule)
    with ExitStack() as stack:
        stack.enter_context(attributed(connection, contract, months))
        for batch, sharing in by_batch.items():
            try:
                witnesses = Witnesses(connection, batch)
            except duckdb.CatalogException:  # not built yet
                tallies |= {(c.asset, c.name): _Tally() for rule in sharing for c in rule.checks}
                continue
            stack.callback(witnesses.forget)
            asked = witnesses.question([each for rule in sharing for each in rule.expectations])
            found = failures(*asked)
            tallies |= _by_expectations(connection, sharing, witnesses, found)
            witnesses.forget()
        for rule in chosen:
            if isinstance(rule, SqlRule):
                tally = _by_sql(connection, rule)
                tallies |= {(check.asset, check.name): tally for check in rule.checks}
        _add_origin(connection, tallies.values())
    return [
        _result(check, month, tallies[check.asset, check.name])
        for check in checks
        for month in months
    ]


def _by_sql(connection: duckdb.DuckDBPyConnection, rule: SqlRule) -> _Tally:
    tally = _Tally()
    columns = [name for name, *_ in connection.execute(f"describe {rule.sql}").fetchall()]
    own = "" if "asset" in columns else f"'{rule.checks[0].asset}' as asset, "
    asked = f"where month in (from {CHECKED_MONTHS})"
    looked_at = rule.looked_at or "select asset, month, 1 as checked from judged"
    connection.execute(
        f"create or replace temp table judged as select {own}* from ({rule.sql}) {asked}"
    )
    for asset, month, count in connection.execute(
        f"select asset, month, cast(sum(checked) as bigint)"
        f" from (select {own if rule.looked_at else ''}* from ({looked_at})) {asked} group by all"
    ).fetchall():
        tally.checked[asset, month] = count
    for asset, month, problem, count in connection.execute(
        "select asset, month, problem, count(*) from judged where problem is not null"
        " group by all order by all"
    ).fetchall():
        tally.problems[asset, month][problem] = count
    if tally.problems:
        offending = connection.execute(
            f"""
            from judged where problem is not null
            qualify row_number() over (
                partition by asset, month order by {", ".join(columns)}
            ) <= {SAMPLE_ROWS}
            order by all
            """
        ).df()
        for place, rows in _by_place(offending, rule.checks[0].asset):
            tally.sample[place] = _records(rows)
    connection.execute("drop table temp.judged")
    return tally


def _by_expectations(
    connection: duckdb.DuckDBPyConnection,
    sharing: list[ColumnRule],
    witnesses: Witnesses,
    answers: list[list[Failure]],
) -> dict[tuple[str, str], _Tally]:
    """What the validation of one table, for all the rules that share it, says of its rows."""
    found: dict[tuple[str, str], _Tally] = {}
    asset = sharing[0].checks[0].asset
    outcomes = iter(answers)
    checked = Counter(
        {(own[0] if own else asset, month): rows for *own, month, rows in witnesses.counts()}
    )
    for rule in sharing:
        failed = [failure for _ in rule.expectations for failure in next(outcomes)]
        tally = _Tally(checked=checked)
        if any(failure.positions is None for failure in failed):
            _blame_table(tally, [failure for failure in failed if failure.positions is None])
        elif table := witnesses.offending(failed, _say):
            _blame_rows(tally, connection, table, witnesses.columns, asset)
        found |= {(check.asset, check.name): tally for check in rule.checks}
    return found


def _blame_table(tally: _Tally, failed: list[Failure]) -> None:
    """Where the table itself is wrong, every row of every month is in doubt."""
    texts = [f"{failure.expectation.problem}: {failure.detail}" for failure in failed]
    for place, count in tally.checked.items():
        tally.problems[place]["; ".join(texts)] = count
        tally.sample[place] = [{"problem": text} for text in texts]


def _blame_rows(
    tally: _Tally,
    connection: duckdb.DuckDBPyConnection,
    offending: str,
    columns: list[str],
    asset: str,
) -> None:
    """Attribute failing rows to their asset and month, and keep some of them."""
    own = "asset, " if "asset" in columns else ""
    for *named, month, problem, count in connection.execute(
        f"select {own}month, problem, count(*) from {offending} group by all order by all"
    ).fetchall():
        tally.problems[named[0] if named else asset, month][problem] = count
    sample = connection.execute(
        f"""
        from {offending} qualify row_number() over (
            partition by {own}month order by {", ".join(columns)}
        ) <= {SAMPLE_ROWS}
        order by all
        """
    ).df()
    for place, rows in _by_place(sample, asset):
        tally.sample[place] = _records(rows)


def _by_place(frame: pd.DataFrame, asset: str) -> Iterator[tuple[Place, pd.DataFrame]]:
    """The rows of each asset and month; without a column ``asset`` they are all of ``asset``."""
    keys = ["asset", "month"] if "asset" in frame else ["month"]
    for key, rows in frame.groupby(keys, sort=False):
        *own, month = cast("tuple[Any, ...]", key)
        yield (own[0] if own else asset, month.date()), rows


def _records(rows: pd.DataFrame) -> list[dict[str, Any]]:
    """The first rows as a sample; where they are shown says their asset and month."""
    shown = rows.head(SAMPLE_ROWS).drop(columns=["asset", "month"], errors="ignore")
    return [
        {str(name): _plain(value) for name, value in row.items()}
        for row in shown.to_dict("records")
    ]


def _say(expectation: Expectation, value: Any) -> str:
    """What is wrong with a row: the expectation's words and the value that fails it."""
    value = _plain(value)
    shown = expectation.empty if value is None else value
    return expectation.problem if shown is None else f"{expectation.problem} {shown}".strip()


def _add_origin(connection: duckdb.DuckDBPyConnection, tallies: Iterable[_Tally]) -> None:
    """Say of each sampled row that names one, which file, sheet and row it came from."""
    rows = [
        row
        for tally in {id(tally): tally for tally in tallies}.values()
        for sample in tally.sample.values()
        for row in sample
        if row.get("row_number") is not None
    ]
    if not rows:
        return
    keys = pd.DataFrame({(row["delivery_id"], row["row_number"]) for row in rows})
    keys.columns = pd.Index(["delivery_id", "row_number"])
    connection.register("sampled", keys)
    try:
        origin = {
            (delivery_id, row_number): {
                "file": file,
                "delivered_on": _plain(day),
                "sheet": sheet or None,
                "row": row_number if sheet_row is None else sheet_row,
                "received": _plain(cells),
            }
            for delivery_id, row_number, file, day, sheet, sheet_row, cells in connection.execute(
                """
                select
                    sampled.delivery_id, sampled.row_number, deliveries.file_name,
                    deliveries.delivered_on, rows.sheet, rows.sheet_row, rows.cells
                from sampled
                left join raw.deliveries as deliveries
                    on deliveries.delivery_id = sampled.delivery_id
                left join raw.extract_rows as rows
                    on rows.delivery_id = sampled.delivery_id
                    and rows.row_number = sampled.row_number
                """
            ).fetchall()
        }
    finally:
        connection.unregister("sampled")
    for row in rows:
        found = origin[row["delivery_id"], row.pop("row_number")]
        rest = {key: value for key, value in row.items() if key not in found}
        row.clear()
        row.update({**found, **rest})


def _result(check: Check, month: Month, tally: _Tally) -> CheckResult:
    place = check.asset, month
    checked = tally.checked[place]
    problems = tally.problems.get(place, Counter())
    failed = sum(problems.values())
    if not failed:
        summary = f"{checked:,} checked, all hold" if checked else "nothing to check"
        return CheckResult(check, month, passed=True, checked=checked, summary=summary)
    named = [f"{problem} ({count:,})" for problem, count in problems.most_common(NAMED_PROBLEMS)]
    if len(problems) > NAMED_PROBLEMS:
        named.append(f"{len(problems) - NAMED_PROBLEMS} more")
    return CheckResult(
        check,
        month,
        passed=False,
        checked=checked,
        failed=failed,
        sample=tally.sample.get(place, []),
        summary=f"{failed:,} of {checked:,} do not hold: {', '.join(named)}",
    )


def _plain(value: Any) -> Any:
    """``value`` as text, number, boolean or None, fit for JSON."""
    if isinstance(value, (list, tuple)) or hasattr(value, "tolist"):
        value = value.tolist() if hasattr(value, "tolist") else value
        if isinstance(value, (list, tuple)):
            return " | ".join("" if cell is None else str(cell) for cell in value)
    if value is None or value is pd.NaT or value is pd.NA or value != value:
        return None
    if hasattr(value, "isoformat"):
        return value.isoformat()[:10]
    return value
