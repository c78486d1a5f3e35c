"""What evaluating promises whatever the checks: order, months, emptiness, other connections."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from acv_pipeline.contract import Contract
from acv_pipeline.contract.months import month_of
from acv_pipeline.language import Both
from acv_pipeline.quality import Check, checks
from acv_pipeline.quality.evaluation import evaluate
from acv_pipeline.warehouse import commits, put_copy, read_published
from acv_pipeline.warehouse.home import Home
from acv_pipeline_tests.deliveries import ACV
from acv_pipeline_tests.quality.worlds import World, empty_world, received, rows_of

PACKAGE = Path(__file__).parents[2] / "acv_pipeline"


def test_an_unknown_check_is_an_error(good: World) -> None:
    stranger = Check("series", "no_such_check", "warn", Both("", ""), Both("", ""))
    with pytest.raises(ValueError, match="no_such_check"):
        evaluate(good.connection, good.contract, [stranger], good.months)


def test_no_months_no_results(good: World) -> None:
    assert evaluate(good.connection, good.contract, checks(good.contract), []) == []
    assert evaluate(good.connection, good.contract, [], good.months) == []


def test_one_month_says_the_same_as_a_range(flawed: World) -> None:
    chosen = checks(flawed.contract)
    at_once = evaluate(flawed.connection, flawed.contract, chosen, flawed.months)
    for month in flawed.months[:2]:
        alone = evaluate(flawed.connection, flawed.contract, chosen, [month])
        assert alone == [result for result in at_once if result.month == month]


def test_at_most_twenty_rows_of_a_month_are_shown(tmp_path: Path, contract: Contract) -> None:
    with empty_world(tmp_path, contract) as world:
        figures = dict.fromkeys(contract.panel(ACV), 5)
        rows = [(*row[:4], "nd") for row in rows_of("2021-03", figures)]
        world.send("anah", received("2021-03"), rows)
        world.receive()
        shown = [c for c in checks(contract) if c.name == "figures_are_whole_numbers"]
        (result,) = evaluate(world.connection, contract, shown[:1], [month_of("2021-03")])
        (waiting,) = evaluate(
            world.connection,
            contract,
            [c for c in checks(contract) if c.name == "no_open_quarantine"],
            [month_of("2021-03")],
        )
    assert (result.checked, result.failed, len(result.sample)) == (96, 96, 20)
    assert (waiting.checked, waiting.failed, len(waiting.sample)) == (96, 96, 20)


def test_works_on_the_published_copy(tmp_path: Path, contract: Contract) -> None:
    with empty_world(tmp_path, contract) as world:
        world.send("anah", received("2021-03"), rows_of("2021-03", {"59": 5}))
        world.receive()
        home = Home(tmp_path / "home")
        at = commits(world.connection)
        put_copy(world.connection, home, home.published, checked_at=at)
    with read_published(Home(tmp_path / "home")) as connection:
        found = evaluate(connection, contract, checks(contract), [month_of("2021-03")])
    assert any(result.checked for result in found)


def test_marts_that_were_not_built_pass_with_nothing_checked(
    warehouse: duckdb.DuckDBPyConnection, contract: Contract
) -> None:
    found = evaluate(warehouse, contract, checks(contract), [month_of("2021-03")])
    assert len(found) == len(checks(contract))
    assert all(result.passed and result.checked == 0 for result in found)


def test_a_lost_column_is_named_by_every_check_that_needs_it(good: World) -> None:
    chosen = [c for c in checks(good.contract) if c.asset == "department_rankings"]
    good.connection.execute("begin")
    try:
        good.connection.execute("alter table marts.department_rankings drop share_of_national")
        found = evaluate(good.connection, good.contract, chosen, good.months[1:2])
    finally:
        good.connection.execute("rollback")
    failing = {result.check.name: result for result in found if not result.passed}
    assert failing.keys() == {"columns_as_documented", "shares_between_0_and_1"}
    assert "no column share_of_national" in failing["shares_between_0_and_1"].summary
    assert "expected share_of_national" in failing["columns_as_documented"].summary


def test_great_expectations_is_not_imported_for_nothing(tmp_path: Path) -> None:
    """Neither by importing the checks nor by evaluating them where no table has rows."""
    code = f"""
import sys, datetime as dt
from pathlib import Path
from acv_pipeline.contract import load_contract
from acv_pipeline.warehouse.home import Home
from acv_pipeline.quality import checks
from acv_pipeline.quality.evaluation import evaluate
from acv_pipeline.warehouse import open_warehouse
contract = load_contract()
with open_warehouse(Home(Path({str(tmp_path)!r})), contract) as connection:
    evaluate(connection, contract, checks(contract), [dt.date(2021, 3, 1)])
assert "great_expectations" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", code], check=True, cwd=PACKAGE.parent)


def test_two_places_know_great_expectations() -> None:
    knowing = {
        path.relative_to(PACKAGE).parts[:2]
        for path in PACKAGE.rglob("*.py")
        if any(
            line.strip().startswith(("import great_expectations", "from great_expectations"))
            for line in path.read_text(encoding="utf-8").splitlines()
        )
    }
    assert knowing == {("quality", "suites"), ("quality", "validation.py")}
