"""What the checks say of each month: one table at a time, all months at once."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import duckdb
import pandas as pd

from acv_pipeline.contract import Contract, Month
from acv_pipeline.quality.attribution import CHECKED_MONTHS, attributed
from acv_pipeline.quality.check import Check, CheckResult, SqlRule, SuiteRule
from acv_pipeline.quality.table_checks import rules

if TYPE_CHECKING:
    from acv_pipeline.quality.validation import Failure

SAMPLE_ROWS = 20
NAMED_PROBLEMS = 3

Place = tuple[str, Month]
"""An asset and a month."""


@dataclass
class _Tally:
    """What is known of one check.

    Attributes:
        checked: how many things were looked at.
        problems: how many of them fail, by what is wrong.
        sample: some of the failing ones.
        validation: the result that Great Expectations kept.
    """

    checked: Counter[Place] = field(default_factory=Counter)
    problems: dict[Place, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    sample: dict[Place, list[dict[str, Any]]] = field(default_factory=lambda: defaultdict(list))
    validation: Path | None = None


def evaluate(
    connection: duckdb.DuckDBPyConnection,
    contract: Contract,
    checks: Sequence[Check],
    months: Sequence[Month],
    results: Path | None = None,
) -> list[CheckResult]:
    """What each check says of each month: one result per (check, month), in that order.

    A month without any row of a check's asset passes with ``checked=0``, and so does everything
    about a mart that was not built yet.

    Args:
        connection: the warehouse, or its published copy.
        checks: some of ``table_checks.checks(contract)``.
        months: first days; any order.
        results: the folder where Great Expectations keeps what it found; None to keep nothing.

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
    run = f"{min(months):%Y-%m} to {max(months):%Y-%m}"
    # while Great Expectations is imported, DuckDB works
    with attributed(connection, contract, months):
        for rule in sorted(chosen, key=lambda rule: isinstance(rule, SuiteRule)):
            if isinstance(rule, SqlRule):
                of_rule = dict.fromkeys((c.name for c in rule.checks), _by_sql(connection, rule))
            else:
                of_rule = _by_suite(connection, rule, contract, run, results)
            tallies |= {(check.asset, check.name): of_rule[check.name] for check in rule.checks}
        _add_origin(connection, tallies.values())
    return [
        _result(check, month, tallies[check.asset, check.name])
        for check in checks
        for month in months
    ]


def _by_sql(connection: duckdb.DuckDBPyConnection, rule: SqlRule) -> _Tally:
    asset = rule.checks[0].asset
    asked = f"where month in (from {CHECKED_MONTHS})"
    connection.execute(f"create or replace temp table judged as from ({rule.sql}) {asked}")
    looked_at = rule.looked_at or "select *, 1 as checked from judged"
    tally = _Tally(_counted(connection, f"({looked_at}) {asked}", asset, "sum(checked)"))
    _add_problems(connection, tally, asset)
    return tally


def _by_suite(
    connection: duckdb.DuckDBPyConnection,
    rule: SuiteRule,
    contract: Contract,
    run: str,
    results: Path | None,
) -> dict[str, _Tally]:
    """By check, what a suite says of its table."""
    asset = rule.checks[0].asset
    try:
        checked = _counted(connection, f"({rule.table})", asset, "count(*)")
    except duckdb.CatalogException:  # not built yet
        checked = Counter()
    tallies = {check.name: _Tally(checked) for check in rule.checks}
    if not checked:
        return tallies
    from acv_pipeline.quality import validation  # takes seconds, where it wasn't imported before

    failures, kept = validation.validate(connection, rule, contract, run=run, folder=results)
    for name, tally in tallies.items():
        tally.validation = kept
        failed = [failure for failure in failures if failure.check == name]
        if whole := [failure for failure in failed if failure.values is None]:
            _blame_table(tally, whole)
        elif failed:
            _find_rows(connection, rule, failed)
            _add_problems(connection, tally, asset)
    return tallies


def _blame_table(tally: _Tally, failed: list[Failure]) -> None:
    """Where the table itself is wrong, every row of every month is in doubt."""
    texts = [f"{failure.problem}: {failure.detail}".replace(" {}", "") for failure in failed]
    for place, count in tally.checked.items():
        tally.problems[place]["; ".join(texts)] = count
        tally.sample[place] = [{"problem": text} for text in texts]


def _find_rows(
    connection: duckdb.DuckDBPyConnection, rule: SuiteRule, failed: list[Failure]
) -> None:
    """The rows that hold failing values, with the first problem of each, as ``judged``."""
    known = [
        f"{column} in ({codes}) as {column}_is_known" for column, codes in rule.looked_up.items()
    ]
    joins, problems = [], []
    for number, failure in enumerate(failed):
        connection.register(f"values_{number}", failure.values)
        connection.execute(
            f"create or replace temp table failing_{number} as select *, true as fails"
            f" from values_{number}"
        )
        connection.unregister(f"values_{number}")
        columns = [] if failure.values is None else list(failure.values)
        same = " and ".join(f"rows.{c} is not distinct from failing_{number}.{c}" for c in columns)
        joins.append(f"left join failing_{number} on {same}")
        before, _, after = failure.problem.replace("'", "''").partition("{}")
        shown = f"coalesce(cast(rows.{failure.shows} as string), '(empty)')"
        said = f"'{before}' || {shown} || '{after}'" if "{}" in failure.problem else f"'{before}'"
        problems.append(f"when failing_{number}.fails then {said}")
    hidden = f"exclude ({', '.join(f'{c}_is_known' for c in rule.looked_up)})" if known else ""
    connection.execute(
        f"create or replace temp table judged as"
        f" select rows.* {hidden}, case {' '.join(problems)} end as problem"
        f" from (select {', '.join([*known, '*'])} from ({rule.table})) as rows {' '.join(joins)}"
        " where problem is not null"
    )
    for number in range(len(failed)):
        connection.execute(f"drop table temp.failing_{number}")


def _counted(
    connection: duckdb.DuckDBPyConnection, table: str, asset: str, how_many: str
) -> Counter[Place]:
    own = "asset" if "asset" in _columns(connection, table) else f"'{asset}'"
    return Counter(
        {
            (of, month): int(count)
            for of, month, count in connection.execute(
                f"select {own} as asset, month, {how_many} from {table} group by all"
            ).fetchall()
        }
    )


def _add_problems(connection: duckdb.DuckDBPyConnection, tally: _Tally, asset: str) -> None:
    """Count the problems in the table ``judged``, keep some of them, and drop it."""
    columns = _columns(connection, "judged")
    own = "asset" if "asset" in columns else f"'{asset}'"
    for of, month, problem, count in connection.execute(
        f"select {own} as asset, month, problem, count(*) from judged where problem is not null"
        " group by all order by all"
    ).fetchall():
        tally.problems[of, month][problem] = count
    if tally.problems:
        sample = connection.execute(
            f"""
            from judged where problem is not null
            qualify row_number() over (
                partition by {own}, month order by {", ".join(columns)}
            ) <= {SAMPLE_ROWS}
            order by all
            """
        ).df()
        for place, rows in _by_place(sample, asset):
            tally.sample[place] = _records(rows)
    connection.execute("drop table temp.judged")


def _columns(connection: duckdb.DuckDBPyConnection, table: str) -> list[str]:
    return [name for name, *_ in connection.execute(f"describe from {table}").fetchall()]


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
        return CheckResult(
            check, month, True, checked, summary=summary, validation=tally.validation
        )
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
        validation=tally.validation,
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
