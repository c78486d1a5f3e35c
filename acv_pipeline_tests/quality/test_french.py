"""What checks say and advise on record, where a run is in French."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from acv_pipeline.models import Project
from acv_pipeline.quality.everything import all_checks, evaluate_all
from acv_pipeline.quality.record import record_results
from acv_pipeline.quality.validator import started
from acv_pipeline.warehouse import append
from acv_pipeline_tests.quality.worlds import World

# words that are in no French text: not those of columns and tables
ENGLISH = re.compile(r"\b(the|of|is|are|not|rows?|ask|with|hold|month|unknown|received)\b", re.I)


@pytest.fixture
def french(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A process of Great Expectations has the language of the one that started it."""

    def stop() -> None:
        if started.cache_info().currsize:
            started().stop()

    stop()
    monkeypatch.setenv("ACV_LANGUAGE", "fr")
    yield
    stop()


def test_what_is_recorded_of_checks_is_french(flawed: World, french: None) -> None:
    connection, contract = flawed.connection, flawed.contract
    project = Project.load()
    checks = all_checks(contract, project)
    results = evaluate_all(connection, contract, project, checks, flawed.months)
    kept = connection.execute("from validated.check_results").df()
    try:
        record_results(connection, results)
        said = {
            (asset, name): (summary, what_to_do)
            for asset, name, summary, what_to_do in connection.execute(
                "select asset, check_name, summary, what_to_do from validated.check_results"
                " where not passed"
            ).fetchall()
        }
        passing = {
            summary
            for (summary,) in connection.execute(
                "select distinct summary from validated.check_results where passed"
            ).fetchall()
        }
    finally:
        connection.execute("delete from validated.check_results")
        append(connection, "validated.check_results", kept)
    by_tables = {name for _, name in said}
    assert by_tables >= {"departments_recognised", "keys_are_unique", "delivery_readable"}
    for (asset, name), (summary, what_to_do) in said.items():
        assert summary and what_to_do
        assert not ENGLISH.search(re.sub(r"\w+_\w+|\S+\.csv", "", summary)), (asset, name, summary)
        assert not ENGLISH.search(what_to_do), (asset, name, what_to_do)
    assert any("non conformes\u00a0: " in summary for summary, _ in said.values())
    assert "rien à contrôler" in passing
    assert any(summary.endswith(" contrôlés, tous conformes") for summary in passing)


def test_the_sample_has_the_french_reason(flawed: World, french: None) -> None:
    connection, contract = flawed.connection, flawed.contract
    checks = [c for c in all_checks(contract, Project.load()) if c.name == "delivery_readable"]
    results = evaluate_all(connection, contract, Project.load(), checks, flawed.months)
    reasons = [row["reason"] for result in results for row in result.sample]
    assert reasons and not any(ENGLISH.search(reason) for reason in reasons), reasons
