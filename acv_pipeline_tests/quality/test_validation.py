"""Suites, what is kept of a validation, and what is relied upon of Great Expectations."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import duckdb
import great_expectations as gx
import great_expectations.expectations as gxe
import pandas as pd
import pytest

from acv_pipeline.contract import load_contract
from acv_pipeline.contract.months import month_of
from acv_pipeline.quality import Check, checks, validation
from acv_pipeline.quality.attribution import attributed
from acv_pipeline.quality.check import SuiteRule
from acv_pipeline.quality.evaluation import distinct_values, evaluate
from acv_pipeline.quality.suites import suite
from acv_pipeline.quality.table_checks import rules
from acv_pipeline.quality.validation import build_data_docs
from acv_pipeline_tests.quality.worlds import World

CONTRACT = load_contract()
SUITES = [rule for rule in rules(CONTRACT) if isinstance(rule, SuiteRule)]
SEVERITY = {"error": "critical", "warn": "warning"}
NOVEMBER = month_of("2020-11")


def validate(frame: pd.DataFrame, *asked: Any) -> list[Any]:
    batch = validation._batch_definition(None, "asked").get_batch({"dataframe": frame})
    asked_of = gx.ExpectationSuite(name="asked", expectations=list(asked))
    return list(batch.validate(asked_of, result_format={"result_format": "COMPLETE"}).results)


@pytest.fixture
def table() -> Any:
    """A table with a wrong value in each of its columns, and every value more than once."""
    with duckdb.connect() as connection:
        connection.execute("create table codes as select unnest(['a', 'b']) as code")
        connection.execute(
            "create table figures as select t.* from (values"
            " (date '2021-01-01', 'a', 1, date '2021-01-01'),"
            " (date '2021-01-01', 'z', 2, date '2021-03-01'),"
            " (date '2021-02-01', null, null, date '2021-01-01')"
            ") as t(month, code, figure, since), range(3)"
        )
        yield connection


RULE = SuiteRule("figures", (), "select * from figures", {"code": "select code from codes"})


@pytest.mark.parametrize("rule", SUITES, ids=lambda rule: rule.suite)
def test_a_suite_decides_its_checks_with_their_severity(rule: SuiteRule) -> None:
    severities = {check.name: SEVERITY[check.severity] for check in rule.checks}
    expectations = suite(rule.suite, CONTRACT).expectations
    assert {each.meta["check"] for each in expectations} == severities.keys()
    for each in expectations:
        assert each.severity == severities[each.meta["check"]]
        assert each.meta["problem"]


def test_every_distinct_value_is_there_and_compared_columns_stay_together(table: Any) -> None:
    frame = distinct_values(table, RULE, [("code",), ("month", "since"), ("code_is_known",)])
    assert list(frame) == ["code_is_known", "month", "code", "figure", "since"]
    assert len(frame) == 3, "not nine"
    assert set(frame["code"].dropna()) == {"a", "z"} and frame["code"].isna().any()
    assert set(frame["code_is_known"].dropna()) == {True, False}
    pairs = frame[["month", "since"]].drop_duplicates().astype("str")
    assert sorted(map(tuple, pairs.to_numpy())) == [
        ("2021-01-01", "2021-01-01"), ("2021-01-01", "2021-03-01"), ("2021-02-01", "2021-01-01"),
    ]  # fmt: skip


def test_the_result_is_kept_with_its_suite(good: World, tmp_path: Path) -> None:
    chosen = [check for check in checks(CONTRACT) if check.asset == "department_rankings"]
    found = evaluate(good.connection, CONTRACT, chosen, good.months, tmp_path)
    (kept,) = {result.validation for result in found}
    assert kept is not None
    result = json.loads(kept.read_text(encoding="utf-8"))
    assert result["success"] and result["suite_name"] == "department_rankings"
    by_check = {each["expectation_config"]["meta"]["check"] for each in result["results"]}
    assert by_check == {check.name for check in chosen}
    of_suite = json.loads((tmp_path / "expectations" / "department_rankings.json").read_text())
    assert len(of_suite["expectations"]) == len(result["results"])
    assert evaluate(good.connection, CONTRACT, chosen, good.months)[0].validation is None


def test_only_the_last_results_are_kept(
    good: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(validation, "KEPT", 2)
    expected = validation.expected_columns(["revisions"], CONTRACT)["revisions"]
    rule = next(rule for rule in SUITES if rule.suite == "revisions")
    with attributed(good.connection, CONTRACT, good.months):
        frame = distinct_values(good.connection, rule, expected)
    kept = [
        validation.validate(frame, "revisions", CONTRACT, len(rule.looked_up), run, tmp_path)[1]
        for run in ("first", "second", "third")
    ]
    assert [path for path in kept if path and path.exists()] == kept[-2:]


def test_data_docs_show_what_failed(good: World, tmp_path: Path) -> None:
    assert build_data_docs(tmp_path) is None
    chosen: list[Check] = [c for c in checks(CONTRACT) if c.asset == "validated_dwellings"]
    good.connection.execute("begin")
    try:
        good.connection.execute(
            "update validated.observations set cumulative_dwellings = -7 where rowid ="
            f" (select min(rowid) from validated.observations where month = date '{NOVEMBER}')"
        )
        evaluate(good.connection, CONTRACT, chosen, good.months, tmp_path)
    finally:
        good.connection.execute("rollback")
    index = build_data_docs(tmp_path)
    assert index is not None and "validated_dwellings" in index.read_text(encoding="utf-8")
    (page,) = index.parent.glob("validations/validated_dwellings/*/*/*.html")
    text = page.read_text(encoding="utf-8")
    assert "2020-09 to 2020-12" in text and "-7" in text and "Failed" in text
    shutil.rmtree(tmp_path / "validations" / "validated_dwellings")
    assert build_data_docs(tmp_path) is None


def test_one_silent_context_that_sends_nothing(
    table: Any, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    context = validation._context(tmp_path)
    assert context.variables.analytics_enabled is False
    assert validation._context(tmp_path) is context
    validate(pd.DataFrame({"a": [1]}), gxe.ExpectColumnValuesToNotBeNull(column="a"))
    assert capfd.readouterr() == ("", "")
