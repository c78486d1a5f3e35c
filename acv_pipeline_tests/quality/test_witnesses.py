"""A few witnesses say of a table what all of its rows would."""

from __future__ import annotations

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acv_pipeline.quality import expectations, witnesses
from acv_pipeline.quality.rule import Expectation, between, filled, known
from acv_pipeline.quality.witnesses import Witnesses

ASKED = [
    between("figure", 0, 50),
    filled("code"),
    known("code", ["a", "b"]),
    Expectation(
        "ColumnPairValuesAToBeGreaterThanB",
        {"column_A": "last", "column_B": "first", "or_equal": True,
         "ignore_row_if": "either_value_is_missing"},
        "ends before it starts",
    ),
    Expectation("ColumnValuesToNotBeInSet", {"column": "reason", "value_set": ["bad"]}, "bad"),
]  # fmt: skip

numbers = st.none() | st.integers(-2, 53)
texts = st.none() | st.sampled_from(["a", "b", "c", ""])
rows = st.tuples(
    st.sampled_from(["x", "y"]), st.integers(1, 3), numbers, texts, numbers, numbers,
    st.sampled_from(["bad", "good"]),
)  # fmt: skip


@settings(max_examples=25, deadline=None)
@given(table=st.lists(rows, min_size=1, max_size=30))
def test_they_blame_the_rows_that_the_whole_table_does(
    table: list[tuple[object, ...]],
) -> None:
    with duckdb.connect() as connection:
        connection.execute(
            "create table told (number int, asset varchar, month int, figure bigint, code varchar,"
            " first bigint, last bigint, reason varchar)"
        )
        connection.executemany(
            "insert into told values (?, ?, ?, ?, ?, ?, ?, ?)",
            [[number, *row] for number, row in enumerate(table)],
        )
        found = Witnesses(connection, "select * from told")
        for expectation in ASKED:
            whole = connection.execute("from told order by number").df()
            (failed,) = expectations.failures(whole, [expectation])
            blamed = {at for failure in failed for at in failure.positions or []}
            (failed,) = found.ask([expectation])
            offending = found.offending(failed, lambda _, value: str(value)) if failed else None
            numbers = connection.execute(f"select number from {offending}") if offending else None
            assert {n for (n,) in numbers.fetchall()} == blamed if numbers else not blamed
            found.forget()


def test_a_large_set_is_looked_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(witnesses, "MOST_VALUES", 3)
    with duckdb.connect() as connection:
        codes = [[code] for code in ["a", "b", "c", "d", "e", "z", None]]
        connection.execute("create table told (code varchar, month int default 1)")
        connection.executemany("insert into told (code) values (?)", codes)
        found = Witnesses(connection, "select * from told")
        (failed,) = found.ask([known("code", "abcde")])
        offending = found.offending(failed, lambda _, value: str(value))
        said = connection.execute(f"select code from {offending} order by all").fetchall()
        assert said == [("z",), (None,)]
        with pytest.raises(ValueError, match="another expectation"):
            found.ask([known("code", "abcde"), filled("code")])


@pytest.mark.parametrize(
    "asked",
    [
        Expectation("ColumnValuesToBeUnique", {"column": "figure"}, "twice"),
        Expectation("ColumnValuesToBeBetween", {"column": "figure", "mostly": 0.9}, ""),
    ],
)
def test_what_they_cannot_answer_is_refused(asked: Expectation) -> None:
    with duckdb.connect() as connection:
        connection.execute("create table told as select 1 as month, 2 as figure")
        with pytest.raises(ValueError, match="write it as SQL"):
            Witnesses(connection, "select * from told").ask([asked])
