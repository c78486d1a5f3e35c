"""What the checks say of each month: one table at a time, all months at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import duckdb
import pandas as pd

from acv_pipeline.contract import Contract, Month
from acv_pipeline.language import _, plural
from acv_pipeline.quality.attribution import CHECKED_MONTHS, attributed
from acv_pipeline.quality.check import Check, CheckResult, Columns, Failure, SqlRule, SuiteRule
from acv_pipeline.quality.table_checks import rules
from acv_pipeline.quality.tally import SAMPLE_ROWS, Place, Tallies, Tally
from acv_pipeline.quality.validator import started

NAMED_PROBLEMS = 3


@dataclass(frozen=True)
class _Validation:
    """A suite that is asked of its table, with the rows of each place; without any, of nothing."""

    rule: SuiteRule
    table: str = ""
    checked: Counter[Place] = field(default_factory=Counter)
    found: Future[tuple[list[Failure], Path | None]] | None = None


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
        checks: some of ``table_checks.checks(contract)``.
        results: the folder where Great Expectations keeps what it found; None to keep nothing.

    Raises:
        ValueError: a check that is not declared here.
    """
    if not checks or not months:
        return []
    return told(connection, checks, months, tallied(connection, contract, checks, months, results))


def tallied(
    connection: duckdb.DuckDBPyConnection,
    contract: Contract,
    checks: Sequence[Check],
    months: Sequence[Month],
    results: Path | None = None,
) -> Tallies:
    """What is known of each check; arguments and errors as those of ``evaluate``."""
    wanted = {(check.asset, check.name) for check in checks}
    chosen = [
        rule
        for rule in rules(contract)
        if any((check.asset, check.name) in wanted for check in rule.checks)
    ]
    declared = {(check.asset, check.name) for rule in chosen for check in rule.checks}
    if unknown := sorted(wanted - declared):
        raise ValueError(f"no check of a table is called {unknown}")
    tallies: Tallies = {}
    run = f"{min(months):%Y-%m} to {max(months):%Y-%m}"
    with attributed(connection, contract, months), _nothing_left_behind():
        # Great Expectations validates while DuckDB looks for what breaks the other rules
        validated = _validated(
            connection, [r for r in chosen if isinstance(r, SuiteRule)], contract, run, results
        )
        for rule in chosen:
            if isinstance(rule, SqlRule):
                tally = _by_sql(connection, rule)
                tallies |= {(check.asset, check.name): tally for check in rule.checks}
        for validation in validated:
            of_suite = _by_suite(connection, validation)
            checks_of = validation.rule.checks
            tallies |= {(check.asset, check.name): of_suite[check.name] for check in checks_of}
    return tallies


def told(
    connection: duckdb.DuckDBPyConnection,
    checks: Iterable[Check],
    months: Sequence[Month],
    tallies: Tallies,
) -> list[CheckResult]:
    """One result per (check, month), in that order, with the origin of the rows shown."""
    _add_origin(connection, tallies.values())
    return [
        _result(check, month, tallies[check.asset, check.name])
        for check in checks
        for month in months
    ]


@contextmanager
def _nothing_left_behind() -> Iterator[None]:
    """After an error, nothing goes on validating and keeping results."""
    try:
        yield
    except BaseException:
        if started.cache_info().currsize:
            started().stop()
        raise


def _by_sql(connection: duckdb.DuckDBPyConnection, rule: SqlRule) -> Tally:
    judged = _of_asset(connection, rule.sql, rule.checks[0].asset)
    asked = f"where month in (from {CHECKED_MONTHS})"
    connection.execute(f"create or replace temp table judged as {judged} {asked}")
    looked_at = rule.looked_at or "select *, 1 as checked from judged"
    looked_at = _of_asset(connection, looked_at, rule.checks[0].asset)
    tally = Tally(_counted(connection, f"{looked_at} {asked}", "sum(checked)"))
    _add_problems(connection, tally)
    return tally


def _validated(
    connection: duckdb.DuckDBPyConnection,
    rules: list[SuiteRule],
    contract: Contract,
    run: str,
    results: Path | None,
) -> list[_Validation]:
    """Each suite asked of its table; of one that isn't built or has no row, nothing is asked."""
    tables = {}
    for rule in rules:
        with suppress(duckdb.CatalogException):
            table = _of_asset(connection, rule.table, rule.checks[0].asset)
            tables[rule.suite] = table, _counted(connection, table, "count(*)")
    names = [name for name, (_, checked) in tables.items() if checked]
    if not names:
        return [_Validation(rule) for rule in rules]
    expected = started().ask("expected_columns", names, contract).result()
    found = {}
    for rule in rules:
        if rule.suite in names:
            frame = distinct_values(connection, rule, expected[rule.suite])
            found[rule.suite] = started().ask(
                "validate", frame, rule.suite, contract, len(rule.looked_up), run, results
            )
    return [
        _Validation(r, *tables.get(r.suite, ("", Counter())), found.get(r.suite)) for r in rules
    ]


def _by_suite(connection: duckdb.DuckDBPyConnection, validation: _Validation) -> dict[str, Tally]:
    """By check, what a suite says of its table."""
    rule, table = validation.rule, validation.table
    tallies = {check.name: Tally(validation.checked) for check in rule.checks}
    failures, kept = validation.found.result() if validation.found else ([], None)
    for name, tally in tallies.items():
        tally.validation = kept
        failed = [failure for failure in failures if failure.check == name]
        if whole := [failure for failure in failed if failure.values is None]:
            _blame_table(tally, whole)
        elif failed:
            _find_rows(connection, rule, table, failed)
            _add_problems(connection, tally)
    return tallies


def distinct_values(
    connection: duckdb.DuckDBPyConnection, rule: SuiteRule, expected: Iterable[Columns]
) -> pd.DataFrame:
    """The table's columns, each with its distinct values; shorter ones repeat their last.

    An expectation on columns says the same of a value however many rows hold it, and a table may
    have millions. Columns that are compared with one another keep their values together; of those
    that nothing is expected of, there is one row.
    """
    own = [name for name, *_ in connection.execute(f"describe {rule.table}").fetchall()]
    known = {
        f"{column}_is_known": f"{column} in ({codes})" if column in own else "false"
        for column, codes in rule.looked_up.items()
    }
    named = ", ".join(f"{sql} as {name}" for name, sql in known.items())
    table = f"select {named}{', ' if named else ''}* from ({rule.table})"
    columns = [*known, *own]
    groups = _together(tuple(c for c in each if c in columns) for each in expected)
    others = [column for column in columns if not any(column in group for group in groups)]
    frames = [
        connection.execute(f"select distinct {', '.join(g)} from ({table}) order by all").df()
        for g in groups
    ]
    if others:
        frames.append(connection.execute(f"select {', '.join(others)} from ({table}) limit 1").df())
    size = max(map(len, frames))
    filled = [frame.reindex(range(size), method="ffill") for frame in frames]
    return pd.concat(filled, axis=1)[columns]


def _together(groups: Iterable[Columns]) -> list[Columns]:
    """The columns of groups, joined where groups overlap."""
    found: list[Columns] = []
    for group in groups:
        joined = set(group).union(*(other for other in found if {*other} & {*group}))
        found = [other for other in found if not {*other} & joined]
        if joined:
            found.append(tuple(sorted(joined)))
    return found


def _blame_table(tally: Tally, failed: list[Failure]) -> None:
    """Where the table itself is wrong, every row of every month is in doubt."""
    texts = [
        _("{problem}: {detail}", problem=each.problem.replace(" {}", ""), detail=each.detail)
        for each in failed
    ]
    for place, count in tally.checked.items():
        tally.problems[place] = Counter({"; ".join(texts): count})
        tally.sample[place] = [{"problem": text} for text in texts]


def _find_rows(
    connection: duckdb.DuckDBPyConnection, rule: SuiteRule, table: str, failed: list[Failure]
) -> None:
    """The rows that hold failing values, with the first problem of each, as ``judged``."""
    expressions = {
        f"{column}_is_known": f"(rows.{column} in ({codes}))"
        for column, codes in rule.looked_up.items()
    }
    joins, problems, empty = [], [], _("(empty)")
    for number, failure in enumerate(failed):
        assert failure.values is not None
        failing = f"failing_{number}"
        connection.register(failing, failure.values.assign(fails=True))
        same = " and ".join(
            f"{expressions.get(name, f'rows.{name}')} is not distinct from {failing}.{name}"
            for name in map(str, failure.values)
        )
        joins.append(f"left join {failing} on {same}")
        said = failure.problem.replace("'", "''").replace(
            "{}", f"' || coalesce(cast(rows.{failure.shows} as string), '{empty}') || '"
        )
        problems.append(f"when {failing}.fails then '{said}'")
    connection.execute(
        "create or replace temp table judged as"
        f" select rows.*, case {' '.join(problems)} end as problem"
        f" from ({table}) as rows {' '.join(joins)} where problem is not null"
    )
    for number in range(len(failed)):
        connection.unregister(f"failing_{number}")


def _of_asset(connection: duckdb.DuckDBPyConnection, select: str, asset: str) -> str:
    """The SELECT with a column ``asset``, which one that is of one asset only has not."""
    columns = [name for name, *_ in connection.execute(f"describe {select}").fetchall()]
    return (
        f"select * from ({select})"
        if "asset" in columns
        else (f"select '{asset}' as asset, * from ({select})")
    )


def _counted(connection: duckdb.DuckDBPyConnection, table: str, how_many: str) -> Counter[Place]:
    rows = connection.execute(
        f"select asset, month, cast({how_many} as bigint) from ({table}) group by all"
    ).fetchall()
    return Counter({(asset, month): count for asset, month, count in rows})


def _add_problems(connection: duckdb.DuckDBPyConnection, tally: Tally) -> None:
    """Count the problems in the table ``judged``, keep some of them, and drop it."""
    for asset, month, problem, count in connection.execute(
        "select asset, month, problem, count(*) from judged where problem is not null"
        " group by all order by all"
    ).fetchall():
        tally.problems.setdefault((asset, month), Counter())[problem] = count
    if tally.problems:
        columns = [name for name, *_ in connection.execute("describe judged").fetchall()]
        sample = connection.execute(
            f"""
            from judged where problem is not null
            qualify row_number() over (
                partition by asset, month order by {", ".join(columns)}
            ) <= {SAMPLE_ROWS}
            order by all
            """
        ).df()
        for key, rows in sample.groupby(["asset", "month"], sort=False):
            asset, month = cast("tuple[str, pd.Timestamp]", key)
            tally.sample[asset, month.date()] = _records(rows)
    connection.execute("drop table temp.judged")


def _records(rows: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows as a sample; where they are shown says their asset and month."""
    shown = rows.drop(columns=["asset", "month"]).to_dict("records")
    return [{str(name): _plain(value) for name, value in row.items()} for row in shown]


def _add_origin(connection: duckdb.DuckDBPyConnection, tallies: Iterable[Tally]) -> None:
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


def _result(check: Check, month: Month, tally: Tally) -> CheckResult:
    place = check.asset, month
    checked = tally.checked[place]
    problems = tally.problems.get(place, Counter())
    failed = sum(problems.values())
    summary = _("{count:,} checked, all hold", count=checked) if checked else _("nothing to check")
    if failed:
        common = problems.most_common(NAMED_PROBLEMS)
        named = [
            _("{problem} ({count:,})", problem=problem, count=count) for problem, count in common
        ]
        if len(problems) > NAMED_PROBLEMS:
            named.append(plural("{count} more", "{count} more", len(problems) - NAMED_PROBLEMS))
        summary = _(
            "{failed:,} of {checked:,} do not hold: {problems}",
            failed=failed,
            checked=checked,
            problems=", ".join(named),
        )
    return CheckResult(
        check,
        month,
        passed=not failed,
        checked=checked,
        failed=failed,
        sample=tally.sample.get(place, []),
        summary=summary,
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
