"""Dagster's home under the program's own: made once, and never another home's."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import dagster as dg
import pytest

from acv_pipeline.orchestration.event_storage import PooledSqliteEventLogStorage
from acv_pipeline.orchestration.instance import has_unended_run, instance, prepare
from acv_pipeline.warehouse import WarehouseError
from acv_pipeline.warehouse.home import Home

PASSWORD = "zq7-of-the-database"
NO_DATABASE = f"postgresql+psycopg2://acv:{PASSWORD}@127.0.0.1:9/dagster"


@dg.job
def nothing() -> None:
    """A job without a step."""


def settings(home: Home) -> Path:
    return home.dagster / "dagster.yaml"


def test_a_copied_home_has_a_record_of_its_own(tmp_path: Path) -> None:
    first, copied = Home(tmp_path / "first"), Home(tmp_path / "copied")
    prepare(first)
    with settings(first).open("a", encoding="utf-8") as file:
        file.write("# changed by hand\n")
    shutil.copytree(first.root, copied.root)
    with instance(copied) as dagster:
        storage = dagster.event_log_storage
        assert isinstance(storage, PooledSqliteEventLogStorage)
        assert Path(storage.path_for_shard("a run")).is_relative_to(copied.root)
    assert str(first.root) not in settings(copied).read_text("utf-8")
    assert settings(copied).read_text("utf-8").endswith("# changed by hand\n")
    before = settings(first).stat().st_mtime_ns
    prepare(first)
    assert settings(first).stat().st_mtime_ns == before


def test_whether_a_run_has_not_ended_is_told_without_dagster(tmp_path: Path) -> None:
    home = Home(tmp_path)
    assert not has_unended_run(home)
    with instance(home) as dagster:
        assert not has_unended_run(home)
        dagster.create_run_for_job(nothing)
        assert has_unended_run(home)
        (run,) = dagster.get_runs()
        dagster.report_run_canceled(run)
        assert not has_unended_run(home)


def test_a_damaged_record_is_for_a_run_with_something_to_do(tmp_path: Path) -> None:
    record = tmp_path / "dagster" / "history" / "runs.db"
    record.parent.mkdir(parents=True)
    record.write_text("no database")
    assert not has_unended_run(Home(tmp_path))


def test_another_storage_is_left_alone(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    prepare(home)
    own = "telemetry: {enabled: false}\nstorage: {sqlite: {base_dir: /elsewhere}}\n"
    settings(home).write_text(own, encoding="utf-8")
    prepare(home)
    assert settings(home).read_text("utf-8") == own


def test_settings_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    prepare(home)
    settings(home).write_text("telemetry: {", encoding="utf-8")
    with pytest.raises(WarehouseError, match=r"dagster.yaml is not valid YAML"):
        prepare(home)


def prepared(home: Home, **settings: str) -> subprocess.CompletedProcess[str]:
    """The command of the unit ``acv-prepare``."""
    return subprocess.run(
        [sys.executable, "-m", "acv_pipeline.orchestration.instance"],
        env=os.environ | {"ACV_HOME": str(home.root)} | settings,
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_server_is_prepared(home: Home) -> None:
    said = prepared(home)
    assert said.returncode == 0 and said.stderr == "", said
    assert (home.dagster / "history" / "runs.db").exists()


@pytest.mark.parametrize(
    ("variable", "content", "told"),
    [
        ("ACV_STORAGE_URL_FILE", None, "cannot read {file} (No such file or directory): is it"),
        ("ACV_STORAGE_URL_FILE", "\n", "{file} is empty: write the secret into it, or leave"),
        ("ACV_STORAGE_URL_FILE", PASSWORD, "ACV_STORAGE_URL is no address of a database: write"),
        ("ACV_HOME", None, "cannot write to {file}: No such file or directory"),
    ],
)
def test_what_keeps_a_server_from_being_prepared_is_one_line(
    variable: str, content: str | None, told: str, home: Home, tmp_path: Path
) -> None:
    file = tmp_path / "secret" if variable != "ACV_HOME" else Path("/proc/home")
    if content is not None:
        file.write_text(content, encoding="utf-8")
    said = prepared(home, **{variable: str(file)})
    assert said.returncode == 2, said
    (line,) = said.stderr.splitlines()
    assert line.startswith("acv-prepare: ") and told.format(file=file) in line
    assert PASSWORD not in line


def test_a_database_that_is_away_is_told_in_the_last_line(home: Home) -> None:
    """Those before it are Dagster's, of each attempt."""
    said = prepared(home, ACV_STORAGE_URL=NO_DATABASE)
    line = said.stderr.splitlines()[-1]
    assert said.returncode == 2 and line.startswith("acv-prepare: Dagster's record cannot be had")
    assert "port 9 failed: Connection refused): is that up, and is ACV_STORAGE_URL right?" in line
    assert "Traceback" not in said.stderr and PASSWORD not in said.stderr


def test_a_server_without_the_library_of_its_database_is_told(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ACV_STORAGE_URL", NO_DATABASE)
    prepare(home)
    monkeypatch.setattr("acv_pipeline.orchestration.instance.find_spec", lambda _name: None)
    with pytest.raises(WarehouseError, match="not installed: pip install"):
        prepare(home)
