"""The tables of ``docs/gate.md``, rendered from the rules, the contract and measurements.

``python -m acv_pipeline_tests.gate.tables`` writes them into the page anew; ``test_tables``
compares. Here: measuring and rendering. Not here: the page's own words.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path

from acv_pipeline.contract import Contract, load_contract
from acv_pipeline.gate.rules import RULES
from acv_pipeline.ledger.fold import Verdict
from acv_pipeline.ledger.replay import compare
from acv_pipeline_tests.deliveries import ACV, REAL_DATA
from acv_pipeline_tests.gate import replay
from acv_pipeline_tests.gate.families import FAMILIES, family
from acv_pipeline_tests.gate.injections import ERRORS, Rates, measure

PAGE = Path(__file__).parents[2] / "docs/gate.md"
BLOCK = re.compile(r"(<!-- (\w+): [^>]*-->\n).*?(<!-- end -->)", re.DOTALL)

SAMPLE_SEEDS = (1, 2, 3)
INJECTED_SEED = 7
FAMILY_SEEDS = (1, 2)
EARLIER_PACES = 3


def _table(head: list[str], rows: Iterable[list[str]]) -> str:
    lines = [head, ["---", *["--:"] * (len(head) - 1)], *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _share(part: int, of: int) -> str:
    return f"{part / of:.0%}".replace("%", " %") if of else "–"


def rule_reference(contract: Contract) -> str:
    """What each rule sees, why, and its thresholds with their reasons."""
    parts = []
    for rule in RULES:
        weight = "blocking" if rule.blocking else "warning"
        lines = [f"### `{rule.name}` ({weight})", "", f"**{rule.title}.** {rule.rationale}", ""]
        lines += [f"*What to do:* {rule.what_to_do.format(contact='the source')}", ""]
        for name, entry in contract.thresholds.get(rule.name, {}).items():
            lines.append(f"- `{name}` = {entry.value:g}: {entry.why}")
            for indicator in contract.indicators.values():
                own = indicator.thresholds[rule.name][name]
                if own != entry:
                    lines.append(f"  - {indicator.short_name}: {own.value:g}: {own.why}")
        parts.append("\n".join(lines).rstrip() + "\n")
    return "\n".join(parts)


def labelled_blocks(contract: Contract) -> dict[str, list[Verdict]]:
    """The verdicts on the labelled history, by label."""
    verdicts = replay.verdicts(replay.releases(REAL_DATA / "states", contract), contract)
    by_label: dict[str, list[Verdict]] = {}
    for verdict in verdicts:
        for label in _labels(verdict):
            by_label.setdefault(label, []).append(verdict)
    return by_label


def _labels(verdict: Verdict) -> list[str]:
    counts = compare([verdict], REAL_DATA / "labels.csv").counts
    return list(counts)


def other_series(contract: Contract) -> dict[str, list[Verdict]]:
    """Verdicts on series without known errors that no threshold was fitted to."""
    others = replay.with_other_indicators(contract)
    deliveries = replay.releases(REAL_DATA / "barometre", others)
    verdicts = replay.verdicts(deliveries, others)
    shares = replay.verdicts([replay.without_totals(d) for d in deliveries], others)
    invented = [
        verdict
        for name in FAMILIES
        for seed in FAMILY_SEEDS
        for verdict in replay.verdicts(family(name, contract, ACV, seed), contract)
    ]
    return {
        "France services": [v for v in verdicts if v.indicator_id == replay.FRANCE_SERVICES],
        "fibre": [v for v in shares if v.indicator_id == replay.FIBRE],
        "sample data": [
            verdict
            for seed in SAMPLE_SEEDS
            for verdict in replay.verdicts(replay.sample_deliveries(contract, seed), contract)
        ],
        "invented": invented,
    }


def _judged(verdicts: list[Verdict]) -> list[Verdict]:
    return [v for v in verdicts if v.verdict != "unchanged" and not v.is_repeat]


def rule_measurements(contract: Contract) -> str:
    """How many blocks of each kind every rule held (and, behind a plus sign, warned of)."""
    labelled = labelled_blocks(contract)
    groups = {
        "major errors": labelled["MAJ"],
        "minor errors": labelled["min"],
        "wrong totals": labelled["agg"],
        "good": labelled["ok"],
        **other_series(contract),
    }
    groups = {name: _judged(verdicts) for name, verdicts in groups.items()}
    held = {
        n: Counter(f.rule for v in vs for f in v.findings if f.blocking) for n, vs in groups.items()
    }
    warned = {
        n: Counter(f.rule for v in vs for f in v.findings if not f.blocking)
        for n, vs in groups.items()
    }

    def cell(rule: str, group: str) -> str:
        parts = [str(held[group][rule])] if held[group][rule] else []
        parts += [f"+{warned[group][rule]}"] if warned[group][rule] else []
        return " ".join(parts) or "·"

    rows = [[f"`{rule.name}`", *(cell(rule.name, group) for group in groups)] for rule in RULES]
    total = [str(sum(v.verdict == "held" for v in verdicts)) for verdicts in groups.values()]
    head = ["rule", *(f"{name} ({len(verdicts)})" for name, verdicts in groups.items())]
    return _table(head, [*rows, ["**months held**", *(f"**{n}**" for n in total)]])


def family_measurements(contract: Contract) -> str:
    """Months held of each kind of invented series."""
    rows = []
    for name in FAMILIES:
        verdicts = [
            verdict
            for seed in FAMILY_SEEDS
            for verdict in replay.verdicts(family(name, contract, ACV, seed), contract)
        ]
        held = [v for v in verdicts if v.verdict == "held"]
        rules = Counter(f.rule for v in held for f in v.findings if f.blocking)
        rows.append(
            [
                name,
                str(len(verdicts)),
                f"{len(held)} ({_share(len(held), len(verdicts))})",
                ", ".join(f"`{rule}` {n}" for rule, n in rules.most_common()) or "–",
            ]
        )
    return _table(["series", "months", "held", "by"], rows)


def injection_rates(contract: Contract) -> dict[str, dict[str, Rates]]:
    """Detection rates by error, on clean months of the real releases and of the sample data."""
    last = replay.releases(REAL_DATA / "barometre", contract)[-1:]
    sample = replay.sample_deliveries(contract, INJECTED_SEED)
    months = {
        "real": replay.clean_cases(last, contract, EARLIER_PACES),
        "sample": replay.clean_cases(sample, contract, EARLIER_PACES)[::7],
    }
    return {
        error.name: {kind: measure(cases, error) for kind, cases in months.items()}
        for error in ERRORS
    }


def injection_measurements(contract: Contract) -> str:
    """The detection rates as a table."""
    head = ["error"]
    for kind in ("real", "sample"):
        head += [f"{kind}: made", "held", "held or warned", "held with control total"]
    rows = []
    for name, rates in injection_rates(contract).items():
        row = [name]
        for rate in rates.values():
            row += [str(rate.made) if rate.made else "–"]
            row += [_share(n, rate.made) for n in (rate.held, rate.seen, rate.held_with_control)]
        rows.append(row)
    return _table(head, rows)


TABLES: dict[str, Callable[[Contract], str]] = {
    "rules": rule_reference,
    "measured": rule_measurements,
    "families": family_measurements,
    "injections": injection_measurements,
}
NEED_REAL_DATA = {"measured", "injections"}


def table_in_page(name: str) -> str:
    """The table as the page has it."""
    [content] = [
        match[0].removeprefix(match[1]).removesuffix(match[3])
        for match in BLOCK.finditer(PAGE.read_text(encoding="utf-8"))
        if match[2] == name
    ]
    return content


def write_page() -> None:
    """Render every table into the page."""
    contract = load_contract()
    page = BLOCK.sub(
        lambda match: match[1] + TABLES[match[2]](contract) + match[3],
        PAGE.read_text(encoding="utf-8"),
    )
    PAGE.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    write_page()
