"""The facts that stand now and that a person should know of: held, failing, refused, late."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

import duckdb

from acv_pipeline.contract import Contract, Month, Source
from acv_pipeline.contract.months import in_english
from acv_pipeline.gate.rules import RULES_BY_NAME
from acv_pipeline.ledger.lateness import CHECK as LATE_CHECK
from acv_pipeline.ledger.lateness import Late, late_months
from acv_pipeline.operations.standstill import Standstill
from acv_pipeline.operations.status import HeldMonth, status
from acv_pipeline.quality.check import Severity
from acv_pipeline.warehouse.home import Home

RUN_PREFIX = "run/"
STANDSTILL = "standstill"
JUDGED = "validated_dwellings"
REMIND_AFTER_DAYS = 7
READABLE = "delivery_readable"
EVIDENCE_ROWS = 3
PLACES = ("department", "department_code", "territory", "territory_code")
# refused deliveries, late months; a partner that is missing is held, late, or not due yet
FACTS_OF_THEIR_OWN = (READABLE, LATE_CHECK, "every_partner_present")


@dataclass(frozen=True)
class FailedRun:
    """A Dagster run that failed and was not made good since."""

    run_id: str
    job: str
    message: str
    link: str


@dataclass(frozen=True)
class Fact:
    """One thing that is not as it should be, for as long as it stands.

    Attributes:
        key: the same for as long as the fact stands, whatever is learnt about it.
        group: facts of one group that become known together are told in one message.
        severity: ``error``: somebody must act; ``warn``: somebody should look.
        title: what is wrong, without a verb that a recovery would contradict.
        titles: the same for several facts of the group; ``{count}`` and ``{which}`` (months).
        lines: what is wrong, how much, and the evidence.
        ask: whom to ask, as roles.
        what_to_do: advice, one entry per step.
        link: path in the Dagster UI, or a whole address.
        month: the month it is about, if any.
        version: when it changes, the fact is news again.
        remind_after_days: told again after so many days; never when None.
    """

    key: str
    group: str
    severity: Severity
    title: str
    titles: str
    lines: tuple[str, ...]
    ask: tuple[str, ...]
    what_to_do: tuple[str, ...]
    link: str
    month: Month | None = None
    version: str = ""
    remind_after_days: int | None = None


def standing_facts(
    connection: duckdb.DuckDBPyConnection,
    contract: Contract,
    today: dt.date,
    home: Home,
    failed_runs: Iterable[FailedRun] = (),
) -> list[Fact]:
    """Everything that stands on ``today`` in ``home``, errors first, then by group and month."""
    found = status(connection, contract)
    failing = _failing_checks(connection)
    unreadable = {
        row.get("delivery_id")
        for check in failing
        if check["check_name"] == READABLE
        for row in check["sample"]
    } | {refused.delivery_id for refused in found.refused}
    # a later delivery held in its turn is news about the same month, not another fact
    held = {
        (h.source, h.indicator_id, h.month): h
        for h in sorted(found.held, key=lambda h: h.delivered_on)
    }
    late = late_months(connection, contract, today)
    told_already = _ToldAlready(
        rules=_rules_of_holds(connection),
        months={(source, month) for source, _, month in held} | {(e.source, e.month) for e in late},
    )
    facts = [
        *(_held(contract, month, home) for month in held.values()),
        *(
            _check(contract, check)
            for check in failing
            if check["check_name"] not in FACTS_OF_THEIR_OWN and not told_already.covers(check)
        ),
        *_refused(connection, contract, unreadable),
        *(_late(contract, month) for month in late),
        *run_facts(contract, failed_runs),
    ]
    return sorted(
        facts, key=lambda f: (f.severity != "error", f.group, f.month or dt.date.min, f.key)
    )


def run_facts(contract: Contract, failed_runs: Iterable[FailedRun]) -> list[Fact]:
    """One fact per failed run."""
    facts = []
    for run in failed_runs:
        said = [line for line in run.message.splitlines() if line.strip()][:3]
        facts.append(
            Fact(
                key=f"{RUN_PREFIX}{run.run_id}",
                group=f"{RUN_PREFIX}{run.job}",
                severity="error",
                title=f"a run of {run.job} that failed",
                titles=f"{{count}} runs of {run.job} that failed",
                lines=(
                    *(said or ["It left no message."]),
                    "The figures published before stay as they were.",
                ),
                ask=(str(contract.data_contact),),
                what_to_do=(
                    "Open the run, read why it failed, and start it again once the cause is gone.",
                ),
                link=run.link,
            )
        )
    return facts


def standstill_facts(
    contract: Contract, standstill: Standstill | None, now: dt.datetime
) -> list[Fact]:
    """One fact if what arrives has not been taken in for long."""
    if standstill is None or not standstill.is_long(now):
        return []
    since = standstill.since.astimezone(ZoneInfo(contract.timezone))
    return [
        Fact(
            key=STANDSTILL,
            group=STANDSTILL,
            severity="error",
            title="deliveries that arrive are not taken in",
            titles="deliveries that arrive are not taken in",
            lines=(
                standstill.reason,
                f"Since {since:%Y-%m-%d %H:%M} what is named above could not be read. Nothing of "
                "it is in the figures; those published before stay as they were.",
            ),
            ask=(str(contract.data_contact),),
            what_to_do=(
                "Put right what is named above. What arrived meanwhile is then taken in by itself.",
            ),
            link="/automation",
            remind_after_days=REMIND_AFTER_DAYS,
        )
    ]


def _held(contract: Contract, held: HeldMonth, home: Home) -> Fact:
    source, indicator = contract.source(held.source), contract.indicator(held.indicator_id)
    whose = f"from {source.label} ({indicator.programme}) held back"
    lines = [
        f"Nothing of {in_english(held.month)} in {held.file_name} (received {held.delivered_on}) "
        "is in force or published; earlier figures, if any, stay."
    ]
    for finding in held.findings:
        rule = RULES_BY_NAME.get(finding["rule"])
        lines.append(f"{rule.title if rule else finding['rule']}: {finding['summary']}.")
        if finding["probable_cause"]:
            lines.append(f"Probable cause: {finding['probable_cause']}.")
        lines += _evidence(contract, finding["evidence"])
    command = home.sign_off(held.delivery_id, held.indicator_id, held.month, elsewhere=True)
    return Fact(
        key=f"held/{held.source}/{held.indicator_id}/{held.month:%Y-%m}",
        group=f"held/{held.source}/{held.indicator_id}",
        severity="error",
        title=f"{in_english(held.month)} {whose}",
        titles=f"{{which}} {whose}",
        lines=tuple(lines),
        ask=(held.ask,),
        what_to_do=(
            *dict.fromkeys(held.what_to_do),
            f"If the figures are right, release them: {command}",
        ),
        link=f"/assets/{JUDGED}?view=checks",
        month=held.month,
        version=" ".join([held.delivery_id[:12], *sorted(held.rules)]),
    )


@dataclass(frozen=True)
class _ToldAlready:
    """What a held or late month says already, so that no check says it once more.

    Open holds by rule and month; what is held or late by source and month.
    """

    rules: set[tuple[str, Month]]
    months: set[tuple[str, Month]]

    def covers(self, check: Mapping[str, Any]) -> bool:
        """Whether the check fails because of these months alone."""
        if check["asset"] != JUDGED:
            return False
        if (check["check_name"], check["month"]) in self.rules:
            return True
        sample = check["sample"]
        return len(sample) == check["failed"] > 0 and all(
            (row.get("source"), check["month"]) in self.months for row in sample
        )


def _rules_of_holds(connection: duckdb.DuckDBPyConnection) -> set[tuple[str, Month]]:
    return {
        (finding["rule"], month)
        for month, evidence in connection.execute(
            "select month, evidence from validated.held_months where status = 'held'"
        ).fetchall()
        for finding in json.loads(evidence)
    }


def _failing_checks(connection: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    result = connection.execute(
        "select asset, check_name, month, severity, failed, summary, what_to_do, sample"
        " from validated.check_results where not passed order by asset, check_name, month"
    )
    names = [column[0] for column in result.description]
    rows = [dict(zip(names, row, strict=True)) for row in result.fetchall()]
    return [row | {"sample": json.loads(row["sample"] or "[]")} for row in rows]


def _check(contract: Contract, check: Mapping[str, Any]) -> Fact:
    asset, name, month = check["asset"], check["check_name"], check["month"]
    rule = RULES_BY_NAME.get(name) if asset == JUDGED else None
    plain = f"failing check “{name.replace('_', ' ')}” of {asset.replace('_', ' ')}"
    what = rule.title if rule else plain
    severity: Severity = "error" if check["severity"] == "error" else "warn"
    rows = _evidence(contract, check["sample"])
    return Fact(
        key=f"check/{asset}/{name}/{month:%Y-%m}",
        group=f"check/{asset}/{name}",
        severity=severity,
        title=f"{what}, {in_english(month)}",
        titles=f"{what}, {{which}}",
        lines=(check["summary"] or "The check fails.", *rows),
        ask=_contacts(contract, asset, check["summary"]),
        what_to_do=(check["what_to_do"],),
        link=f"/assets/{asset}?view=checks",
        month=month,
        version=severity,
    )


def _refused(
    connection: duckdb.DuckDBPyConnection, contract: Contract, standing: set[str | None]
) -> list[Fact]:
    rows = connection.execute(
        "select delivery_id, source, file_name, delivered_on, reason from raw.deliveries"
        " where status = 'refused' order by delivered_on, source, file_name"
    ).fetchall()
    facts = []
    for delivery_id, source_id, file_name, delivered_on, reason in rows:
        if delivery_id not in standing:
            continue
        source = contract.source(source_id)
        facts.append(
            Fact(
                key=f"refused/{delivery_id[:12]}",
                group=f"refused/{source_id}",
                severity="error",
                title=f"a file from {source.label} that could not be used ({file_name})",
                titles=f"{{count}} files from {source.label} that could not be used",
                lines=(
                    f"{file_name}, received {delivered_on}: {reason}",
                    "Nothing of it was used; earlier figures, if any, stay.",
                ),
                ask=(str(source.contact),),
                what_to_do=(
                    f"Ask {source.contact} for a corrected file and put it in the folder of the "
                    "day it arrives.",
                ),
                link=f"/assets/{source.asset}?view=checks",
            )
        )
    return facts


def _late(contract: Contract, late: Late) -> Fact:
    source = contract.source(late.source)
    days = "1 day" if late.days_late == 1 else f"{late.days_late} days"
    came = ", ".join(f"{file} was refused" for file in late.refused) or "nothing came"
    return Fact(
        key=f"late/{late.source}/{late.month:%Y-%m}",
        group=f"late/{late.source}",
        severity="warn",
        title=f"{in_english(late.month)} from {source.label}: {days} late",
        titles=f"{{which}} from {source.label}: late",
        lines=(f"{in_english(late.month)} was due on {late.due_on}, {days} ago; {came}.",),
        ask=(str(source.contact),),
        what_to_do=(
            f"Ask {source.contact} when the file will come; once it has, put it in the landing "
            "zone, in the folder of the day it arrives.",
        ),
        link=f"/assets/{source.asset}",
        month=late.month,
        remind_after_days=REMIND_AFTER_DAYS,
    )


def _contacts(contract: Contract, asset: str, summary: str) -> tuple[str, ...]:
    """The sources the asset or the summary speaks of, else whoever looks after the data."""
    sources: Iterable[Source] = contract.sources.values()
    concerned = [
        contact
        for s in sources
        if (contact := str(s.contact)) in (summary or "") or s.asset == asset
    ]
    return tuple(concerned) or (str(contract.data_contact),)


def _evidence(contract: Contract, rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """The worst rows as ``59 Nord: previous 1,847, delivered 3,810``, and how many more."""
    lines = []
    for row in rows[:EVIDENCE_ROWS]:
        cells = {name: _shown(contract, name, v) for name, v in row.items() if v not in (None, "")}
        place = next((cells.pop(name) for name in PLACES if name in cells), None)
        said = ", ".join(
            f"{name.removesuffix('_id').replace('_', ' ')} {v}" for name, v in cells.items()
        )
        lines.append(f"  - {place}: {said}" if place else f"  - {said}")
    if len(rows) > EVIDENCE_ROWS:
        lines.append(f"  - and {len(rows) - EVIDENCE_ROWS} more")
    return lines


def _shown(contract: Contract, column: str, value: Any) -> str:
    """A cell of evidence in words: names for codes, months without a day, digits in groups."""
    if column == "department_code" and value in contract.territories.departments:
        return f"{value} {contract.territories.departments[value]}"
    if column == "indicator_id":
        return contract.indicator(str(value)).programme
    if column in ("source", "series") and value in contract.sources:
        return contract.sources[value].label
    if column == "delivery_id":
        return str(value)[:12]
    if "month" in column and re.fullmatch(r"\d{4}-\d\d-01", str(value)):
        return str(value)[:7]
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)
    return f"{value:,}"
