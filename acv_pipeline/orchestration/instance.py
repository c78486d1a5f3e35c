"""Dagster's home under the program's own: written by the program, so nobody has to know it."""

from __future__ import annotations

import os
import sqlite3
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import yaml

from acv_pipeline.contract import load_contract
from acv_pipeline.environment import SecretError, secret
from acv_pipeline.environment.storage_url import STORAGE_URL
from acv_pipeline.language import _
from acv_pipeline.warehouse import WarehouseError, in_plain_words, open_warehouse
from acv_pipeline.warehouse.home import Home

if TYPE_CHECKING:
    from dagster import DagsterInstance  # preparing a home needn't wait for it

_HEADER = """\
# Written by acv_pipeline when this home was made; change it as you like, it is not written again.
"""
_RUNS = Path("history", "runs")
_ENDED = ("SUCCESS", "FAILURE", "CANCELED")
_POSTGRES = {
    "custom": {
        "module": "acv_pipeline.orchestration.postgres_storage",
        "class": "PostgresRecord",
        "config": {},  # its address holds a password, which belongs in no file here
    }
}
# what homes of version 0.1.0 have in its place: Dagster reads that variable itself, and no file
_BY_VARIABLE = {"postgres": {"postgres_url": {"env": STORAGE_URL}}}


def tick_seconds() -> int:
    """How often the landing zone is looked at and people are told: ``$ACV_TICK_SECONDS``, or 30."""
    return int(os.environ.get("ACV_TICK_SECONDS") or 30)


def _storage(home: Home) -> dict[str, object]:
    """Where runs and events are kept: files in the home, or the server of ``$ACV_STORAGE_URL``."""
    if secret(STORAGE_URL):
        return {"storage": _POSTGRES}
    return {
        "event_log_storage": {
            "module": "acv_pipeline.orchestration.event_storage",
            "class": "PooledSqliteEventLogStorage",
            "config": {"base_dir": str(home.dagster / _RUNS)},
        },
    }


def _settings(home: Home) -> dict[str, object]:
    return {
        "telemetry": {"enabled": False},
        "nux": {"enabled": False},  # no invitation to sign up for anything in the UI
        "compute_logs": {
            "module": "acv_pipeline.orchestration.compute_logs",
            "class": "RunOutput",
            # by name: a home may be moved
            "config": {"base_dir": {"env": "DAGSTER_HOME"}},
        },
        # one writes, one gets ready and waits for its turn (``Home.at_work``), the others queue
        "concurrency": {"runs": {"max_concurrent_runs": 2}},
        "run_monitoring": {"enabled": True},
        **_storage(home),
        "retention": {
            "schedule": {"purge_after_days": 90},
            "sensor": {"purge_after_days": {"skipped": 7, "failure": 30, "success": -1}},
        },
    }


def prepare(home: Home, log: Callable[[str], None] | None = None) -> None:
    """Make Dagster's home if it isn't there, and point this process to it.

    Args:
        log: called with a line for people, as ``open_warehouse`` does.
    """
    try:
        home.dagster.mkdir(parents=True, exist_ok=True)
        config = home.dagster / "dagster.yaml"
        if not config.exists():
            text = yaml.safe_dump(_settings(home), sort_keys=False)
            config.write_text(_HEADER + text, encoding="utf-8")
        written, wanted = config.read_text(encoding="utf-8"), _put_right(home)
        if wanted != written:
            if _is_of_0_1_0(home, written) and home.warehouse.exists():
                # the backup that is made of its home has the settings that it reads
                with open_warehouse(home, load_contract(), log=log):
                    pass
            config.write_text(wanted, encoding="utf-8")
        _understood(home, wanted)
    except OSError as error:
        raise WarehouseError(
            _("cannot write to {home}: {error}", home=home.root, error=error.strerror)
        ) from error
    if not os.access(home.dagster, os.W_OK):
        raise WarehouseError(_("cannot write to {folder}: no permission", folder=home.dagster))
    os.environ["DAGSTER_HOME"] = str(home.dagster)
    os.environ["ACV_HOME"] = str(home.root)


def _put_right(home: Home) -> str:
    """What ``dagster.yaml`` should say: Dagster wants whole paths, also where a home was moved."""
    config = home.dagster / "dagster.yaml"
    text = config.read_text(encoding="utf-8")
    settings = _parsed(home, text)
    storage = settings.get("event_log_storage") or {}
    place, own = (storage.get("config") or {}).get("base_dir"), str(home.dagster / _RUNS)
    if storage.get("class") == "PooledSqliteEventLogStorage" and place not in (None, own):
        text = text.replace(str(place), own)
    if _is_of_0_1_0(home, text):
        old, new = (
            yaml.safe_dump({"storage": s}, sort_keys=False) for s in (_BY_VARIABLE, _POSTGRES)
        )
        text = text.replace(old, new)  # where it is as it was written then
    return text


def _is_of_0_1_0(home: Home, text: str) -> bool:
    return _parsed(home, text).get("storage") == _BY_VARIABLE


def _parsed(home: Home, text: str) -> dict[str, Any]:
    try:
        return yaml.safe_load(text) or {}
    except yaml.YAMLError as error:
        file = home.dagster / "dagster.yaml"
        raise WarehouseError(
            _("{file} is not valid YAML: {error}", file=file, error=error)
        ) from error


def _understood(home: Home, text: str) -> None:
    """Whether this process can have the record that these settings name.

    Raises:
        WarehouseError: it lacks the database's address, or the library for it.
    """
    if _parsed(home, text).get("storage") not in (_POSTGRES, _BY_VARIABLE):
        return
    if not secret(STORAGE_URL):
        raise WarehouseError(
            _(
                "{home} keeps Dagster's record in the database that ${variable} names, which "
                "is not set: run this with the settings of the server, 'acv-shell acv …'",
                home=home.root,
                variable=STORAGE_URL,
            )
        )
    if find_spec("dagster_postgres") is None:
        raise WarehouseError(
            _(
                "{home} keeps Dagster's record in Postgres, for which 'dagster_postgres' is "
                "not installed: pip install 'acv_pipeline[server]'",
                home=home.root,
            )
        )


def has_unended_run(home: Home) -> bool:
    """Whether Dagster's record here has a run that has not ended, perhaps because it died.

    Read without loading Dagster, which takes longer than a run with nothing to do. On a server it
    is the arrival sensor that asks.
    """
    record = home.dagster / "history" / "runs.db"
    if secret(STORAGE_URL) or not record.exists():
        return False
    unended = f"select 1 from runs where status not in {_ENDED} limit 1"
    try:
        with closing(sqlite3.connect(record)) as connection:
            return connection.execute(unended).fetchone() is not None
    except sqlite3.Error:  # without tables yet, busy or damaged: a run with something to do says so
        return False


@contextmanager
def instance(home: Home) -> Iterator[DagsterInstance]:
    """The Dagster instance of this home."""
    from dagster import DagsterInstance

    prepare(home)
    with _plainly(home), DagsterInstance.from_config(str(home.dagster)) as opened:
        yield opened


@contextmanager
def instance_as_it_is(home: Home) -> Iterator[DagsterInstance | None]:
    """The Dagster instance of this home, for whoever only looks; None where nothing has run yet.

    No settings are made or put right in the home. Where none are there, as in the pod of a code
    server, whose runs are told them by the daemon, the record is that of ``$ACV_STORAGE_URL``.
    """
    from dagster import DagsterInstance
    from dagster._core.instance.ref import InstanceRef

    if (home.dagster / "dagster.yaml").exists():
        text = _put_right(home)
    elif secret(STORAGE_URL):
        text = yaml.safe_dump(_settings(home))
    else:
        yield None
        return
    _understood(home, text)
    os.environ["DAGSTER_HOME"] = str(home.dagster)
    with TemporaryDirectory(prefix="acv-") as folder:
        Path(folder, "dagster.yaml").write_text(text, encoding="utf-8")
        reference = InstanceRef.from_dir(str(home.dagster), config_dir=folder)
    with _plainly(home), DagsterInstance.from_ref(reference) as opened:
        yield opened


@contextmanager
def _plainly(home: Home) -> Iterator[None]:
    """What a database's library says of its surroundings is told as such."""
    import sqlalchemy.exc  # loading the definitions goes without

    try:
        with in_plain_words(home.root):
            yield
    except sqlalchemy.exc.DBAPIError as error:
        with in_plain_words(home.root):
            raise error.orig or error from None


def main() -> int:
    """Make home and tables before several processes, which would all try to, start on it at once.

    Returns:
        The exit code: 2, after a line that says why, where that cannot be done.
    """
    try:
        with instance(Home.from_environment()):
            return 0
    except (SecretError, WarehouseError) as error:
        print(_("acv-prepare: {message}", message=error), file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
