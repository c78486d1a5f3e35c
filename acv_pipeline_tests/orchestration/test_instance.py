"""Dagster's home under the program's own: made once, and never another home's."""

from __future__ import annotations

import shutil
from pathlib import Path

import dagster as dg
import pytest

from acv_pipeline.orchestration.event_storage import PooledSqliteEventLogStorage
from acv_pipeline.orchestration.instance import has_unended_run, instance, prepare
from acv_pipeline.warehouse import WarehouseError
from acv_pipeline.warehouse.home import Home


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
