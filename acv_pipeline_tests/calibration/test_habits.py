"""What is learned of a past, and what is not."""

from __future__ import annotations

import dataclasses
import datetime as dt

import numpy as np
import pandas as pd
import pytest

from acv_pipeline.calibration.expected import expected
from acv_pipeline.calibration.habits import Evidence, Habits
from acv_pipeline.calibration.past import Past, past_of, with_candidate
from acv_pipeline.calibration.suitability import refusal, sister_of
from acv_pipeline.contract import Contract
from acv_pipeline.contract.entries import Break
from acv_pipeline.contract.months import shift
from acv_pipeline.gate.case import Figures
from acv_pipeline.gate.rules_pace import national_pace_jumps
from acv_pipeline.gate.rules_revisions import large_revision
from acv_pipeline.ledger.blocks import DeliveryFigures
from acv_pipeline_tests.deliveries import ACV, PVD
from acv_pipeline_tests.gate.replay import block

NEW = "primes-fictives"
FIRST = dt.date(2020, 1, 1)


def past(
    contract: Contract,
    months: list[Figures],
    revised: dict[int, list[tuple[int, Figures]]] | None = None,
    every: int = 1,
    **others: list[Figures],
) -> Past:
    """Figures of one month per delivery, and by delivery the months it revises."""
    open_contract = with_candidate(contract, NEW, "barometre")
    codes = list(contract.territories.departments)

    def as_block(figures: Figures):
        return block(pd.Series(figures, index=codes), contract)

    deliveries = []
    for n, figures in enumerate(months):
        month = shift(FIRST, n * every)
        blocks = {(NEW, month): as_block(figures)}
        for m, again in (revised or {}).get(n, []):
            blocks[NEW, shift(FIRST, m)] = as_block(again)
        for other, theirs in others.items():
            name = {"acv": ACV, "pvd": PVD}[other]
            blocks[name, shift(FIRST, n)] = as_block(theirs[n])
        day = shift(month, 1) + dt.timedelta(days=19)
        deliveries.append(DeliveryFigures(str(n), "barometre", day, f"{n}.csv", blocks))
    return past_of(deliveries, open_contract, "barometre", NEW)


def trajectory(months: int, size: int = 101, pace: float = 20, seed: int = 1) -> list[Figures]:
    """A steady trajectory with some noise, in every département."""
    random = np.random.default_rng(seed)
    steps = random.poisson(pace * random.lognormal(0, 0.5, size), (months, size))
    return list((200 + steps.cumsum(axis=0)).astype(float))


def learned(of: Past) -> Habits:
    return Evidence(of).habits()


def test_a_past_without_habits_of_its_own_learns_nothing(contract: Contract) -> None:
    habits = learned(past(contract, trajectory(24)))
    assert habits.learned == {} and habits.notes == []
    entry = habits.indicator
    assert (entry.panel_excludes, entry.panel_sometimes, entry.panel_joins) == ([], [], [])
    assert entry.thresholds == contract.thresholds


def test_who_never_sometimes_or_late_has_a_figure(contract: Contract) -> None:
    months = trajectory(24)
    for n, figures in enumerate(months):
        figures[0] = np.nan
        figures[1] = np.nan if n % 4 == 2 else figures[1]
    codes = list(contract.territories.departments)
    entry = learned(past(contract, months)).indicator
    assert entry.panel_excludes == [codes[0]]
    assert entry.panel_sometimes == [codes[1]]
    for figures in months[:10]:
        figures[2] = np.nan
    entry = learned(past(contract, months)).indicator
    assert entry.panel_joins == [codes[0], codes[2]]  # where one joined, another may
    assert entry.panel_excludes == []


def test_a_figure_every_quarter_is_a_rhythm_and_a_gap_is_none(contract: Contract) -> None:
    assert learned(past(contract, trajectory(10))).indicator.months_between == 1
    assert learned(past(contract, trajectory(10), every=3)).indicator.months_between == 3
    few = past(contract, trajectory(3), every=3)
    assert learned(few).indicator.months_between == 1
    gap = past(contract, trajectory(10))
    del gap.versions[shift(FIRST, 4)]
    assert learned(gap).indicator.months_between == 1


def test_one_hole_in_a_long_past_is_an_error_and_told(contract: Contract) -> None:
    months = trajectory(30)
    months[20][3] = np.nan
    habits = learned(past(contract, months))
    assert habits.indicator.panel_sometimes == []
    assert any("taken for errors" in note for note in habits.notes)


def test_a_campaign_raises_the_pace_with_its_reason(contract: Contract) -> None:
    steps = np.diff([np.zeros(101), *trajectory(26, pace=10)], axis=0)
    steps[[10, 11, 22, 23]] *= 3
    habits = learned(past(contract, list(steps.cumsum(axis=0))))
    threshold = habits.learned[national_pace_jumps.name]["max_ratio_to_fastest"]
    assert 1.5 * 2.5 < threshold.value < 5
    assert "2020-11" in threshold.why and "half above" in threshold.why


@pytest.mark.parametrize("factor", [1.03, 0.99, 1.4])
def test_a_break_teaches_nothing(contract: Contract, factor: float) -> None:
    months = trajectory(30)
    moved = [*months[:9], *(figures * factor // 1 for figures in months[9:])]
    broken = Break(month=shift(FIRST, 9), fr="périmètre", en="perimeter")
    of = past(contract, moved)
    entry = of.indicator.model_copy(update={"breaks": [broken]})
    habits = learned(dataclasses.replace(of, indicator=entry))
    assert habits.learned == {} and habits.indicator.unusual_months == []
    assert habits.indicator.breaks == [broken]


def test_nothing_is_learned_from_few_months_and_it_says_so(contract: Contract) -> None:
    steps = np.diff([np.zeros(101), *trajectory(9, pace=10)], axis=0)
    steps[7] *= 8
    habits = learned(past(contract, list(steps.cumsum(axis=0))))
    assert habits.learned == {}
    assert any("no threshold is learned" in note for note in habits.notes)
    habits = learned(past(contract, trajectory(2)))
    assert any("all are expected" in note for note in habits.notes)


def test_a_month_that_nothing_lets_pass_is_unusual_and_teaches_no_pace(
    contract: Contract,
) -> None:
    """A programme that begins slowly: from one month on it grows forty times as fast."""
    steps = np.diff([np.zeros(101), *trajectory(24, pace=10)], axis=0)
    steps[8:] *= 40
    habits = learned(past(contract, list(steps.cumsum(axis=0))))
    assert dt.date(2020, 9, 1) in habits.indicator.unusual_months
    assert any("taken for an unusual month" in note for note in habits.notes)
    assert national_pace_jumps.name not in habits.learned


def test_holes_anywhere_are_a_habit_of_the_whole_panel(contract: Contract) -> None:
    months = trajectory(24)
    for n, figures in enumerate(months):
        figures[(7 * n + 3) % 101] = np.nan
    habits = learned(past(contract, months))
    assert habits.learned["panel_department_missing"]["max_missing"].value == 2
    assert habits.indicator.panel_sometimes == []


def _revised(months: list[Figures], every: int) -> dict[int, list[tuple[int, Figures]]]:
    random = np.random.default_rng(3)
    changes = {}
    for n in range(3, len(months), every):
        again = months[n - 2].copy()
        again[random.choice(101, 20, replace=False)] += 2
        changes[n] = [(n - 2, again)]
    return changes


def test_a_habit_of_revision_is_learned_and_a_single_one_is_not(contract: Contract) -> None:
    months = trajectory(24)
    often = learned(past(contract, months, _revised(months, 1))).learned[large_revision.name]
    assert often["routine_months"].value == 5  # two months back and its own, and half above
    assert 0.2 < often["routine_cell_share"].value < 0.4
    assert large_revision.name not in learned(past(contract, months, _revised(months, 20))).learned


def test_putting_an_error_right_is_no_habit_of_revision(contract: Contract) -> None:
    months = trajectory(24)
    right = {n: [(n - 1, months[n - 1].copy())] for n in range(6, 24, 2)}
    wrong = [figures * 10 if n + 1 in right else figures for n, figures in enumerate(months)]
    assert large_revision.name not in learned(past(contract, wrong, right)).learned


def test_the_sister_is_the_one_beside_it_that_does_not_grow_alike(contract: Contract) -> None:
    months = trajectory(12)
    assert sister_of(past(contract, months)) is None
    assert sister_of(past(contract, months, pvd=trajectory(12, seed=2))) == PVD
    both = past(contract, months, acv=months, pvd=trajectory(12, seed=2))
    assert sister_of(both) == PVD


@pytest.mark.parametrize(
    ("kind", "reason"), [("stock", "a stock or a level"), ("unit", "“% de dossiers”: a share")]
)
def test_a_stock_and_a_share_are_refused(contract: Contract, kind: str, reason: str) -> None:
    stock = list(np.random.default_rng(1).poisson(500, (12, 101)).astype(float))
    of = past(contract, stock if kind == "stock" else trajectory(12))
    if kind == "unit":
        of = dataclasses.replace(of, words={"unite": "% de dossiers"})
    assert reason in (refusal(of) or "")


def test_a_cumulative_with_corrections_is_not_refused(contract: Contract) -> None:
    months = trajectory(12)
    months[6][:5] -= 60
    assert refusal(past(contract, months)) is None


def test_what_to_expect_of_a_trajectory_without_habits(contract: Contract) -> None:
    evidence = Evidence(past(contract, trajectory(60), pvd=trajectory(60, seed=2)))
    rates = expected(evidence)
    assert rates.judged == 59 and rates.held == {}
    assert len(rates.caught) == 8
    assert all(made == held > 0 for made, held in rates.caught.values())


def test_an_unusual_month_counts_as_held_while_the_others_do_not_teach_it(
    contract: Contract,
) -> None:
    steps = np.diff([np.zeros(101), *trajectory(26, pace=10)], axis=0)
    steps[20] *= 8
    evidence = Evidence(past(contract, list(steps.cumsum(axis=0))))
    assert evidence.habits().indicator.unusual_months == [dt.date(2021, 9, 1)]
    assert dt.date(2021, 9, 1) in expected(evidence).held
