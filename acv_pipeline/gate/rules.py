"""The list of all gate rules, and ``judge``, which runs them on a month."""

from __future__ import annotations

from dataclasses import replace

from acv_pipeline.gate import (
    rules_attention,
    rules_completeness,
    rules_decreases,
    rules_files,
    rules_order,
    rules_pace,
    rules_repetition,
    rules_revisions,
    rules_scale,
    rules_totals,
)
from acv_pipeline.gate.case import Finding, MonthCase
from acv_pipeline.gate.rule import Rule

_IN_ORDER = (
    rules_files,
    rules_completeness,
    rules_totals,
    rules_decreases,
    rules_pace,
    rules_scale,
    rules_order,
    rules_repetition,
    rules_revisions,
    rules_attention,
)
RULES = tuple(
    rule for module in _IN_ORDER for rule in vars(module).values() if isinstance(rule, Rule)
)
"""Every rule of the gate, in the order findings are listed."""

ON_MOVEMENT = {
    "national_total_decreases",
    "several_departments_decrease",
    "department_collapses",
    "national_pace_jumps",
    "one_department_dominates",
    "all_figures_raised",
    "most_departments_unchanged",
}
"""Rules that compare a step with the steps before it."""

RULES_BY_NAME: dict[str, Rule] = {rule.name: rule for rule in RULES}


def judge(case: MonthCase) -> list[Finding]:
    """What the rules have against a month; it is held when any finding is blocking.

    Blocking findings come first, each group in the order of ``RULES``. Figures that are in force
    already (delivered again with other published totals, or signed off before) are not held:
    holding them would change nothing. Nor is the first month after a break, or one that is known to
    be unusual, by rules on how figures move.
    """
    findings = [finding for rule in RULES if (finding := rule(case)) is not None]
    if case.crosses_break or case.month in case.indicator.unusual_months:
        findings = [
            replace(finding, blocking=finding.blocking and finding.rule not in ON_MOVEMENT)
            for finding in findings
        ]
    if case.is_in_force:
        findings = [replace(finding, blocking=False) for finding in findings]
    return sorted(findings, key=lambda finding: not finding.blocking)
