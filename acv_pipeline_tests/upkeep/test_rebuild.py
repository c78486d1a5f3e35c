"""Made again from the deliveries, the warehouse is equal to what it was."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from acv_pipeline.cli.main import main
from acv_pipeline.contract import Contract
from acv_pipeline.operations.upkeep.rebuild import rebuild
from acv_pipeline.warehouse import WarehouseError, open_warehouse
from acv_pipeline.warehouse.home import Home
from acv_pipeline.warehouse.journal import read_journal
from acv_pipeline_tests.torture.forks import flow
from acv_pipeline_tests.upkeep.conftest import Contents


def garbage(path: Path) -> None:
    path.write_bytes(b"something else" * 1000)


def flipped(path: Path) -> None:
    """One run of bytes in every block, as a failing disk might."""
    content = bytearray(path.read_bytes())
    for at in range(12288 + 100_000, len(content), 262_144):
        content[at : at + 64] = bytes(byte ^ 0xFF for byte in content[at : at + 64])
    path.write_bytes(bytes(content))


def test_it_is_made_again_cell_by_cell(
    lived_in: Home, contract: Contract, landing: Path, tables: Callable[[Home], Contents]
) -> None:
    before = tables(lived_in)
    assert before["validated.signoffs"] and before["validated.explanations"]
    flipped(lived_in.warehouse)
    done = rebuild(lived_in, landing, contract)
    assert (done.read, done.kept, done.lost) == (6, [], [])
    assert done.base == lived_in.published and done.aside is not None and done.aside.exists()
    flow(lived_in, landing)
    assert tables(lived_in) == before
    assert not (lived_in.root / ".rebuild").exists()


def test_without_a_published_copy_the_deliveries_and_the_journal_are_enough(
    lived_in: Home, contract: Contract, landing: Path, tables: Callable[[Home], Contents]
) -> None:
    before = tables(lived_in)
    lived_in.warehouse.unlink()
    garbage(lived_in.published)
    done = rebuild(lived_in, landing, contract)
    assert (done.read, done.base, list(done.damaged)) == (6, None, [lived_in.published])
    flow(lived_in, landing)
    assert tables(lived_in) == before


def test_a_delivery_that_left_the_landing_zone_is_kept_and_named(
    lived_in: Home, contract: Contract, landing: Path, tables: Callable[[Home], Contents]
) -> None:
    before = tables(lived_in)
    (gone,) = landing.rglob("falls.csv")
    gone.unlink()
    garbage(lived_in.warehouse)
    done = rebuild(lived_in, landing, contract)
    assert (done.read, done.kept, done.lost) == (5, ["anah/2018-11-10/falls.csv"], [])
    flow(lived_in, landing)
    assert tables(lived_in) == before


def test_what_is_in_no_readable_place_is_named_as_lost(
    lived_in: Home, contract: Contract, landing: Path
) -> None:
    (gone,) = landing.rglob("falls.csv")
    gone.unlink()
    garbage(lived_in.warehouse)
    garbage(lived_in.published)
    done = rebuild(lived_in, landing, contract)
    assert done.lost == ["anah/2018-11-10/falls.csv"]


def test_a_word_said_after_the_last_publication_is_in_the_journal(
    lived_in: Home, contract: Contract, landing: Path
) -> None:
    with open_warehouse(lived_in, contract) as connection:
        connection.execute("update raw.commits set count = count + 1")
        connection.execute(
            "insert into validated.signoffs values ('abc', 'i', '2018-12-01', 'me', 'why', now())"
        )
    garbage(lived_in.warehouse)
    rebuild(lived_in, landing, contract)
    with open_warehouse(lived_in, contract) as connection:
        said = connection.execute("select signed_by from validated.signoffs order by 1").fetchall()
    assert said == [("head of unit",), ("me",)]


def test_a_deleted_warehouse_gets_back_what_people_said(
    lived_in: Home, landing: Path, tables: Callable[[Home], Contents]
) -> None:
    before = tables(lived_in)
    lived_in.warehouse.unlink()
    flow(lived_in, landing)
    after = tables(lived_in)
    assert after["validated.signoffs"] == before["validated.signoffs"]
    assert after["marts.department_rankings"] == before["marts.department_rankings"]


def test_a_line_cut_short_by_a_kill_harms_nothing(lived_in: Home, contract: Contract) -> None:
    journal = lived_in.root / "journal.jsonl"
    whole = read_journal(lived_in)
    assert len(whole["raw.deliveries"]) == 6
    journal.write_bytes(journal.read_bytes()[:-20])
    assert read_journal(lived_in) != whole
    with open_warehouse(lived_in, contract) as connection:
        connection.execute("update raw.commits set count = count + 1")
    assert read_journal(lived_in) == whole


def test_nobody_rebuilds_under_a_run(lived_in: Home, contract: Contract, landing: Path) -> None:
    with lived_in.at_work(), pytest.raises(WarehouseError, match="a run is at work"):
        rebuild(lived_in, landing, contract)


def test_the_command_says_what_it_did_and_runs(lived_in: Home, landing: Path) -> None:
    garbage(lived_in.warehouse)
    place = ["--home", str(lived_in.root), "--landing", str(landing)]
    result = CliRunner().invoke(main, ["rebuild", *place])
    assert result.exit_code == 0, result.output
    for part in ("Not used, damaged", "from 6 deliveries", "The old file is"):
        assert part in result.output
    assert CliRunner().invoke(main, ["status", "--home", str(lived_in.root)]).exit_code == 0
