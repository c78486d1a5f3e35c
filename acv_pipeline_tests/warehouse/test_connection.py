"""The one place that opens DuckDB: waiting, committing, publishing."""

from __future__ import annotations

import subprocess
import sys
import textwrap
import time

import duckdb
import pytest

from acv_pipeline.contract import Contract
from acv_pipeline.contract.tables import tables
from acv_pipeline.warehouse import (
    WarehouseError,
    commits,
    mended_of,
    open_warehouse,
    problem_of,
    put_copy,
    read_published,
    transaction,
)
from acv_pipeline.warehouse.home import Home


def holder(home: Home, seconds: float) -> subprocess.Popen[str]:
    """Another process that holds the warehouse for a while."""
    code = f"""
        import duckdb, time
        connection = duckdb.connect({str(home.warehouse)!r})
        print("held", flush=True)
        time.sleep({seconds})
    """
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None and process.stdout.readline() == "held\n"
    return process


def test_every_table_of_the_contract_is_made_with_its_columns(
    warehouse: duckdb.DuckDBPyConnection,
) -> None:
    for table in tables().values():
        described = warehouse.execute(f"describe {table.name}").fetchall()
        assert [row[0] for row in described] == table.column_names, table.name


def test_memory_is_bounded_by_a_setting_beyond_which_it_spills(
    home: Home, contract: Contract, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ACV_MEMORY_LIMIT", "110MB")
    with open_warehouse(home, contract) as connection:
        (limit,) = connection.execute("select current_setting('memory_limit')").fetchall()[0]
        assert limit == "104.9 MiB"
        # 96 MB of numbers, beside what they are sorted by
        connection.execute("create table sorted as from range(12_000_000) t(i) order by hash(i)")
        spilled = home.warehouse.with_name(f"{home.warehouse.name}.tmp")
        assert spilled.is_dir()
        assert connection.execute("select count(*) from sorted").fetchall() == [(12_000_000,)]
    assert not spilled.exists()


def test_a_memory_limit_that_is_none_is_told(
    home: Home, contract: Contract, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ACV_MEMORY_LIMIT", "plenty")
    with (
        pytest.raises(WarehouseError, match="ACV_MEMORY_LIMIT is 'plenty'"),
        open_warehouse(home, contract),
    ):
        pass


def test_it_waits_for_another_process_and_says_for_whom(home: Home, contract: Contract) -> None:
    with open_warehouse(home, contract):
        pass
    other = holder(home, 1.0)
    said: list[str] = []
    with open_warehouse(home, contract, log=said.append) as connection:
        assert connection.execute("select 1").fetchall() == [(1,)]
    other.wait()
    assert len(said) == 1 and str(other.pid) in said[0]


def test_it_gives_up_with_the_name_of_the_holder(home: Home, contract: Contract) -> None:
    with open_warehouse(home, contract):
        pass
    other = holder(home, 30)
    try:
        with (
            pytest.raises(WarehouseError, match=f"is held by .*PID {other.pid}"),
            open_warehouse(home, contract, wait_seconds=0.2),
        ):
            pass
    finally:
        other.kill()
        other.wait()


def test_a_file_that_is_no_warehouse_gives_way(home: Home, contract: Contract) -> None:
    home.root.mkdir()
    home.warehouse.write_bytes(b"not a database, not at all" * 1000)
    said: list[str] = []
    with open_warehouse(home, contract, log=said.append) as connection:
        assert connection.execute("from raw.deliveries").fetchall() == []
    (gave_way,) = mended_of(home)
    assert said == [str(gave_way)] and gave_way.aside in said[0]
    assert (home.replaced / gave_way.aside).read_bytes().startswith(b"not a database")


def test_a_folder_in_its_place_is_a_clear_error(home: Home, contract: Contract) -> None:
    home.warehouse.mkdir(parents=True)
    with pytest.raises(WarehouseError, match="cannot open"), open_warehouse(home, contract):
        pass


def test_an_error_rolls_everything_back(warehouse: duckdb.DuckDBPyConnection) -> None:
    with pytest.raises(ValueError, match="stop"), transaction(warehouse):
        warehouse.execute("create table t (i int)")
        raise ValueError("stop")
    with pytest.raises(duckdb.CatalogException):
        warehouse.execute("from t")


def test_a_commit_that_silently_rolled_back_is_noticed(
    warehouse: duckdb.DuckDBPyConnection,
) -> None:
    warehouse.execute("create table t (i int primary key)")
    with pytest.raises(WarehouseError, match="rolled back"), transaction(warehouse):
        warehouse.execute("insert into t values (1)")
        with pytest.raises(duckdb.ConstraintException):
            warehouse.execute("insert into t values (1)")


def test_readers_keep_the_old_copy_while_a_new_one_is_swapped_in(
    home: Home, contract: Contract
) -> None:
    with open_warehouse(home, contract) as connection:
        connection.execute("create table t as select 1 as i")
        put_copy(connection, home, home.published, checked_at=commits(connection))
        with read_published(home) as reader:
            connection.execute("update t set i = 2")
            put_copy(connection, home, home.published, checked_at=commits(connection))
            assert reader.execute("from t").fetchall() == [(1,)]
            with read_published(home) as later:  # in the same process, while the first reads on
                assert later.execute("from t").fetchall() == [(2,)]
            assert reader.execute("from t").fetchall() == [(1,)]
        with read_published(home) as reader, pytest.raises(duckdb.Error, match="read-only"):
            reader.execute("update t set i = 3")
    assert [path.name for path in home.published.parent.iterdir()] == ["acv.duckdb"]


def test_publishing_keeps_the_hold_on_the_warehouse(home: Home, contract: Contract) -> None:
    """A file's lock goes with the first descriptor of it that its process closes."""
    other = f"import duckdb; duckdb.connect({str(home.warehouse)!r})"
    with open_warehouse(home, contract) as connection:
        put_copy(connection, home, home.published, checked_at=commits(connection))
        tried = subprocess.run([sys.executable, "-c", other], capture_output=True, check=False)
        assert b"lock" in tried.stderr.lower()
        connection.execute("create table t as select 1 as i")
    assert subprocess.run([sys.executable, "-c", other], check=False).returncode == 0


def test_a_damaged_block_is_not_taken_for_a_lock(home: Home, contract: Contract) -> None:
    with open_warehouse(home, contract) as connection:
        connection.execute("create table t as select i from range(300000) t(i)")
    held = holder(home, 60)
    with pytest.raises(WarehouseError, match="another process holds"):
        problem_of(home.warehouse)
    held.kill()
    held.wait()
    assert problem_of(home.warehouse) is None
    content = bytearray(home.warehouse.read_bytes())
    for place in range(12288, len(content), 4096):  # behind the headers
        content[place + 100] ^= 0xFF
    home.warehouse.write_bytes(content)
    said = problem_of(home.warehouse)
    assert said and "block" in said
    start = time.monotonic()
    with open_warehouse(home, contract):
        pass
    assert time.monotonic() - start < 60, "nobody is waited for"
    assert len(mended_of(home)) == 1


def test_nothing_published_yet_is_a_clear_error(home: Home) -> None:
    with pytest.raises(WarehouseError, match="acv run"), read_published(home):
        pass


def test_a_warehouse_of_an_earlier_version_gets_its_missing_columns(
    home: Home, contract: Contract
) -> None:
    with open_warehouse(home, contract) as connection:
        connection.execute("alter table validated.observations drop column is_corrected")
        connection.execute("delete from raw.fingerprints")  # its definitions were others
    with open_warehouse(home, contract) as connection:
        columns = connection.table("validated.observations").columns
    assert columns == tables()["validated.observations"].column_names
