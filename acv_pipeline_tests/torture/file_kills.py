"""Whether DuckDB's file survives kills: ``python -m acv_pipeline_tests.torture.file_kills``.

Unlike ``make torture`` no run is gone through: a process opens a small warehouse, writes what a
month writes (rows, figures, marts, the commit counter) in a transaction, checkpoints as publishing
does, and all over again, until it is killed at a random moment. After each kill
the file must open, every block of it be readable, every acknowledged commit be there, and each
transaction be whole or absent. For deciding which DuckDB to lock, as
``docs/decisions/duckdb-version.md`` tells.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import click
import duckdb

from acv_pipeline.contract import Contract, load_contract
from acv_pipeline.contract.tables import tables
from acv_pipeline.warehouse import (
    append,  # noqa: F401  # imports what it needs before anything is forked
    commits,
    open_warehouse,
    own_tables,
    transaction,
)
from acv_pipeline.warehouse.home import Home
from acv_pipeline_tests.torture.forks import ask, flow
from acv_pipeline_tests.torture.world import World, deliver_past

MARTS = ("marts.series", "marts.monthly_increments", "marts.department_rankings")
KEPT = 20  # batches in the file: it is written over and over, and does not grow
LATEST = 0.25  # seconds after the first commit


def one_month(connection: duckdb.DuckDBPyConnection, number: int) -> None:
    """What a month writes: rows as received, figures in place of others, marts anew."""
    connection.execute("delete from raw.extract_rows where delivery_id like 'kill %'"
                       " and cast(delivery_id[6:] as bigint) <= ?", [number - KEPT])  # fmt: skip
    connection.execute(
        "insert into raw.extract_rows (delivery_id, row_number, cells)"
        " select ?, i, ['62', ? || ' ' || i, 'Pas-de-Calais'] from range(202) as t(i)",
        [f"kill {number}", str(number)],
    )
    connection.execute(
        "update validated.observations set cumulative_dwellings = ? where month = '2018-09-01'",
        [number],
    )
    for mart in MARTS:
        connection.execute(f"create or replace temp table month as from {mart}"
                           " where month = '2018-09-01'")  # fmt: skip
        connection.execute(f"delete from {mart} where month = '2018-09-01'")
        connection.execute(
            f"insert into {mart} select * replace (? as cumulative_dwellings) from month", [number]
        )


def write_on(home: Home, contract: Contract, told: int) -> None:
    """Write until killed; the number of each commit is told once it is acknowledged."""
    while True:
        with open_warehouse(home, contract) as connection:
            for _ in range(10):
                number = commits(connection) + 1
                with transaction(connection):
                    one_month(connection, number)
                os.write(told, f"{number}\n".encode())
                connection.execute("checkpoint")


def found_after(home: Home, acknowledged: int) -> str:
    """What is wrong with the files of a killed process; empty if nothing is."""
    try:
        with closing(duckdb.connect(str(home.warehouse))) as connection:
            count = commits(connection)
            if count < acknowledged:
                return f"lost commits: {acknowledged} acknowledged, {count} there"
            asked = "select distinct cumulative_dwellings from {} where month = '2018-09-01'"
            for table in ("validated.observations", *MARTS):
                if connection.execute(asked.format(table)).fetchall() != [(count,)]:
                    return f"torn: {table} is not of commit {count}"
            batch = "select count(*) from raw.extract_rows where delivery_id = ?"
            if connection.execute(batch, [f"kill {count}"]).fetchall() != [(202,)]:
                return f"torn: raw.extract_rows is not of commit {count}"
            sums = [f"select sum(hash(t)) from {t} as t" for t in own_tables(connection)]
            connection.execute(" union all ".join(sums)).fetchall()  # every block
    except Exception as error:
        return f"damaged: {error}".splitlines()[0]
    return ""


def asked(work: Callable[[], str]) -> str:
    """What a process of its own says: this one must have no thread when it forks."""
    reads, writes = os.pipe()
    pid = os.fork()
    if not pid:
        try:
            os.write(writes, work().encode())
        except BaseException:
            os.write(writes, traceback.format_exc().encode())
        os._exit(0)
    os.close(writes)
    answer = b""
    while more := os.read(reads, 100_000):
        answer += more
    os.close(reads)
    os.waitpid(pid, 0)
    return answer.decode()


def killed(work: Callable[[int], Any], log: Path, wait: float) -> list[int]:
    """Kill a process some seconds after its first commit; the commits it told."""
    reads, writes = os.pipe()
    pid = os.fork()
    if not pid:
        try:
            os.close(reads)
            os.dup2(os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND), 2)
            work(writes)
        except BaseException:
            traceback.print_exc()
        os._exit(1)
    os.close(writes)
    told = os.read(reads, 100)
    time.sleep(wait)
    os.kill(pid, signal.SIGKILL)
    _, status = os.waitpid(pid, 0)
    while more := os.read(reads, 100_000):
        told += more
    os.close(reads)
    assert os.WIFSIGNALED(status), log.read_text(encoding="utf-8")[-3000:]
    return [int(line) for line in told.split()]


@click.command()
@click.option("--kills", default=1000, show_default=True)
@click.option("--seed", type=int)
@click.option("--minutes", default=60.0, show_default=True, help="Stop then, whatever the number.")
@click.option("--keep", type=click.Path(path_type=Path), help="Where damaged files are put.")
def main(kills: int, seed: int | None, minutes: float, keep: Path | None) -> None:
    """Kill, look, count."""
    seed = random.randrange(10**6) if seed is None else seed
    chance = random.Random(seed)
    click.echo(f"DuckDB {duckdb.__version__}, seed {seed}")
    folder = Path(tempfile.mkdtemp(prefix="acv-file-kills-"))
    log, world = folder / "log", World(folder)
    contract, _ = load_contract(), tables()  # once, for all that are forked
    deliver_past(world.landing)
    past = world.fresh("past")
    ask(lambda: flow(past, world.landing), log)
    home = world.fresh("killed", "past")
    counts: Counter[str] = Counter()
    acknowledged, started = 0, time.monotonic()
    while counts["kills"] < kills and time.monotonic() - started < 60 * minutes:
        numbers = killed(partial(write_on, home, contract), log, chance.uniform(0, LATEST))
        acknowledged = max(numbers, default=acknowledged)
        counts["kills"] += 1
        counts["commits"] += len(numbers)
        counts["with a log left"] += home.warehouse.with_name("warehouse.duckdb.wal").exists()
        if keep:  # before looking at it changes it
            before = folder / "before"
            shutil.rmtree(before, ignore_errors=True)
            shutil.copytree(home.root, before)
        if wrong := asked(partial(found_after, home, acknowledged)):
            counts[wrong.split(":")[0]] += 1
            click.echo(f"kill {counts['kills']}: {wrong}")
            if keep:
                shutil.copytree(before, keep / f"{duckdb.__version__}-{counts['kills']}")
            home, acknowledged = world.fresh("killed", "past"), 0
        if counts["kills"] % 100 == 0:
            click.echo(f"{time.monotonic() - started:.0f} s {json.dumps(counts)}")
    click.echo(f"{time.monotonic() - started:.0f} s {json.dumps(counts)}")
    shutil.rmtree(folder)


if __name__ == "__main__":
    main()
