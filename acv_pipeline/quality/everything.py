"""Every check, and what they say: whichever tool evaluates it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from acv_pipeline.contract import Contract, Month
from acv_pipeline.models import Project
from acv_pipeline.quality.acceptance import ACCEPTED, evaluate_acceptance
from acv_pipeline.quality.check import Check, CheckResult
from acv_pipeline.quality.gate_checks import evaluate_gate_checks, gate_checks
from acv_pipeline.quality.lateness_checks import evaluate_lateness_checks, lateness_checks
from acv_pipeline.quality.sql_tests import evaluate_sql_checks, sql_checks
from acv_pipeline.quality.table_checks import checks as table_checks
from acv_pipeline.warehouse import own_tables


@dataclass(frozen=True)
class Evaluated:
    """What checks said of some months.

    Attributes:
        months: those that all of the checks were evaluated for.
        commits: those of the warehouse (``warehouse.commits``) that they were evaluated after.
    """

    months: Sequence[Month]
    commits: int
    results: Sequence[CheckResult]


def all_checks(contract: Contract, project: Project) -> list[Check]:
    """Every check, in the order of the flow."""
    return [
        *lateness_checks(contract),
        *table_checks(contract),
        *gate_checks(),
        *sql_checks(project),
        ACCEPTED,
    ]


def invariants(contract: Contract, project: Project) -> list[Check]:
    """The checks of the marts that must hold before anything is published."""
    checks = all_checks(contract, project)
    return [c for c in checks if c.asset in project.models and c.severity == "error"]


def evaluate_all(
    connection: duckdb.DuckDBPyConnection,
    contract: Contract,
    project: Project,
    checks: Sequence[Check],
    months: Sequence[Month],
    results: Path | None = None,
) -> list[CheckResult]:
    """What some of the checks say of each month; a mart that was never built has none.

    Args:
        results: the folder where Great Expectations keeps what it found.
    """
    if not checks or not months:
        return []
    from acv_pipeline.quality.evaluation import evaluate  # brings pandas, which takes a while

    there = own_tables(connection)
    built = {model.name for model in project.models.values() if model.table in there}
    wanted = {
        (check.asset, check.name)
        for check in checks
        if check.asset not in project.models or check.asset in built
    }

    def chosen(kind: list[Check]) -> list[Check]:
        return [check for check in kind if (check.asset, check.name) in wanted]

    tests = [
        check
        for check in chosen(sql_checks(project))
        if built.issuperset(project.tests[check.name].models)
    ]
    return [
        *evaluate_lateness_checks(connection, contract, chosen(lateness_checks(contract)), months),
        *evaluate(connection, contract, chosen(table_checks(contract)), months, results),
        *evaluate_gate_checks(connection, contract, chosen(gate_checks()), months),
        *evaluate_sql_checks(connection, project, tests, months),
        *(evaluate_acceptance(connection, contract, months) if chosen([ACCEPTED]) else []),
    ]
