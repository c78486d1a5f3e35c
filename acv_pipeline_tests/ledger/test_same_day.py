"""Several files of one source and day: which of them comes into force, and what is said of it."""

from __future__ import annotations

import datetime as dt
import json
from itertools import permutations
from pathlib import Path

import duckdb
import openpyxl
import pytest

from acv_pipeline.contract import Contract
from acv_pipeline.contract.months import month_of
from acv_pipeline.ledger.load import load
from acv_pipeline.ledger.signoff import SignOffError, sign_off
from acv_pipeline.ledger.store import judge_and_write
from acv_pipeline.warehouse import transaction
from acv_pipeline_tests.deliveries import (
    ACV,
    PVD,
    REAL_DATA,
    WHY_NO_REAL_DATA,
    deliver,
    deliver_trajectory,
    steady_figures,
)

DAY = "2019-04-08"
MARCH = "2019-03"
RULE = "same_day_files_differ"
Figures = dict[str, int]


class Ledger:
    """A landing zone with two good months, and what is in force of it."""

    def __init__(
        self, warehouse: duckdb.DuckDBPyConnection, landing: Path, contract: Contract
    ) -> None:
        self.warehouse, self.landing, self.contract = warehouse, landing, contract
        deliver_trajectory(landing, contract, "anah", ["2019-01", "2019-02"])
        self.final = steady_figures(contract, month_of(MARCH))
        self.draft = {**self.final, "62": self.final["62"] - 1, "91": self.final["91"] - 2}

    def bring(self, name: str, figures: Figures, day: str = DAY, month: str = MARCH) -> Path:
        return deliver(self.landing, "anah", day, {month: figures}, name=name)

    def judge(self) -> None:
        load(self.warehouse, self.landing, self.contract)
        with transaction(self.warehouse):
            judge_and_write(self.warehouse, self.contract)

    def in_force(self, month: str = MARCH, indicator: str = ACV) -> Figures:
        return dict(
            self.warehouse.execute(
                "select department_code, cumulative_dwellings from validated.dwellings"
                " where month = ? and indicator_id = ?",
                [month_of(month), indicator],
            ).fetchall()
        )

    def verdicts(self) -> dict[str, tuple[str, str | None, list[str]]]:
        """Of the day: verdict, status and rules by file."""
        return {
            name: (verdict, status, rules)
            for name, verdict, status, rules in self.warehouse.execute(
                "select file_name, verdict, verdicts.status, rules from validated.verdicts"
                " join raw.deliveries using (delivery_id) where verdicts.delivered_on = ?",
                [dt.date.fromisoformat(DAY)],
            ).fetchall()
        }

    def findings(self, name: str) -> list[dict[str, str]]:
        ((text,),) = self.warehouse.execute(
            "select findings from validated.verdicts join raw.deliveries using (delivery_id)"
            " where file_name = ?",
            [name],
        ).fetchall()
        found: list[dict[str, str]] = json.loads(text)
        return found

    def sign(self, name: str, *, judge: bool = True) -> None:
        ((delivery,),) = self.warehouse.execute(
            "select delivery_id from raw.deliveries where file_name = ?", [name]
        ).fetchall()
        sign_off(
            self.warehouse, self.contract, delivery, ACV, month_of(MARCH),
            reason="the unit says so", signed_by="who",
        )  # fmt: skip
        if judge:
            self.judge()

    def accounts_add_up(self) -> bool:
        rows = self.warehouse.execute(
            "select received = validated + quarantined + held + control + set_aside + waiting"
            " from validated.row_accounts"
        ).fetchall()
        return all(same for (same,) in rows)


@pytest.fixture
def ledger(warehouse: duckdb.DuckDBPyConnection, landing: Path, contract: Contract) -> Ledger:
    return Ledger(warehouse, landing, contract)


def workbook(path: Path, figures: Figures, modified: dt.datetime) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["code_departement", "mois", "logements_cumules"])
    for code, value in figures.items():
        sheet.append([code, "2019-03-31", value])
    book.properties.modified = modified
    path.parent.mkdir(parents=True, exist_ok=True)
    with pytest.MonkeyPatch.context() as patched:  # openpyxl would say now
        patched.setattr("openpyxl.writer.excel.datetime", _Clock(modified))
        book.save(path)


class _Clock:
    """``datetime`` as openpyxl's writer uses it, standing still."""

    UTC = timezone = dt.timezone

    def __init__(self, moment: dt.datetime) -> None:
        self.datetime = self
        self.moment = moment

    def now(self, *_: object, **__: object) -> dt.datetime:
        return self.moment.replace(tzinfo=dt.UTC)

    def __getattr__(self, name: str) -> object:
        return getattr(dt, name)


@pytest.mark.parametrize(
    ("final", "draft"),
    [
        ("ACV_2019-03_definitif.csv", "ACV_2019-03_provisoire.csv"),
        ("A_final.csv", "Z_draft.csv"),
        ("Z validé.csv", "A (p).csv"),
        ("A_v2.csv", "Z_v1.csv"),
        ("A_v2.csv", "Z.csv"),
        ("A rectificatif.csv", "Z.csv"),
        ("A_annule_et_remplace.csv", "Z.csv"),
        ("A.csv", "Z_provisoire.csv"),
    ],
)
def test_the_words_of_the_names_tell(ledger: Ledger, final: str, draft: str) -> None:
    ledger.bring(final, ledger.final)
    ledger.bring(draft, ledger.draft)
    ledger.judge()
    assert ledger.in_force() == ledger.final
    assert ledger.verdicts() == {
        final: ("accepted", None, [RULE]),
        draft: ("held", "superseded", [RULE]),
    }
    assert ledger.findings(final)[0]["blocking"] is False
    assert f"2 figures of 96 differ from {final}" in ledger.findings(draft)[0]["summary"]
    assert "that file counts: " in ledger.findings(draft)[0]["summary"]
    assert ledger.accounts_add_up()


def test_a_title_tells_too(ledger: Ledger) -> None:
    for name, title, figures in (
        ("A.csv", "Données définitives à fin mars 2019", ledger.final),
        ("Z.csv", "Données provisoires à fin mars 2019", ledger.draft),
    ):
        path = ledger.bring(name, figures)
        path.write_text(f"{title};;\n;;\n" + path.read_text(), encoding="utf-8")
    ledger.judge()
    assert ledger.in_force() == ledger.final


def test_the_workbook_made_later_counts(ledger: Ledger) -> None:
    folder = ledger.landing / "anah" / DAY
    workbook(folder / "A.xlsx", ledger.final, dt.datetime(2019, 4, 8, 15, 30))
    workbook(folder / "Z.xlsx", ledger.draft, dt.datetime(2019, 4, 8, 9))
    ledger.judge()
    assert ledger.in_force() == ledger.final
    made = "select made_at from raw.deliveries where file_name = 'A.xlsx'"
    assert ledger.warehouse.execute(made).fetchall() == [(dt.datetime(2019, 4, 8, 15, 30),)]
    assert "made later (2019-04-08 15:30" in ledger.findings("A.xlsx")[0]["summary"]


def test_words_come_before_time(ledger: Ledger) -> None:
    folder = ledger.landing / "anah" / DAY
    workbook(folder / "A_definitif.xlsx", ledger.final, dt.datetime(2019, 4, 8, 9))
    workbook(folder / "Z_provisoire.xlsx", ledger.draft, dt.datetime(2019, 4, 8, 15))
    ledger.judge()
    assert ledger.in_force() == ledger.final


@pytest.mark.parametrize("name", ["ACV_2019-03 (1).csv", "ACV_2019-03 - copie.csv", "other.csv"])
def test_where_nothing_tells_both_are_held(ledger: Ledger, name: str) -> None:
    ledger.bring("ACV_2019-03.csv", ledger.final)
    ledger.bring(name, ledger.draft)
    ledger.judge()
    assert ledger.in_force() == {}
    assert ledger.in_force("2019-02"), "the other months stay"
    held = ("held", "held", [RULE])
    assert ledger.verdicts() == {"ACV_2019-03.csv": held, name: held}
    (finding,) = ledger.findings("ACV_2019-03.csv")
    assert finding["summary"] == (
        f"2 figures of 96 differ from {name}, received on the same day; neither their words nor "
        "the times they were made tell which file counts"
    )
    assert ledger.accounts_add_up()


@pytest.mark.parametrize("signed", ["A.csv", "B.csv"])
def test_a_sign_off_of_one_releases_it(ledger: Ledger, signed: str) -> None:
    figures = {"A.csv": ledger.final, "B.csv": ledger.draft}
    for name, of_it in figures.items():
        ledger.bring(name, of_it)
    ledger.judge()
    ledger.sign(signed)
    assert ledger.in_force() == figures[signed]
    (other,) = set(figures) - {signed}
    assert {name: status for name, (_, status, _) in ledger.verdicts().items()} == {
        signed: "signed_off", other: "superseded",
    }  # fmt: skip
    with pytest.raises(SignOffError, match="not held any more"):
        ledger.sign(other)


def test_only_one_of_two_can_be_signed_off_before_a_run(ledger: Ledger) -> None:
    ledger.bring("A.csv", ledger.final)
    ledger.bring("B.csv", ledger.draft)
    ledger.judge()
    ledger.sign("A.csv", judge=False)
    with pytest.raises(SignOffError, match="received the same day, is signed off"):
        ledger.sign("B.csv", judge=False)
    ledger.judge()
    assert ledger.in_force() == ledger.final


def test_a_file_that_came_after_the_sign_off_is_not_settled_by_it(ledger: Ledger) -> None:
    low = {code: value // 2 for code, value in ledger.final.items()}
    ledger.bring("A.csv", low)
    ledger.judge()
    assert ledger.verdicts()["A.csv"][:2] == ("held", "held")
    ledger.sign("A.csv")
    assert ledger.in_force() == low
    ledger.bring("B.csv", ledger.final)
    ledger.judge()
    assert ledger.in_force() == low
    assert {name: status for name, (_, status, _) in ledger.verdicts().items()} == {
        "A.csv": "signed_off", "B.csv": "held",
    }  # fmt: skip


def test_a_file_of_a_later_day_settles_it(ledger: Ledger) -> None:
    ledger.bring("A.csv", ledger.draft)
    ledger.bring("B.csv", ledger.draft | {"01": ledger.draft["01"] + 1})
    ledger.bring("C.csv", ledger.final, day="2019-04-09")
    ledger.judge()
    assert ledger.in_force() == ledger.final
    assert {status for _, status, _ in ledger.verdicts().values()} == {"superseded"}


def test_figures_in_force_stay_and_the_file_that_confirms_them_is_not_held(ledger: Ledger) -> None:
    ledger.bring("before.csv", ledger.final, day="2019-04-07")
    ledger.bring("Z.csv", {**ledger.final})
    ledger.bring("A.csv", ledger.draft)
    # not the same bytes as before
    path = ledger.landing / "anah" / DAY / "Z.csv"
    path.write_text(path.read_text() + ";;\n", encoding="utf-8")
    ledger.judge()
    assert ledger.in_force() == ledger.final
    verdicts = ledger.verdicts()
    assert verdicts["A.csv"] == ("held", "held", [RULE])
    assert verdicts["Z.csv"][0] == "accepted"


def test_files_that_say_the_same_or_other_things_do_not_disturb_one_another(
    ledger: Ledger, contract: Contract
) -> None:
    ledger.bring("A.csv", ledger.final)
    path = ledger.bring("A (1).csv", ledger.final)
    path.write_text(path.read_text() + ";;\n", encoding="utf-8")
    month, day = "2020-12", "2021-01-08"
    pvd = steady_figures(contract, month_of(month), PVD)
    ledger.bring("Z_2020-12_PVD.csv", pvd, month=month, day=day)
    acv = steady_figures(contract, month_of(month))
    ledger.bring("A_2020-12_ACV.csv", acv, month=month, day=day)
    ledger.judge()
    assert ledger.in_force() == ledger.final
    assert len(ledger.in_force("2020-12", PVD)) == 97
    assert len(ledger.in_force("2020-12")) == 96
    assert not any(RULE in rules for _, _, rules in ledger.verdicts().values())


def test_a_shorter_correction_does_not_stand_for_the_month(ledger: Ledger) -> None:
    ledger.bring("A.csv", ledger.draft)
    ledger.bring("B_rectificatif.csv", {code: ledger.final[code] for code in ("62", "91")})
    ledger.judge()
    assert ledger.in_force() == {}
    held = {name: (verdict, status) for name, (verdict, status, _) in ledger.verdicts().items()}
    assert held == {"A.csv": ("held", "held"), "B_rectificatif.csv": ("held", "held")}
    said = (
        "file would count (it says “rectificatif”), but has no row for 94 of the départements of "
    )
    assert f"that {said}this one" in ledger.findings("A.csv")[0]["summary"]
    correction = [f for f in ledger.findings("B_rectificatif.csv") if f["rule"] == RULE]
    assert f"this {said}the other one" in correction[0]["summary"]


def test_a_definitive_file_that_the_gate_holds_does_not_leave_the_draft_in_force(
    ledger: Ledger,
) -> None:
    ledger.bring("A_definitif.csv", {code: value // 2 for code, value in ledger.final.items()})
    ledger.bring("Z_provisoire.csv", ledger.draft)
    ledger.judge()
    assert ledger.in_force() == {}
    assert ledger.verdicts()["A_definitif.csv"][:2] == ("held", "held")
    assert ledger.verdicts()["Z_provisoire.csv"][:2] == ("held", "superseded")


def test_a_draft_of_a_later_day_does_not_change_definitive_figures(ledger: Ledger) -> None:
    ledger.bring("A_definitif.csv", ledger.final, day="2019-04-05")
    ledger.bring("A_provisoire.csv", ledger.draft)
    ledger.judge()
    assert ledger.in_force() == ledger.final
    assert ledger.verdicts() == {
        "A_provisoire.csv": ("held", "held", ["provisional_after_definitive"])
    }
    assert "2 figures of A_definitif.csv" in ledger.findings("A_provisoire.csv")[0]["summary"]
    ledger.sign("A_provisoire.csv")
    assert ledger.in_force() == ledger.draft


def test_a_correction_of_a_later_day_changes_definitive_figures(ledger: Ledger) -> None:
    ledger.bring("A_definitif.csv", ledger.draft, day="2019-04-05")
    ledger.bring("A.csv", ledger.final)
    ledger.judge()
    assert ledger.in_force() == ledger.final


def test_definitive_figures_that_confirm_a_draft_are_definitive(ledger: Ledger) -> None:
    ledger.bring("A_provisoire.csv", ledger.final, day="2019-04-04")
    path = ledger.bring("A_definitif.csv", ledger.final, day="2019-04-05")
    path.write_text(path.read_text() + ";;\n", encoding="utf-8")
    ledger.bring("B_provisoire.csv", ledger.draft)
    ledger.judge()
    assert ledger.in_force() == ledger.final


@pytest.mark.parametrize("order", list(permutations(["A.csv", "B_v2.csv", "C_v2.csv"])))
def test_the_order_of_arrival_has_no_influence(ledger: Ledger, order: tuple[str, ...]) -> None:
    figures = {
        "A.csv": ledger.draft,
        "B_v2.csv": ledger.final,
        "C_v2.csv": ledger.final | {"01": ledger.final["01"] + 1},
    }
    for name in order:
        ledger.bring(name, figures[name])
        ledger.judge()
    assert ledger.in_force() == {}
    assert {name: status for name, (_, status, _) in ledger.verdicts().items()} == {
        "A.csv": "superseded", "B_v2.csv": "held", "C_v2.csv": "held",
    }  # fmt: skip


def test_a_file_put_in_the_place_of_another_is_no_second_file(ledger: Ledger) -> None:
    ledger.bring("A.csv", ledger.draft)
    ledger.judge()
    ledger.bring("A.csv", ledger.final)
    ledger.judge()
    assert ledger.in_force() == ledger.final


def test_a_correction_in_the_register_can_settle_it(ledger: Ledger) -> None:
    ledger.bring("A.csv", ledger.final)
    ledger.bring("B.csv", ledger.final | {"62": ledger.final["62"] * 10})
    ledger.judge()
    assert ledger.in_force() == {}
    ledger.warehouse.execute(
        "insert into contract.corrections values (1, 'anah', ?, '2019-03-01', '62', ?, ?,"
        " 'a zero too many', 'the unit', '2019-04-20')",
        [ACV, ledger.final["62"] * 10, ledger.final["62"]],
    )
    ledger.judge()
    assert ledger.in_force() == ledger.final


def test_the_field_case(warehouse: duckdb.DuckDBPyConnection, contract: Contract) -> None:
    case = REAL_DATA / "field" / "provisional_and_final_same_day"
    if not case.is_dir():
        pytest.skip(WHY_NO_REAL_DATA)
    load(warehouse, case / "landing", contract)
    with transaction(warehouse):
        judge_and_write(warehouse, contract)
    expected = json.loads((case / "expect.json").read_text(encoding="utf-8"))
    in_force = {
        f"{code}|{month:%Y-%m}": value
        for code, month, value in warehouse.execute(
            "select department_code, month, cumulative_dwellings from validated.dwellings"
        ).fetchall()
    }
    assert in_force == expected["truth"]
