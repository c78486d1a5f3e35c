"""What a run's checks said is good enough to publish by, while nothing was written since."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from acv_pipeline.contract import Contract, Month
from acv_pipeline.flow.pipeline import Pipeline
from acv_pipeline.flow.turn import Turn
from acv_pipeline.publishing.published_copy import NotPublishedError
from acv_pipeline.quality.check import CheckResult
from acv_pipeline.warehouse import transaction
from acv_pipeline.warehouse.home import Home
from acv_pipeline_tests.deliveries import deliver_trajectory

MONTHS = ["2018-09", "2018-10", "2018-11"]


@pytest.fixture
def turn(home: Home, landing: Path, contract: Contract) -> Iterator[Turn]:
    """Three months, built and checked; the checks were asked of the last alone."""
    deliver_trajectory(landing, contract, "anah", MONTHS)
    deliver_trajectory(landing, contract, "action_logement", MONTHS)
    pipeline = Pipeline.configured(home, landing)
    with pipeline.warehouse() as connection:
        turn = Turn(pipeline, connection, print)
        turn.receive([*contract.sources])
        months = sorted(turn.on_record())
        turn.judge(months)
        turn.build([*pipeline.project.models])
        results = check(turn, months[-1:])
        assert {result.month for result in results} == {months[-1]}
        yield turn


def check(turn: Turn, months: list[Month], *, publishes: bool = True) -> list[CheckResult]:
    """What all checks say, in a run that publishes."""
    wanted = {(check.asset, check.name) for check in turn.pipeline.checks()}
    return turn.check(wanted, months, publishes=publishes)


def validations(turn: Turn) -> int:
    """How often Great Expectations looked at the rankings."""
    return len([*turn.pipeline.home.quality.glob("validations/department_rankings/*/*/*.json")])


def test_what_was_checked_is_not_checked_again(turn: Turn) -> None:
    turn.publish(turn.pipeline.home.published)
    assert turn.pipeline.home.published.exists()
    assert validations(turn) == 1


def test_what_was_written_since_is_checked_again(turn: Turn) -> None:
    with transaction(turn.connection):
        turn.connection.execute(
            "update marts.department_rankings set cumulative_dwellings = -1 where month = "
            "(select min(month) from marts.department_rankings)"
        )
    with pytest.raises(NotPublishedError, match=r"figures_not_negative \(2018-09\)"):
        turn.publish(turn.pipeline.home.published)
    assert not turn.pipeline.home.published.exists()
    assert validations(turn) == 2


def test_an_earlier_month_that_is_wrong_stops_the_publication(turn: Turn) -> None:
    with transaction(turn.connection):
        turn.connection.execute(
            "update marts.department_rankings set cumulative_dwellings = -1 where month = "
            "(select min(month) from marts.department_rankings)"
        )
    check(turn, [max(turn.on_record())])
    with pytest.raises(NotPublishedError, match=r"figures_not_negative \(2018-09\)"):
        turn.publish(turn.pipeline.home.published)
    assert validations(turn) == 2


def test_what_was_checked_of_some_months_alone_is_checked_again(turn: Turn) -> None:
    check(turn, [max(turn.on_record())], publishes=False)
    turn.publish(turn.pipeline.home.published)
    assert validations(turn) == 3
