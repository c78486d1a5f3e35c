"""The gate's recorded verdicts as checks: one per rule, on the validated figures, per month."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import duckdb

from acv_pipeline.contract import Contract, Month
from acv_pipeline.gate.rules import RULES
from acv_pipeline.language import _, both, of_record
from acv_pipeline.quality.check import Check, CheckResult

ASSET = "validated_dwellings"

# The verdict that counts is the last one that said something: a confirmation of what is in force
# says nothing new, and a hold that a later delivery settled is history.
_STANDING = """
select source, indicator_id, month, verdict, status, findings,
    signed_off_by, signed_off_reason, file_name
from (
    select verdicts.*, deliveries.file_name,
        row_number() over (
            partition by verdicts.source, verdicts.indicator_id, verdicts.month
            order by verdicts.delivered_on desc, deliveries.file_name desc, verdicts.delivery_id
        ) as place
    from validated.verdicts as verdicts
    join raw.deliveries as deliveries using (delivery_id)
    where verdicts.verdict <> 'unchanged' and coalesce(verdicts.status, '') <> 'superseded'
)
where place = 1
order by month, source, indicator_id
"""


def gate_checks() -> list[Check]:
    """One check per rule of the gate."""
    return [
        Check(
            asset=ASSET,
            name=rule.name,
            severity="error" if rule.blocking else "warn",
            description=both("{title}.", title=both(rule.title)),
            what_to_do=both(rule.what_to_do, contact=both("the contact of the source")),
        )
        for rule in RULES
    ]


def evaluate_gate_checks(
    connection: duckdb.DuckDBPyConnection,
    contract: Contract,
    checks: Sequence[Check],
    months: Sequence[Month],
) -> list[CheckResult]:
    """What each rule says of each month, as it stands now."""
    wanted = set(months)
    judged: dict[Month, int] = defaultdict(int)
    found: dict[tuple[str, Month], list[dict[str, Any]]] = defaultdict(list)
    for row in connection.execute(_STANDING).fetchall():
        source, indicator, month, verdict, status, findings, by, reason, file_name = row
        if month not in wanted:
            continue
        judged[month] += 1
        for finding in json.loads(findings):
            found[finding["rule"], month].append(
                finding
                | {
                    "held": verdict == "held",
                    "signed_off": _("{name}: {reason}", name=by, reason=reason)
                    if status == "signed_off"
                    else None,
                    "where": f"{contract.source(source).label}, "
                    f"{contract.indicator(indicator).short_name}, {file_name}",
                    "contact": str(contract.source(source).contact),
                }
            )
    names = contract.territories.departments
    return [
        _result(check, month, judged[month], found.get((check.name, month), []), names)
        for check in checks
        for month in months
    ]


def _result(
    check: Check,
    month: Month,
    judged: int,
    findings: list[dict[str, Any]],
    names: dict[str, str],
) -> CheckResult:
    standing = [f for f in findings if f["signed_off"] is None]
    signed = [f for f in findings if f["signed_off"] is not None]
    lines = [
        sentence
        for f in standing
        for sentence in (
            _sentence(_("{where}: {summary}", where=f["where"], summary=of_record(f, "summary"))),
            _sentence(_("Probable cause: {cause}", cause=of_record(f, "probable_cause")))
            if f["probable_cause"]
            else "",
            _("Ask {contact}.", contact=f["contact"]),
        )
        if sentence
    ]
    lines += [
        sentence
        for f in signed
        for sentence in (
            _sentence(_("{where}: {summary}", where=f["where"], summary=of_record(f, "summary"))),
            _sentence(_("Signed off by {who}", who=f["signed_off"])),
        )
    ]
    return CheckResult(
        check=check,
        month=month,
        passed=not standing,
        checked=judged,
        failed=len(standing),
        sample=[_named(row, names) for f in standing for row in f["evidence"]][:20],
        summary=" ".join(lines),
        # a finding may only warn although its rule can block
        severity="error" if any(f["blocking"] for f in standing) else "warn",
    )


def _sentence(text: str) -> str:
    return text if text.endswith((".", "?", "!")) else f"{text}."


def _named(row: dict[str, Any], names: dict[str, str]) -> dict[str, Any]:
    """The row with the département's name beside its code, for people."""
    if row.get("department_code") not in names:
        return row
    code = row["department_code"]
    others = {name: value for name, value in row.items() if name != "department_code"}
    return {"department": f"{code} {names[code]}", **others}
