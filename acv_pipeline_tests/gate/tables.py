"""The tables of ``docs/gate.md``, rendered from the rules, the contract and measurements.

``python -m acv_pipeline_tests.gate.tables`` writes them into the page anew; ``test_tables``
compares.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from functools import cached_property
from pathlib import Path

from acv_pipeline.contract import Contract, load_contract
from acv_pipeline.gate.rules import RULES
from acv_pipeline.ledger.replay import compare
from acv_pipeline.ledger.verdicts import Verdict
from acv_pipeline_tests.deliveries import ACV, REAL_DATA
from acv_pipeline_tests.gate import replay
from acv_pipeline_tests.gate.families import FAMILIES, family
from acv_pipeline_tests.gate.injections import ERRORS, Rates, measure

PAGE = Path(__file__).parents[2] / "docs/gate.md"
BLOCK = re.compile(r"(<!-- table (\w+) [^>]*-->\n).*?(<!-- end -->)", re.DOTALL)

SAMPLE_SEEDS = (1, 2, 3)
INJECTED_SEED = 7
FAMILY_SEEDS = (1, 2)
EARLIER_PACES = 3


class Measurements:
    """What the gate does with known history, clean series and injected errors; measured once."""

    def __init__(self, contract: Contract) -> None:
        self.contract = contract

    @cached_property
    def labelled(self) -> dict[str, list[Verdict]]:
        """The verdicts on the labelled history of the real releases, by label."""
        states = replay.releases(REAL_DATA / "states", self.contract)
        by_label: dict[str, list[Verdict]] = {}
        for verdict in replay.verdicts(states, self.contract):
            for label in compare([verdict], REAL_DATA / "labels.csv").counts:
                by_label.setdefault(label, []).append(verdict)
        return by_label

    @cached_property
    def other_indicators(self) -> dict[str, list[Verdict]]:
        """The verdicts on the releases' other growing indicators; fibre without its totals."""
        contract = replay.with_other_indicators(self.contract)
        releases = replay.releases(REAL_DATA / "barometre", contract)
        counts = replay.verdicts(releases, contract)
        shares = replay.verdicts([replay.without_totals(r) for r in releases], contract)
        return {
            "France services": [v for v in counts if v.indicator_id == replay.FRANCE_SERVICES],
            "fibre": [v for v in shares if v.indicator_id == replay.FIBRE],
        }

    @cached_property
    def sample(self) -> list[Verdict]:
        """The verdicts on the partners' clean months of the sample data."""
        return [
            verdict
            for seed in SAMPLE_SEEDS
            for verdict in replay.verdicts(
                replay.sample_deliveries(self.contract, seed), self.contract
            )
        ]

    @cached_property
    def invented(self) -> dict[str, list[Verdict]]:
        """The verdicts on the invented series, by kind."""
        return {
            name: [
                verdict
                for seed in FAMILY_SEEDS
                for verdict in replay.verdicts(
                    family(name, self.contract, ACV, seed), self.contract
                )
            ]
            for name in FAMILIES
        }

    @cached_property
    def injected(self) -> dict[str, dict[str, Rates]]:
        """Detection rates by error, in clean months of the real releases and the sample data."""
        last = replay.releases(REAL_DATA / "barometre", self.contract)[-1:]
        sample = replay.sample_deliveries(self.contract, INJECTED_SEED)
        months = {
            "real": replay.clean_cases(last, self.contract, EARLIER_PACES),
            "sample": replay.clean_cases(sample, self.contract, EARLIER_PACES)[::7],
        }
        return {
            error.name: {kind: measure(cases, error) for kind, cases in months.items()}
            for error in ERRORS
        }


def rules(measured: Measurements) -> str:
    """What each rule sees, why, and its thresholds with their reasons."""
    parts = []
    for rule in RULES:
        weight = "blocking" if rule.blocking else "warning"
        lines = [f"### `{rule.name}` ({weight})", "", f"**{rule.title}.** {rule.rationale}", ""]
        lines += [f"*What to do:* {rule.what_to_do.format(contact='the source')}", ""]
        for name, entry in measured.contract.thresholds.get(rule.name, {}).items():
            lines.append(f"- `{name}` = {entry.value:g}: {entry.why}")
            for indicator in measured.contract.indicators.values():
                own = indicator.thresholds[rule.name][name]
                if own != entry:
                    lines.append(f"  - {indicator.short_name}: {own.value:g}: {own.why}")
        parts.append("\n".join(lines).rstrip() + "\n")
    return "\n".join(parts)


def hits(measured: Measurements) -> str:
    """How many blocks of each kind every rule held (and, behind a plus sign, warned of)."""
    groups = {
        "major errors": measured.labelled["MAJ"],
        "minor errors": measured.labelled["min"],
        "wrong totals": measured.labelled["agg"],
        "good": measured.labelled["ok"],
        **measured.other_indicators,
        "sample data": measured.sample,
        "invented": [v for verdicts in measured.invented.values() for v in verdicts],
    }
    groups = {
        name: [v for v in verdicts if v.verdict != "unchanged" and not v.is_repeat]
        for name, verdicts in groups.items()
    }
    counts = {
        group: Counter((f.rule, f.blocking) for v in verdicts for f in v.findings)
        for group, verdicts in groups.items()
    }

    def cell(rule: str, group: str) -> str:
        held, warned = counts[group][rule, True], counts[group][rule, False]
        return " ".join([str(held)] * bool(held) + [f"+{warned}"] * bool(warned)) or "·"

    rows = [[f"`{rule.name}`", *(cell(rule.name, group) for group in groups)] for rule in RULES]
    held = [sum(v.verdict == "held" for v in verdicts) for verdicts in groups.values()]
    head = ["rule", *(f"{name} ({len(verdicts)})" for name, verdicts in groups.items())]
    return _table(head, [*rows, ["**months held**", *(f"**{n}**" for n in held)]])


def families(measured: Measurements) -> str:
    """Months held of each kind of invented series."""
    rows = []
    for name, verdicts in measured.invented.items():
        held = [v for v in verdicts if v.verdict == "held"]
        by_rule = Counter(f.rule for v in held for f in v.findings if f.blocking)
        rows.append(
            [
                name,
                str(len(verdicts)),
                f"{len(held)} ({_share(len(held), len(verdicts))})",
                ", ".join(f"`{rule}` {n}" for rule, n in by_rule.most_common()) or "–",
            ]
        )
    return _table(["series", "months", "held", "by"], rows)


def injections(measured: Measurements) -> str:
    """The detection rates of injected errors."""
    head = ["error"]
    for kind in ("real", "sample"):
        head += [f"{kind}: made", "held", "held or warned", "held with control total"]
    rows = []
    for name, rates in measured.injected.items():
        row = [name]
        for rate in rates.values():
            row += [str(rate.made) if rate.made else "–"]
            row += [_share(n, rate.made) for n in (rate.held, rate.seen, rate.held_with_control)]
        rows.append(row)
    return _table(head, rows)


TABLES = {table.__name__: table for table in (rules, hits, families, injections)}
NEED_REAL_DATA = {"hits", "injections"}


def _table(head: list[str], rows: Iterable[list[str]]) -> str:
    lines = [head, ["---", *["--:"] * (len(head) - 1)], *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _share(part: int, of: int) -> str:
    return f"{part / of:.0%}".replace("%", " %") if of else "–"


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
    measured = Measurements(load_contract())
    page = BLOCK.sub(
        lambda match: match[1] + TABLES[match[2]](measured) + match[3],
        PAGE.read_text(encoding="utf-8"),
    )
    PAGE.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    write_page()
