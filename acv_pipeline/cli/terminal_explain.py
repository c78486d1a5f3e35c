"""What ``acv explain`` prints: plain text that can be pasted into a mail."""

from __future__ import annotations

import datetime as dt
import shlex
from collections.abc import Iterator, Sequence

from acv_pipeline.language import _, kept, marked, plural
from acv_pipeline.operations.explain import Figure, Increment, Judgement, Part, Rank, Value
from acv_pipeline.operations.row_place import row_place
from acv_pipeline.warehouse.home import Home

# words of the tables, as people read them
VERDICTS = {"accepted": marked("accepted"), "held": marked("held")}
CHANGES = {
    "replaced": marked("replaced"),
    "withdrawn": marked("withdrawn"),
    "corrected": marked("corrected"),
}
EXPLAINED = {
    "said": marked("said"),
    "correction": marked("correction"),
    "sign_off": marked("sign_off"),
    "revision": marked("revision"),
}


def shown(figure: Figure, home: Home) -> str:
    """The whole answer, as text, from ``home``."""
    blocks = [_head(figure, home)]
    if figure.absences:
        absent = [f"- {absence.reason}" for absence in figure.absences]
        blocks.append(_section(_("Why there is no figure"), absent))
    held = [line for part in figure.parts for line in _held(figure, part, home)]
    blocks += [
        _section(_("Where it comes from"), _origins(figure.parts)),
        _section(_("What judged it"), _judgements(figure)),
        _section(_("Held now"), held),
        _section(_("What was believed before"), _earlier(figure)),
    ]
    return "\n\n".join(block for block in blocks if block)


def _head(figure: Figure, home: Home) -> str:
    named = {
        "department": figure.department_name,
        "code": figure.department_code,
        "indicator": figure.indicator,
        "month": figure.month,
        "series": figure.series,
        "day": figure.as_of,
    }
    title = (
        _("{department} ({code}), {indicator}, {month:%Y-%m}, series {series}", **named)
        if figure.as_of is None
        else _(
            "{department} ({code}), {indicator}, {month:%Y-%m}, series {series}, as of {day}",
            **named,
        )
    )
    if figure.value is None:
        return f"{title}\n\n" + _("No figure in force.")
    rows = [[_("dwellings since the start"), _number(figure.value), _place(figure.rank)]]
    if figure.increment:
        added = figure.increment
        since = plural(
            "since {month:%Y-%m}",
            "since {month:%Y-%m}, {count} months",
            added.months_elapsed,
            month=added.previous_month,
        )
        rows.append([since, _number(added.value, sign=True), _place(added.rank)])
    else:
        why = (
            _("a break: other partners are counted than before")
            if figure.is_break
            else _("no earlier figure to count from")
        )
        rows.append([_("increment"), _("none"), why])
    if figure.share_of_national is not None:
        share = _("{share:.2%}", share=figure.share_of_national)
        rows.append([_("share of the country"), share, ""])
    if figure.dwellings_per_10k_inhabitants is not None:
        per = _("{per:.1f}", per=figure.dwellings_per_10k_inhabitants)
        rows.append([_("per 10,000 inhabitants"), per, ""])
    if figure.rank_change and figure.increment:
        before = figure.increment.previous_month
        rows[0][2] += (
            _(", up {places} since {month:%Y-%m}", places=figure.rank_change, month=before)
            if figure.rank_change > 0
            else _(", down {places} since {month:%Y-%m}", places=-figure.rank_change, month=before)
        )
    lines = _table(rows, right=(1,))
    if figure.increment and figure.increment.why:
        lines += ["", _why(figure, figure.increment, home)]
    return "\n".join([title, "", *lines])


def _why(figure: Figure, increment: Increment, home: Home) -> str:
    if increment.why in EXPLAINED:
        why = _(EXPLAINED[increment.why])
        return _("Why it fell ({why}): {reason}", why=why, reason=increment.reason)
    return _(
        "Why it fell is unexplained. If you know: {command}",
        command=f"acv explain {shlex.quote(figure.department_code)} {figure.month:%Y-%m} "
        f'--indicator {figure.indicator} --series {figure.series} --say "…" --by "…"{home.option}',
    )


def _place(rank: Rank | None) -> str:
    if rank is None:
        return ""
    if not rank.tied_with:
        return _("rank {place} of {of}", place=rank.place, of=rank.of)
    others = ", ".join(rank.tied_with)
    return _(
        "rank {place} of {of}, tied with {others}", place=rank.place, of=rank.of, others=others
    )


def _origins(parts: Sequence[Part]) -> list[str]:
    lines: list[str] = []
    for part in parts:
        got = part.received
        if got is None:
            continue
        row = got.sheet_row if got.sheet_row is not None else got.row_number
        place = (
            _("sheet {place}", place=row_place(got.sheet, row)) if got.sheet else row_place("", row)
        )
        if got.sheet_column:
            place = _("{place}, column {column}", place=place, column=got.sheet_column)
        lines += [
            _(
                "{source}: {value}, in force since {day}",
                source=part.label,
                value=_number(part.value),
                day=part.since,
            ),
            *_table(
                [
                    ["  " + _("received"), str(got.delivered_on)],
                    ["  " + _("file"), got.file_name],
                    ["  " + _("where"), place],
                    ["  sha256", got.delivery_id],
                    *(["  " + name, cell] for name, cell in _cells(got.header, got.cells)),
                ]
            ),
        ]
        if fix := part.correction:
            lines.append(
                _(
                    "  corrected from {delivered:,} to {corrected:,} on {day} by {by}: {reason}",
                    delivered=fix.delivered,
                    corrected=fix.corrected,
                    day=fix.corrected_on,
                    by=fix.corrected_by,
                    reason=fix.reason,
                )
            )
    return lines


def _cells(header: Sequence[str], cells: Sequence[str | None]) -> Iterator[tuple[str, str]]:
    """The cells as received, with the names of their columns where each has one."""
    if len(header) != len(cells):
        yield _("as received"), " | ".join(cell or "" for cell in cells)
        return
    for name, cell in zip(header, cells, strict=True):
        yield f"‹{name}›", cell or ""


def _judgements(figure: Figure) -> list[str]:
    lines: list[str] = []
    rules = len(figure.rules)
    for part in figure.parts:
        for said in part.judgements:
            lines.append(
                _(
                    "{source}, {delivery}: {verdict} ({says}), {held} of {rules} rules hold",
                    source=part.label,
                    delivery=_delivery(said),
                    verdict=_(VERDICTS[said.verdict]),
                    says=_("nothing here")
                    if said.value is None
                    else plural("{count:,} dwelling", "{count:,} dwellings", said.value),
                    held=rules - len(said.findings),
                    rules=rules,
                )
            )
            lines += [_finding(finding) for finding in said.findings]
            if said.signed_off_by:
                lines.append(
                    _(
                        "  signed off by {by} on {day}: {reason}",
                        by=said.signed_off_by,
                        day=said.signed_off_on,
                        reason=said.signed_off_reason,
                    )
                )
    return lines


def _delivery(said: Judgement | Value) -> str:
    return _("delivery {delivery} of {day}", delivery=said.delivery_id[:12], day=said.delivered_on)


def _finding(finding: dict[str, object]) -> str:
    mark = "✗" if finding["blocking"] else "!"
    return _(
        "  {mark} {rule}: {summary}",
        mark=mark,
        rule=finding["rule"],
        summary=kept(finding, "summary"),
    )


def _held(figure: Figure, part: Part, home: Home) -> list[str]:
    held = part.held
    if held is None:
        return []
    said = {
        "source": part.label,
        "delivery": _delivery(held),
        "says": _("nothing here") if held.value is None else _number(held.value),
        "stays": _number(part.value),
    }
    lines = [
        _(
            "{source}, {delivery}: it says {says}; until someone signs it off or a correction "
            "comes, no figure is in force",
            **said,
        )
        if part.value is None
        else _(
            "{source}, {delivery}: it says {says}; until someone signs it off or a correction "
            "comes, {stays} is in force",
            **said,
        )
    ]
    for finding in held.findings:
        if not finding["blocking"]:
            continue
        lines.append(_finding(finding))
        if cause := kept(finding, "probable_cause"):
            lines.append(_("    probable cause: {cause}", cause=cause))
        lines += [
            _("    evidence: {row}", row=", ".join(f"{name} {v}" for name, v in row.items()))
            for row in finding["evidence"]
            if row.get("department_code") == figure.department_code
        ]
    command = home.sign_off(held.delivery_id, figure.indicator, figure.month)
    return [
        *lines,
        _("  sign-off: none; if the figures are right: {command}", command=command),
    ]


def _earlier(figure: Figure) -> list[str]:
    totals = [
        [figure.series, _number(step.value) or _("no figure"), _between(step.since, step.until)]
        for step in figure.believed
        if step.until is not None
    ]
    of_parts = [
        [part.label, _number(v.value), _between(v.since, v.until), _delivery(v), _ended(v)]
        for part in figure.parts
        for v in part.history
        if v.until is not None
    ]
    return (_table(totals, right=(1,)) if len(figure.parts) > 1 else []) + _table(
        of_parts, right=(1,)
    )


def _between(since: dt.date, until: dt.date) -> str:
    return _("{since} to {until}", since=since, until=until)


def _ended(value: Value) -> str:
    change = _(CHANGES[value.change or ""])
    if not value.ended_by:
        return change
    return _("{change} by delivery {delivery}", change=change, delivery=value.ended_by[:12])


def _section(title: str, lines: Sequence[str]) -> str:
    return "\n".join([title, *(f"  {line}" for line in lines)]) if lines else ""


def _table(rows: Sequence[Sequence[str]], right: tuple[int, ...] = ()) -> list[str]:
    """Aligned columns; ``right`` are flushed right."""
    if not rows:
        return []
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    return [
        "  ".join(
            cell.rjust(width) if at in right else cell.ljust(width)
            for at, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]


def _number(value: int | None, *, sign: bool = False) -> str:
    if value is None:
        return ""
    return _("{value:+,}", value=value) if sign else _("{value:,}", value=value)
