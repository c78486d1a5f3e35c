"""Bad surroundings: what is said, that nothing is lost, and that the work ends when they are good.

Real ``acv run``, each in a process of its own that is quick to start (``torture.apart``).
"""

from __future__ import annotations

import datetime as dt
import os
import re
import resource
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import duckdb
import pytest
from click.testing import CliRunner

from acv_pipeline.cli.main import main
from acv_pipeline.contract import Contract
from acv_pipeline.publishing.report.drawing import document
from acv_pipeline.warehouse import WarehouseError, open_warehouse, read_published, transaction
from acv_pipeline.warehouse.home import Home
from acv_pipeline_tests.torture.apart import ProcessDied, apart
from acv_pipeline_tests.torture.forks import acv_run, quicken, replace_everywhere
from acv_pipeline_tests.torture.world import World, deliver_news, deliver_past, everything

DISK_MB = 80


class Shop:
    """A world with an undisturbed result, and a way to run in it that says what was printed."""

    def __init__(self, root: Path) -> None:
        self.world = World(root)
        self.log = root / "log"
        deliver_past(self.world.landing)
        self.run(self.world.fresh("past"))
        deliver_news(self.world.landing)
        home = self.world.fresh("undisturbed", "past")
        self.run(home)
        self.expected = apart(everything, home)

    def run(self, home: Home, first: Callable[[], None] | None = None) -> tuple[int, str]:
        """Exit code and output of ``acv run``; ``first`` is done in its process before."""
        code = apart(printed_run, home, self.world.landing, self.log, first)
        output = self.log.read_text(encoding="utf-8")
        assert "Traceback" not in output, output
        return code, output

    def assert_same(self, home: Home) -> None:
        found = apart(everything, home)
        assert found == self.expected, {
            name: (found.get(name), self.expected.get(name))
            for name in found.keys() | self.expected.keys()
            if found.get(name) != self.expected.get(name)
        }


def printed_run(home: Home, landing: Path, log: Path, first: Callable[[], None] | None) -> int:
    with log.open("w", encoding="utf-8") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    # as this process found them, they may be what pytest made of them
    sys.stdout = os.fdopen(1, "w", encoding="utf-8", closefd=False)
    sys.stderr = os.fdopen(2, "w", encoding="utf-8", closefd=False)
    quicken()
    if first:
        first()
    try:
        acv_run(home, landing)
    except SystemExit as ended:
        return int(ended.code or 0)
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
    return 0


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    return Shop(tmp_path_factory.mktemp("shop"))


@pytest.fixture
def disk(shop: Shop) -> Iterator[Path]:
    """A small disk of its own in the world's folder."""
    path = shop.world.root / "disk"
    path.mkdir(exist_ok=True)
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={DISK_MB}m", "tmpfs", str(path)],
        capture_output=True, text=True, check=False,
    ) if shutil.which("mount") else None  # fmt: skip
    if mounted is None or mounted.returncode:
        pytest.skip(f"needs the right to mount a disk: {mounted and mounted.stderr}")
    yield path
    subprocess.run(["umount", str(path)], check=True)


def fill(disk: Path, leave_kb: int) -> Path:
    """A file that takes all but so much of the disk."""
    filler = disk / "filler"
    free = shutil.disk_usage(disk).free - leave_kb * 1024
    with filler.open("wb") as file:
        file.write(b"\0" * max(free, 0))
    return filler


@pytest.mark.parametrize("leave_kb", [200, 4000])
def test_a_full_disk_is_told_loses_nothing_and_work_goes_on_when_there_is_room(
    shop: Shop, disk: Path, leave_kb: int
) -> None:
    """So much is left that the run stops early, in Dagster's record, or late."""
    home = shop.world.fresh("disk/home", "past")
    filler = fill(disk, leave_kb)
    code, output = shop.run(home)
    assert code in (1, 2), output
    assert "no space left" in output and str(home.root) in output, output
    filler.unlink()
    code, output = shop.run(home)
    assert code in (0, 1), output
    shop.assert_same(home)


def test_a_disk_that_is_read_only_is_told_and_readers_read_on(shop: Shop, disk: Path) -> None:
    home = shop.world.fresh("disk/home", "past")
    subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
    code, output = shop.run(home)
    assert code == 2 and "cannot write" in output, output
    assert series_published(home) > 0
    place = ["--home", str(home.root)]
    backup = str(shop.world.root / "kept.tar.gz")
    for command in (["upgrade"], ["rebuild"], ["backup", backup], ["restore", backup, "--force"]):
        told = CliRunner().invoke(main, [*command, *place])
        assert told.exit_code == 2 and told.output.count("\n") == 1, told.output
        assert "cannot write to" in told.output and "Read-only" in told.output, told.output
    subprocess.run(["mount", "-o", "remount,rw", str(disk)], check=True)
    shop.run(home)
    shop.assert_same(home)


def series_published(home: Home) -> int:
    with read_published(home) as connection:
        ((rows,),) = connection.execute("select count(*) from marts.series").fetchall()
    return int(rows)


def delete_later(home: Home) -> None:
    """Delete the home when the run has got as far as to record what its checks say."""

    def first_deleting(record: Callable[..., Any]) -> Callable[..., Any]:
        def deleted(*arguments: Any) -> None:
            shutil.rmtree(home.root)
            record(*arguments)

        return deleted

    replace_everywhere("acv_pipeline.quality.record:record_results", first_deleting)


def test_a_home_deleted_in_the_middle_of_a_run_is_told(shop: Shop) -> None:
    home = shop.world.fresh("deleted", "past")
    code, output = shop.run(home, partial(delete_later, home))
    assert code in (1, 2) and "acv: " in output, output
    assert str(home.root) in output, output
    assert not home.published.exists(), "no copy of a home that is gone"


def set_clock_back() -> None:
    Contract.today = lambda self: dt.date(2018, 11, 15)  # type: ignore[method-assign]


def test_a_clock_that_goes_back_takes_nothing_away_and_waits_for_days_to_come(shop: Shop) -> None:
    home = shop.world.fresh("clock", "past")
    before = series_published(home)
    code, output = shop.run(home, set_clock_back)
    assert code in (0, 1), output
    assert "that day has not come yet" in output, output
    assert series_published(home) == before
    shop.run(home)
    shop.assert_same(home)


def limit_addresses(more_mb: int) -> None:
    """Allow so much more than this process has."""
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    (has_kb,) = re.findall(r"VmSize:\s+(\d+) kB", status)
    allowed = (int(has_kb) + more_mb * 1024) * 1024
    resource.setrlimit(resource.RLIMIT_AS, (allowed, resource.RLIM_INFINITY))


def limit_duckdb(megabytes: int) -> None:
    connect = duckdb.connect
    limits = {"memory_limit": f"{megabytes}MB", "temp_directory": ""}
    duckdb.connect = lambda path, *, config: connect(path, config=config | limits)


def test_a_run_with_too_little_memory_is_told_and_loses_nothing(shop: Shop) -> None:
    """Libraries that get no memory may also end the process, which is as good as a kill."""
    home = shop.world.fresh("memory", "past")
    before = series_published(home)
    code, output = shop.run(home, partial(limit_duckdb, 20))
    assert code in (1, 2) and "not enough memory" in output, output
    assert series_published(home) == before
    for more_mb in (32, 400):
        with suppress(ProcessDied):
            code, output = shop.run(home, partial(limit_addresses, more_mb))
            if "not enough memory" in output:  # for the figures, or for the page about them
                assert code in (1, 2)
            else:  # it was enough
                shop.assert_same(home)
                home = shop.world.fresh("enough memory", "past")
    shop.run(home)
    shop.assert_same(home)


def draw_with_little_memory() -> None:
    limit_addresses(500)
    spec = {"mark": "bar", "data": {"values": [{"a": 1}]}, "encoding": {"x": {"field": "a"}}}
    document({**spec, "config": {}}, "en")


def test_drawing_with_few_addresses_is_told_and_ends_no_process() -> None:
    with pytest.raises(AssertionError, match=r"MemoryError: .* 'ulimit -v' allows \d+ MB"):
        apart(draw_with_little_memory)


def test_too_little_memory_is_told_and_undone(home: Home, contract: Contract) -> None:
    with (
        pytest.raises(WarehouseError, match="not enough memory"),
        open_warehouse(home, contract) as connection,
    ):
        connection.execute("set memory_limit = '20MB'")
        connection.execute("set temp_directory = ''")
        with transaction(connection):
            connection.execute(
                "create table big as select i from range(9000000) t(i) order by hash(i)"
            )
    with open_warehouse(home, contract) as connection:
        found = connection.execute("select 1 from duckdb_tables() where table_name = 'big'")
        assert found.fetchall() == []


def test_a_published_copy_of_another_version_is_told(shop: Shop) -> None:
    home = shop.world.fresh("another", "past")
    with duckdb.connect(str(home.published)) as connection:
        connection.execute("drop table validated.check_results")
    result = CliRunner().invoke(main, ["status", "--home", str(home.root)])
    assert result.exit_code == 2 and "written by another version" in result.stderr, result.output
