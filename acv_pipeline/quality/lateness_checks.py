"""Lateness as checks: one per source that is awaited monthly, on its extract."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import duckdb

from acv_pipeline.contract import Contract, Month
from acv_pipeline.contract.months import in_words
from acv_pipeline.language import _, both, plural
from acv_pipeline.ledger.lateness import CHECK, Late, late_months
from acv_pipeline.quality.check import Check, CheckResult


def lateness_checks(contract: Contract) -> list[Check]:
    """One check per source with a deadline."""
    return [
        Check(
            asset=source.asset,
            name=CHECK,
            severity="warn",
            description=both(
                "{source} delivered the month by its deadline, {days} days into the next month.",
                source=source.label,
                days=source.publication_lag_days,
            ),
            what_to_do=both(
                "Ask {contact} when the month will come; the figures of that month stay without a "
                "total until then.",
                contact=source.contact,
            ),
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
    if late is None:
        return CheckResult(check, month, passed=True, checked=1)
    summary = plural(
        "{month} from {source} is {count} day late: it was due on {day}",
        "{month} from {source} is {count} days late: it was due on {day}",
        late.days_late,
        month=in_words(month),
        source=label,
        day=late.due_on,
    )
    for file in late.refused:
        summary = _("{summary}; {file} was refused", summary=summary, file=file)
    return CheckResult(check, month, passed=False, checked=1, failed=1, summary=f"{summary}.")
