"""The facts that stand now and that a person should know of: held, failing, refused, late."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

import duckdb

from acv_pipeline.contract import Contract, Month, Source
from acv_pipeline.contract.months import in_words
from acv_pipeline.gate.rules import RULES_BY_NAME
from acv_pipeline.language import LANGUAGES, _, kept, plural
from acv_pipeline.ledger.lateness import CHECK as LATE_CHECK
from acv_pipeline.ledger.lateness import Late, late_months
from acv_pipeline.operations.alerts.evidence import worst_rows
from acv_pipeline.operations.alerts.fact import Fact, FailedRun
from acv_pipeline.operations.alerts.letter import for_partner
from acv_pipeline.operations.standstill import Standstill
from acv_pipeline.operations.status import HeldMonth, status
from acv_pipeline.quality.check import Severity
from acv_pipeline.warehouse.home import Home

RUN_PREFIX = "run/"
STANDSTILL = "standstill"
JUDGED = "validated_dwellings"
REMIND_AFTER_DAYS = 7
READABLE = "delivery_readable"
# refused deliveries, late months; a partner that is missing is held, late, or not due yet
FACTS_OF_THEIR_OWN = (READABLE, LATE_CHECK, "every_partner_present")


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
        *(_held(connection, contract, month, home) for month in held.values()),
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
        what_to_do = run.failure.what_to_do()
        said = [line for line in run.failure.why.splitlines() if line.strip()][:3]
        facts.append(
            Fact(
                key=f"{RUN_PREFIX}{run.matter}",
                group=f"{RUN_PREFIX}{run.job}",
                severity="error",
                title=_("a run of {job} that failed", job=run.job),
                titles=_("{count} runs of {job} that failed", count="{count}", job=run.job),
                lines=(
                    *(said or [_("It left no message.")]),
                    _("The figures published before stay as they were."),
                ),
                ask=(str(contract.data_contact),),
                what_to_do=(f"{what_to_do[0].upper()}{what_to_do[1:]}.",),
                link=run.link,
                # that another failed in its place is news when no more are to come
                version=str(run.failure.tries),
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
            title=_("deliveries that arrive are not taken in"),
            titles=_("deliveries that arrive are not taken in"),
            lines=(
                standstill.reason,
                _(
                    "Since {since:%Y-%m-%d %H:%M} what is named above could not be read. Nothing "
                    "of it is in the figures; those published before stay as they were.",
                    since=since,
                ),
            ),
            ask=(str(contract.data_contact),),
            what_to_do=(
                _(
                    "Put right what is named above. What arrived meanwhile is then taken in by "
                    "itself."
                ),
            ),
            link="/automation",
            remind_after_days=REMIND_AFTER_DAYS,
        )
    ]


def _held(
    connection: duckdb.DuckDBPyConnection, contract: Contract, held: HeldMonth, home: Home
) -> Fact:
    source, indicator = contract.source(held.source), contract.indicator(held.indicator_id)

    def title(months: object) -> str:
        return _(
            "{months} from {source} ({programme}) held back",
            months=months,
            source=source.label,
            programme=indicator.programme,
        )

    lines = [
        _(
            "Nothing of {month} in {file} (received {day}) is in force or published; earlier "
            "figures, if any, stay.",
            month=in_words(held.month),
            file=held.file_name,
            day=held.delivered_on,
        )
    ]
    for finding in held.findings:
        rule = RULES_BY_NAME.get(finding["rule"])
        lines.append(
            _(
                "{rule}: {summary}.",
                rule=_(rule.title) if rule else finding["rule"],
                summary=kept(finding, "summary"),
            )
        )
        if cause := kept(finding, "probable_cause"):
            lines.append(_("Probable cause: {cause}.", cause=cause))
        lines += worst_rows(contract, finding["evidence"])
    command = home.sign_off(held.delivery_id, held.indicator_id, held.month, elsewhere=True)
    return Fact(
        key=f"held/{held.source}/{held.indicator_id}/{held.month:%Y-%m}",
        group=f"held/{held.source}/{held.indicator_id}",
        severity="error",
        title=title(in_words(held.month)),
        titles=title("{which}"),
        lines=tuple(lines),
        ask=(str(held.ask),),
        what_to_do=(
            *dict.fromkeys(map(str, held.what_to_do)),
            _("If the figures are right, release them: {command}", command=command),
        ),
        link=f"/assets/{JUDGED}?view=checks",
        month=held.month,
        version=" ".join([held.delivery_id[:12], *sorted(held.rules)]),
        for_partner=for_partner(connection, contract, held),
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
    what = (
        _(rule.title)
        if rule
        else _(
            "failing check “{check}” of {asset}",
            check=name.replace("_", " "),
            asset=asset.replace("_", " "),
        )
    )
    severity: Severity = "error" if check["severity"] == "error" else "warn"
    rows = worst_rows(contract, check["sample"])
    return Fact(
        key=f"check/{asset}/{name}/{month:%Y-%m}",
        group=f"check/{asset}/{name}",
        severity=severity,
        title=f"{what}, {in_words(month)}",
        titles=f"{what}, {{which}}",
        lines=(check["summary"] or _("The check fails."), *rows),
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
        "select delivery_id, source, file_name, delivered_on, reason, reason_fr"
        " from raw.deliveries where status = 'refused' order by delivered_on, source, file_name"
    ).fetchall()
    facts = []
    for delivery_id, source_id, file_name, delivered_on, reason, reason_fr in rows:
        if delivery_id not in standing:
            continue
        source = contract.source(source_id)
        facts.append(
            Fact(
                key=f"refused/{delivery_id[:12]}",
                group=f"refused/{source_id}",
                severity="error",
                title=_(
                    "a file from {source} that could not be used ({file})",
                    source=source.label,
                    file=file_name,
                ),
                titles=_(
                    "{count} files from {source} that could not be used",
                    count="{count}",
                    source=source.label,
                ),
                lines=(
                    _(
                        "{file}, received {day}: {reason}",
                        file=file_name,
                        day=delivered_on,
                        reason=kept({"reason": reason, "reason_fr": reason_fr}, "reason"),
                    ),
                    _("Nothing of it was used; earlier figures, if any, stay."),
                ),
                ask=(str(source.contact),),
                what_to_do=(
                    _(
                        "Ask {contact} for a corrected file and put it in the folder of the day it "
                        "arrives.",
                        contact=source.contact,
                    ),
                ),
                link=f"/assets/{source.asset}?view=checks",
            )
        )
    return facts


def _late(contract: Contract, late: Late) -> Fact:
    source = contract.source(late.source)
    came = ", ".join(_("{file} was refused", file=file) for file in late.refused)
    return Fact(
        key=f"late/{late.source}/{late.month:%Y-%m}",
        group=f"late/{late.source}",
        severity="warn",
        title=plural(
            "{month} from {source}: {count} day late",
            "{month} from {source}: {count} days late",
            late.days_late,
            month=in_words(late.month),
            source=source.label,
        ),
        titles=_("{which} from {source}: late", which="{which}", source=source.label),
        lines=(
            plural(
                "{month} was due on {day}, {count} day ago; {what_came}.",
                "{month} was due on {day}, {count} days ago; {what_came}.",
                late.days_late,
                month=in_words(late.month),
                day=late.due_on,
                what_came=came or _("nothing came"),
            ),
        ),
        ask=(str(source.contact),),
        what_to_do=(
            _(
                "Ask {contact} when the file will come; once it has, put it in the landing zone, "
                "in the folder of the day it arrives.",
                contact=source.contact,
            ),
        ),
        link=f"/assets/{source.asset}",
        month=late.month,
        remind_after_days=REMIND_AFTER_DAYS,
    )


def _contacts(contract: Contract, asset: str, summary: str) -> tuple[str, ...]:
    """The sources the asset or the summary speaks of, else whoever looks after the data."""
    sources: Iterable[Source] = contract.sources.values()
    concerned = [
        str(source.contact)
        for source in sources
        # a run in either language may have written the summary
        if source.asset == asset
        or any(source.contact[each] in (summary or "") for each in LANGUAGES)
    ]
    return tuple(concerned) or (str(contract.data_contact),)
