"""A few hundred damaged deliveries in the suite, and proof that the oracle would notice."""

from __future__ import annotations

import pytest

from acv_pipeline.tidying import numbers
from acv_pipeline.tidying.column import forget
from acv_pipeline.tidying.numbers import Value
from acv_pipeline_tests.fuzz import CELL_DAMAGE, run, run_seed

FILES = 250


def test_damaged_deliveries_are_read_right_quarantined_or_refused() -> None:
    outcomes = list(run(0, FILES, jobs=1))
    failures = [f"seed {seed}: {failure}" for seed, _, failure in outcomes if failure]
    assert not failures, failures[0]
    # as many files as this meet every kind of damage
    met = {outcome.split(":")[0] for _, outcome, _ in outcomes}
    assert {damage.__name__.replace("_", " ") for damage in CELL_DAMAGE} <= met


def test_the_oracle_notices_a_reader_that_guesses(monkeypatch: pytest.MonkeyPatch) -> None:
    """A reader that takes any digits for a number fails within a few files."""
    honest = numbers._positive

    def guessing(number: str, *others: object) -> Value:
        digits = "".join(c for c in number if c in "0123456789")
        return Value(int(digits)) if digits else honest(number, *others)  # type: ignore[arg-type]

    monkeypatch.setattr(numbers, "_positive", guessing)
    forget()  # what was read honestly
    try:
        assert any(run_seed(seed)[2] for seed in range(60))
    finally:
        forget()
