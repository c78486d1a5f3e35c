"""What is relied upon of Great Expectations; an upgrade that changes it fails here."""

from __future__ import annotations

import datetime as dt
from typing import Any

import great_expectations as gx
import pandas as pd
import pytest

from acv_pipeline.quality.expectations import _batch_definition, failures
from acv_pipeline.quality.rule import Expectation, between, filled, known


def validate(frame: pd.DataFrame, *asked: Any, result_format: str = "COMPLETE") -> list[Any]:
    batch = _batch_definition().get_batch({"dataframe": frame})
    suite = gx.ExpectationSuite(name="asked", expectations=list(asked))
    return list(batch.validate(suite, result_format={"result_format": result_format}).results)


def test_results_come_in_another_order_than_asked() -> None:
    frame = pd.DataFrame({"a": [1], "b": [2]})
    asked = [
        gx.expectations.ExpectColumnValuesToNotBeNull(column="a", meta={"check": 0}),
        gx.expectations.ExpectColumnValuesToNotBeNull(column="b", meta={"check": 1}),
        gx.expectations.ExpectColumnValuesToBeInSet(column="a", value_set=[1], meta={"check": 2}),
    ]
    order = [result.expectation_config.meta["check"] for result in validate(frame, *asked)]
    assert sorted(order) == [0, 1, 2] and order != [0, 1, 2]


def test_failures_are_those_of_their_own_expectation() -> None:
    frame = pd.DataFrame({"a": [1, -1, 2], "b": ["x", "y", None]})
    columns = Expectation("TableColumnsToMatchOrderedList", {"column_list": ["a", "c"]}, "columns")
    asked = [between("a", 0, None), columns, known("b", ["x"]), filled("a")]
    negative, differing, unknown, whole = failures(frame, asked)
    assert [failure.positions for failure in negative] == [[1]]
    assert [failure.positions for failure in unknown] == [[1, 2]]
    assert [failure.detail for failure in differing] == ["column 2: expected c, found b"]
    assert whole == []


@pytest.mark.parametrize("dtype", ["int64", "Int64", "float64"])
def test_failing_rows_are_named_by_position_past_nulls(dtype: str) -> None:
    values: list[Any] = [5, -1, 7, -2] if dtype == "int64" else [None, -1, 7, -2]
    frame = pd.DataFrame({"a": pd.array(values, dtype=dtype)}, index=[7, 7, 8, 9])
    ((failure,),) = failures(frame, [between("a", 0, 10)])
    assert failure.positions == [1, 3]


def test_null_codes_are_failures_of_known() -> None:
    for column in (["59", None], [None, None]):
        frame = pd.DataFrame({"code": pd.array(column, dtype="str")})
        ((failure,),) = failures(frame, [known("code", ["59"])])
        assert failure.positions == [i for i, code in enumerate(column) if code is None]


@pytest.mark.parametrize("bound", [dt.date(2021, 1, 1), "2021-01-01"])
def test_a_datetime_column_has_no_date_or_text_bounds(bound: Any) -> None:
    """Why months are compared column with column instead."""
    frame = pd.DataFrame({"month": pd.to_datetime(["2020-12-01", "2021-02-01"])})
    ((failure,),) = failures(frame, [between("month", bound, None)])
    assert failure.positions is None and "could not be evaluated" in failure.detail
    ((failure,),) = failures(frame, [between("month", dt.datetime(2021, 1, 1), None)])
    assert failure.positions == [0]


def test_two_date_columns_are_compared_and_a_missing_date_fails() -> None:
    frame = pd.DataFrame(
        {
            "later": pd.to_datetime(["2021-01-01", "2021-01-01", "2021-01-01", None]),
            "earlier": pd.to_datetime(["2021-01-01", "2021-02-01", "2020-12-01", "2021-01-01"]),
        }
    )
    pair = {"column_A": "later", "column_B": "earlier", "or_equal": True}
    asked = Expectation("ColumnPairValuesAToBeGreaterThanB", pair, "")
    ((failure,),) = failures(frame, [asked])
    assert failure.positions == [1, 3]


def test_a_yes_or_no_is_as_strict_as_a_full_answer() -> None:
    frame = pd.DataFrame({"a": [1.0, None, 3.0]})
    asked = gx.expectations.ExpectColumnValuesToNotBeNull(column="a")
    formats = ("BOOLEAN_ONLY", "COMPLETE")
    answers = [validate(frame, asked, result_format=name)[0].success for name in formats]
    assert answers == [False, False]


def test_text_that_should_be_a_number_is_a_failure_and_no_traceback() -> None:
    frame = pd.DataFrame({"a": ["1", "2"]})
    ((failure,),) = failures(frame, [between("a", 0, 10)])
    assert failure.positions is None and "could not be evaluated" in failure.detail


def test_a_wrong_type_says_what_was_found() -> None:
    frame = pd.DataFrame({"a": [1.5]})
    asked = Expectation("ColumnValuesToBeOfType", {"column": "a", "type_": "int64"}, "")
    ((failure,),) = failures(frame, [asked])
    assert (failure.positions, failure.detail) == (None, "found float64")


def test_one_silent_context_that_sends_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    failures(pd.DataFrame({"a": [1]}), [filled("a")])
    context = _batch_definition().data_asset.datasource.data_context
    assert type(context).__name__ == "EphemeralDataContext"
    assert context.variables.analytics_enabled is False
    assert _batch_definition() is _batch_definition()
    assert capfd.readouterr() == ("", "")
