"""Why figures fell: what is known, what somebody said, and what nobody explained."""

from __future__ import annotations

import datetime as dt

import pytest

from acv_pipeline.contract import Contract
from acv_pipeline.ledger.months_on_record import due_months
from acv_pipeline.operations.explain import figure_key
from acv_pipeline.operations.explain.explanations import ExplanationError, record_explanation
from acv_pipeline_tests.models.world import ACV, World, day, month


def why(world: World, series: str = "anah") -> list[tuple]:
    return world.build().rows(
        "select department_code, strftime(month, '%Y-%m'), increment, explanation, reason"
        f" from marts.decreases where series = '{series}' order by all"
    )


@pytest.fixture
def fallen(world: World) -> World:
    """Anah's figure of département 01 falls by 10 in February, and with it the total."""
    world.delivered("a", "2021-02-10", "anah")
    world.delivered("b", "2021-03-10", "anah")
    world.figures("anah", {"2021-01": {"01": 100}}, delivery="a")
    world.figures("anah", {"2021-02": {"01": 90}}, delivery="b")
    world.figures("action_logement", {"2021-01": {"01": 50}, "2021-02": {"01": 51}})
    return world


def test_a_decrease_nobody_knows_about_is_unexplained_and_warns(fallen: World) -> None:
    assert why(fallen) == [("01", "2021-02", -10, "unexplained", None)]
    assert why(fallen, "total") == [("01", "2021-02", -9, "unexplained", None)]
    assert why(fallen, "action_logement") == []
    result = fallen.project.run_test(fallen.connection, "decreases_explained")
    assert result.per_month == {month("2021-02"): 2}
    assert fallen.project.tests["decreases_explained"].severity == "warn"


@pytest.mark.parametrize(
    ("at", "old", "explained"),
    [
        ("2021-02", 101, True),  # revised down since
        ("2021-02", 80, False),  # revised up: no reason for a fall
        ("2021-01", 85, True),  # the month before revised up since
        ("2021-01", 120, False),
    ],
)
def test_a_revision_towards_the_fall_explains_it(
    fallen: World, at: str, old: int, explained: bool
) -> None:
    new = {"2021-01": 100, "2021-02": 90}[at]
    fallen.observe(old, "a", "2021-02-10", "2021-03-10", "b", at=(at, "01"), source="anah")
    fallen.observe(new, "b", "2021-03-10", at=(at, "01"), source="anah")
    expected = (
        ("revision", f"{at} revised on 2021-03-10 from {old} to {new} (anah, routine)")
        if explained
        else ("unexplained", None)
    )
    for series in ("anah", "total"):
        assert [row[3:] for row in why(fallen, series)] == [expected]


def test_the_reason_of_a_sign_off_explains_the_month_it_released(fallen: World) -> None:
    fallen.held("b", "2021-02", "anah")
    assert why(fallen)[0][3] == "unexplained", "held is not signed off"
    fallen.connection.execute(
        "update validated.held_months set status = 'signed_off', signed_off_by = 'head of unit',"
        " reason = 'dossiers cancelled'"
    )
    assert why(fallen)[0][3:] == ("sign_off", "dossiers cancelled (head of unit)")


def test_a_corrected_figure_explains_a_fall_from_it_or_to_it(fallen: World) -> None:
    fallen.connection.execute(
        "update validated.observations set is_corrected = true"
        " where source = 'anah' and month = '2021-01-01'"
    )
    on = day("2021-02-11")
    fallen.insert(
        "validated.corrections",
        ("anah", ACV, month("2021-01"), "01", "a", 1, 10, 100, "a zero lost", "head", on, None),
    )
    assert why(fallen)[0][3:] == (
        "correction",
        "2021-01 corrected from 10 to 100: a zero lost (head)",
    )


def test_what_somebody_said_holds_for_that_very_fall(fallen: World, contract: Contract) -> None:
    fallen.connection.execute("create table raw.commits as select 0::bigint as count")
    fallen.build()
    key = figure_key(contract, "Ain", month("2021-02"))
    said = record_explanation(
        fallen.connection, contract, key, reason=" counted twice ", said_by="statistics unit"
    )
    assert said == ("Anah", -10)
    assert due_months(fallen.connection) == {month("2021-02")}, "the next run builds it"
    expected = ("said", "counted twice (statistics unit)")
    assert why(fallen)[0][3:] == expected
    assert why(fallen, "total")[0][3:] == expected
    assert fallen.project.run_test(fallen.connection, "decreases_explained").passed
    fallen.connection.execute(
        "update validated.observations set cumulative_dwellings = 80 where source = 'anah'"
        " and month = '2021-02-01'"
    )
    assert why(fallen)[0][2:] == (-20, "unexplained", None)
    assert not fallen.project.run_test(fallen.connection, "decreases_explained").passed


def test_a_reason_is_unknown_before_it_was_given(fallen: World) -> None:
    for value, when in ((100, "2021-01"), (90, "2021-02")):
        fallen.observe(value, "a", "2021-03-10", at=(when, "01"), source="anah")
    fallen.insert(
        "validated.explanations",
        (ACV, "anah", month("2021-02"), "01", -10, "someone", "x", dt.datetime(2021, 4, 1, 9)),
    )
    for on, explanation in (("2021-03-31", "unexplained"), ("2021-04-01", "said")):
        sql = fallen.project.compile_as_of("decreases", day(on))
        assert fallen.rows(f"select explanation from ({sql}) where series = 'anah'") == [
            (explanation,)
        ]


def test_what_cannot_be_said(fallen: World, contract: Contract) -> None:
    fallen.figures("anah", {"2021-03": {"01": 80}})
    fallen.figures("action_logement", {"2021-03": {"01": 40}})
    fallen.build()

    def attempt(when: str, series: str | None = None, reason: str = "x", by: str = "y") -> None:
        key = figure_key(contract, "1", month(when), series=series)
        record_explanation(fallen.connection, contract, key, reason=reason, said_by=by)

    with pytest.raises(ExplanationError, match="no figure fell"):
        attempt("2021-01")
    with pytest.raises(ExplanationError, match="no figure fell"):
        attempt("2021-02", "action_logement")
    with pytest.raises(ExplanationError, match="--series anah or --series action_logement"):
        attempt("2021-03")
    with pytest.raises(ExplanationError, match="neither may be empty"):
        attempt("2021-02", by=" ")
    with pytest.raises(ExplanationError, match="write them for “…”"):
        attempt("2021-02", reason="…")
    assert fallen.rows("from validated.explanations") == []
