"""One figure explained: where it came from, what judged it, what it was, why there is none."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from acv_pipeline.contract import Contract
from acv_pipeline.contract.months import month_of
from acv_pipeline.gate.rules import RULES
from acv_pipeline.operations.explain import (
    Figure,
    OutdatedCopyError,
    Rank,
    Step,
    explain,
    figure_key,
)
from acv_pipeline_tests.deliveries import deliver, steady_figures
from acv_pipeline_tests.warehouses import process, sign_off_all

Explained = Callable[..., Figure]


@pytest.fixture
def figure(copy: duckdb.DuckDBPyConnection, contract: Contract) -> Explained:
    def explained(
        department: str, month: str, series: str | None = None, as_of: str | None = None
    ) -> Figure:
        day = dt.date.fromisoformat(as_of) if as_of else None
        key = figure_key(contract, department, month_of(month), series=series, as_of=day)
        return explain(copy, contract, key)

    return explained


def day(text: str) -> dt.date:
    return dt.date.fromisoformat(text)


def test_a_total_is_the_sum_of_rows_anybody_can_look_up(
    figure: Explained, landing_of_all: Path, contract: Contract
) -> None:
    found = figure("62", "2020-01")
    assert (found.series, found.value) == ("total", 179 + 180)
    assert [part.value for part in found.parts] == [179, 180]
    for part in found.parts:
        got = part.received
        folder = landing_of_all / part.source / got.delivered_on.isoformat()
        content = (folder / got.file_name).read_bytes()
        assert hashlib.sha256(content).hexdigest() == got.delivery_id
        line = content.decode().splitlines()[got.sheet_row - 1]
        assert line.split(";") == got.cells
        assert got.header == content.decode().splitlines()[0].split(";")
        assert got.cells[0] == "62" and int(got.cells[2]) == part.value
    assert found.increment is None, "the first figure"
    totals = {
        code: sum(steady_figures(contract, month_of("2020-01"), source=s)[code] for s in ("anah",))
        + steady_figures(contract, month_of("2020-01"), source="action_logement")[code]
        for code in contract.panel(found.indicator_id)
    } | {"62": 359}
    place = 1 + sum(value > 359 for value in totals.values())
    assert found.rank == Rank(place, 96, sorted(c for c, v in totals.items() if v == 359)[1:])
    assert found.share_of_national == pytest.approx(359 / sum(totals.values()))


def test_ties_are_said(figure: Explained, copy: duckdb.DuckDBPyConnection) -> None:
    found = figure("62", "2020-02", "anah")
    same = copy.execute(
        "select department_code from marts.monthly_increments where series = 'anah'"
        " and month = '2020-02-01' and increment = ? and department_code <> '62' order by 1",
        [found.increment.value],
    ).fetchall()
    assert found.increment.rank.tied_with == [code for (code,) in same] != []
    assert found.increment.rank.of == 96
    assert found.increment.previous_month == month_of("2020-01")


def test_every_earlier_value_has_its_days_and_deliveries(figure: Explained) -> None:
    found = figure("62", "2020-01")
    corrected = day("2020-04-20")
    assert found.believed == [
        Step(360, day("2020-02-10"), corrected),
        Step(359, corrected, None),
    ]
    first, second = found.parts[0].history
    assert (first.value, first.since, first.until) == (180, day("2020-02-10"), corrected)
    assert (first.change, first.ended_by) == ("replaced", second.delivery_id)
    assert (first.file_name, second.file_name) == ("ACV_anah_2020-01.csv", "correction.csv")
    assert len(found.parts[1].history) == 1


def test_as_of_a_day_only_what_was_known_then(figure: Explained) -> None:
    before = figure("62", "2020-01", as_of="2020-04-19")
    assert (before.value, len(before.believed)) == (360, 1)
    assert [j.file_name for j in before.parts[0].judgements] == ["ACV_anah_2020-01.csv"]
    assert figure("62", "2020-01", as_of="2020-04-20").value == 359
    nothing = figure("62", "2020-01", as_of="2020-02-09")
    assert nothing.value is None
    assert [a.code for a in nothing.absences] == ["no_delivery", "no_delivery"]
    assert "by 2020-02-09" in nothing.absences[0].reason


def test_a_decrease_says_whether_it_is_explained(figure: Explained) -> None:
    fall = figure("62", "2020-03", "anah").increment
    assert (fall.value, fall.why, fall.reason) == (-7, "unexplained", None)
    assert figure("62", "2020-02", "anah").increment.why is None


def test_what_judged_it_names_the_rules_that_did_not_hold(figure: Explained) -> None:
    found = figure("62", "2020-03", "anah")
    assert found.rules == [rule.name for rule in RULES]
    (judgement,) = found.parts[0].judgements
    assert judgement.verdict == "accepted" and judgement.value == 180
    assert "department_decreases" in [finding["rule"] for finding in judgement.findings]
    assert not any(finding["blocking"] for finding in judgement.findings)


def test_a_hold_is_told_beside_the_figure_that_stays_in_force(figure: Explained) -> None:
    part = figure("01", "2020-02", "anah").parts[0]
    assert (part.value, part.held.value) == (126, 5_000)
    assert "large_revision" in [f["rule"] for f in part.held.findings if f["blocking"]]
    assert part.held.signed_off_by is None
    assert figure("01", "2020-02", "anah", as_of="2020-03-10").parts[0].held is None


@pytest.mark.parametrize(
    ("department", "month", "series", "codes", "words"),
    [
        ("21", "2020-02", "total", ["outside_panel"], "not in the panel"),
        ("08", "2020-03", "total", ["partner_missing", "quarantined"], "row 9: 08 |"),
        ("62", "2020-04", "total", ["partner_missing", "held"], "april_al.csv"),
        ("62", "2020-05", "action_logement", ["no_delivery"], "delivered nothing for 2020-05"),
        ("62", "2018-08", "anah", ["before_first_month"], "from 2018-09 on"),
        ("62", "2020-01", "published", ["withdrawn"], "withdrawn on 2020-06-20"),
        ("62", "2020-04", "action_logement", ["held"], "panel_department_missing"),
    ],
)
def test_why_there_is_no_figure(
    figure: Explained, department: str, month: str, series: str, codes: list[str], words: str
) -> None:
    found = figure(department, month, series)
    assert found.value is None and found.rank is None and found.increment is None
    assert [absence.code for absence in found.absences] == codes
    assert words in " ".join(absence.reason for absence in found.absences)


def test_a_sign_off_and_what_the_delivery_lacked_are_told(
    warehouse: duckdb.DuckDBPyConnection, landing: Path, contract: Contract
) -> None:
    month = month_of("2020-01")
    partial = steady_figures(contract, month)
    del partial["62"]
    deliver(landing, "anah", "2020-02-10", {"2020-01": partial}, name="ACV.csv")
    process(warehouse, contract, landing)
    assert sign_off_all(warehouse, "2020-02-12") == 1
    process(warehouse, contract, landing)

    def asked(department: str, as_of: str | None = None) -> Figure:
        on = day(as_of) if as_of else None
        key = figure_key(contract, department, month, series="anah", as_of=on)
        return explain(warehouse, contract, key)

    (absence,) = asked("62").absences
    assert absence.code == "not_in_delivery" and "ACV.csv" in absence.reason
    found = asked("01")
    (judgement,) = found.parts[0].judgements
    assert (judgement.verdict, judgement.signed_off_by) == ("held", "head of unit")
    assert (judgement.signed_off_reason, judgement.signed_off_on) == ("checked", day("2020-02-12"))
    assert found.parts[0].held is None and found.parts[0].since == day("2020-02-12")
    before = asked("01", "2020-02-11")
    assert before.value is None and before.parts[0].held is not None
    assert before.parts[0].judgements[0].signed_off_by is None, "nobody knew of it yet"


def test_the_usual_series_is_the_total_else_what_was_published(figure: Explained) -> None:
    assert figure("62", "2020-01").series == "total"
    assert figure("62", "2020-05").series == "published"
    assert figure("62", "2020-04").series == "total", "others have one, 62 has not"
    assert figure("62", "2030-01").series == "total"
    assert figure("62", "2020-01", as_of="2020-02-09").series == "total"


def test_a_copy_of_another_version_is_named(contract: Contract) -> None:
    with duckdb.connect() as empty, pytest.raises(OutdatedCopyError, match="run 'acv run'"):
        explain(empty, contract, figure_key(contract, "62", month_of("2020-01")))
