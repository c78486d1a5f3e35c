"""A small world to break runs in: a home with a past, and deliveries that move every part of it."""

from __future__ import annotations

import hashlib
import shutil
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import dagster as dg
import duckdb
from dagster import DagsterInstance

from acv_pipeline.contract import load_contract
from acv_pipeline.contract.months import month_of
from acv_pipeline.flow.pipeline import Pipeline
from acv_pipeline.orchestration.dead_runs import GOING_ON
from acv_pipeline.warehouse.home import Home
from acv_pipeline.warehouse.journal import read_journal
from acv_pipeline_tests.deliveries import deliver, deliver_trajectory, steady_figures

PARTNERS = ("anah", "action_logement")
# what differs from run to run without meaning anything
VOLATILE_COLUMNS = {"received_at", "modified_ns", "evaluated_at"}
VOLATILE_TABLES = {"raw.commits"}
# on record, or about to be: differs until a run has ended
RECORDED_LATER = {"validated.due_months", "validated.check_results", "raw.lately_received"}
# written by the program beside the tables, and not compared as bytes
NO_RESULT = {
    "dagster",
    "quality",  # a validation is kept under its moment
    "warehouse.duckdb",
    "warehouse.duckdb.wal",
    "journal.jsonl",
    "replaced",  # what a look at a file whose writer was killed leaves, such as its lock
    "at_work.lock",
    "turn.lock",
}

Digests = dict[str, str]


@dataclass(frozen=True)
class World:
    """A folder with a landing zone and homes in it."""

    root: Path

    @property
    def landing(self) -> Path:
        """What was delivered so far."""
        return self.root / "landing"

    def fresh(self, name: str, past: str | None = None) -> Home:
        """A home to run in: a copy of the home ``past``, or nothing at all."""
        home = Home(self.root / name)
        shutil.rmtree(home.root, ignore_errors=True)
        if past is not None:
            shutil.copytree(self.root / past, home.root, symlinks=True)
            config = home.dagster / "dagster.yaml"
            if config.exists():
                text = config.read_text(encoding="utf-8")
                text = text.replace(str(self.root / past), str(home.root))
                config.write_text(text, encoding="utf-8")
        return home


def deliver_past(landing: Path) -> None:
    """A good month of both partners, and a second that is held: 62 has no row."""
    contract = load_contract()
    for source in PARTNERS:
        deliver_trajectory(landing, contract, source, ["2018-09"])
    deliver_trajectory(landing, contract, "anah", ["2018-10"])
    october = steady_figures(contract, month_of("2018-10"), source="action_logement")
    del october["62"]
    deliver(landing, "action_logement", "2018-11-10", {"2018-10": october}, name="held.csv")


def deliver_news(landing: Path) -> None:
    """A month of both, what settles the hold, a correction, a release, and a refused file."""
    contract = load_contract()
    for source in PARTNERS:
        deliver_trajectory(landing, contract, source, ["2018-11"])
    october = steady_figures(contract, month_of("2018-10"), source="action_logement")
    deliver(landing, "action_logement", "2018-11-20", {"2018-10": october}, name="settles.csv")
    corrected: dict[str, int | str] = {**steady_figures(contract, month_of("2018-10"))}
    corrected["62"] = int(corrected["62"]) + 1
    corrected["59"] = "n.c."  # quarantined; the figure delivered before stays in force
    deliver(landing, "anah", "2018-12-05", {"2018-10": corrected}, name="corrects.csv")
    release = {"2018-10": steady_figures(contract, month_of("2018-10"), source="barometre")}
    deliver(landing, "barometre", "2018-12-07", release)
    # refused; counts for a month that nothing else says anything about
    deliver(landing, "anah", "2019-03-06", {"2018-10": {}}, name="empty.csv")


def tables(path: Path, *, also_recorded: bool = False) -> Digests:
    """A digest of every table with rows of a DuckDB file, whatever their order.

    Args:
        also_recorded: also the tables that a run writes step by step.
    """
    connection = duckdb.connect(str(path), read_only=True)
    try:
        names = [
            f"{schema}.{name}"
            for schema, name in connection.execute(
                "select schema_name, table_name from duckdb_tables() order by all"
            ).fetchall()
        ]
        left_out = VOLATILE_TABLES | (set() if also_recorded else RECORDED_LATER)
        digests = {name: _digest(connection, name) for name in names if name not in left_out}
        return {name: digest for name, digest in digests.items() if not digest.startswith("0 ")}
    finally:
        connection.close()


def _digest(connection: duckdb.DuckDBPyConnection, table: str) -> str:
    columns = [row[0] for row in connection.execute(f"describe {table}").fetchall()]
    kept = ", ".join(f'"{name}"' for name in columns if name not in VOLATILE_COLUMNS)
    ((rows, digest),) = connection.execute(
        f"select count(*), sum(hash({kept})) from {table}"
    ).fetchall()
    return f"{rows} rows {digest}"


def files(home: Home) -> Digests:
    """A digest of every result file of a home; of databases, of their tables."""
    journal = [
        {name: value for name, value in entry.items() if name not in VOLATILE_COLUMNS}
        for entries in read_journal(home).values()
        for entry in entries
    ]
    found = {"journal": "\n".join(sorted(map(str, journal)))}
    for path in sorted(home.root.rglob("*")):
        name = path.relative_to(home.root)
        if path.is_dir() or name.parts[0] in NO_RESULT:
            continue
        if path == home.published:
            found |= {f"published {k}": v for k, v in tables(path, also_recorded=True).items()}
        else:
            found[str(name)] = hashlib.sha256(path.read_bytes()).hexdigest()[:16]
    return found


def state(home: Home) -> dict[str, Digests | None]:
    """What a process that died may leave half done: the figures, and the copy for readers."""
    figures = tables(home.warehouse) if home.warehouse.exists() else {}
    return {
        # reference tables, and what the layout is, are the same at every moment, or not there yet
        "warehouse": {
            name: digest
            for name, digest in figures.items()
            if name.startswith(("raw.", "validated.", "marts."))
            and name not in ("raw.fingerprints", "raw.schema_version")
        },
        "published": tables(home.published) if home.published.exists() else None,
    }


def on_record(home: Home) -> Digests:
    """What Dagster's record says: months materialised, and the last word of every check."""
    with DagsterInstance.from_config(str(home.dagster)) as instance:
        keys = [key for key in instance.all_asset_keys() if key is not None]
        months = {
            f"record of {key.to_user_string()}": " ".join(
                sorted(instance.get_materialized_partitions(key))
            )
            for key in keys
        }
        checks = Pipeline.configured(home, home.root).checks()
        said = defaultdict(list)
        for info in instance.event_log_storage.get_asset_check_partition_info(
            [dg.AssetCheckKey(dg.AssetKey(check.asset), check.name) for check in checks]
        ):
            word = info.latest_execution_status.value if info.is_current else "outdated"
            said[f"record of {info.check_key}"].append(f"{info.partition_key} {word}")
        open_runs = instance.get_run_ids(dg.RunsFilter(statuses=GOING_ON))
    words = {check: " ".join(sorted(of_months)) for check, of_months in said.items()}
    return {**months, **words, "runs that never end": " ".join(open_runs)}


def everything(home: Home) -> Digests:
    """All that a finished run leaves, for comparing one home with another."""
    return {
        **{f"warehouse {k}": v for k, v in tables(home.warehouse, also_recorded=True).items()},
        **files(home),
        **(on_record(home) if home.dagster.exists() else {}),
    }
