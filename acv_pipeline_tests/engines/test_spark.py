"""What Spark leaves is what DuckDB leaves, cell by cell; one Spark of two cores for the file."""

from __future__ import annotations

import datetime as dt
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import duckdb
import openpyxl
import pytest

from acv_pipeline.contract import Contract
from acv_pipeline.contract.months import month_of, shift
from acv_pipeline.engines import cluster, family, parts
from acv_pipeline.engines.duckdb import DuckDb
from acv_pipeline.engines.spark import TASK_FILES, Spark
from acv_pipeline.flow.pipeline import Pipeline
from acv_pipeline.flow.turn import Turn
from acv_pipeline.models import Project, SqlProjectError
from acv_pipeline.publishing.published_copy import RELEASE, make_publication
from acv_pipeline.sample_data import bad_delivery, generate
from acv_pipeline.warehouse import WarehouseError, open_warehouse, read_published, transaction
from acv_pipeline.warehouse.home import Home
from acv_pipeline_tests.deliveries import REAL_DATA, WHY_NO_REAL_DATA, deliver_trajectory
from acv_pipeline_tests.engines.homes import (
    FIRST,
    Said,
    contents,
    differences,
    figures,
    many_families,
    programmes,
    run,
    send,
)
from acv_pipeline_tests.landing.servers import S3, Server
from acv_pipeline_tests.reading.archives import zipped

pytest.importorskip("pyspark", reason="Spark isn't installed: pip install 'acv_pipeline[spark]'")
if not (shutil.which("java") or os.environ.get("JAVA_HOME")):
    pytest.skip("there is no Java here", allow_module_level=True)

SPARK = Spark("local[2]")
GIVE = ("anah", "action_logement")
FORMATS = ("csv", "xlsx", "ods")
INDICATORS = 7  # which are 6 families with the contract's own: more tasks than Spark has cores


@pytest.fixture(scope="module", autouse=True)
def one_session(contract: Contract, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Nothing of the driver's is there for tasks to find: what they use they were handed.

    All but how to get into a server of files: that is set where Spark's workers start.
    """
    server = S3(tmp_path_factory.mktemp("s3"))
    server.start()
    before = dict(os.environ)
    os.environ |= {"ACV_CONTRACT": "/nowhere/contract.yml", **server.environment()}
    yield server
    os.environ.clear()
    os.environ |= before
    server.stop()
    from pyspark import SparkContext

    if SparkContext._active_spark_context:
        SparkContext._active_spark_context.stop()


def both(
    tmp_path: Path, landing: Path, contract: Contract, *, publishes: bool = True
) -> tuple[Said, Said]:
    """A run of each engine, of what the landing zone holds now, in the homes of before."""
    one = run(Home(tmp_path / "duckdb"), landing, contract, DuckDb(), publishes=publishes)
    other = run(Home(tmp_path / "spark"), landing, contract, SPARK, publishes=publishes)
    return one, other


def for_both(tmp_path: Path) -> list[Home]:
    return [Home(tmp_path / "duckdb"), Home(tmp_path / "spark")]


def test_a_home_of_families_is_the_same_month_by_month(tmp_path: Path) -> None:
    landing = tmp_path / "landing"
    contract = many_families(tmp_path, INDICATORS)
    names = programmes(contract)
    months = [FIRST, shift(FIRST, 1), shift(FIRST, 2)]
    first, other = names[0], names[3]

    # a history; a file states the sum of all indicators and months, another states a wrong one
    for source in ("anah", "action_logement"):
        send(landing, contract, source, months[:2], names, states=(0, 0))
    one, spark = both(tmp_path, landing, contract)
    assert not differences(one, spark)
    assert len(one.tables["marts.series"]) > INDICATORS * 90 * 2
    assert not one.tables["validated.held_months"]

    # a month with damage: a wrong statement, a figure tenfold, cells that are none, undated rows
    wrong = str(figures(contract, first, "anah", months[2])["33"] * 10)
    send(
        landing, contract, "anah", months[2:], names,
        changed={(first, months[2], "33"): wrong, (other, months[2], "59"): "n.c."},
        extra=[f"{contract.indicators[other].names[0]};01;un jour;12", "Inconnu;01;2021-03-31;5"],
    )  # fmt: skip
    send(landing, contract, "action_logement", months[2:], names, states=(0, 17))
    one, spark = both(tmp_path, landing, contract)
    assert not differences(one, spark)
    held = one.tables["validated.held_months"]
    assert len({row[1] for row in held}) > INDICATORS / 2, "a wrong sum of all holds all"
    reasons = {row[2] for row in one.tables["validated.quarantined_rows"]}
    assert len(reasons) > 1, "cells that are none, and a row that does not say its month"

    # the register, and sign-offs of what is held
    delivered = figures(contract, other, "anah", months[1])["33"]
    for home in for_both(tmp_path):
        home.corrections.write_text(
            f"- {{source: anah, indicator: {other}, month: 2021-02, department: '33',"
            f" delivered: {delivered}, corrected: {delivered + 1},"
            " reason: seen on the spot, by: head of unit, date: 2021-04-20}\n",
            encoding="utf-8",
        )
        with open_warehouse(home, contract) as connection, transaction(connection):
            for delivery_id, indicator, month in connection.execute(
                "select delivery_id, indicator_id, month from validated.held_months"
                " where status = 'held' order by all limit 5"
            ).fetchall():
                connection.execute(
                    "insert into validated.signoffs values (?, ?, ?, 'head of unit', 'right', ?)",
                    [delivery_id, indicator, month, dt.datetime(2021, 5, 1, 12)],
                )
    one, spark = both(tmp_path, landing, contract)
    assert not differences(one, spark)
    assert one.tables["validated.corrections"]
    assert one.tables["validated.held_months"] != held

    # what is published reads as it does on one machine, without Spark and without the warehouse
    copies = [
        contents(duckdb.connect(str(home.published), read_only=True)) for home in for_both(tmp_path)
    ]
    assert copies[0]["marts.department_rankings"]
    assert copies[0]["marts.department_rankings"] == copies[1]["marts.department_rankings"]

    # a delivery of one indicator touches its family, and no other
    send(landing, contract, "anah", [shift(FIRST, 3)], [names[6]], name="Programme.csv")
    with counted_tasks() as tasks:
        one, spark = both(tmp_path, landing, contract)
    assert not differences(one, spark)
    assert tasks == {"read": 1, "judge": 1, "build": 1, "test": 1}


def test_tables_on_a_server_are_those_of_one_machine(
    tmp_path: Path, contract: Contract, one_session: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    landing, home = tmp_path / "landing", Home(tmp_path / "spark")
    spark = replace(SPARK, address=one_session.address("tables"))
    for month in ("2021-11", "2021-12"):
        deliver_trajectory(landing, contract, "anah", [month])
        one = run(Home(tmp_path / "duckdb"), landing, contract, DuckDb())
        assert not differences(one, run(home, landing, contract, spark))
    assert not list(home.root.rglob("*.parquet"))
    assert len(list(one_session.files.rglob("*.parquet"))) > 10
    rows = len(one.tables["marts.series"])
    with read_published(home) as copy:
        assert copy.execute("select count(*) from marts.series").fetchone() == (rows,)
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    one_session.stop()
    with pytest.raises(WarehouseError, match=r"cannot be read \(Endpoint.*/files/tables/.*ACV_WAR"):
        run(home, landing, contract, spark)
    one_session.start()
    assert run(home, landing, contract, spark).tables == one.tables


@contextmanager
def counted_tasks() -> Iterator[dict[str, int]]:
    """How many tasks of each kind are handed to Spark."""
    counted: dict[str, int] = {}
    handed_out = cluster.run

    def run_and_count(master: str, job: Any, work: Any, items: Any, log: Any) -> list[Any]:
        name = getattr(work, "func", work).__name__
        counted[name] = counted.get(name, 0) + len(items)
        return handed_out(master, job, work, items, log)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cluster, "run", run_and_count)
        yield counted


def test_the_six_releases_and_a_quarter_of_months_are_the_same(
    tmp_path: Path, contract: Contract
) -> None:
    if not REAL_DATA.is_dir():
        pytest.skip(WHY_NO_REAL_DATA)
    landing = tmp_path / "landing"
    landing.mkdir()
    (landing / "barometre").symlink_to((REAL_DATA / "barometre").resolve(), True)
    deliver_trajectory(landing, contract, "anah", ["2021-10", "2021-11", "2021-12"])
    one, spark = both(tmp_path, landing, contract)
    assert not differences(one, spark)
    assert len(one.tables["validated.verdicts"]) > 80
    assert the_same_release(tmp_path, contract, dt.date(2022, 4, 1))


def test_the_demo_is_the_same(tmp_path: Path, contract: Contract) -> None:
    """Its year with a correction, a repeat, histories, and months that come along with others.

    Its files at once, in three formats; then the good delivery and the bad one.
    """
    landing, first, last = tmp_path / "landing", month_of("2020-07"), month_of("2021-07")
    before = shift(last, -1)
    arrive = partial(generate, landing, contract=contract, last=last, formats=FORMATS)
    lacking = {"action_logement": shift(last, -3)}
    arrive(first=first, lacking=lacking, until=dict.fromkeys(GIVE, before))
    one, spark = both(tmp_path, landing, contract)
    assert not differences(one, spark)
    assert len(one.tables["raw.deliveries"]) > TASK_FILES, "they are read by several tasks"
    arrive(first=last, until={"action_logement": before})
    bad_delivery(landing, contract=contract, month=last)
    one, spark = both(tmp_path, landing, contract)
    assert not differences(one, spark)
    assert {row[2] for row in one.tables["validated.held_months"]} == {last}
    assert the_same_release(tmp_path, contract, shift(last, 1))


def the_same_release(tmp_path: Path, contract: Contract, today: dt.date) -> bool:
    one, spark = (
        make_publication(home, contract, [RELEASE], today).release for home in for_both(tmp_path)
    )
    assert one and spark
    return one.sha256 == spark.sha256


def test_what_cannot_be_read_is_refused_and_stops_nothing(
    tmp_path: Path, contract: Contract
) -> None:
    landing = tmp_path / "landing"
    deliver_trajectory(landing, contract, "anah", ["2021-10"])
    folder = landing / "anah" / "2021-11-10"
    (folder / "broken.xlsx").write_bytes(b"PK\x03\x04" + os.urandom(2000))
    (folder / "broken.parquet").write_bytes(b"PAR1" + os.urandom(2000) + b"PAR1")
    endless = openpyxl.Workbook()
    endless.active["A1"], endless.active["XFD1048576"] = "département", 1
    endless.save(folder / "endless.xlsx")
    zipped(folder / "bomb.xlsx", {"xl/workbook.xml": b"<x/>", "xl/media": b" " * 200_000_000})
    (folder / "link.csv").symlink_to("/etc/hostname")
    one, spark = both(tmp_path, landing, contract)
    assert not differences(one, spark)
    status = {row[3]: row[9:] for row in one.tables["raw.deliveries"]}
    assert len(status) == 6
    assert sum("refused" in row for row in status.values()) == 5


def test_a_worker_with_another_package_is_refused_and_nothing_is_on_record(
    tmp_path: Path, contract: Contract, monkeypatch: pytest.MonkeyPatch
) -> None:
    landing, home = tmp_path / "landing", Home(tmp_path / "home")
    deliver_trajectory(landing, contract, "anah", ["2021-10"])
    monkeypatch.setattr(family, "code_of", lambda contract, project: "0.0.9 something else")
    with pytest.raises(WarehouseError, match="install the same package on every machine"):
        run(home, landing, contract, SPARK)
    monkeypatch.undo()
    with open_warehouse(home, contract) as connection:
        assert connection.execute("from raw.deliveries").fetchall() == []
    assert run(home, landing, contract, SPARK).judged == 1


def test_a_family_without_the_rows_it_should_have_fails(tmp_path: Path, contract: Contract) -> None:
    """Not even an empty result: files were exchanged, or the contract is another."""
    landing, home = tmp_path / "landing", Home(tmp_path / "home")
    deliver_trajectory(landing, contract, "anah", ["2021-10"])
    run(home, landing, contract, SPARK)
    deliver_trajectory(landing, contract, "anah", ["2021-11"])
    with open_warehouse(home, contract) as connection:
        ((path,),) = connection.execute(
            "select path from engine.parts where table_name = 'raw.tidy_rows'"
        ).fetchall()
        connection.execute(
            f"copy (from read_parquet('{path}') limit 3) to '{path}' (format parquet)"
        )
    with pytest.raises(WarehouseError, match="99 received rows here and 192 on record"):
        run(home, landing, contract, SPARK)


def cannot_be_built(job: Any, item: int, attempt: str) -> int:
    raise SqlProjectError(f"marts.series reads a table that isn't there ({item})")


def cannot_go_on(job: Any, item: int, attempt: str) -> int:
    raise ZeroDivisionError("a fault of ours")


def test_what_a_task_raises_is_told_and_nothing_else_of_spark(contract: Contract) -> None:
    job = family.Job(contract, (), Project.load(), parts.Store("nowhere"), "")
    with pytest.raises(SqlProjectError, match=r"isn't there \(2\)"):
        cluster.run("local[2]", job, cannot_be_built, [2], print)
    with pytest.raises(WarehouseError, match="ZeroDivisionError: a fault of ours; nothing"):
        cluster.run("local[2]", job, cannot_go_on, [1, 2], print)


def test_a_session_that_died_is_followed_by_another(tmp_path: Path, contract: Contract) -> None:
    from pyspark import SparkContext

    landing, home = tmp_path / "landing", Home(tmp_path / "home")
    for month, die in (
        ("2021-10", lambda: SparkContext._active_spark_context._jsc.sc().stop()),
        ("2021-11", lambda: SparkContext._gateway.proc.kill()),
        ("2021-12", lambda: None),
    ):
        deliver_trajectory(landing, contract, "anah", [month])
        pipeline = Pipeline(home, landing, contract, Project.load(), engine=SPARK.at(home))
        months, _ = pipeline.receive_due()  # what is due was read and judged by tasks
        assert month_of(month) in months
        die()


def test_only_part_of_the_months_is_brought_into_force_where_that_is_asked(
    tmp_path: Path, contract: Contract
) -> None:
    landing = tmp_path / "landing"
    deliver_trajectory(landing, contract, "anah", ["2021-10", "2021-11"])
    left = []
    for home, engine in zip(for_both(tmp_path), (DuckDb(), SPARK), strict=True):
        pipeline = Pipeline(home, landing, contract, Project.load(), engine=engine.at(home))
        pipeline.receive_due()
        with pipeline.warehouse() as connection:
            turn = Turn(pipeline, connection, print)
            for month in (dt.date(2021, 11, 1), dt.date(2021, 10, 1)):
                turn.judge([month])
                turn.build([*pipeline.project.models])
                left.append((home, contents(connection)))
    by_home = [[tables for of, tables in left if of == home] for home in for_both(tmp_path)]
    assert by_home[0] == by_home[1]
    assert len(by_home[0][0]["validated.dwellings"]) * 2 == len(
        by_home[0][1]["validated.dwellings"]
    )
