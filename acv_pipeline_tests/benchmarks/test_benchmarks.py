"""The benchmarks measure what they say, and every way ends in the same rankings."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import duckdb
import pytest
from dagster import DagsterInstance

from acv_pipeline.orchestration.instance import instance as open_instance
from acv_pipeline.warehouse.home import Home
from benchmarks.__main__ import ROOT, Bench, Figures, bulk, line, must_agree
from benchmarks.measuring import BenchmarkError, Measure, alternate, run


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    with pytest.MonkeyPatch.context() as here:
        here.chdir(ROOT)
        yield Bench(tmp_path_factory.mktemp("bench"), 1, months=2)


@pytest.fixture(scope="module")
def found(bench: Bench) -> Figures:
    return bulk(bench, rows=9_000, few=600)


def test_the_pipeline_and_both_scripts_end_in_the_same_rankings(
    bench: Bench, found: Figures
) -> None:
    assert [name.rpartition(" the ")[2] for name in found] == ["duckdb script", "pandas script"]
    ours, theirs = (
        bench.work / "bulk_home_9000" / "warehouse.duckdb",
        bench.work / "duckdb_script.duckdb",
    )
    with duckdb.connect(str(ours), read_only=True) as connection:
        rows = connection.execute("select count(*) from validated.quarantined_rows").fetchall()
        assert rows[0][0] > 0
    with duckdb.connect(str(theirs)) as connection:
        connection.execute("update marts.department_rankings set rank_increment = 7")
    with pytest.raises(BenchmarkError, match="results differ"):
        must_agree(ours, theirs)


def recorded(instance: DagsterInstance) -> dict[str, set[str]]:
    return {
        key.to_user_string(): instance.get_materialized_partitions(key)
        for key in instance.all_asset_keys()
    }


@pytest.mark.usefixtures("found")
def test_the_empty_run_records_what_the_run_did(bench: Bench) -> None:
    home = bench.work / "bulk_home_9000"
    assert bench.empty(home, bench.work / "long_9000" / "landing")().wall > 0
    with open_instance(Home(home)) as instance:
        ours = recorded(instance)
    assert len(ours["department_rankings"]) == 2
    with DagsterInstance.from_config(str(bench.work / "empty_run")) as instance:
        assert recorded(instance) == ours


def test_a_measure_is_of_the_command_and_its_children() -> None:
    taken = run([sys.executable, "-c", "b = bytearray(300 << 20); sum(range(3_000_000))"])
    assert taken.memory > 300 << 20 and taken.cpu > 0 and taken.wall > 0
    assert run([sys.executable, "-c", "pass"]).memory < 100 << 20


def test_a_command_that_fails_says_how() -> None:
    with pytest.raises(BenchmarkError, match=r"(?s)ended with 3.*it broke"):
        run([sys.executable, "-c", "print('it broke'); exit(3)"])


def test_ways_take_turns_and_the_median_counts() -> None:
    order: list[str] = []
    times = iter([1.0, 5.0, 2.0, 6.0, 9.0, 4.0])

    def way(name: str) -> Measure:
        order.append(name)
        return Measure(next(times), 0.0, 1)

    found = alternate({"a": lambda: way("a"), "b": lambda: way("b")}, 3)
    assert order == ["a", "b"] * 3
    assert (found["a"].wall, found["b"].wall) == (2.0, 5.0)


def test_a_line_says_whether_what_was_asked_is_met() -> None:
    assert line("one new month, over the empty run", 1.2).endswith("| 1.20 | at most 1.5 |\n")
    assert "**not met**" in line("one new month, over the empty run", 1.7)
    assert "**not met**" in line("times as fast as the tutorials' way, in_process", 14.0)
    assert "**not met**" not in line("times as fast as the tutorials' way, in_process", 16.0)
