"""The calendar: what arrives when, and what is believed in between."""

import datetime as dt

import pandas as pd
import pytest

from acv_pipeline.contract import Contract
from acv_pipeline.contract.months import elapsed, first_day, month_of, shift
from acv_pipeline.sample_data.deliveries import (
    HABITS,
    KEY,
    LATE_DAY,
    Delivery,
    figures_of,
    in_force,
    plan_deliveries,
)
from acv_pipeline.sample_data.generator import SEED
from acv_pipeline.sample_data.trajectories import ACV, FIRST_MONTH, LAST_MONTH, PVD

UNTIL = dict.fromkeys(HABITS, LAST_MONTH)


@pytest.fixture(scope="module")
def deliveries(contract: Contract) -> list[Delivery]:
    return plan_deliveries(contract, FIRST_MONTH, UNTIL, SEED)


def newest(delivery: Delivery) -> dt.date:
    return delivery.figures["month"].max().date()


def test_no_month_is_delivered_before_it_ended(deliveries: list[Delivery]) -> None:
    assert all(d.delivered_on >= shift(newest(d), 1) for d in deliveries)


def test_deliveries_come_in_order_mostly_between_the_5th_and_the_18th(
    deliveries: list[Delivery],
) -> None:
    days = [d.delivered_on for d in deliveries]
    assert days == sorted(days)
    unusual = [day for day in days if not 5 <= day.day <= 18]
    assert len(unusual) == 3  # the late one, the repeated one, the correction
    assert len({day.day for day in days}) > 10


def test_every_month_arrives_by_the_end(deliveries: list[Delivery], contract: Contract) -> None:
    truth = in_force(deliveries)
    assert not truth.duplicated(KEY).any()
    for indicator_id in (ACV, PVD):
        panel = contract.panel(indicator_id)
        for source, first in contract.components(indicator_id).items():
            is_own = (truth["indicator_id"] == indicator_id) & (truth["source"] == source)
            months = truth[is_own].groupby("month")["department_code"].agg(list)
            assert len(months) == elapsed(first, LAST_MONTH) + 1
            assert all(codes == panel for codes in months)


def test_some_deliveries_carry_the_whole_history(deliveries: list[Delivery]) -> None:
    for source, habits in HABITS.items():
        whole = [d for d in deliveries if d.source == source and d.figures["month"].nunique() > 3]
        assert [f"{newest(d):%Y-%m}" for d in whole] == list(habits.histories)
        for delivery in whole:
            assert delivery.figures["month"].min().date() == FIRST_MONTH
            months = elapsed(FIRST_MONTH, newest(delivery)) + 1
            acv = delivery.figures[delivery.figures["indicator_id"] == ACV]
            assert acv["month"].nunique() == months


def test_one_delivery_is_late(deliveries: list[Delivery]) -> None:
    late = [d for d in deliveries if d.delivered_on.day == LATE_DAY]
    assert [(d.source, newest(d)) for d in late] == [("action_logement", month_of("2020-03"))]


def test_one_delivery_is_repeated(deliveries: list[Delivery]) -> None:
    numbers = pd.Series([(d.source, d.number) for d in deliveries])
    (twice,) = numbers[numbers.duplicated()]
    first, again = [d for d in deliveries if (d.source, d.number) == twice]
    assert first.figures.equals(again.figures)
    assert first.delivered_on < again.delivered_on


def test_withheld_months_come_with_the_next_one(deliveries: list[Delivery]) -> None:
    for text in HABITS["anah"].withheld[PVD]:
        month = month_of(text)
        carriers = [d for d in deliveries if len(figures_of(d.figures, PVD, month))]
        assert first_day(carriers[0].delivered_on) == shift(month, 2)


def test_one_month_is_corrected_in_a_few_cells(deliveries: list[Delivery]) -> None:
    (correction,) = [d for d in deliveries if d.suffix]
    month = newest(correction)
    eve = correction.delivered_on - dt.timedelta(days=1)
    before, after = (
        figures_of(table[table["source"] == "anah"], ACV, month).set_index("department_code")[
            "cumulative_dwellings"
        ]
        for table in (in_force(deliveries, eve), in_force(deliveries, correction.delivered_on))
    )
    change = after - before
    assert 1 <= (change != 0).sum() < 0.05 * len(change)
    assert 0 < change.abs().sum() < 0.01 * before.sum()
    earlier, later = (
        figures_of(in_force(deliveries), ACV, shift(month, by)).set_index(
            ["source", "department_code"]
        )["cumulative_dwellings"]["anah"]
        for by in (-1, 1)
    )
    changed = change[change != 0].index
    assert (earlier[changed] <= before[changed]).all()
    assert (after[changed] <= later[changed]).all()


def test_a_correction_is_not_undone_by_a_later_history(deliveries: list[Delivery]) -> None:
    (correction,) = [d for d in deliveries if d.suffix]
    month = newest(correction)
    later = [
        d
        for d in deliveries
        if d.source == "anah"
        and d.delivered_on > correction.delivered_on
        and len(figures_of(d.figures, ACV, month))
    ]
    assert later
    sent = correction.figures.set_index("department_code")["cumulative_dwellings"].to_dict()
    for delivery in later:
        again = figures_of(delivery.figures, ACV, month).set_index("department_code")
        assert again["cumulative_dwellings"].to_dict() == sent


def test_a_month_that_a_partner_lacks_never_comes(contract: Contract) -> None:
    lacking = month_of("2022-09")
    sent = plan_deliveries(contract, FIRST_MONTH, UNTIL, SEED, {"action_logement": lacking})
    whole = in_force(plan_deliveries(contract, FIRST_MONTH, UNTIL, SEED))
    missing = (whole["source"] == "action_logement") & (whole["month"] == pd.Timestamp(lacking))
    assert missing.any()
    assert in_force(sent).equals(whole[~missing].reset_index(drop=True))


def test_a_shorter_set_is_the_beginning_of_the_whole_one(
    deliveries: list[Delivery], contract: Contract
) -> None:
    until = {"anah": month_of("2021-04"), "action_logement": month_of("2019-05")}
    shorter = plan_deliveries(contract, FIRST_MONTH, until, SEED)
    for source, last in until.items():
        own = [d for d in shorter if d.source == source]
        same = [d for d in deliveries if d.source == source and newest(d) <= last and not d.suffix]
        assert [d.delivered_on for d in own] == [d.delivered_on for d in same]
        assert all(a.figures.equals(b.figures) for a, b in zip(own, same, strict=True))
