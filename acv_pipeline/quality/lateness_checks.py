"""Lateness as checks: one per source that is awaited monthly, on its extract."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import duckdb

from acv_pipeline.contract import Contract, Month
from acv_pipeline.ledger.lateness import CHECK, Late, late_months
from acv_pipeline.quality.check import Check, CheckResult


def lateness_checks(contract: Contract) -> list[Check]:
    """One check per source with a deadline."""
    return [
        Check(
            asset=source.asset,
            name=CHECK,
            severity="warn",
            description=f"{source.label} delivered the month by its deadline, "
            f"{source.publication_lag_days} days into the next month.",
            what_to_do=f"Ask {source.contact} when the month will come; "
            "the figures of that month stay without a total until then.",
        )
        for source in contract.sources.values()
        if source.publication_lag_days is not None
    ]


def evaluate_lateness_checks(
    connection: duckdb.DuckDBPyConnection,
    contract: Contract,
    checks: Sequence[Check],
    months: Sequence[Month],
    today: dt.date | None = None,
) -> list[CheckResult]:
    """What is late of the given months, today."""
    sources = {source.asset: source for source in contract.sources.values()}
    late = {
        (entry.source, entry.month): entry
        for entry in late_months(connection, contract, today or contract.today())
    }
    return [
        _result(
            check, sources[check.asset].label, month, late.get((sources[check.asset].id, month))
        )
        for check in checks
        for month in months
    ]


def _result(check: Check, label: str, month: Month, late: Late | None) -> CheckResult:
    return CheckResult(
        check=check,
        month=month,
        passed=late is None,
        checked=1,
        failed=0 if late is None else 1,
        summary=""
        if late is None
        else f"{month:%B %Y} from {label} is {late.days_late} "
        f"{'day' if late.days_late == 1 else 'days'} late: it was due on {late.due_on}"
        + "".join(f"; {file} was refused" for file in late.refused)
        + ".",
    )
