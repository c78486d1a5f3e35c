"""A damaged warehouse gives way to its last sound state, and the work goes on by itself."""

from __future__ import annotations

import json
import multiprocessing
import os
import random
import shutil
import signal
import struct
from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path

import duckdb
import pytest
from click.testing import CliRunner

from acv_pipeline.cli.main import main
from acv_pipeline.contract import Contract
from acv_pipeline.contract.months import month_of
from acv_pipeline.flow.pipeline import Pipeline
from acv_pipeline.ledger.signoff import sign_off
from acv_pipeline.operations.explain import figure_key
from acv_pipeline.operations.explain.explanations import record_explanation
from acv_pipeline.warehouse import (
    DamagedError,
    WarehouseError,
    journal_of,
    mend,
    mended_of,
    open_warehouse,
    suspicion_of,
    transaction,
    transactions,
)
from acv_pipeline.warehouse.home import Home
from acv_pipeline.warehouse.journal import write_journal
from acv_pipeline_tests.deliveries import deliver, deliver_trajectory, steady_figures
from acv_pipeline_tests.torture import forks
from acv_pipeline_tests.upkeep.conftest import Contents, tables_of

flow = partial(forks.flow, beside=[])  # a release and a page say nothing more of the warehouse

BLOCKS_BEGIN = 12288  # behind the headers
Damage = Callable[[Path], None]
Tables = Callable[[Home], Contents]


@pytest.fixture(scope="module")
def busy_life(life: Path, tmp_path_factory: pytest.TempPathFactory, contract: Contract) -> Path:
    """Since it published last, this home had a sign-off, an explanation and a new month."""
    root = tmp_path_factory.mktemp("busy") / "life"
    shutil.copytree(life, root, symlinks=True)
    home, landing = Home(root / "home"), root / "landing"
    december = steady_figures(contract, month_of("2018-12"))
    december["62"] = steady_figures(contract, month_of("2018-11"))["62"] - 1
    deliver(landing, "anah", "2019-01-10", {"2018-12": december}, name="falls again.csv")
    held = steady_figures(contract, month_of("2018-12"), source="action_logement")
    del held["59"]
    deliver(landing, "action_logement", "2019-01-10", {"2018-12": held}, name="held.csv")
    flow(home, landing)
    deliver_trajectory(landing, contract, "anah", ["2019-01"])
    pipeline = Pipeline.configured(home, landing)
    with pipeline.warehouse() as connection:
        ((delivery,),) = connection.execute(
            "select delivery_id from validated.held_months where status = 'held'"
        ).fetchall()
        month = month_of("2018-12")
        sign_off(connection, contract, delivery, "ACV", month, reason="known", signed_by="head")
        key = figure_key(contract, "62", month, series="anah")
        record_explanation(connection, contract, key, reason="recounted", said_by="data unit")
    pipeline.receive_due()
    return root


@pytest.fixture
def busy(busy_life: Path, home: Home, landing: Path) -> Home:
    """A copy of that home, and of its landing zone, for one test."""
    shutil.copytree(busy_life / "home", home.root, symlinks=True)
    shutil.copytree(busy_life / "landing", landing, dirs_exist_ok=True)
    return home


@pytest.fixture(scope="module")
def twin(busy_life: Path, contract: Contract, tmp_path_factory: pytest.TempPathFactory) -> Contents:
    """What becomes of such a home that is never damaged."""
    home = Home(tmp_path_factory.mktemp("twin") / "home")
    shutil.copytree(busy_life / "home", home.root, symlinks=True)
    flow(home, busy_life / "landing")
    return tables_of(home, contract)


def run_to_its_end(home: Home, landing: Path) -> int:
    """As whoever tries again does; how often it took."""
    for attempt in range(1, 4):
        try:
            flow(home, landing)
        except DamagedError:
            continue
        return attempt
    raise AssertionError("it never ends")


def overwritten(place: int, size: int, *, at_random: bool) -> Damage:
    """Some bytes of the file; below zero: so far from its end."""

    def damage(path: Path) -> None:
        content = random.Random(place).randbytes(size) if at_random else bytes(size)
        with path.open("r+b") as file:
            file.seek(place if place >= 0 else path.stat().st_size + place)
            file.write(content)

    return damage


def every_block(path: Path) -> None:
    """As a failing disk might: 64 bytes of each."""
    for place in range(BLOCKS_BEGIN + 100_000, path.stat().st_size, 262_144):
        overwritten(place, 64, at_random=True)(path)


def cut(share: float) -> Damage:
    return lambda path: os.truncate(path, int(path.stat().st_size * share))


def garbage(path: Path) -> None:
    path.write_bytes(b"something else" * 1000)


DAMAGES: dict[str, Damage] = {
    "empty": cut(0),
    "cut to a half": cut(0.5),
    "without its end": cut(0.97),
    "something else": garbage,
    "every block": every_block,
    "headers zero": overwritten(0, BLOCKS_BEGIN, at_random=False),
    "first header random": overwritten(0, 4096, at_random=True),
    "state headers random": overwritten(4096, 8192, at_random=True),
    "first block zero": overwritten(BLOCKS_BEGIN, 262_144, at_random=False),
    "first block random": overwritten(BLOCKS_BEGIN, 262_144, at_random=True),
    "a middle block zero": overwritten(BLOCKS_BEGIN + 5 * 262_144, 262_144, at_random=False),
    "a middle block random": overwritten(BLOCKS_BEGIN + 7 * 262_144 + 999, 5000, at_random=True),
    "last block zero": overwritten(-262_144, 262_144, at_random=False),
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_it_ends_as_a_home_that_was_never_damaged(
    busy: Home, landing: Path, tables: Tables, twin: Contents, damage: Damage
) -> None:
    damage(busy.warehouse)
    damaged = busy.warehouse.read_bytes()
    run_to_its_end(busy, landing)
    found = tables(busy)
    assert len(found["validated.signoffs"]) == len(found["validated.explanations"]) == 2
    assert found == twin
    gave_way = mended_of(busy)
    if not gave_way:  # a block that nothing lies in any more
        pytest.skip("DuckDB has no use for what was overwritten")
    assert [(entry.file, entry.base, entry.lost) for entry in gave_way] == [
        ("warehouse.duckdb", "copy", [])
    ]
    assert (busy.replaced / gave_way[0].aside).read_bytes() == damaged
    assert not suspicion_of(busy.root).exists()
    assert {path.name for path in busy.replaced.iterdir()} == {
        gave_way[0].aside, "lock", "mended.json",
    }  # fmt: skip


def test_most_of_these_damages_are_damages(busy: Home) -> None:
    """So that the test above can't pass by skipping."""
    found = 0
    for damage in DAMAGES.values():
        path = busy.root / "copy.duckdb"
        shutil.copyfile(busy.warehouse, path)
        damage(path)
        try:
            with closing(duckdb.connect(str(path), read_only=True)) as connection:
                for (table,) in connection.execute(
                    "select schema_name || '.' || table_name from duckdb_tables()"
                ).fetchall():
                    connection.execute(f"select sum(hash(t)) from {table} as t").fetchall()
        except duckdb.Error:
            found += 1
    assert found >= len(DAMAGES) - 2


@pytest.mark.parametrize("of_copy", [None, garbage, cut(0.5)], ids=["none", "garbage", "cut"])
def test_without_a_sound_copy_the_deliveries_and_the_journal_are_enough(
    busy: Home, landing: Path, tables: Tables, twin: Contents, of_copy: Damage | None
) -> None:
    if of_copy:
        of_copy(busy.published)
    else:
        busy.published.unlink()
    every_block(busy.warehouse)
    run_to_its_end(busy, landing)
    assert tables(busy) == twin
    bases = {entry.file: entry.base for entry in mended_of(busy)}
    assert bases.pop("warehouse.duckdb") == "deliveries"
    assert bases == ({"acv.duckdb": ""} if of_copy else {})
    assert busy.published.exists()


def test_a_damaged_copy_alone_is_published_again(busy: Home, landing: Path, tables: Tables) -> None:
    flow(busy, landing)
    before = tables(busy)
    garbage(busy.published)
    status = CliRunner().invoke(main, ["status", "--home", str(busy.root)])
    assert status.exit_code == 2
    assert "acv.duckdb, the published copy, was damaged" in status.output
    flow(busy, landing)
    assert tables(busy) == before
    assert CliRunner().invoke(main, ["status", "--home", str(busy.root)]).exit_code == 0


def test_what_is_in_no_place_any_more_is_named(busy: Home, landing: Path) -> None:
    (gone,) = landing.rglob("falls.csv")
    gone.unlink()
    garbage(busy.warehouse)
    garbage(busy.published)
    run_to_its_end(busy, landing)
    assert {tuple(entry.lost) for entry in mended_of(busy)} == {("anah/2018-11-10/falls.csv",)}


# the log beside the file


def die_with_a_log(home: Home, contract: Contract, commits: int = 3) -> None:
    """Leave what a killed process leaves: a log with some commits."""

    def write() -> None:
        with open_warehouse(home, contract) as connection:
            for _ in range(commits):
                with transaction(connection):
                    connection.execute(
                        "insert into raw.lately_received"
                        " select min(delivery_id) from raw.deliveries"
                    )
                    connection.execute("update validated.observations set row_number = row_number")
            os.kill(os.getpid(), signal.SIGKILL)

    process = multiprocessing.get_context("fork").Process(target=write)
    process.start()
    process.join()
    assert process.exitcode == -signal.SIGKILL and wal_of(home).stat().st_size > 0


def wal_of(home: Home) -> Path:
    return home.warehouse.with_name(f"{home.warehouse.name}.wal")


def test_a_log_that_a_killed_process_left_is_used(busy: Home, contract: Contract) -> None:
    def signed(home: Home) -> int:
        with open_warehouse(home, contract) as connection:
            return len(connection.execute("from raw.sightings").fetchall())

    before = signed(busy)
    die_with_a_log(busy, contract)
    assert signed(busy) == before and mended_of(busy) == []


@pytest.mark.parametrize("place", [20, 200, -50])
def test_a_damaged_log_gives_way_and_the_file_stays(
    busy: Home, landing: Path, contract: Contract, tables: Tables, twin: Contents, place: int
) -> None:
    die_with_a_log(busy, contract)
    overwritten(place, 32, at_random=True)(wal_of(busy))
    run_to_its_end(busy, landing)
    assert tables(busy) == twin
    assert [entry.file for entry in mended_of(busy)] == ["warehouse.duckdb.wal"]


def sign_off_and(end: Callable[[], None], at: str, home: Home, contract: Contract) -> None:
    """Sign the held month off, and ``end`` as soon as that is said, or committed."""

    def ending(write: Callable[..., None]) -> Callable[..., None]:
        def wrapped(*arguments: object) -> None:
            write(*arguments)
            end()

        return wrapped

    with pytest.MonkeyPatch.context() as patch, open_warehouse(home, contract) as connection:
        ((delivery,),) = connection.execute(
            "select delivery_id from validated.held_months where status = 'held'"
        ).fetchall()
        if at == "said":
            patch.setattr(transactions, "write_journal", ending(write_journal))
        sign_off(
            connection, contract, delivery, "ACV", month_of("2018-12"),
            reason="known", signed_by="head of unit",
        )  # fmt: skip
        end()


def signed_by(home: Home, contract: Contract) -> list[str]:
    with open_warehouse(home, contract) as connection:
        found = connection.execute(
            "select signed_by from validated.signoffs where month = '2018-12-01'"
        ).fetchall()
    return [name for (name,) in found]


@pytest.fixture
def held(lived_in: Home, landing: Path, contract: Contract) -> Home:
    """A home with a month that is held."""
    december = steady_figures(contract, month_of("2018-12"), source="action_logement")
    del december["59"]
    deliver(landing, "action_logement", "2019-01-10", {"2018-12": december}, name="held.csv")
    flow(lived_in, landing)
    return lived_in


@pytest.mark.parametrize("at", ["said", "committed"])
def test_a_sign_off_outlives_a_kill_and_a_damaged_log(
    held: Home, contract: Contract, at: str
) -> None:
    process = multiprocessing.get_context("fork").Process(
        target=sign_off_and, args=(lambda: os.kill(os.getpid(), signal.SIGKILL), at, held, contract)
    )
    process.start()
    process.join()
    assert process.exitcode == -signal.SIGKILL
    if at == "committed":
        overwritten(200, 32, at_random=True)(wal_of(held))
    assert signed_by(held, contract) == ["head of unit"]
    assert len(mended_of(held)) == (at == "committed")


def test_a_sign_off_that_is_not_committed_was_never_said(held: Home, contract: Contract) -> None:
    journal = journal_of(held).read_bytes()

    def fail() -> None:
        raise OSError("no commit")

    with pytest.raises(OSError, match="no commit"):
        sign_off_and(fail, "said", held, contract)
    assert journal_of(held).read_bytes() == journal
    assert signed_by(held, contract) == []


@pytest.mark.parametrize("damage", [cut(0.4), cut(0), overwritten(0, 16, at_random=True)])
def test_what_duckdb_leaves_out_of_a_log_comes_again(
    busy: Home, landing: Path, contract: Contract, tables: Tables, twin: Contents, damage: Damage
) -> None:
    """It takes the part that it understands, and says nothing."""
    die_with_a_log(busy, contract)
    damage(wal_of(busy))
    run_to_its_end(busy, landing)
    assert tables(busy) == twin


def test_the_log_of_another_file_is_not_applied(
    busy: Home, landing: Path, contract: Contract, tables: Tables, twin: Contents, tmp_path: Path
) -> None:
    other = Home(tmp_path / "other")
    with open_warehouse(other, contract):
        pass
    die_with_a_log(other, contract, commits=9)
    shutil.copyfile(wal_of(other), wal_of(busy))
    run_to_its_end(busy, landing)
    assert tables(busy) == twin
    assert [entry.why for entry in mended_of(busy)] == ["it is that of another file"]


def test_a_log_of_an_earlier_moment_is_not_applied_twice(
    busy: Home, landing: Path, contract: Contract, tables: Tables, twin: Contents, tmp_path: Path
) -> None:
    die_with_a_log(busy, contract)
    kept = tmp_path / "log"
    shutil.copyfile(wal_of(busy), kept)
    with open_warehouse(busy, contract):
        pass  # closing it writes the log into the file
    assert not wal_of(busy).exists()
    shutil.copyfile(kept, wal_of(busy))
    run_to_its_end(busy, landing)
    assert tables(busy) == twin
    assert [entry.why for entry in mended_of(busy)] == ["it is that of another file"]


# what is no damage


def test_a_file_that_another_process_holds_is_none(busy: Home, contract: Contract) -> None:
    suspicion_of(busy.root).parent.mkdir(exist_ok=True)
    holding = multiprocessing.get_context("fork").Event()

    def hold() -> None:
        with open_warehouse(busy, contract):
            suspicion_of(busy.root).write_text("a false alarm")
            holding.set()
            signal.pause()

    process = multiprocessing.get_context("fork").Process(target=hold)
    process.start()
    try:
        assert holding.wait(60)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("acv_pipeline.warehouse.mending.WAIT_SECONDS", 0.3)
            with pytest.raises(WarehouseError, match="another process holds"):
                mend(busy)
    finally:
        process.kill()
        process.join()
    assert mended_of(busy) == []
    with open_warehouse(busy, contract):
        pass
    assert mended_of(busy) == [] and not suspicion_of(busy.root).exists()


def with_version(path: Path, version: int) -> None:
    """As a later DuckDB would write it: another number in the header, and the checksum of that."""
    content = bytearray(path.read_bytes())
    content[12:20] = struct.pack("<Q", version)
    checksum = 5381
    for (word,) in struct.iter_unpack("<Q", content[8:4096]):
        checksum ^= (word * 0xBF58476D1CE4E5B9) & (2**64 - 1)
    content[:8] = struct.pack("<Q", checksum)
    path.write_bytes(content)


@pytest.mark.parametrize("version", [1, 500, 999])
def test_a_file_of_another_version_of_duckdb_is_none(
    busy: Home, contract: Contract, version: int
) -> None:
    with_version(busy.warehouse, version)
    written = busy.warehouse.read_bytes()
    with (
        pytest.raises(WarehouseError, match="another version of DuckDB"),
        open_warehouse(busy, contract),
    ):
        pass
    assert busy.warehouse.read_bytes() == written and mended_of(busy) == []
    assert not suspicion_of(busy.root).exists()


def test_a_false_alarm_changes_nothing(busy: Home, contract: Contract) -> None:
    suspicion_of(busy.root).parent.mkdir(exist_ok=True)
    suspicion_of(busy.root).write_text("INTERNAL Error: something else")
    before = busy.warehouse.read_bytes()
    assert mend(busy) is False
    assert busy.warehouse.read_bytes() == before and not suspicion_of(busy.root).exists()


# restoring that dies, and that is in vain


@pytest.mark.parametrize("of_copy", [True, False], ids=["copy", "deliveries"])
def test_killed_at_any_line_of_it_the_next_start_ends_it(
    busy: Home, landing: Path, tables: Tables, twin: Contents, of_copy: bool, tmp_path: Path
) -> None:
    every_block(busy.warehouse)
    if not of_copy:
        busy.published.unlink()
    suspicion_of(busy.root).parent.mkdir(exist_ok=True)
    suspicion_of(busy.root).write_text("damaged")
    before = tmp_path / "before"
    shutil.copytree(busy.root, before, symlinks=True)
    died = 0
    for call in range(1, 200):
        shutil.rmtree(busy.root)
        shutil.copytree(before, busy.root, symlinks=True)
        process = multiprocessing.get_context("fork").Process(
            target=dying_at, args=(call, partial(mend, busy))
        )
        process.start()
        process.join()
        mend(busy)
        assert [entry.base for entry in mended_of(busy)] == ["copy" if of_copy else "deliveries"]
        assert not suspicion_of(busy.root).exists()
        if process.exitcode == 0:
            break
        assert process.exitcode == -signal.SIGKILL
        died += 1
        if call % 6 == 1:  # what is the same after each of them is looked at after some
            run_to_its_end(busy, landing)
            assert tables(busy) == twin
    else:
        raise AssertionError("it never ended")
    assert died > 15


def dying_at(call: int, work: Callable[[], object]) -> None:
    """Killed at the n-th time that it asks the system to change or keep a file."""
    left = [call]

    def counted(original: Callable[..., object]) -> Callable[..., object]:
        def asked(*arguments: object, **options: object) -> object:
            left[0] -= 1
            if not left[0]:
                os.kill(os.getpid(), signal.SIGKILL)
            return original(*arguments, **options)

        return asked

    for name in ("rename", "replace", "link", "unlink", "fsync", "mkdir", "rmdir"):
        setattr(os, name, counted(getattr(os, name)))
    shutil.copyfileobj = counted(shutil.copyfileobj)  # type: ignore[assignment]
    shutil.copyfile = counted(shutil.copyfile)  # type: ignore[assignment]
    duckdb.connect = counted(duckdb.connect)  # type: ignore[assignment]
    work()


def test_two_processes_restore_once(
    busy: Home, landing: Path, tables: Tables, twin: Contents
) -> None:
    every_block(busy.warehouse)
    suspicion_of(busy.root).parent.mkdir(exist_ok=True)
    suspicion_of(busy.root).write_text("damaged")
    context = multiprocessing.get_context("fork")
    processes = [context.Process(target=mend, args=(busy,)) for _ in range(4)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0, 0, 0, 0]
    assert len(mended_of(busy)) == 1
    flow(busy, landing)
    assert tables(busy) == twin


def test_restoring_in_vain_comes_to_an_end(busy: Home, landing: Path, contract: Contract) -> None:
    for base in ("copy", "deliveries"):
        every_block(busy.warehouse)
        garbage(busy.warehouse)
        with open_warehouse(busy, contract):
            pass
        assert mended_of(busy)[-1].base == base
    garbage(busy.warehouse)
    for _ in range(2):
        with (
            pytest.raises(WarehouseError, match="have the disk and the memory of this machine"),
            open_warehouse(busy, contract),
        ):
            pass
    assert len(mended_of(busy)) == 2
    record = busy.replaced / "mended.json"
    entries = json.loads(record.read_text(encoding="utf-8"))
    for entry in entries:  # a day later
        entry["at"] = entry["at"].replace("20", "19", 1)
    record.write_text(json.dumps(entries), encoding="utf-8")
    run_to_its_end(busy, landing)
    assert mended_of(busy)[-1].base == "copy"
    garbage(busy.warehouse)  # it published since, so that is another matter
    run_to_its_end(busy, landing)
    assert mended_of(busy)[-1].base == "copy"


# by command


def test_a_run_says_so_in_a_line_and_goes_on(busy: Home, landing: Path, contract: Contract) -> None:
    place = ["--home", str(busy.root), "--landing", str(landing)]
    assert CliRunner().invoke(main, ["run", *place]).exit_code == 0
    expected = rankings(busy)
    for damage in (garbage, every_block):
        damage(busy.warehouse)
        result = CliRunner().invoke(main, ["run", *place])
        assert result.exit_code == 0, result.output
        assert result.output.count("warehouse.duckdb was damaged") == 1
        assert rankings(busy) == expected
    status = CliRunner().invoke(main, ["status", "--home", str(busy.root)])
    assert status.exit_code == 0 and status.output.count("warehouse.duckdb was damaged") == 2


def rankings(home: Home) -> list[tuple[object, ...]]:
    with closing(duckdb.connect(str(home.published), read_only=True)) as connection:
        return connection.execute("from marts.department_rankings order by all").fetchall()


def test_a_command_that_meets_damage_on_its_way_is_begun_again(held: Home) -> None:
    with closing(duckdb.connect(str(held.published), read_only=True)) as connection:
        ((delivery,),) = connection.execute(
            "select delivery_id from validated.held_months where status = 'held'"
        ).fetchall()
    every_block(held.warehouse)
    signed = CliRunner().invoke(
        main,
        ["signoff", delivery, "ACV", "2018-12", "--reason", "known", "--by", "head of unit",
         "--home", str(held.root)],
    )  # fmt: skip
    assert signed.exit_code == 0, signed.output
    assert "warehouse.duckdb was damaged" in signed.output and "Signed off" in signed.output
