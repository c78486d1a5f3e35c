"""A few hundred changed deliveries in the suite, and proof that the oracle would notice."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from acv_pipeline.tidying import numbers
from acv_pipeline.tidying.column import forget
from acv_pipeline.tidying.dates import DateReader
from acv_pipeline.tidying.header import HeaderFinder
from acv_pipeline.tidying.numbers import Value
from acv_pipeline.tidying.roles import RoleReader
from acv_pipeline_tests.fuzz.seeds import NAMES, run, run_seed

FILES = 300
TRIES = 40


@pytest.fixture
def dishonest(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Any, str, Any], None]]:
    """Replaces a part of the reader by one that makes things up."""

    def replace(owner: Any, name: str, made_up: Any) -> None:
        monkeypatch.setattr(owner, name, made_up)
        forget()  # what was read honestly

    yield replace
    forget()


def is_noticed(kind: str) -> bool:
    """Whether files of a kind break a promise."""
    failures = (run_seed(seed, kind)[2] for seed in range(TRIES))
    return any(failure and "AssertionError" in failure for failure in failures)


def test_changed_deliveries_are_read_right_quarantined_or_refused() -> None:
    outcomes = list(run(0, FILES, jobs=1))
    failures = [f"seed {seed}: {failure}" for seed, _, failure in outcomes if failure]
    assert not failures, failures[0]
    # as many files as this meet every kind of change
    met = {outcome.split(":")[0] for _, outcome, _ in outcomes}
    assert set(NAMES) <= met


def test_the_oracle_notices_a_reader_that_guesses(
    dishonest: Callable[[Any, str, Any], None],
) -> None:
    """A reader that takes any digits for a number fails within a few files."""
    honest = numbers._positive

    def guessing(number: str, *others: object) -> Value:
        digits = "".join(c for c in number if c in "0123456789")
        return Value(int(digits)) if digits else honest(number, *others)  # type: ignore[arg-type]

    dishonest(numbers, "_positive", guessing)
    assert is_noticed("wrong value")


@pytest.mark.parametrize("kind", ["date of sending", "date of sending beside the month"])
def test_the_oracle_notices_a_reader_that_takes_any_date_for_the_month(
    dishonest: Callable[[Any, str, Any], None], kind: str
) -> None:
    """Whatever the words before a date, it is that of the figures."""
    assert not is_noticed(kind)
    dishonest(DateReader, "kind", lambda *_, **__: "state")
    dishonest(DateReader, "speaks_of_another", lambda *_, **__: False)
    assert is_noticed(kind)


@pytest.mark.parametrize(
    ("kind", "second_lines"),
    [
        ("unnamed column", True),
        ("column of an unknown name", True),
        ("block with a total", False),
        ("block without a total", False),
    ],
)
def test_the_oracle_notices_a_reader_that_drops_columns(
    dishonest: Callable[[Any, str, Any], None], kind: str, second_lines: bool
) -> None:
    """A column of an unknown name is passed over without a word.

    Where it reads no second header lines, so are all columns of a block but the first.
    """
    honest = RoleReader._find_role

    def dropping(reader: RoleReader, place: int) -> str:
        role = honest(reader, place)
        return "numbers" if role == "unknown" else role

    assert not is_noticed(kind)
    if not second_lines:
        dishonest(HeaderFinder, "_with_second_line", lambda _, head, *__: head)
    dishonest(RoleReader, "_find_role", dropping)
    assert is_noticed(kind)
