"""The corrections register: read with clear errors, applied from its day on, checked by name."""

from __future__ import annotations

import datetime as dt
import random
from pathlib import Path

import pandas as pd
import pytest

from acv_pipeline.contract import Contract
from acv_pipeline.contract.months import month_of
from acv_pipeline.ledger.corrections import Correction, CorrectionsError, load_register
from acv_pipeline.ledger.fold import fold
from acv_pipeline.ledger.verdicts import Ledger, SignOff
from acv_pipeline_tests.deliveries import ACV
from acv_pipeline_tests.ledger.observed import observations
from acv_pipeline_tests.ledger.test_fold import delivery, holding, in_force

TODAY = dt.date(2021, 6, 1)
ENTRY = {
    "source": "anah", "indicator": "ACV", "month": "2021-01", "department": "'62'",
    "delivered": "1000", "corrected": "100", "reason": "a zero too many", "by": "the data unit",
    "date": "2021-03-01",
}  # fmt: skip


def register(tmp_path: Path, *entries: dict[str, str]) -> Path:
    path = tmp_path / "corrections.yml"
    lines = ["\n  ".join(f"{name}: {value}" for name, value in e.items()) for e in entries]
    path.write_text("".join(f"- {line}\n" for line in lines), encoding="utf-8")
    return path


def correction(
    delivered: int, corrected: int, on: str, code: str = "01", month: str = "2021-01"
) -> Correction:
    day = dt.date.fromisoformat(on)
    return Correction(
        delivered, "anah", ACV, month_of(month), code, delivered, corrected, "why", "who", day
    )


def history(ledger: Ledger, code: str = "01") -> list[tuple[object, ...]]:
    """(figure, corrected?, from, to, how it ended) in the order of days."""
    rows = observations(ledger)
    rows = rows[rows["department_code"] == code]
    return [
        (
            row.cumulative_dwellings,
            row.is_corrected,
            str(row.valid_from)[:10],
            None if pd.isna(row.valid_to) else str(row.valid_to)[:10],
            None if pd.isna(row.change) else row.change,
        )
        for row in rows.sort_values("valid_from").itertuples()
    ]


def test_an_entry_is_read(tmp_path: Path, contract: Contract) -> None:
    (entry,) = load_register(register(tmp_path, ENTRY), contract, TODAY)
    assert entry == Correction(
        1, "anah", ACV, dt.date(2021, 1, 1), "62", 1000, 100, "a zero too many", "the data unit",
        dt.date(2021, 3, 1),
    )  # fmt: skip
    assert load_register(tmp_path / "absent.yml", contract) == []
    assert load_register(register(tmp_path), contract) == []


def test_a_code_that_yaml_takes_for_a_number(tmp_path: Path, contract: Contract) -> None:
    written = {"01": "01", "07": "07", "08": "08", "10": "10", "2a": "2A", "971": "971"}
    for code, expected in written.items():
        path = register(tmp_path, ENTRY | {"department": code})
        assert load_register(path, contract, TODAY)[0].department_code == expected


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("source", "insee", "entry 2, source: expected one of anah, action_logement, barometre"),
        ("indicator", "XYZ", "entry 2, indicator: expected one of ACV, PVD"),
        ("month", "2021-01-15", "entry 2, month: expected a month like 2021-03; found"),
        ("month", "2018-01", "month: expected 2018-09 or later"),
        ("month", "2021-05", "month: expected one that had begun on the entry's date 2021-03-01"),
        ("department", "'99'", "department: expected a département's code like 01"),
        ("delivered", "'1000'", "delivered: expected a whole number of dwellings"),
        ("delivered", "10.5", "delivered: expected a whole number of dwellings"),
        ("corrected", "true", "corrected: expected a whole number of dwellings"),
        ("corrected", "-1", "corrected: expected a whole number of dwellings"),
        ("corrected", "1000", "corrected: expected another value than delivered"),
        ("reason", "''", "reason: expected why the figure is wrong"),
        ("by", "", "by: expected who says so; found None"),
        ("date", "2021-06-02", "date: expected the day of the entry"),
        ("date", "soon", "date: expected the day of the entry"),
        ("author", "me", "author: no such field; expected source, indicator, month"),
        ("corrected", None, "corrected: missing; expected a whole number"),
        ("source", "anah", "delivered: expected one entry per figure; entry 1 has it too"),
    ],
)
def test_a_wrong_entry_is_named(
    tmp_path: Path, contract: Contract, field: str, value: str | None, said: str
) -> None:
    wrong = {name: text for name, text in {**ENTRY, field: value}.items() if text is not None}
    with pytest.raises(CorrectionsError) as error:
        load_register(register(tmp_path, ENTRY, wrong), contract, TODAY)
    assert said in str(error.value) and "\n" not in str(error.value)
    assert str(tmp_path / "corrections.yml") in str(error.value)


def test_a_wrong_entry_is_named_in_french(
    tmp_path: Path, contract: Contract, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ACV_LANGUAGE", "fr")
    wrong = ENTRY | {"corrected": "-1"}
    with pytest.raises(CorrectionsError) as error:
        load_register(register(tmp_path, ENTRY, wrong), contract, TODAY)
    assert str(error.value) == (
        f"{tmp_path / 'corrections.yml'}\u00a0: entrée 2, corrected\u00a0: attendu un nombre "
        f"entier de logements de 0 à {contract.max_plausible_value}\u00a0; trouvé -1"
    )


@pytest.mark.parametrize("text", ["a: [", "source: anah", "- just words", "'"])
def test_a_file_that_is_no_register_is_one_line(
    tmp_path: Path, contract: Contract, text: str
) -> None:
    path = tmp_path / "corrections.yml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(CorrectionsError) as error:
        load_register(path, contract)
    assert "\n" not in str(error.value)
    path.write_bytes("- reason: été".encode("cp1252"))
    with pytest.raises(CorrectionsError, match="UTF-8"):
        load_register(path, contract)


def test_it_counts_before_the_gate_judges(contract: Contract) -> None:
    ledger = fold(
        [delivery(contract, "2021-02-10", {"2021-01": {"01": 1000, "02": 5}})],
        [],
        contract,
        corrections=[correction(1000, 100, "2021-02-10")],
        judge=holding(1000),
    )
    assert in_force(ledger) == {("2021-01", "01"): 100, ("2021-01", "02"): 5}
    assert history(ledger) == [(100, True, "2021-02-10", None, None)]
    assert history(ledger, "02") == [(5, False, "2021-02-10", None, None)]
    (applied,) = ledger.corrections.to_dict("records")
    assert (applied["row_number"], applied["delivered"], applied["corrected"]) == (2, 1000, 100)
    assert applied["delivery_id"].startswith("anah-2021-02-10") and applied["held_by"] is None


def test_what_came_earlier_was_believed_until_the_day_of_the_entry(contract: Contract) -> None:
    ledger = fold(
        [
            delivery(contract, "2021-02-10", {"2021-01": {"01": 1000}}),
            delivery(contract, "2021-04-10", {"2021-01": {"01": 1000}, "2021-02": {"01": 110}}),
        ],
        [],
        contract,
        corrections=[correction(1000, 100, "2021-03-01")],
        judge=lambda case: [],
    )
    assert history(ledger)[:2] == [
        (1000, False, "2021-02-10", "2021-03-01", "corrected"),
        (100, True, "2021-03-01", None, None),
    ]
    # the second file says 1000 again: corrected before it is judged, so nothing changes
    assert [v.verdict for v in ledger.verdicts] == ["accepted", "unchanged", "accepted"]
    assert len(ledger.corrections) == 2


def test_a_held_month_is_judged_again_and_so_are_those_that_it_stopped(contract: Contract) -> None:
    def judge(case):  # a fall is held
        return holding(*([case.delivered[0]] if case.history
                         and case.delivered[0] < case.history[-1][1][0] else []))(case)  # fmt: skip

    ledger = fold(
        [
            delivery(contract, "2021-02-10", {"2021-01": {"01": 1000}}),
            delivery(contract, "2021-03-10", {"2021-02": {"01": 110}}),
        ],
        [],
        contract,
        corrections=[correction(1000, 100, "2021-03-15")],
        judge=judge,
    )
    assert in_force(ledger) == {("2021-01", "01"): 100, ("2021-02", "01"): 110}
    assert (110, False, "2021-03-15", None, None) in history(ledger)
    assert [(v.verdict, v.status) for v in ledger.verdicts] == [("accepted", None)] * 2


def test_another_figure_is_left_alone_and_the_source_may_correct_itself(contract: Contract) -> None:
    deliveries = [
        delivery(contract, "2021-02-10", {"2021-01": {"01": 1000}}),
        delivery(contract, "2021-03-10", {"2021-01": {"01": 100}}),
        delivery(contract, "2021-04-10", {"2021-01": {"01": 101}}),
    ]
    entries = [correction(1000, 100, "2021-02-01"), correction(100, 90, "2021-03-20")]
    ledger = fold(deliveries[:2], [], contract, corrections=entries[:1], judge=lambda case: [])
    assert history(ledger) == [
        (100, True, "2021-02-10", "2021-03-10", "replaced"),
        (100, False, "2021-03-10", None, None),
    ]
    # a corrected figure is not corrected again: an entry guards what was delivered
    ledger = fold(deliveries[:1], [], contract, corrections=entries, judge=lambda case: [])
    assert history(ledger) == [(100, True, "2021-02-10", None, None)]
    ledger = fold(deliveries, [], contract, corrections=entries, judge=lambda case: [])
    assert history(ledger)[-1][:2] == (101, False)


def test_a_figure_in_force_stays_when_the_gate_does_not_believe_the_entry(
    contract: Contract,
) -> None:
    ledger = fold(
        [delivery(contract, "2021-02-10", {"2021-01": {"01": 1000}})],
        [],
        contract,
        corrections=[correction(1000, 7, "2021-03-01")],
        judge=holding(7),
    )
    assert history(ledger) == [(1000, False, "2021-02-10", None, None)]
    assert list(ledger.corrections["held_by"]) == ["test_rule"]


def test_an_entry_counts_in_a_month_that_was_accepted_with_a_row_in_quarantine(
    contract: Contract,
) -> None:
    january = dict.fromkeys(contract.panel(ACV), 1000) | {"01": 990}
    february = {code: value + 20 for code, value in january.items() if code != "69"}
    deliveries = [
        delivery(contract, "2021-02-10", {"2021-01": january}),
        delivery(contract, "2021-03-10", {"2021-02": february}, quarantined={"2021-02": ["69"]}),
    ]
    ledger = fold(
        deliveries,
        [],
        contract,
        corrections=[correction(1010, 1012, "2021-04-01", month="2021-02")],
    )
    assert [v.verdict for v in ledger.verdicts] == ["accepted", "accepted"]
    assert list(ledger.corrections["held_by"]) == [None]
    assert in_force(ledger)["2021-02", "01"] == 1012


def test_a_month_can_be_signed_off_with_its_correction(contract: Contract) -> None:
    received = delivery(contract, "2021-02-10", {"2021-01": {"01": 1000}})
    for day in ("2021-02-01", "2021-03-01"):
        signed = SignOff(
            received.delivery_id, ACV, month_of("2021-01"), "who", "why", dt.date(2021, 3, 5)
        )
        ledger = fold(
            [received],
            [signed],
            contract,
            corrections=[correction(1000, 100, day)],
            judge=holding(1000, 100),
        )
        assert history(ledger) == [(100, True, "2021-03-05", None, None)]


def test_neither_the_order_of_files_nor_of_entries_matters(contract: Contract) -> None:
    chance = random.Random(5)
    deliveries = [
        delivery(
            contract,
            f"2021-{3 + number:02d}-10",
            {
                f"2021-{month:02d}": {"01": 10 * month + chance.choice([0, 0, 500]), "02": month}
                for month in range(1, 3 + number)
            },
        )
        for number in range(4)
    ]
    entries = [
        correction(10 * month + 500, 10 * month, day, month=f"2021-{month:02d}")
        for month, day in ((1, "2021-02-01"), (2, "2021-04-20"), (3, "2021-04-20"))
    ]
    judge = holding(530.0, 520.0)
    expected = fold(deliveries, [], contract, corrections=entries, judge=judge)
    assert expected.observations["is_corrected"].any() and len(expected.corrections)
    for _ in range(5):
        chance.shuffle(deliveries)
        chance.shuffle(entries)
        again = fold(deliveries, [], contract, corrections=entries, judge=judge)
        for name in ("observations", "corrections"):
            ours, theirs = getattr(expected, name), getattr(again, name)
            columns = list(ours.columns)
            pd.testing.assert_frame_equal(
                ours.sort_values(columns, ignore_index=True),
                theirs.sort_values(columns, ignore_index=True),
            )
