"""Dagster's home under the program's own: made once, and never another home's."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from acv_pipeline.home import Home
from acv_pipeline.orchestration.event_storage import PooledSqliteEventLogStorage
from acv_pipeline.orchestration.home import instance, prepare
from acv_pipeline.warehouse import WarehouseError


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
