"""Which engine a home has, and what Parquet files behind views keep of a table's promises."""

from __future__ import annotations

import datetime as dt
import os
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path

import duckdb
import pytest

from acv_pipeline.contract import Contract
from acv_pipeline.engines import cluster, family, parts
from acv_pipeline.engines.chosen import engine_of
from acv_pipeline.engines.duckdb import DuckDb
from acv_pipeline.engines.spark import Spark, _store
from acv_pipeline.flow.pipeline import Pipeline
from acv_pipeline.models import Project
from acv_pipeline.operations.upkeep.rebuild import rebuild
from acv_pipeline.warehouse import (
    WarehouseError,
    commits,
    open_warehouse,
    own_tables,
    problem_of,
    put_copy,
    read_published,
    transaction,
)
from acv_pipeline.warehouse.home import Home
from acv_pipeline_tests.deliveries import deliver_trajectory
from acv_pipeline_tests.engines.homes import (
    FIRST,
    figures,
    many_families,
    programmes,
    run,
    send,
)

TWO = ("validated.verdicts", "validated.observations")


def prepared(home: Home, contract: Contract, engine: Spark | DuckDb) -> None:
    pipeline = Pipeline(home, home.root / "landing", contract, Project.load(), engine=engine)
    with pipeline.warehouse():
        pass


def test_hundreds_of_indicators_are_read_judged_and_built(tmp_path: Path) -> None:
    """More than 127, which is what the smallest kind of number counts to."""
    contract = many_families(tmp_path, 140)
    names = programmes(contract)
    send(tmp_path / "landing", contract, "anah", [FIRST], [names[0], names[-1]])
    told = run(Home(tmp_path / "home"), tmp_path / "landing", contract, DuckDb())
    for name in (names[0], names[-1]):
        found = {row[3]: row[4] for row in told.tables["validated.dwellings"] if row[0] == name}
        assert found == figures(contract, name, "anah", FIRST)


def test_the_environment_names_the_engine(home: Home) -> None:
    assert engine_of({}, home) == DuckDb()
    assert engine_of({"ACV_ENGINE": "duckdb", "ACV_SPARK_MASTER": "yarn"}, home) == DuckDb()
    named = {"ACV_ENGINE": "spark", "ACV_SPARK_MASTER": "yarn", "ACV_WAREHOUSE": "file:///data"}
    assert engine_of(named, home) == Spark("yarn", "file:///data", home)
    assert engine_of({"ACV_ENGINE": "spark"}, home) == Spark("local[*]", "", home)


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({"ACV_ENGINE": "flink"}, "ACV_ENGINE is 'flink': write duckdb or spark"),
        (
            {"ACV_ENGINE": "spark", "ACV_SPARK_MASTER": "sc://host:15002"},
            "give the cluster's own master, such as spark://host:7077",
        ),
    ],
)
def test_what_is_no_engine_is_said(home: Home, said: dict[str, str], told: str) -> None:
    with pytest.raises(WarehouseError, match=told):
        engine_of(said, home)


def test_a_home_keeps_its_engine(home: Home, contract: Contract, tmp_path: Path) -> None:
    spark = Spark("local[2]", home=home)
    prepared(home, contract, spark)
    prepared(home, contract, spark)
    with pytest.raises(WarehouseError, match="ACV_ENGINE=spark, or give another ACV_HOME"):
        prepared(home, contract, DuckDb())
    moved = Spark("local[2]", str(tmp_path / "elsewhere"), home)
    with pytest.raises(WarehouseError, match="set it to where they are"):
        prepared(home, contract, moved)

    other = Home(tmp_path / "other")
    deliver_trajectory(tmp_path / "landing", contract, "anah", ["2021-10"])
    Pipeline(other, tmp_path / "landing", contract, Project.load()).receive_due()
    with pytest.raises(WarehouseError, match="ACV_ENGINE=duckdb, or give another ACV_HOME"):
        prepared(other, contract, spark.at(other))


def test_loading_the_definitions_and_running_on_one_machine_know_no_spark(tmp_path: Path) -> None:
    code = (
        "import sys; import acv_pipeline.definitions; from acv_pipeline.cli.main import acv;"
        "from acv_pipeline.engines import duckdb, spark, chosen;"
        "print([name for name in sys.modules if name.split('.')[0] in ('pyspark', 'py4j')])"
    )
    environment = os.environ | {"ACV_HOME": str(tmp_path)}
    found = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=True
    )
    assert found.stdout.strip() == "[]"


def test_without_spark_it_is_said_how_to_install_it(
    contract: Contract, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyspark", None)
    job = family.Job(contract, (), Project.load(), parts.Store("nowhere"), "")
    with pytest.raises(WarehouseError, match=r"pip install 'acv_pipeline\[spark\]'"):
        cluster.run("local[2]", job, family.read, [()], print)


def put_number(connection: duckdb.DuckDBPyConnection, store: parts.Store, number: int) -> None:
    """Both tables have ``number`` everywhere from now on."""
    verdict = f"select 'd{number}' as delivery_id, 's' as source, 'i' as indicator_id"
    observation = "select 'i' as indicator_id, 's' as source"
    rows = {
        "validated.verdicts": verdict,
        "validated.observations": f"{observation}, {number} as cumulative_dwellings",
    }
    with transaction(connection):
        for table, select in rows.items():
            scratch = f"scratch_{table.partition('.')[2]}"
            connection.execute(f"create or replace temp table {scratch} as from {table} limit 0")
            connection.execute(f"insert into {scratch} by name {select}")
            parts.put(
                connection, table, {"f": store.write(connection, table, f"from {scratch}", "a")}
            )


def test_readers_see_one_publication_and_never_a_mixture(home: Home, contract: Contract) -> None:
    spark = Spark("local[2]", home=home)
    prepared(home, contract, spark)
    seen: list[tuple[int, int]] = []
    done = threading.Event()

    def read() -> None:
        while not done.is_set():
            with read_published(home) as copy:
                for _ in range(3):
                    ((number,),) = copy.execute(
                        "select delivery_id from validated.verdicts"
                    ).fetchall()
                    ((other,),) = copy.execute(
                        "select cumulative_dwellings from validated.observations"
                    ).fetchall()
                    seen.append((int(number[1:]), other))

    with open_warehouse(home, contract) as connection:
        store = _store(connection)
        put_number(connection, store, 0)
        put_copy(connection, home, home.published, checked_at=commits(connection))
        readers = [threading.Thread(target=read) for _ in range(2)]
        for reader in readers:
            reader.start()
        for number in range(1, 51):
            put_number(connection, store, number)
            put_copy(connection, home, home.published, checked_at=commits(connection))
        done.set()
        for reader in readers:
            reader.join()
    assert len(seen) > 20
    assert len({first for first, _ in seen}) > 1
    assert all(first == second for first, second in seen)


def test_files_that_nobody_names_go_after_a_day(home: Home, contract: Contract) -> None:
    spark = Spark("local[2]", home=home)
    prepared(home, contract, spark)
    with open_warehouse(home, contract) as connection:
        store = _store(connection)
        folder = Path(store.address)
        for number in range(3):
            put_number(connection, store, number)
        put_copy(connection, home, home.published, checked_at=commits(connection))
        put_number(connection, store, 3)
        store.write(connection, TWO[0], f"from {TWO[0]}", "of a task that ran twice")
        there = set(folder.rglob("*.parquet"))
        assert len(there) == 9
        spark.swept(connection)
        assert set(folder.rglob("*.parquet")) == there, "a task may still be at work"
        yesterday = time.time() - dt.timedelta(days=1, minutes=1).total_seconds()
        for path in there:
            os.utime(path, (yesterday, yesterday))
        spark.swept(connection)
        left = set(folder.rglob("*.parquet"))
        assert len(there - left) == 1, "what was let go just now, a reader may hold"
        connection.execute("update engine.let_go set since = since - interval 2 days")
        spark.swept(connection)
        # those of the warehouse and those of the copy that readers have
        assert len(list(folder.rglob("*.parquet"))) == 4
        assert connection.execute("select delivery_id from validated.verdicts").fetchall() == [
            ("d3",)
        ]
    with read_published(home) as copy:
        assert copy.execute("select delivery_id from validated.verdicts").fetchall() == [("d2",)]


def test_two_homes_at_one_address_leave_one_another_alone(
    contract: Contract, tmp_path: Path
) -> None:
    places = []
    for name in ("one", "other"):
        home = Home(tmp_path / name)
        prepared(home, contract, Spark("local[2]", f"file://{tmp_path}/shared/", home))
        with open_warehouse(home, contract) as connection:
            places.append(Path(_store(connection).address))
    assert places[0] != places[1]
    assert {place.parent for place in places} == {tmp_path / "shared"}
    # however it is written, it is the same place
    prepared(Home(tmp_path / "one"), contract, Spark("local[2]", str(tmp_path / "shared"),
                                                     Home(tmp_path / "one")))  # fmt: skip


def test_whether_a_warehouse_is_damaged_is_asked_of_its_own_file(
    home: Home, contract: Contract
) -> None:
    """Its tables may be more than this machine can read, and lie where it has no key."""
    prepared(home, contract, Spark("local[2]", home=home))
    with open_warehouse(home, contract) as connection:
        put_number(connection, _store(connection), 1)
        shutil.rmtree(_store(connection).address)
    assert problem_of(home.warehouse) is None
    with home.warehouse.open("r+b") as file:
        file.seek(8192)
        file.write(os.urandom(200_000))
    assert problem_of(home.warehouse) is not None


def test_an_error_about_a_file_of_a_user_is_told_as_it_is(
    home: Home, contract: Contract, tmp_path: Path
) -> None:
    with open_warehouse(home, contract) as connection:
        put_copy(connection, home, home.published, checked_at=commits(connection))
    (tmp_path / "mine.parquet").write_bytes(b"")
    with read_published(home) as copy:
        for name, told in (("mine", "too small"), ("gone", "No files found")):
            with pytest.raises(duckdb.Error, match=told):
                copy.execute(f"from '{tmp_path}/{name}.parquet'")
    with pytest.raises(duckdb.Error, match="too small"), read_published(home) as copy:
        copy.execute(f"from '{tmp_path}/mine.parquet'")


def test_a_rebuild_says_that_these_tables_are_not_its_own(
    home: Home, contract: Contract, landing: Path
) -> None:
    prepared(home, contract, Spark("local[2]", home=home))
    with pytest.raises(WarehouseError, match="receiving the landing zone in another home"):
        rebuild(home, landing, contract)


def test_what_spark_failed_of_is_the_line_that_says_it() -> None:
    said = (
        "An error occurred while calling z:org.apache.spark.api.python.PythonRDD.collectAndServe.\n"
        ": org.apache.spark.SparkException: Job aborted due to stage failure: Task 1 failed\n"
        "Traceback (most recent call last):\n  File x\n"
        "_duckdb.OutOfMemoryException: Out of Memory Error: failed to allocate\n"
    )
    assert cluster._said(Exception(said)).startswith("_duckdb.OutOfMemoryException: Out of Memory")
    lost = said.partition("Traceback")[0]
    assert "Job aborted due to stage failure" in cluster._said(Exception(lost))


def test_what_was_rolled_back_is_not_there(home: Home, contract: Contract) -> None:
    spark = Spark("local[2]", home=home)
    prepared(home, contract, spark)
    with open_warehouse(home, contract) as connection:
        put_number(connection, _store(connection), 1)
        with pytest.raises(ZeroDivisionError), transaction(connection):
            parts.put(connection, TWO[0], {"f": None})
            assert connection.execute(f"from {TWO[0]}").fetchall() == []
            raise ZeroDivisionError
        assert len(connection.execute(f"from {TWO[0]}").fetchall()) == 1
        assert {*TWO} <= own_tables(connection)
