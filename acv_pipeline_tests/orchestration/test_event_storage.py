"""The event storage with open connections: the stock storage's data, and safe beside it."""

from __future__ import annotations

import inspect
import sqlite3
import subprocess
import sys
import textwrap
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import yaml
from dagster import DagsterInstance
from dagster._core.storage.event_log.sqlite.sqlite_event_log import SqliteEventLogStorage
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from acv_pipeline.assets.step import settle
from acv_pipeline.orchestration import event_storage
from acv_pipeline.orchestration.event_storage import OPEN_SHARDS
from acv_pipeline.orchestration.instance import instance as open_instance
from acv_pipeline.orchestration.instance import prepare
from acv_pipeline.warehouse import WarehouseError
from acv_pipeline.warehouse.home import Home


def record(instance: DagsterInstance, months: int) -> None:
    for month in range(1, months + 1):
        instance.report_runless_asset_event(
            dg.AssetMaterialization("a", partition=f"2021-{month:02}-01")
        )


def test_the_home_uses_it_and_has_its_other_settings(home: Home) -> None:
    with open_instance(home) as instance:
        assert type(instance.event_log_storage).__name__ == "PooledSqliteEventLogStorage"
        assert not instance.telemetry_enabled and not instance.nux_enabled
        assert instance.get_settings("concurrency") == {"runs": {"max_concurrent_runs": 2}}


def test_settings_changed_by_hand_are_kept(home: Home) -> None:
    prepare(home)
    config = home.dagster / "dagster.yaml"
    config.write_text("telemetry: {enabled: false}\n", encoding="utf-8")
    prepare(home)
    assert yaml.safe_load(config.read_text(encoding="utf-8")) == {"telemetry": {"enabled": False}}


def test_a_home_of_the_server_without_its_settings_says_which(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as server:
        server.setenv("ACV_STORAGE_URL", "postgresql+psycopg2://acv:secret@127.0.0.1/dagster")
        prepare(home)
    with pytest.raises(WarehouseError, match=r"\$ACV_STORAGE_URL names, which is not set"):
        prepare(home)


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
        from acv_pipeline.warehouse.home import Home
        from acv_pipeline.orchestration.instance import instance
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


@pytest.fixture
def stock(tmp_path: Path) -> Iterator[DagsterInstance]:
    """An instance with Dagster's own event storage."""
    folder = tmp_path / "stock"
    folder.mkdir()
    (folder / "dagster.yaml").write_text("telemetry: {enabled: false}\n", encoding="utf-8")
    with DagsterInstance.from_config(str(folder)) as instance:
        yield instance


MONTHS = dg.MonthlyPartitionsDefinition("2021-01-01", end_date="2021-05-01")


def record_range(instance: DagsterInstance, *, twice: bool = False) -> str:
    """A run of two assets and three checks over four months, like the pipeline's; its id."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", category=dg.PreviewWarning)
        checks = [
            dg.AssetCheckSpec(name, asset="a", partitions_def=MONTHS) for name in ("x", "y", "z")
        ]

    @dg.multi_asset(
        specs=[dg.AssetSpec(name, partitions_def=MONTHS) for name in ("a", "b")],
        check_specs=checks,
        partitions_def=MONTHS,
        can_subset=True,
        backfill_policy=dg.BackfillPolicy.single_run(),
    )
    def step(context):  # type: ignore[no-untyped-def]  # Dagster reads annotations as classes
        for month in context.partition_keys[1:]:  # nothing came for the first
            context.log.info(f"recording {month}")
            for asset in ("a", "b"):
                yield dg.AssetMaterialization(asset, partition=month, metadata={"rows": 7})
            for check in ("x", "y") * (2 if twice else 1):
                yield dg.AssetCheckEvaluation(
                    asset_key=dg.AssetKey("a"),
                    check_name=check,
                    partition=month,
                    passed=check == "x",
                    severity=dg.AssetCheckSeverity.WARN,
                )

        # a month beside the run's, which moved with them
        yield dg.AssetCheckEvaluation(
            asset_key=dg.AssetKey("a"), check_name="x", partition="2021-05-01", passed=True
        )

    job = dg.Definitions(
        assets=[step], jobs=[dg.define_asset_job("job")], executor=dg.in_process_executor
    ).resolve_job_def("job")
    edges = {
        f"dagster/asset_partition_range_{edge}": f"2021-0{month}-01"
        for edge, month in (("start", 1), ("end", 4))
    }
    return job.execute_in_process(instance=instance, tags=edges).run_id


def stored(instance: DagsterInstance, run_id: str) -> dict[str, list[tuple[Any, ...]]]:
    """What the event log's files hold, without ids and times."""
    storage = instance.event_log_storage
    assert isinstance(storage, SqliteEventLogStorage)
    events = "select dagster_event_type, step_key, asset_key, partition from event_logs order by id"
    asked = {
        ("run", run_id): events,
        ("index", "index"): events,
        ("assets", "index"): (
            "select asset_key, last_run_id = :run, last_materialization is not null,"
            " last_materialization like '%2021-04-01%', last_materialization_timestamp is not null"
            " from asset_keys order by asset_key"
        ),
        ("checks", "index"): (
            "select executed.asset_key, check_name, executed.partition, executed.run_id = :run,"
            " execution_status, event_logs.dagster_event_type, event_logs.partition,"
            " event_logs.event = evaluation_event, evaluation_event_timestamp = timestamp,"
            " materialization_event_storage_id"
            " from asset_check_executions as executed"
            " join event_logs on event_logs.id = evaluation_event_storage_id"
            " order by check_name, executed.partition"
        ),
    }
    found = {}
    for (name, shard), sql in asked.items():
        with storage.run_connection(shard) as connection:
            found[name] = [tuple(row) for row in connection.execute(text(sql), {"run": run_id})]
    return found


@pytest.mark.parametrize("twice", [False, True])
def test_a_run_leaves_the_same_as_with_the_stock_storage(
    home: Home, stock: DagsterInstance, twice: bool
) -> None:
    with open_instance(home) as instance:
        ours = stored(instance, record_range(instance, twice=twice))
    theirs = stored(stock, record_range(stock, twice=twice))
    assert ours == theirs
    # those that were planned and not evaluated included, and the one that wasn't planned
    assert len(ours["checks"]) == 3 * 4 + 1


def test_what_waits_is_seen_by_whoever_asks(home: Home) -> None:
    with open_instance(home) as instance:
        run_id = record_range(instance)
        entry = next(e for e in instance.all_logs(run_id) if e.dagster_event and e.step_key)
        storage = instance.event_log_storage
        before = len(instance.all_logs(run_id))
        materialized = instance.all_logs(run_id, of_type=dg.DagsterEventType.ASSET_MATERIALIZATION)
        storage.store_event(materialized[0])
        assert storage._waiting  # type: ignore[attr-defined]
        assert len(instance.all_logs(run_id)) == before + 1
        storage.store_event(materialized[0])
        storage.store_event(entry)  # of another kind: what waited is stored before it
        kinds = [e.dagster_event.event_type for e in instance.all_logs(run_id) if e.dagster_event]
        assert kinds[-2:] == [dg.DagsterEventType.ASSET_MATERIALIZATION, kinds[-1]]
        storage.store_event(materialized[0])
    with open_instance(home) as instance:  # closing wrote the last one
        assert len(instance.all_logs(run_id)) == before + 4


def test_what_is_settled_is_in_the_files(home: Home) -> None:
    """Before months count as recorded, so that a kill takes nothing away from them."""
    with open_instance(home) as instance:
        run_id = record_range(instance)
        (first, *_) = instance.all_logs(run_id, of_type=dg.DagsterEventType.ASSET_MATERIALIZATION)

        def on_disk(shard: str) -> int:
            file = home.dagster / "history" / "runs" / f"{shard}.db"
            kind = "dagster_event_type = 'ASSET_MATERIALIZATION'"
            with sqlite3.connect(file) as own:  # without the storage, which would write first
                (count,) = own.execute(f"select count(*) from event_logs where {kind}").fetchone()
            return int(count)

        before = [on_disk(run_id), on_disk("index")]
        instance.event_log_storage.store_event(first)
        assert [on_disk(run_id), on_disk("index")] == before
        settle(instance, run_id)
        assert [on_disk(run_id), on_disk("index")] == [count + 1 for count in before]


def test_a_batch_that_fails_is_written_one_by_one(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    def half_done(*_: object) -> None:
        raise OperationalError("disk I/O error", None, Exception())

    monkeypatch.setattr(event_storage, "_record_evaluations", half_done)
    with open_instance(home) as instance:
        run_id = record_range(instance)
        summary = stored(instance, run_id)
    evaluated = [row for row in summary["run"] if row[0] == "ASSET_CHECK_EVALUATION"]
    assert len(evaluated) == 7  # none lost, none twice


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


def test_the_private_methods_it_relies_on_are_still_there() -> None:
    source = inspect.getsource(SqliteEventLogStorage)
    assert "def _connect(self, shard: str)" in source
    for name in ("run_connection", "index_connection"):
        assert "self._connect(" in inspect.getsource(getattr(SqliteEventLogStorage, name))
    assert "_db_lock" in source and "_initialized_dbs" in source
    for name in (
        "_event_to_row", "_store_asset_event", "_store_asset_event_tags",
        "_has_asset_key_col_on_connection",
    ):  # fmt: skip
        assert hasattr(SqliteEventLogStorage, name)
