"""The SQL project's tests as checks, on the mart each one judges, per month."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import duckdb

from acv_pipeline.contract import Month
from acv_pipeline.language import plural
from acv_pipeline.models import Project
from acv_pipeline.models.building import SqlTestResult
from acv_pipeline.quality.check import Check, CheckResult


def sql_checks(project: Project) -> list[Check]:
    """One check per test of the SQL project."""
    return [
        Check(
            asset=test.model or "",
            name=test.name,
            severity="warn" if test.severity == "warn" else "error",
            description=test.description,
            what_to_do=test.what_to_do,
        )
        for test in project.tests.values()
    ]


@dataclass(frozen=True)
class Outcome:
    """What a test said of a mart of so many rows."""

    found: SqlTestResult
    rows: int

    @classmethod
    def together(cls, parts: Sequence[Outcome]) -> Outcome:
        """What a test says that was asked of a mart in parts."""
        return cls(
            SqlTestResult.together([part.found for part in parts]),
            sum(part.rows for part in parts),
        )


def evaluate_sql_checks(
    connection: duckdb.DuckDBPyConnection,
    project: Project,
    checks: Sequence[Check],
    months: Sequence[Month],
) -> list[CheckResult]:
    """What each test says of each month; rows that are about no month count for every one."""
    return told_of_tests(checks, months, outcomes(connection, project, checks))


def outcomes(
    connection: duckdb.DuckDBPyConnection, project: Project, checks: Iterable[Check]
) -> dict[str, Outcome]:
    """What each test finds in the tables as they stand, by its name."""
    found = {}
    for check in checks:
        result = project.run_test(connection, check.name)
        (rows,) = connection.execute(
            f"select count(*) from {project.models[check.asset].table}"
        ).fetchall()[0]
        found[check.name] = Outcome(result, rows)
    return found


def told_of_tests(
    checks: Iterable[Check], months: Sequence[Month], found: Mapping[str, Outcome]
) -> list[CheckResult]:
    """One result per (check, month), in that order."""
    results: list[CheckResult] = []
    for check in checks:
        outcome, rows = found[check.name].found, found[check.name].rows
        elsewhere = outcome.total - sum(outcome.per_month.values())
        for month in months:
            failed = outcome.per_month.get(month, 0) + elsewhere
            sample = [row for row in outcome.sample if row.get("month", month) == month]
            results.append(
                CheckResult(
                    check=check,
                    month=month,
                    passed=failed == 0,
                    checked=rows,
                    failed=failed,
                    sample=sample if failed else [],
                    summary=plural(
                        "{count} rows of {table} do not hold: {description}",
                        "{count} rows of {table} do not hold: {description}",
                        failed,
                        table=check.asset,
                        description=check.description,
                    )
                    if failed
                    else "",
                )
            )
    return results
