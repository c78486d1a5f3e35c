"""Backups: made while others write, checked before use, put in place at once."""

from __future__ import annotations

import fcntl
import multiprocessing
import os
import random
import signal
import sqlite3
import stat
import subprocess
import sys
import tarfile
import textwrap
import time
from collections.abc import Callable
from contextlib import closing, nullcontext
from pathlib import Path

import dagster as dg
import duckdb
import pytest
from click.testing import CliRunner

from acv_pipeline.cli.main import main
from acv_pipeline.contract import Contract, load_contract
from acv_pipeline.operations.upkeep import backup
from acv_pipeline.operations.upkeep.backup import BackupError, back_up, restore
from acv_pipeline.orchestration.instance import instance as open_instance
from acv_pipeline.warehouse import (
    DamagedError,
    open_warehouse,
    problem_of,
    read_published,
    suspicion_of,
)
from acv_pipeline.warehouse.home import Home
from acv_pipeline.warehouse.packing import pack
from acv_pipeline_tests.torture.forks import flow
from acv_pipeline_tests.upkeep.conftest import Contents


@pytest.fixture
def recorded(lived_in: Home) -> Home:
    """The home with a Dagster record and files that people or later steps put there."""
    with open_instance(lived_in) as dagster:
        dagster.report_runless_asset_event(dg.AssetMaterialization("a", partition="2018-09-01"))
    lived_in.corrections.write_text("[]\n", encoding="utf-8")
    release = lived_in.root / "releases" / "2018-12" / "acv.csv"
    release.parent.mkdir(parents=True)
    release.write_text("département;valeur\n", encoding="utf-8")
    latest = lived_in.root / "releases" / "latest"
    latest.unlink(missing_ok=True)
    latest.symlink_to("2018-12")
    return lived_in


def test_it_comes_back_at_another_place_and_goes_on(
    recorded: Home,
    contract: Contract,
    landing: Path,
    tmp_path: Path,
    tables: Callable[[Home], Contents],
) -> None:
    before = tables(recorded)
    made = back_up(recorded, tmp_path / "acv.tar.gz")
    assert stat.filemode((tmp_path / "acv.tar.gz").stat().st_mode) == "-rw-------"
    other = Home(tmp_path / "other" / "home")
    restored, aside = restore(tmp_path / "acv.tar.gz", other)
    assert restored == made and aside is None
    assert tables(other) == before
    with read_published(other) as connection:
        assert connection.execute("select count(*) from marts.series").fetchall() != [(0,)]
    latest = other.root / "releases" / "latest"
    assert latest.is_symlink() and (latest / "acv.csv").exists()
    assert other.corrections.exists() and (other.root / "journal.jsonl").exists()
    with open_instance(other) as dagster:
        assert dagster.get_materialized_partitions(dg.AssetKey("a")) == {"2018-09-01"}
        dagster.report_runless_asset_event(dg.AssetMaterialization("a", partition="2018-10-01"))
    with open_instance(recorded) as dagster:
        assert dagster.get_materialized_partitions(dg.AssetKey("a")) == {"2018-09-01"}
    flow(other, landing)
    assert tables(other) == before


def test_it_waits_for_a_run_and_copies_a_record_that_is_being_written(
    recorded: Home, contract: Contract, tmp_path: Path
) -> None:
    code = f"""
        import sqlite3, time, duckdb
        held = duckdb.connect({str(recorded.warehouse)!r})
        print("held", flush=True)
        time.sleep(1)
        held.close()
        index = sqlite3.connect({str(recorded.dagster / "history" / "runs" / "index.db")!r})
        index.execute("pragma journal_mode=wal")
        index.execute("create table t (i)")
        for i in range(100000):
            index.execute("insert into t values (?)", [i])
            index.commit()
    """
    busy = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code)], stdout=subprocess.PIPE, text=True
    )
    said: list[str] = []
    try:
        assert busy.stdout is not None and busy.stdout.readline() == "held\n"
        back_up(recorded, tmp_path / "acv.tar.gz", log=said.append)
        assert busy.poll() is None, "it was still writing"
    finally:
        busy.kill()
        busy.wait()
    assert len(said) == 1 and str(busy.pid) in said[0]
    other = Home(tmp_path / "other")
    restore(tmp_path / "acv.tar.gz", other)
    with open_instance(other) as dagster:
        assert dagster.get_materialized_partitions(dg.AssetKey("a")) == {"2018-09-01"}


def test_a_damaged_or_cut_backup_changes_nothing(
    recorded: Home, contract: Contract, tmp_path: Path
) -> None:
    file = tmp_path / "acv.tar.gz"
    back_up(recorded, file)
    whole = file.read_bytes()
    (recorded.root / "at_work.lock").touch()
    before = sorted(path.name for path in recorded.root.iterdir())
    for damaged in (whole[: len(whole) // 2], b"nothing", b"", _flipped(whole)):
        file.write_bytes(damaged)
        with pytest.raises(BackupError, match=r"backup|damaged"):
            restore(file, recorded, force=True)
        assert sorted(path.name for path in recorded.root.iterdir()) == before
    with pytest.raises(BackupError, match="is not there"):
        restore(tmp_path / "none", Home(tmp_path / "other"))
    assert sorted(p.name for p in tmp_path.iterdir()) == ["acv.tar.gz", "home", "landing"]


@pytest.mark.parametrize("checks_archives", [True, False])
def test_what_a_backup_for_nobody_elses_eyes_brings_back_can_be_read(
    recorded: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, checks_archives: bool
) -> None:
    before = os.umask(0o077)
    try:
        back_up(recorded, tmp_path / "acv.tar.gz")
    finally:
        os.umask(before)
    if not checks_archives:
        monkeypatch.delattr(tarfile, "data_filter")
    other = Home(tmp_path / "other")
    restore(tmp_path / "acv.tar.gz", other)
    for there, here in ((recorded.root, other.root), (recorded.releases, other.releases)):
        assert stat.filemode(here.stat().st_mode) == stat.filemode(there.stat().st_mode)
    assert other.published.stat().st_mode == recorded.published.stat().st_mode


def test_a_python_that_checks_no_archives_restores_what_stays_in_the_home(
    recorded: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before 3.11.4, which Debian 12 does not have, ``tarfile`` knows no filter."""
    file, other = tmp_path / "acv.tar.gz", Home(tmp_path / "other")
    back_up(recorded, file)
    monkeypatch.delattr(tarfile, "data_filter")
    monkeypatch.setattr(tarfile.TarFile, "extractall", None)
    restore(file, other)
    latest = other.root / "releases" / "latest"
    assert latest.is_symlink() and (latest / "acv.csv").read_text("utf-8") == "département;valeur\n"
    for name, leads in (("../gone", ""), ("/gone", ""), ("link", "../.."), ("link", "/etc")):
        member = tarfile.TarInfo(name)
        member.type, member.linkname = (tarfile.SYMTYPE, leads) if leads else (tarfile.REGTYPE, "")
        with tarfile.open(file, "w:gz") as archive:
            archive.addfile(member)
        with pytest.raises(BackupError, match="no whole backup"):
            restore(file, Home(tmp_path / "third"))
        assert not (tmp_path / "gone").exists()


@pytest.mark.parametrize("command", ["backup", "upgrade"])
def test_a_damaged_warehouse_gives_way_before_it_is_called_a_backup(
    recorded: Home, tmp_path: Path, command: str
) -> None:
    for path in (recorded.warehouse, recorded.published):
        with duckdb.connect(str(path)) as connection:
            connection.execute("delete from raw.fingerprints where what = 'program'")
    with recorded.warehouse.open("r+b") as file:  # the headers are whole: it opens
        for place in range(112_288, recorded.warehouse.stat().st_size, 262_144):
            file.seek(place)
            file.write(random.Random(place).randbytes(64))
    target = tmp_path / "acv.tar.gz"
    with pytest.raises(DamagedError):
        back_up(recorded, target)
    suspicion_of(recorded.root).unlink()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["home", "landing"]
    option = ["--backup"] if command == "upgrade" else []
    made = CliRunner().invoke(main, [command, *option, str(target), "--home", str(recorded.root)])
    assert made.exit_code == 0, made.output
    assert made.output.count("the published copy took its place") == 1
    other = Home(tmp_path / "other")
    restore(target, other)
    assert problem_of(other.warehouse) is None


def test_what_a_killed_backup_left_goes_with_the_next(recorded: Home, tmp_path: Path) -> None:
    fork = multiprocessing.get_context("fork").Process(
        target=_die_packing, args=(recorded, tmp_path)
    )
    fork.start()
    fork.join()
    (left,) = tmp_path.glob(".acv-backup-*")
    assert (left / "home" / "warehouse.duckdb").exists()
    back_up(recorded, tmp_path / "acv.tar.gz")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["acv.tar.gz", "home", "landing"]


def test_what_a_killed_restore_left_goes_with_the_next(recorded: Home, tmp_path: Path) -> None:
    source = tmp_path / "acv.tar.gz"
    back_up(recorded, source)
    elsewhere = tmp_path / "elsewhere"
    fork = multiprocessing.get_context("fork").Process(
        target=_die_restoring, args=(source, Home(elsewhere / "home"))
    )
    fork.start()
    fork.join()
    (left,) = elsewhere.iterdir()
    assert (left / "home" / "warehouse.duckdb").exists()
    with (left / "lock").open("ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(BackupError, match="another 'acv restore' is at work"):
            restore(source, Home(elsewhere / "home"))
    restore(source, Home(elsewhere / "home"))
    assert [path.name for path in elsewhere.iterdir()] == ["home"]


def test_a_restore_does_not_work_in_a_folder_that_somebody_else_made(
    recorded: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = tmp_path / "acv.tar.gz"
    back_up(recorded, source)
    theirs = tmp_path / ".other.restoring"
    theirs.mkdir()
    monkeypatch.setattr(os, "geteuid", lambda: theirs.stat().st_uid + 1)
    with pytest.raises(BackupError, match="somebody else's"):
        restore(source, Home(tmp_path / "other"))
    assert list(theirs.iterdir()) == []


def _die_restoring(source: Path, home: Home) -> None:
    backup.problem_of = lambda _: os.kill(os.getpid(), signal.SIGKILL)  # type: ignore[assignment]
    restore(source, home)


def _die_packing(home: Home, folder: Path) -> None:
    tarfile.open = lambda *_, **__: os.kill(os.getpid(), signal.SIGKILL)  # type: ignore[assignment]
    back_up(home, folder / "first.tar.gz")


def test_copying_ends_no_lock_of_this_process(recorded: Home, tmp_path: Path) -> None:
    """Closing a file ends every lock that the process has on it, whoever took it."""
    record = recorded.dagster / "history" / "runs.db"
    with closing(sqlite3.connect(record)) as ours:
        ours.execute("pragma journal_mode = delete")
        ours.execute("begin immediate")
        with open_warehouse(recorded, load_contract()) as connection:
            pack(recorded, tmp_path / "acv.tar.gz", nullcontext(connection))
            code = f"""
                import duckdb, sqlite3
                for lock in (
                    lambda: duckdb.connect({str(recorded.warehouse)!r}),
                    lambda: sqlite3.connect({str(record)!r}, timeout=0).execute("begin immediate"),
                ):
                    try:
                        lock()
                    except (duckdb.IOException, sqlite3.OperationalError) as error:
                        print("locked")
            """
            other = subprocess.run(
                [sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True
            )
    assert other.stdout == "locked\nlocked\n", other


def _flipped(content: bytes) -> bytes:
    at = len(content) // 2
    return content[:at] + bytes([content[at] ^ 0xFF]) + content[at + 1 :]


def test_a_home_in_use_is_refused_and_one_that_is_there_put_aside(
    recorded: Home, contract: Contract, tmp_path: Path
) -> None:
    file = tmp_path / "acv.tar.gz"
    back_up(recorded, file)
    with pytest.raises(BackupError, match="--force"):
        restore(file, recorded)
    with recorded.at_work(), pytest.raises(BackupError, match="a run is at work"):
        restore(file, recorded, force=True)
    _, aside = restore(file, recorded, force=True)
    assert aside is not None and (aside / "warehouse.duckdb").exists()


def test_places_where_a_backup_makes_no_sense(
    recorded: Home, contract: Contract, tmp_path: Path
) -> None:
    for target, why in (
        (recorded.root / "acv.tar.gz", "another disk"),
        (tmp_path / "no" / "acv.tar.gz", "not a folder"),
        (recorded.published, "home itself"),
        (Path("/proc/acv.tar.gz"), r"cannot write /proc/acv.tar.gz \(No such file or directory\)"),
    ):
        with pytest.raises(BackupError, match=why):
            back_up(recorded, target)
    with pytest.raises(BackupError, match="no warehouse"):
        back_up(Home(tmp_path / "empty"), tmp_path / "acv.tar.gz")


def test_the_commands(recorded: Home, tmp_path: Path) -> None:
    file, other = str(tmp_path / "acv.tar.gz"), str(tmp_path / "other")
    started = time.monotonic()
    made = CliRunner().invoke(main, ["backup", file, "--home", str(recorded.root)])
    assert made.exit_code == 0 and " files, " in made.output, made.output
    again = CliRunner().invoke(main, ["backup", file, "--home", str(recorded.root)])
    assert again.exit_code == 2 and "is there already" in again.output
    back = CliRunner().invoke(main, ["restore", file, "--home", other])
    assert back.exit_code == 0 and "The next 'acv run'" in back.output, back.output
    refused = CliRunner().invoke(main, ["restore", file, "--home", other])
    assert refused.exit_code == 2 and "--force" in refused.output
    assert time.monotonic() - started < 30
