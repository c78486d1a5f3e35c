"""The benchmarks measure what they say, and every way ends in the same rankings."""

from __future__ import annotations

import sys
from pathlib import Path

import duckdb
import pytest
from click import BadParameter

from acv_pipeline_tests.models.test_dbt import needs_dbt
from benchmarks.__main__ import ALL, ROOT, Rows
from benchmarks.bulk import pipeline
from benchmarks.context import Context, Results, requirement, row
from benchmarks.inputs import long_table
from benchmarks.measure import GIB, BenchmarkError, Measure, alternate, median, python, run
from benchmarks.page import render
from benchmarks.rankings import must_agree
from benchmarks.references import dbt


@pytest.fixture
def context(tmp_path: Path) -> Context:
    return Context(tmp_path, 1, 20, 1, print)


def test_the_pipeline_and_both_scripts_end_in_the_same_rankings(
    context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    inputs = long_table(context.work / "long", 20)
    assert pipeline(context, inputs, "tiny").wall > 0
    ways = {"pipeline": context.work / "bulk_home_tiny" / "warehouse.duckdb"}
    for script in ("duckdb_script", "pandas_script"):
        ways[script] = context.work / f"{script}.duckdb"
        file = ROOT / "benchmarks" / "references" / f"{script}.py"
        run(python(file, inputs.landing, inputs.env["ACV_SEEDS"], ways[script]))
    assert "rankings, hash" in must_agree(ways)
    with duckdb.connect(str(ways["pipeline"])) as connection:
        (dirty,) = connection.execute("select count(*) from validated.quarantined_rows").fetchall()
        assert dirty[0] > 0
        connection.execute(
            "update marts.department_rankings set rank_increment = rank_increment + 1"
            " where month = (select max(month) from marts.department_rankings)"
        )
    with pytest.raises(BenchmarkError, match="results differ"):
        must_agree(ways)


@needs_dbt
def test_real_dbt_ends_in_the_same_rankings(
    context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    inputs = long_table(context.work / "long", 20)
    pipeline(context, inputs, "tiny")
    home, built = context.work / "bulk_home_tiny", context.work / "dbt.duckdb"
    dbt.sources_only(home / "warehouse.duckdb", built)
    (context.work / "dbt").mkdir()
    dbt.build(dbt.command(), built, context.work / "dbt", Path(inputs.env["ACV_SEEDS"]))
    must_agree({"pipeline": home / "warehouse.duckdb", "dbt": built})


def test_the_same_size_gives_the_same_rows_some_of_them_dirty(tmp_path: Path) -> None:
    one, other = (long_table(tmp_path / name, 30) for name in ("one", "other"))
    assert one.rows == 30 * 52 * 2
    texts = [
        {path.relative_to(inputs.landing): path.read_text() for path in files}
        for inputs in (one, other)
        if (files := sorted(inputs.landing.rglob("*.csv")))
    ]
    assert texts[0] == texts[1] and len(texts[0]) == 52 * 2
    assert any(" logements" in text for text in texts[0].values())


def test_a_measure_is_of_the_command_and_its_children() -> None:
    taken = run([sys.executable, "-c", "b = bytearray(300 << 20); sum(range(3_000_000))"])
    assert taken.memory > 300 << 20 and 0 < taken.cpu < 60 and taken.wall > 0
    assert run([sys.executable, "-c", "pass"]).memory < 100 << 20


def test_a_command_that_fails_says_how(tmp_path: Path) -> None:
    with pytest.raises(BenchmarkError, match=r"(?s)ended with 3.*it broke"):
        run([sys.executable, "-c", "print('it broke'); exit(3)"], log=tmp_path / "log")


def test_ways_take_turns_and_the_median_counts() -> None:
    order: list[str] = []
    times = iter([1.0, 5.0, 2.0, 6.0, 9.0, 4.0])

    def way(name: str) -> Measure:
        order.append(name)
        return Measure(next(times), 0.0, len(order))

    found = alternate({"a": lambda: way("a"), "b": lambda: way("b")}, 3, lambda _: None)
    assert order == ["a", "b"] * 3
    assert (found["a"].wall, found["b"].wall) == (2.0, 5.0)
    three = [Measure(1, 1, 3), Measure(2, 2, 9), Measure(9, 9, 1)]
    assert median(three) == Measure(2, 2, 9, runs=3)


def test_the_page_says_what_is_met_and_what_is_not(tmp_path: Path) -> None:
    file = tmp_path / "performance.json"
    Results(file).put(
        "month",
        {
            "title": "One month",
            "note": "as it is",
            "rows": [row("this way", Measure(1.5, 1.25, GIB))],
            "requirements": [
                requirement("at most", 2.0, 1.5),
                requirement("at least", 2.0, 1.5, at_least=True),
            ],
        },
    )
    page = render(Results(file).all)
    assert "| One month | at most | 2.00 | at most 1.5 | **not met** |" in page
    assert "| One month | at least | 2.00 | at least 1.5 | ✓ |" in page
    assert "| this way | 1 | 1.50 | 1.25 | 1,024 |" in page and "cores" in page


def test_the_page_in_the_documentation_is_of_the_results_beside_it() -> None:
    results = Results(ROOT / "docs" / "performance.json").all
    assert set(results) == set(ALL)
    assert (ROOT / "docs" / "performance.md").read_text(encoding="utf-8") == render(results)


def test_sizes_are_written_as_people_do() -> None:
    kind = Rows()
    assert [kind.convert(text, None, None) for text in ("10k", "3.744M", "7")] == [  # type: ignore[arg-type]
        10_000, 3_744_000, 7,
    ]  # fmt: skip
    with pytest.raises(BadParameter, match="no number of rows"):
        kind.convert("many", None, None)  # type: ignore[arg-type]
