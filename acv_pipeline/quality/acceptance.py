"""Whether a month was accepted, as one check: the last thing that a run says of its months.

What is held now, and by which rule. Each rule is a check of its own as well (``gate_checks``).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import duckdb

from acv_pipeline.contract import Contract, Month
from acv_pipeline.language import Both, _, both
from acv_pipeline.quality.check import Check, CheckResult
from acv_pipeline.warehouse.home import Home

ACCEPTED = Check(
    asset="validated_dwellings",
    name="month_accepted",
    severity="error",
    description=both("No blocking rule holds the month, or somebody signed it off."),
    what_to_do=both("Ask the source for a correct file; if the figures are right, sign them off."),
)


@dataclass(frozen=True)
class Hold:
    """What one delivery says of one indicator and month, and why it isn't in force."""

    delivery_id: str
    source: str
    indicator: str
    month: Month
    rules: str
    contact: Both

    @property
    def named(self) -> str:
        """What is held, and by which rule."""
        return _(
            "{source}, {indicator} {month:%Y-%m}: {rules}",
            source=self.source,
            indicator=self.indicator,
            month=self.month,
            rules=self.rules,
        )

    def concerns(self, result: CheckResult) -> bool:
        """Whether this is why a check fails."""
        named = [ACCEPTED.name, *self.rules.split(", ")]
        return result.month == self.month and not result.passed and result.check.name in named

    def command(self, home: Home) -> str:
        """What releases it, if the figures are right; whoever reads it may be anywhere."""
        return home.sign_off(self.delivery_id, self.indicator, self.month, elsewhere=True)


def holds(
    connection: duckdb.DuckDBPyConnection, contract: Contract, months: Iterable[Month]
) -> list[Hold]:
    """The open holds of the given months, by month."""
    wanted = set(months)
    return [
        Hold(
            delivery_id,
            contract.source(source).label,
            contract.indicator(indicator).short_name,
            month,
            rules,
            contract.source(source).contact,
        )
        for delivery_id, source, indicator, month, rules in connection.execute(
            "select delivery_id, source, indicator_id, month, check_name"
            " from validated.held_months where status = 'held'"
            " order by month, source, indicator_id, delivery_id"
        ).fetchall()
        if month in wanted
    ]


def evaluate_acceptance(
    connection: duckdb.DuckDBPyConnection, contract: Contract, months: Sequence[Month]
) -> list[CheckResult]:
    """Which of the given months are held."""
    found: dict[Month, list[Hold]] = defaultdict(list)
    for hold in holds(connection, contract, months):
        found[hold.month].append(hold)
    return [
        CheckResult(
            ACCEPTED,
            month,
            passed=month not in found,
            checked=1,
            failed=len(found[month]) if month in found else 0,
            sample=[
                {"held": hold.named, "ask": str(hold.contact)} for hold in found.get(month, [])
            ],
            summary="; ".join(hold.named for hold in found.get(month, [])),
        )
        for month in months
    ]
