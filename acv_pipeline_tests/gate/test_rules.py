"""All examples of all rules, and what holds for every rule alike."""

from __future__ import annotations

import dataclasses
import json
import re
from importlib import import_module
from typing import Any

import numpy as np
import pytest

from acv_pipeline.contract.entries import Break
from acv_pipeline.contract.months import shift
from acv_pipeline.gate.rule import Rule
from acv_pipeline.gate.rules import ON_MOVEMENT, RULES, RULES_BY_NAME, judge
from acv_pipeline.gate.rules_scale import figures_scaled
from acv_pipeline.language import NARROW, in_language
from acv_pipeline_tests.gate.examples import (
    ACV,
    CONTRACT,
    MONTH,
    Example,
    case_of,
    level,
    steady,
    with_habits,
)

THEMES = [
    "attention", "completeness", "decreases", "files", "order", "pace", "repetition", "revisions",
    "scale", "totals",
]  # fmt: skip
EXAMPLES: list[Example] = [
    example
    for theme in THEMES
    for example in import_module(f"acv_pipeline_tests.gate.test_rules_{theme}").EXAMPLES
]
COUNTS = {
    "min_departments", "max_departments", "min_earlier_paces", "min_increment", "min_dwellings",
    "min_level", "max_steps", "routine_months", "max_missing",
}  # fmt: skip


@pytest.mark.parametrize("example", EXAMPLES, ids=str)
def test_example(example: Example) -> None:
    indicator = example.case.indicator
    assert example.observed(indicator) == example.outcome


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_every_rule_has_an_example_that_passes_and_one_that_fails(rule: Rule) -> None:
    outcomes = {example.outcome for example in EXAMPLES if example.rule is rule}
    assert "silent" in outcomes
    assert ("holds" if rule.blocking else "warns") in outcomes
    assert rule.blocking or "holds" not in outcomes


def _changed(name: str, value: float) -> list[float]:
    """The threshold a little lower and a little higher."""
    if name in COUNTS:
        return [value - 1, value + 1]
    if name == "min_correlation":
        return [1 - 1.1 * (1 - value), 1 - 0.9 * (1 - value)]
    return [0.9 * value, 1.1 * value] if value else [0.001, 0.001]


@pytest.mark.parametrize("which", [0, 1], ids=["lower", "higher"])
@pytest.mark.parametrize(
    ("rule", "name"), [(rule, name) for rule, names in ACV.thresholds.items() for name in names]
)
def test_a_changed_threshold_breaks_an_example(rule: str, name: str, which: int) -> None:
    """Each example keeps the indicator it has, which may state thresholds of its own."""
    examples = [example for example in EXAMPLES if example.rule.name == rule]
    assert any(
        example.observed(
            with_habits(
                example.rule,
                own,
                **{name: _changed(name, own.thresholds[rule][name].value)[which]},
            )
        )
        != example.outcome
        for example in examples
        for own in [example.case.indicator]
    )


def test_thresholds_belong_to_rules_and_carry_a_reason() -> None:
    assert set(CONTRACT.thresholds) <= set(RULES_BY_NAME)
    assert all(entry.why for names in CONTRACT.thresholds.values() for entry in names.values())


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_every_rule_says_whom_to_ask_or_what_to_do(rule: Rule) -> None:
    advice, contact = rule.advice(CONTRACT.sources["anah"]), CONTRACT.sources["anah"].contact
    assert contact.en in advice.en and f"à {contact.fr}" in advice.fr
    assert rule.title and rule.rationale
    assert in_language("fr", rule.title) != rule.title


FAILING = [example for example in EXAMPLES if example.outcome != "silent"]


@pytest.mark.parametrize("example", FAILING, ids=str)
def test_a_finding_is_said_in_both_languages(example: Example) -> None:
    """With the same figures, as each language writes them."""
    finding = example.rule(example.case)
    assert finding is not None
    for text in filter(None, [finding.summary, finding.probable_cause]):
        assert text.fr != text.en
        assert sorted(figures_in(text.fr.translate(FRENCH))) == sorted(figures_in(text.en))
        assert not re.search(r"\d%| [:;!?]", text.fr), text.fr
        assert not re.search(r"\b(the|dwellings|figures?)\b", text.fr)


FRENCH = str.maketrans({NARROW: None, ",": "."})


def figures_in(text: str) -> list[str]:
    """The numbers of a text, without what sets groups of their digits apart."""
    return [number.replace(",", "") for number in re.findall(r"\d[\d,]*(?:\.\d+)?", text)]


def test_what_is_recorded_of_a_finding_has_both_languages() -> None:
    finding = figures_scaled(case_of(level(10_000), steady(level())))
    assert finding is not None and finding.probable_cause is not None
    recorded = json.loads(json.dumps(finding.recorded))
    assert recorded["summary"].startswith("96 of 96 départements are about 10 times")
    assert recorded["summary_fr"] == (
        "96 départements sur 96 ont environ 10 fois leur chiffre de 2021-05"
    )
    assert recorded["probable_cause"] == finding.probable_cause.en
    assert recorded["probable_cause_fr"].startswith("tous les chiffres multipliés par 10 environ")


@pytest.mark.parametrize("example", [e for e in EXAMPLES if e.outcome != "silent"], ids=str)
def test_evidence_is_a_short_table_of_plain_values(example: Example) -> None:
    finding = example.rule(example.case)
    assert finding is not None
    assert 1 <= len(finding.evidence) <= 20
    assert finding.evidence == json.loads(json.dumps(finding.evidence))
    assert len({tuple(row) for row in finding.evidence}) <= 2  # national rows may stand in front


def test_blocking_findings_come_first() -> None:
    finding_weights = [f.blocking for f in judge(case_of(level(500), steady(level())))]
    assert finding_weights == sorted(finding_weights, reverse=True)
    assert finding_weights[0]


@pytest.mark.parametrize("quarantined", [0, 1])
def test_figures_in_force_are_not_held_again(quarantined: int) -> None:
    rows = np.arange(96) < quarantined
    delivered = np.where(rows, np.nan, level(500))
    falling = case_of(delivered, steady(level()), in_force=level(500), quarantined=rows)
    findings = judge(falling)
    assert findings and not any(finding.blocking for finding in findings)
    changed = case_of(delivered, steady(level()), in_force=level(501), quarantined=rows)
    assert any(finding.blocking for finding in judge(changed))


@pytest.mark.parametrize(
    "known",
    [
        {"breaks": [Break(month=MONTH, fr="périmètre", en="perimeter")]},
        {"unusual_months": [MONTH]},
    ],
)
def test_across_a_break_steps_are_not_compared(known: dict[str, Any]) -> None:
    """A jump of the pace passes with a warning; a factor of ten is held still."""
    names = {rule.name for rule in RULES if rule.blocking}
    assert names > ON_MOVEMENT
    broken = ACV.model_copy(update=known)
    jump = case_of(level(1200), steady(level()), indicator=broken)
    [pace] = [f for f in judge(jump) if f.rule == "national_pace_jumps"]
    assert not pace.blocking
    assert any(f.blocking for f in judge(dataclasses.replace(jump, indicator=ACV)))
    scaled = case_of(level(10_000), steady(level()), indicator=broken)
    assert [f.rule for f in judge(scaled) if f.blocking] == ["figures_scaled"]


def test_a_break_in_a_month_that_never_came_shows_in_the_next() -> None:
    """The month before has figures, that of the break has none, this one is after it."""
    fallen = case_of(level(600), steady(level()))
    assert any(finding.blocking for finding in judge(fallen))
    late = dataclasses.replace(fallen, month=shift(MONTH, 1))
    broken = Break(month=MONTH, fr="périmètre", en="perimeter")
    late = dataclasses.replace(late, indicator=ACV.model_copy(update={"breaks": [broken]}))
    assert not {f.rule for f in judge(late) if f.blocking} & ON_MOVEMENT
    early = dataclasses.replace(late, history=[*late.history, (MONTH, fallen.delivered * 2)])
    assert {f.rule for f in judge(early) if f.blocking} & ON_MOVEMENT


def test_a_month_before_a_break_is_not_held_against_those_after_it() -> None:
    after = case_of(level(1000), later=[level(600)])
    assert "exceeds_later_month" in {finding.rule for finding in judge(after)}
    broken = Break(month=shift(MONTH, 1), fr="périmètre", en="perimeter")
    moved = dataclasses.replace(after, indicator=ACV.model_copy(update={"breaks": [broken]}))
    assert "exceeds_later_month" not in {finding.rule for finding in judge(moved)}


@pytest.mark.parametrize("history", [0, 1, 2, 5])
@pytest.mark.parametrize("holes", [0, 1, 95, 96])
def test_no_history_and_no_figure_is_too_short_or_too_empty(history: int, holes: int) -> None:
    """Rules cope with few points and with territories that have no figure at all."""
    figures = level()
    figures[:holes] = np.nan
    earlier = [np.where(np.arange(96) % 7 == n, np.nan, level(10.0 * n)) for n in range(history)]
    with np.errstate(all="raise"):
        findings = judge(case_of(figures, earlier, in_force=level(np.nan)))
    assert {finding.rule for finding in findings} <= set(RULES_BY_NAME)
