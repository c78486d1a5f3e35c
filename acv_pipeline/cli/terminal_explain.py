"""What ``acv explain`` prints: plain text that can be pasted into a mail."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence

from acv_pipeline.operations.explain import Figure, Increment, Judgement, Part, Rank, Value
from acv_pipeline.warehouse.home import Home


def shown(figure: Figure, home: Home) -> str:
    """The whole answer, as text, from ``home``."""
    blocks = [_head(figure, home)]
    if figure.absences:
        blocks.append(
            _section("Why there is no figure", [f"- {a.reason}" for a in figure.absences])
        )
    blocks += [
        _section("Where it comes from", _origins(figure.parts)),
        _section("What judged it", _judgements(figure)),
        _section("Held now", [line for part in figure.parts for line in _held(figure, part, home)]),
        _section("What was believed before", _earlier(figure)),
    ]
    return "\n\n".join(block for block in blocks if block)


def _head(figure: Figure, home: Home) -> str:
    when = f", as of {figure.as_of}" if figure.as_of else ""
    title = (
        f"{figure.department_name} ({figure.department_code}), {figure.indicator}, "
        f"{figure.month:%Y-%m}, series {figure.series}{when}"
    )
    if figure.value is None:
        return f"{title}\n\nNo figure in force."
    rows = [["dwellings since the start", _number(figure.value), _place(figure.rank)]]
    if figure.increment:
        since = f"since {figure.increment.previous_month:%Y-%m}"
        if figure.increment.months_elapsed > 1:
            since += f", {figure.increment.months_elapsed} months"
        rows.append(
            [since, _number(figure.increment.value, sign=True), _place(figure.increment.rank)]
        )
    else:
        others = "a break: other partners are counted than before"
        why = others if figure.is_break else "no earlier figure to count from"
        rows.append(["increment", "none", why])
    if figure.share_of_national is not None:
        rows.append(["share of the country", f"{figure.share_of_national:.2%}", ""])
    if figure.dwellings_per_10k_inhabitants is not None:
        rows.append(["per 10,000 inhabitants", f"{figure.dwellings_per_10k_inhabitants:.1f}", ""])
    if figure.rank_change and figure.increment:
        way = "up" if figure.rank_change > 0 else "down"
        before = f"{figure.increment.previous_month:%Y-%m}"
        rows[0][2] += f", {way} {abs(figure.rank_change)} since {before}"
    lines = _table(rows, right=(1,))
    if figure.increment and figure.increment.why:
        lines += ["", _why(figure, figure.increment, home)]
    return "\n".join([title, "", *lines])


def _why(figure: Figure, increment: Increment, home: Home) -> str:
    if increment.why != "unexplained":
        return f"Why it fell ({increment.why}): {increment.reason}"
    return (
        "Why it fell is unexplained. If you know: acv explain "
        f"{shlex.quote(figure.department_code)} {figure.month:%Y-%m} "
        f'--indicator {figure.indicator} --series {figure.series} --say "…" --by "…"{home.option}'
    )


def _place(rank: Rank | None) -> str:
    if rank is None:
        return ""
    tied = f", tied with {', '.join(rank.tied_with)}" if rank.tied_with else ""
    return f"rank {rank.place} of {rank.of}{tied}"


def _origins(parts: Sequence[Part]) -> list[str]:
    lines: list[str] = []
    for part in parts:
        got = part.received
        if got is None:
            continue
        row = f"row {got.sheet_row if got.sheet_row is not None else got.row_number}"
        place = ", ".join(filter(None, [got.sheet and f"sheet {got.sheet}", row]))
        if got.sheet_column:
            place += f", column {got.sheet_column}"
        lines += [
            f"{part.label}: {_number(part.value)}, in force since {part.since}",
            *_table(
                [
                    ["  received", str(got.delivered_on)],
                    ["  file", got.file_name],
                    ["  where", place],
                    ["  sha256", got.delivery_id],
                    *(["  " + name, cell] for name, cell in _cells(got.header, got.cells)),
                ]
            ),
        ]
        if fix := part.correction:
            lines.append(
                f"  corrected from {_number(fix.delivered)} to {_number(fix.corrected)} on "
                f"{fix.corrected_on} by {fix.corrected_by}: {fix.reason}"
            )
    return lines


def _cells(header: Sequence[str], cells: Sequence[str | None]) -> Iterator[tuple[str, str]]:
    """The cells as received, with the names of their columns where each has one."""
    if len(header) != len(cells):
        yield "as received", " | ".join(cell or "" for cell in cells)
        return
    for name, cell in zip(header, cells, strict=True):
        yield f"‹{name}›", cell or ""


def _judgements(figure: Figure) -> list[str]:
    lines: list[str] = []
    rules = len(figure.rules)
    for part in figure.parts:
        for said in part.judgements:
            says = "nothing here" if said.value is None else f"{_number(said.value)} dwellings"
            lines.append(
                f"{part.label}, {_delivery(said)}: {said.verdict} ({says}), "
                f"{rules - len(said.findings)} of {rules} rules hold"
            )
            lines += [_finding(finding) for finding in said.findings]
            if said.signed_off_by:
                lines.append(
                    f"  signed off by {said.signed_off_by} on {said.signed_off_on}: "
                    f"{said.signed_off_reason}"
                )
    return lines


def _delivery(said: Judgement | Value) -> str:
    return f"delivery {said.delivery_id[:12]} of {said.delivered_on}"


def _finding(finding: dict[str, object]) -> str:
    mark = "✗" if finding["blocking"] else "!"
    return f"  {mark} {finding['rule']}: {finding['summary']}"


def _held(figure: Figure, part: Part, home: Home) -> list[str]:
    held = part.held
    if held is None:
        return []
    says = "nothing here" if held.value is None else _number(held.value)
    stays = "no figure" if part.value is None else _number(part.value)
    lines = [
        f"{part.label}, {_delivery(held)}: it says {says}; until someone signs it off or a "
        f"correction comes, {stays} is in force"
    ]
    for finding in held.findings:
        if not finding["blocking"]:
            continue
        lines.append(_finding(finding))
        if finding["probable_cause"]:
            lines.append(f"    probable cause: {finding['probable_cause']}")
        lines += [
            "    evidence: " + ", ".join(f"{name} {value}" for name, value in row.items())
            for row in finding["evidence"]
            if row.get("department_code") == figure.department_code
        ]
    command = home.sign_off(held.delivery_id, figure.indicator, figure.month)
    return [*lines, f"  sign-off: none; if the figures are right: {command}"]


def _earlier(figure: Figure) -> list[str]:
    totals = [
        [figure.series, _number(step.value) or "no figure", f"{step.since} to {step.until}"]
        for step in figure.believed
        if step.until is not None
    ]
    of_parts = [
        [
            *(part.label, _number(v.value), f"{v.since} to {v.until}", _delivery(v)),
            f"{v.change} by delivery {v.ended_by[:12]}" if v.ended_by else str(v.change),
        ]
        for part in figure.parts
        for v in part.history
        if v.until is not None
    ]
    return (_table(totals, right=(1,)) if len(figure.parts) > 1 else []) + _table(
        of_parts, right=(1,)
    )


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
    return "" if value is None else f"{value:+,}" if sign else f"{value:,}"
