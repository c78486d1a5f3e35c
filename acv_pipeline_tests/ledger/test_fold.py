"""What is in force is a function of deliveries (by their day) and sign-offs."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Callable
from pathlib import Path

import duckdb
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from acv_pipeline.contract import Contract
from acv_pipeline.contract.months import month_of
from acv_pipeline.gate.case import Finding, MonthCase
from acv_pipeline.gate.rules_files import same_day_files_differ
from acv_pipeline.language import both
from acv_pipeline.ledger.blocks import DeliveryFigures
from acv_pipeline.ledger.fold import fold
from acv_pipeline.ledger.load import load
from acv_pipeline.ledger.store import judge_and_write, read_ledger
from acv_pipeline.ledger.verdicts import Ledger, SignOff
from acv_pipeline.warehouse import transaction
from acv_pipeline_tests.blocks import blocks_of
from acv_pipeline_tests.deliveries import ACV, deliver, steady_figures
from acv_pipeline_tests.ledger.observed import observations

CODES = ["01", "02", "03"]


def delivery(
    contract: Contract,
    day: str,
    figures: dict[str, dict[str, int]],
    *,
    source: str = "anah",
    quarantined: dict[str, list[str]] | None = None,
    published: dict[tuple[str, str, str], float] | None = None,
) -> DeliveryFigures:
    """A delivery of ACV figures: month → département → cumulative."""
    rows = [
        (month, code, value, "figure")
        for month, by in figures.items()
        for code, value in by.items()
    ]
    rows += [(m, code, None, "quarantined") for m, by in (quarantined or {}).items() for code in by]
    identity = f"{source}-{day}-{sorted(figures.items())}"
    frame = pd.DataFrame(
        {
            "delivery_id": identity,
            "indicator_id": ACV,
            "month": [pd.Timestamp(month_of(row[0])) for row in rows],
            "territory_code": [row[1] for row in rows],
            "value": pd.array([row[2] for row in rows], dtype="Int64"),
            "row_number": range(2, len(rows) + 2),
            "fate": [row[3] for row in rows],
        }
    )
    return DeliveryFigures(
        identity,
        source,
        dt.date.fromisoformat(day),
        f"{day}.csv",
        blocks_of(contract, frame).get(identity, {}),
        {
            (ACV, month_of(month), level, code): value
            for (month, level, code), value in (published or {}).items()
        },
    )


def holding(*values: float) -> Callable[[MonthCase], list[Finding]]:
    """A judge that holds months in which département 01 has one of ``values``."""

    def judge(case: MonthCase) -> list[Finding]:
        if case.delivered[0] in values:
            return [Finding("test_rule", blocking=True, summary=both("held by the test"))]
        return []

    return judge


def in_force(ledger: Ledger) -> dict[tuple[str, str], int]:
    figures = observations(ledger)
    figures = figures[figures["valid_to"].isna()]
    return {
        (f"{month:%Y-%m}", code): value
        for month, code, value in zip(
            figures["month"],
            figures["department_code"],
            figures["cumulative_dwellings"],
            strict=True,
        )
    }


def test_a_held_month_leaves_the_earlier_figures_in_force(contract: Contract) -> None:
    ledger = fold(
        [
            delivery(contract, "2021-02-10", {"2021-01": {"01": 10}}),
            delivery(contract, "2021-03-10", {"2021-01": {"01": 99}, "2021-02": {"01": 12}}),
        ],
        [],
        contract,
        judge=holding(99),
    )
    assert in_force(ledger) == {("2021-01", "01"): 10, ("2021-02", "01"): 12}
    assert [(v.verdict, v.status) for v in ledger.verdicts] == [
        ("accepted", None), ("held", "held"), ("accepted", None),
    ]  # fmt: skip


def test_a_correction_keeps_what_it_replaced_and_settles_the_hold(contract: Contract) -> None:
    ledger = fold(
        [
            delivery(contract, "2021-02-10", {"2021-01": {"01": 10, "02": 5}}),
            delivery(contract, "2021-02-20", {"2021-01": {"01": 99, "02": 5}}),
            delivery(contract, "2021-03-01", {"2021-01": {"01": 11, "02": 5}}),
        ],
        [],
        contract,
        judge=holding(99),
    )
    history = observations(ledger)
    history = history[history["department_code"] == "01"]
    assert history["cumulative_dwellings"].tolist() == [10, 11]
    assert history["change"].astype("str").fillna("").tolist() == ["replaced", ""]
    assert [str(day)[:10] for day in history["valid_to"]] == ["2021-03-01", "NaT"]
    assert [v.status for v in ledger.verdicts] == [None, "superseded", None]
    unchanged = observations(ledger)
    unchanged = unchanged[unchanged["department_code"] == "02"]
    assert len(unchanged) == 1, "a figure that is only confirmed makes no new observation"


def test_a_month_is_judged_after_the_one_before_it_even_in_another_file(contract: Contract) -> None:
    seen: list[tuple[dt.date, int]] = []

    def judge(case: MonthCase) -> list[Finding]:
        seen.append((case.month, len(case.history)))
        return []

    later = delivery(contract, "2021-03-10", {"2021-02": {"01": 12}})
    earlier = delivery(contract, "2021-03-10", {"2021-01": {"01": 10}})
    fold([later, earlier], [], contract, judge=judge)
    assert seen == [(dt.date(2021, 1, 1), 0), (dt.date(2021, 2, 1), 1)]


def test_the_case_tells_what_the_rules_need(contract: Contract) -> None:
    cases: list[MonthCase] = []

    def judge(case: MonthCase) -> list[Finding]:
        cases.append(case)
        return []

    fold(
        [
            delivery(contract, "2021-02-10", {"2021-01": {"01": 10}}),
            delivery(contract, "2021-02-11", {"2021-01": {"01": 4}}, source="action_logement"),
            delivery(contract, "2021-03-10", {"2021-03": {"01": 30}}),
            delivery(
                contract,
                "2021-04-10",
                {"2021-01": {"01": 11}},
                quarantined={"2021-01": ["02"]},
            ),
        ],
        [],
        contract,
        judge=judge,
    )
    last = cases[-1]
    assert last.in_force is not None and last.in_force[0] == 10
    assert [month.month for month, _ in last.later] == [3]
    assert last.quarantined[1] and not last.quarantined[0]
    assert last.partners["action_logement"][dt.date(2021, 1, 1)][0] == 4
    assert last.in_panel.sum() == 96


def test_regional_and_national_rows_of_other_files_are_compared(contract: Contract) -> None:
    cases: list[MonthCase] = []

    def judge(case: MonthCase) -> list[Finding]:
        cases.append(case)
        return []

    fold(
        [
            delivery(contract, "2021-02-10", {"2021-01": {"01": 10}}, source="barometre"),
            delivery(
                contract,
                "2021-02-10",
                {},
                source="barometre",
                published={("2021-01", "national", "FR"): 12, ("2021-01", "region", "84"): 10},
            ),
        ],
        [],
        contract,
        judge=judge,
    )
    assert len(cases) == 1
    assert cases[0].totals.national == 12 and cases[0].totals.regions == {"84": 10}


def test_a_full_history_delivery_withdraws_what_it_drops(contract: Contract) -> None:
    ledger = fold(
        [
            delivery(
                contract,
                "2021-02-10",
                {"2020-12": {"01": 8, "02": 3}, "2021-01": {"01": 10, "02": 5}},
                source="barometre",
            ),
            delivery(contract, "2021-03-10", {"2021-01": {"01": 10}}, source="barometre"),
        ],
        [],
        contract,
        judge=holding(),
    )
    assert in_force(ledger) == {("2021-01", "01"): 10}
    gone = observations(ledger)
    gone = gone[gone["change"] == "withdrawn"]
    months = gone["month"].dt.strftime("%Y-%m")
    assert sorted(zip(months, gone["department_code"], strict=True)) == [
        ("2020-12", "01"), ("2020-12", "02"), ("2021-01", "02"),
    ]  # fmt: skip


def signed(which: DeliveryFigures, day: str, month: str = "2021-01") -> SignOff:
    return SignOff(
        which.delivery_id,
        ACV,
        month_of(month),
        "head of unit",
        "checked",
        dt.date.fromisoformat(day),
    )


def test_a_sign_off_brings_the_month_into_force_on_its_day(contract: Contract) -> None:
    held = delivery(contract, "2021-02-10", {"2021-01": {"01": 99}})
    ledger = fold([held], [signed(held, "2021-02-15")], contract, judge=holding(99))
    assert in_force(ledger) == {("2021-01", "01"): 99}
    assert str(observations(ledger)["valid_from"].iloc[0])[:10] == "2021-02-15"
    assert ledger.verdicts[0].status == "signed_off"


def test_a_sign_off_does_not_apply_to_figures_that_changed_since(contract: Contract) -> None:
    held = delivery(contract, "2021-02-10", {"2021-01": {"01": 99}})
    other = delivery(contract, "2021-02-12", {"2021-01": {"01": 98}})
    ledger = fold([held, other], [signed(held, "2021-02-15")], contract, judge=holding(98, 99))
    assert in_force(ledger) == {}
    accepted = delivery(contract, "2021-02-12", {"2021-01": {"01": 50}})
    ledger = fold([held, accepted], [signed(held, "2021-02-15")], contract, judge=holding(99))
    assert in_force(ledger) == {("2021-01", "01"): 50}


def test_a_hold_sent_again_is_a_repeat(contract: Contract) -> None:
    ledger = fold(
        [
            delivery(contract, "2021-02-10", {"2021-01": {"01": 99}}),
            delivery(contract, "2021-02-12", {"2021-01": {"01": 99}, "2021-02": {"01": 1}}),
        ],
        [],
        contract,
        judge=holding(99),
    )
    assert [(v.month.month, v.is_repeat) for v in ledger.verdicts] == [
        (1, False), (1, True), (2, False),
    ]  # fmt: skip


@st.composite
def histories(draw: st.DrawFn) -> list[tuple[str, str, dict[str, dict[str, int]]]]:
    """Late, repeated, corrected and partial deliveries of two partners over four months."""
    months = ["2021-01", "2021-02", "2021-03", "2021-04"]
    deliveries = []
    for _ in range(draw(st.integers(1, 7))):
        source = draw(st.sampled_from(["anah", "action_logement", "barometre"]))
        day = draw(st.sampled_from(["2021-05-01", "2021-05-02", "2021-05-03", "2021-05-04"]))
        chosen = draw(st.lists(st.sampled_from(months), min_size=1, max_size=3, unique=True))
        deliveries.append(
            (
                source,
                day,
                {
                    month: draw(
                        st.dictionaries(
                            st.sampled_from(CODES), st.integers(0, 30), min_size=1, max_size=3
                        )
                    )
                    for month in chosen
                },
            )
        )
    return deliveries


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(history=histories(), seed=st.integers(0, 1000))
def test_the_order_of_arrival_has_no_influence(
    contract: Contract, history: list[tuple[str, str, dict[str, dict[str, int]]]], seed: int
) -> None:
    deliveries = list(
        {
            d.delivery_id: d
            for d in (delivery(contract, day, figs, source=src) for src, day, figs in history)
        }.values()
    )
    shuffled = deliveries.copy()
    random.Random(seed).shuffle(shuffled)

    def judge(case: MonthCase) -> list[Finding]:
        beside = same_day_files_differ(case)
        return [*holding(7, 13)(case), *([beside] if beside else [])]

    first = fold(deliveries, [], contract, judge=judge)
    second = fold(shuffled, [], contract, judge=judge)
    key = ["source", "month", "department_code", "valid_from", "delivery_id"]
    pd.testing.assert_frame_equal(
        first.observations.sort_values(key, ignore_index=True),
        second.observations.sort_values(key, ignore_index=True),
    )

    def said(ledger: Ledger) -> list[tuple[object, ...]]:
        return sorted((v.delivery_id, v.month, v.verdict, v.status or "") for v in ledger.verdicts)

    assert said(first) == said(second)
    assert {(v.delivery_id, v.month): (v.verdict, v.status) for v in first.verdicts} == {
        (v.delivery_id, v.month): (v.verdict, v.status) for v in second.verdicts
    }


@pytest.mark.parametrize("chunks", [1, 4])
def test_in_one_go_or_file_by_file_the_tables_are_the_same(
    contract: Contract, landing: Path, warehouse: duckdb.DuckDBPyConnection, chunks: int
) -> None:
    """Also the older file that arrives after the newer one."""
    months = ["2021-01", "2021-02", "2021-03", "2021-04"]
    paths = [
        deliver(landing, "anah", f"2021-0{i + 2}-10", {m: steady_figures(contract, month_of(m))})
        for i, m in enumerate(months)
    ]
    paths.reverse()
    kept = {path: path.read_bytes() for path in paths}
    for path in paths:
        path.unlink()
    for start in range(0, 4, 4 // chunks):
        for path in paths[start : start + 4 // chunks]:
            path.write_bytes(kept[path])
        load(warehouse, landing, contract)
        with transaction(warehouse):
            judge_and_write(warehouse, contract)
    ledger = read_ledger(warehouse, contract)
    assert {v.verdict for v in ledger.verdicts} == {"accepted"}
    stored = warehouse.execute(
        "select month, count(*), min(valid_from)::varchar from validated.observations"
        " where valid_to is null group by month order by month"
    ).fetchall()
    assert [(m.month, count, since) for m, count, since in stored] == [
        (1, 96, "2021-02-10"), (2, 96, "2021-03-10"), (3, 96, "2021-04-10"), (4, 96, "2021-05-10"),
    ]  # fmt: skip
