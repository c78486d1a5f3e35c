"""The benchmarks measure what they say, and every way ends in the same rankings."""

from __future__ import annotations

import sys
from pathlib import Path

import duckdb
import pytest

from benchmarks.__main__ import ROOT, Bench, bulk, line, month, must_agree
from benchmarks.measuring import BenchmarkError, Measure, alternate, run


def test_the_pipeline_and_both_scripts_end_in_the_same_rankings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    found = bulk(Bench(tmp_path, 1, months=3), rows=9_000, few=600)
    assert [name.rpartition(" the ")[2] for name in found] == ["duckdb script", "pandas script"]
    ours, theirs = (
        tmp_path / "bulk_home_9000" / "warehouse.duckdb",
        tmp_path / "duckdb_script.duckdb",
    )
    with duckdb.connect(str(ours), read_only=True) as connection:
        rows = connection.execute("select count(*) from validated.quarantined_rows").fetchall()
        assert rows[0][0] > 0
    with duckdb.connect(str(theirs)) as connection:
        connection.execute("update marts.department_rankings set rank_increment = 7")
    with pytest.raises(BenchmarkError, match="results differ"):
        must_agree(ours, theirs)


def test_the_empty_run_records_what_the_month_did(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    (ratio,) = month(Bench(tmp_path, 1, months=3)).values()
    assert ratio > 0


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
