"""The event storage with open connections: the stock storage's data, and safe beside it."""

from __future__ import annotations

import inspect
import sqlite3
import subprocess
import sys
import textwrap
from pathlib import Path

import dagster as dg
import pytest
import yaml
from dagster import DagsterInstance
from dagster._core.storage.event_log.sqlite.sqlite_event_log import SqliteEventLogStorage

from acv_pipeline.home import Home
from acv_pipeline.orchestration.event_storage import OPEN_SHARDS
from acv_pipeline.orchestration.home import instance as open_instance
from acv_pipeline.orchestration.home import prepare


def record(instance: DagsterInstance, months: int) -> None:
    for month in range(1, months + 1):
        instance.report_runless_asset_event(
            dg.AssetMaterialization("a", partition=f"2021-{month:02}-01")
        )


def test_the_home_uses_it_and_has_its_other_settings(home: Home) -> None:
    with open_instance(home) as instance:
        assert type(instance.event_log_storage).__name__ == "PooledSqliteEventLogStorage"
        assert not instance.telemetry_enabled and not instance.nux_enabled
        assert instance.global_op_concurrency_default_limit == 1


def test_settings_changed_by_hand_are_kept(home: Home) -> None:
    prepare(home)
    config = home.dagster / "dagster.yaml"
    config.write_text("telemetry: {enabled: false}\n", encoding="utf-8")
    prepare(home)
    assert yaml.safe_load(config.read_text(encoding="utf-8")) == {"telemetry": {"enabled": False}}


def test_the_stock_storage_reads_what_it_wrote_and_back(home: Home) -> None:
    with open_instance(home) as instance:
        record(instance, 3)
    stock = SqliteEventLogStorage(str(home.dagster / "history" / "runs"))
    assert len(stock.get_materialized_partitions(dg.AssetKey("a"))) == 3
    with open_instance(home) as instance:
        record(instance, 5)
        assert len(instance.get_materialized_partitions(dg.AssetKey("a"))) == 5


def test_several_processes_write_at_once(home: Home) -> None:
    with open_instance(home) as instance:
        record(instance, 1)
    code = f"""
        from pathlib import Path
        import dagster as dg
        from acv_pipeline.home import Home
        from acv_pipeline.orchestration.home import instance
        with instance(Home(Path({str(home.root)!r}))) as opened:
            for i in range(40):
                opened.report_runless_asset_event(
                    dg.AssetMaterialization(NAME, partition=f"{{i:03}}"))
    """
    processes = [
        subprocess.Popen([sys.executable, "-c", textwrap.dedent(code).replace("NAME", repr(name))])
        for name in ("x", "y")
    ]
    assert [process.wait() for process in processes] == [0, 0]
    with open_instance(home) as instance:
        for name in ("x", "y"):
            assert len(instance.get_materialized_partitions(dg.AssetKey(name))) == 40


def test_connections_are_reused_and_their_number_is_bounded(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_instance(home) as instance:
        record(instance, 1)
        opened: list[str] = []
        connect = sqlite3.connect
        monkeypatch.setattr(
            sqlite3.dbapi2, "connect", lambda *a, **k: opened.append(str(a[0])) or connect(*a, **k)
        )
        record(instance, 10)
        assert [path for path in opened if path.endswith("index.db")] == []
        storage = instance.event_log_storage
        for number in range(OPEN_SHARDS + 5):
            with storage.run_connection(f"run-{number}"):  # type: ignore[attr-defined]
                pass
        assert len(storage._engines) == OPEN_SHARDS  # type: ignore[attr-defined]


def test_the_private_method_it_replaces_is_still_what_opens_connections() -> None:
    source = inspect.getsource(SqliteEventLogStorage)
    assert "def _connect(self, shard: str)" in source
    for name in ("run_connection", "index_connection"):
        assert "self._connect(" in inspect.getsource(getattr(SqliteEventLogStorage, name))
    assert "_db_lock" in source and "_initialized_dbs" in source


def test_run_files_are_where_the_stock_storage_has_them(home: Home) -> None:
    with open_instance(home) as instance, instance.event_log_storage.run_connection("some-run"):  # type: ignore[attr-defined]
        pass
    assert Path(home.dagster / "history" / "runs" / "some-run.db").exists()
