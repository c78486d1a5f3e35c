"""What a task does: read a delivery, or judge, build and test one family of indicators.

A task knows nothing but what it is handed: the machine it runs on has neither the environment nor
the contract of whoever asks. It works in a warehouse of its own, in memory, with the code that one
machine runs, and leaves files that nobody sees until whoever asked puts them on record.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import os
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd

from acv_pipeline.contract import Contract, Month
from acv_pipeline.contract.tables import tables
from acv_pipeline.engines.parts import Store, types_of
from acv_pipeline.landing import LandedFile, sidecar_path
from acv_pipeline.language import _
from acv_pipeline.ledger.blocks import Covered
from acv_pipeline.ledger.raw_rows import write_records
from acv_pipeline.ledger.read_one import Read, read_one
from acv_pipeline.ledger.received import Outside, received
from acv_pipeline.ledger.store import months_to_judge, read_fresh, write_judged
from acv_pipeline.models import Project
from acv_pipeline.quality.check import Check
from acv_pipeline.quality.evaluation import tallied
from acv_pipeline.quality.sql_tests import Outcome, outcomes
from acv_pipeline.quality.table_checks import sql_project
from acv_pipeline.quality.tally import Tallies
from acv_pipeline.warehouse import (
    FIGURES,
    append,
    fingerprints,
    layout,
    own_tables,
    program_version,
    scratch_warehouse,
    transaction,
)
from acv_pipeline.warehouse.file_tables import reading, stored

PACKAGE = Path(__file__).parents[1]
RAW = ("raw.extract_rows", "raw.tidy_rows")
JUDGED = (
    "validated.observations",
    "validated.corrections",
    "validated.verdicts",
    "validated.held_months",
    "validated.quarantined_rows",
    "validated.published_totals",
)


class WrongWorkerError(Exception):
    """A task was not given what it should have been, or runs other code; nothing is written."""


@dataclass(frozen=True)
class Job:
    """What all tasks of a job are handed.

    Attributes:
        contract: with all indicators to read deliveries, else with those of the job's families.
        known: all indicators.
        code: what the worker's package must agree with (``code_of``).
        shared: by table, the file of those that every family reads.
        environment: the variables that a task heeds.
    """

    contract: Contract
    known: Sequence[str]
    project: Project
    store: Store
    code: str
    shared: Mapping[str, str] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)


def code_of(contract: Contract, project: Project) -> str:
    """Changes with the program, to the letter, its tables, the contract and the SQL project."""
    said = f"{layout(contract)} {project.fingerprint} {_of_package()}"
    return f"{program_version()} {hashlib.sha256(said.encode()).hexdigest()[:12]}"


@cache
def _of_package() -> str:
    """Changes with any module."""
    modules = sorted(PACKAGE.rglob("*.py"))
    return hashlib.sha256(b"".join(path.read_bytes() for path in modules)).hexdigest()


@dataclass(frozen=True)
class FileTask:
    """A delivery to be read: its bytes, those of its sidecar, and where it was received."""

    delivery_id: str
    file: LandedFile
    content: bytes
    sidecar: bytes | None


@dataclass(frozen=True)
class Written:
    """The rows of a delivery, as files.

    Attributes:
        files: by table.
        rows: how many there are, as ``raw.row_counts`` has them.
        covered: what it has of each indicator and month, where it states something of all.
    """

    files: dict[str, str]
    rows: list[tuple[str | None, Month | None, str | None, str, int]]
    covered: dict[tuple[str, Month], Covered]


@dataclass(frozen=True)
class FamilyTask:
    """A family, and what stands of it.

    Attributes:
        indicators: none for the rows that are of no indicator of the contract.
        rows: how many received rows are its own.
        deliveries: those that have any.
        received: by raw table, the files of these.
        files: by table, the file that stands.
    """

    name: str
    indicators: tuple[str, ...]
    rows: int
    deliveries: tuple[str, ...]
    received: Mapping[str, Sequence[str]]
    files: Mapping[str, str]
    outside: Outside = field(default_factory=Outside)


@dataclass(frozen=True)
class JudgedFamily:
    """What judging a family gave; ``differing`` are the months that stood otherwise."""

    name: str
    files: dict[str, str]
    differing: set[Month]
    changed: set[Month]
    moved: bool


@dataclass(frozen=True)
class Built:
    """The marts of a family: the files of those that changed, and by model the months moved."""

    name: str
    files: dict[str, str]
    moved: dict[str, frozenset[dt.date]]


@dataclass(frozen=True)
class Tested:
    """What the checks found in a family."""

    name: str
    tallies: Tallies
    outcomes: dict[str, Outcome]


Work = Callable[[Job, Any, str], Any]
"""What a task does with its item; the text is a name for files that no other attempt has."""


def read(job: Job, task: Sequence[FileTask], attempt: str) -> list[Read]:
    """Read deliveries one after the other and write the rows of each."""
    with (
        _prepared(job),
        tempfile.TemporaryDirectory(prefix="acv-task-") as name,
        scratch_warehouse(job.contract, Path(name)) as connection,
    ):
        job.store.attach(connection)
        return [_read_one(connection, job, each, Path(name), attempt) for each in task]


def _read_one(
    connection: duckdb.DuckDBPyConnection, job: Job, task: FileTask, folder: Path, attempt: str
) -> Read:
    path = folder / task.file.source / str(task.file.delivered_on) / task.file.name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(task.content)
    os.utime(path, ns=(task.file.modified_ns, task.file.modified_ns))
    if task.sidecar is not None:
        sidecar_path(path).write_bytes(task.sidecar)
    done = read_one(replace(task.file, path=path), job.contract)
    path.unlink()
    sidecar_path(path).unlink(missing_ok=True)
    if done.refusal:
        return done
    for table in ("raw.deliveries", *RAW):
        connection.execute(f"delete from {table}")
    return replace(done, rows=_written(connection, job, task, done, attempt))


def judge(
    job: Job, task: FamilyTask, attempt: str, months: Sequence[Month] | None = None
) -> JudgedFamily:
    """Judge a family and write what is in force of it, for the given months or for all."""
    with _prepared(job), _family(job, task, written=JUDGED) as (connection, contract):
        fresh = read_fresh(connection, contract, task.outside)
        with transaction(connection):
            changed = write_judged(connection, fresh, months)
        files = {
            table: job.store.write(connection, table, f"from {table} order by all", attempt)
            for table in JUDGED
        }
        moved = FIGURES in fingerprints(connection)
        return JudgedFamily(task.name, files, months_to_judge(fresh), changed, moved)


def build(job: Job, task: FamilyTask, attempt: str, models: Sequence[str] = ()) -> Built:
    """Build marts of a family."""
    project = job.project
    marts = [project.models[name].table for name in models]
    with _prepared(job), _family(job, task, written=marts) as (connection, _):
        with transaction(connection):
            moved = project.build(connection, models)
        files = {
            table: job.store.write(connection, table, f"from {table} order by all", attempt)
            for name, table in zip(models, marts, strict=True)
            if moved[name] or table not in task.files
        }
        return Built(task.name, files, moved)


def test(
    job: Job,
    task: FamilyTask,
    attempt: str,
    checks: Sequence[Check] = (),
    tests: Sequence[Check] = (),
    months: Sequence[Month] = (),
) -> Tested:
    """Ask the checks of a family: those of tables, and the SQL project's tests."""
    with _prepared(job), _family(job, task) as (connection, contract):
        found = tallied(connection, contract, checks, months) if checks and months else {}
        return Tested(task.name, found, outcomes(connection, job.project, tests))


@contextmanager
def _prepared(job: Job) -> Iterator[None]:
    """The surroundings that whoever asked has, as far as a task heeds them."""
    before = dict(os.environ)
    os.environ.update(job.environment)
    try:
        here = code_of(job.contract, sql_project())
        if here != job.code:
            raise WrongWorkerError(
                _(
                    "this worker has another acv_pipeline ({here}) than whoever started the run "
                    "({there}): install the same package on every machine",
                    here=here,
                    there=job.code,
                )
            )
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


@contextmanager
def _family(
    job: Job, task: FamilyTask, written: Sequence[str] = ()
) -> Iterator[tuple[duckdb.DuckDBPyConnection, Contract]]:
    """A warehouse with what is on record of a family; tables that are ``written`` are its own."""
    contract = job.contract.of(task.indicators)
    models = {model.table: model for model in job.project.models.values()}
    with (
        tempfile.TemporaryDirectory(prefix="acv-task-") as name,
        scratch_warehouse(contract, Path(name)) as connection,
    ):
        job.store.attach(connection)
        known, own, heeded = map(
            _listed,
            (job.known, task.indicators, {*task.deliveries, *task.outside.undated}),
        )
        mine = (
            f"indicator_id in {own}" if task.indicators
            else f"coalesce(indicator_id not in {known}, true)"
        )  # fmt: skip
        for table, file in job.shared.items():
            whose = "true"
            if table == "raw.deliveries":  # of others, nothing follows
                whose = f"delivery_id in {heeded}"
            elif table in tables() and "indicator_id" in tables()[table].types:
                whose = mine
            _stand(connection, table, f"from {stored(file)} where {whose}")
        for table, whose in zip(RAW, ("true", mine), strict=True):
            rows = reading(task.received[table], types_of(table))
            _stand(connection, table, f"from ({rows}) where {whose}")
        ((rows,),) = connection.execute("select count(*) from raw.tidy_rows").fetchall()
        if rows != task.rows:
            raise WrongWorkerError(
                _(
                    "{family} has {rows} received rows here and {known} on record: the files of "
                    "{address} are not those that the warehouse names",
                    family=task.name or "-",
                    rows=rows,
                    known=task.rows,
                    address=job.store.address,
                )
            )
        for table in (*JUDGED, *models):
            path = task.files.get(table)
            what = reading([path] if path else [], types_of(models.get(table, table)))
            if path and table in models:  # with the columns that it had
                what = f"from {stored(path)}"
            if table not in written:
                _stand(connection, table, what)
            elif table in task.files:
                _stand(connection, table, what, as_table=True)
        yield connection, contract


def _listed(texts: Iterable[str]) -> str:
    """Texts as a list in SQL."""
    quoted = ("'" + text.replace("'", "''") + "'" for text in sorted(texts))
    return f"({', '.join(quoted) or 'null'})"


def _stand(
    connection: duckdb.DuckDBPyConnection, table: str, select: str, *, as_table: bool = False
) -> None:
    """Let what a SELECT gives stand for a table."""
    connection.execute(f"create schema if not exists {table.partition('.')[0]}")
    if as_table and table in own_tables(connection):
        connection.execute(f"insert into {table} {select}")
        return
    if table in own_tables(connection):
        connection.execute(f"drop table {table}")
    connection.execute(f"create {'table' if as_table else 'view'} {table} as {select}")


def _written(
    connection: duckdb.DuckDBPyConnection, job: Job, task: FileTask, done: Read, attempt: str
) -> Written:
    write_records(connection, [(task.delivery_id, done.rows)])
    identity = {
        "delivery_id": task.delivery_id,
        "source": task.file.source,
        "delivered_on": task.file.delivered_on,
        "file_name": task.file.name,
        "received_at": dt.datetime.min,
    }
    append(connection, "raw.deliveries", pd.DataFrame([identity | done.said]))
    (figures,) = received(connection, job.contract)
    states_all = any(total.indicator_id is None for total in figures.control_totals)
    # each family looks for its own rows: where they lie together, it needn't read the others
    files = {
        "raw.extract_rows": job.store.write(
            connection, "raw.extract_rows", "from raw.extract_rows order by row_number", attempt
        ),
        "raw.tidy_rows": job.store.write(
            connection, "raw.tidy_rows", "from raw.tidy_rows order by indicator_id, month", attempt
        ),
    }
    counted = connection.execute(
        "select indicator_id, month, level, fate, rows from raw.row_counts"
    ).fetchall()
    return Written(
        files,
        counted,
        {key: figures.covered(*key) for key in figures.blocks} if states_all else {},
    )
