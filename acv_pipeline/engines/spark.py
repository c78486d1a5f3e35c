"""A Spark cluster: what belongs together is a task, and each task does what one machine does.

A family of indicators is the smallest group that can be judged, built and tested without looking
at any other (``Contract.families``). The driver knows which files each is made of and what each
was last made from; it hands out those that changed, and puts on record what comes back.
"""

from __future__ import annotations

import hashlib
import os
import pickle
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from acv_pipeline.contract import Contract, Month
from acv_pipeline.engines import parts
from acv_pipeline.engines.duckdb import was_built
from acv_pipeline.engines.engine import Log, Progress
from acv_pipeline.landing import LandedFile, Zone, sidecar_path
from acv_pipeline.language import _, language
from acv_pipeline.ledger import months_on_record
from acv_pipeline.models import Project
from acv_pipeline.quality.check import Check, CheckResult
from acv_pipeline.quality.everything import evaluate_all
from acv_pipeline.quality.sql_tests import Outcome, sql_checks, told_of_tests
from acv_pipeline.quality.table_checks import checks as table_checks
from acv_pipeline.warehouse import (
    FILES,
    WarehouseError,
    commits,
    figures_moved,
    fingerprints,
    own_tables,
    read_published,
    set_fingerprint,
    transaction,
)
from acv_pipeline.warehouse.home import Home

if TYPE_CHECKING:
    # made with libraries that take a while to import: loading the definitions goes without
    from acv_pipeline.engines.family import FamilyTask, Judged, Tested
    from acv_pipeline.ledger.load import LoadReport
    from acv_pipeline.ledger.read_one import Read
    from acv_pipeline.ledger.store import JudgeReport

REST = ""  # the family of the rows that are of no indicator
ADDRESS = "files"  # the fingerprint of a warehouse that says where its files lie
CHUNK_BYTES, CHUNK_FILES = 256_000_000, 500
IN_FAMILIES = "validated_dwellings"  # beside the marts: what can be checked family by family
SHARED = (
    "raw.deliveries",
    "raw.sightings",
    "validated.signoffs",
    "validated.explanations",
    "contract.corrections",
)
_STATE = """
create table if not exists engine.received (delivery_id varchar, indicator_id varchar, rows bigint);
create table if not exists engine.covered (
    delivery_id varchar, indicator_id varchar, month date, total double, rows bigint,
    quarantined bigint
);
create table if not exists engine.undated (delivery_id varchar);
create table if not exists engine.done (
    what varchar, family varchar, made_from varchar, found blob
);
"""


@dataclass
class _Kept:
    """What was judged for all months and is not on record yet, and after which commit."""

    at: int
    judged: list[Judged]


@dataclass(frozen=True)
class Spark:
    """The engine of a cluster; see ``Engine`` for what it does.

    Attributes:
        master: as Spark calls it: ``spark://host:7077``, ``yarn``, ``k8s://…``, ``local[2]``.
        address: where files lie that every machine sees; by default ``tables`` in the home.
    """

    master: str
    address: str = ""
    home: Home | None = None
    kept: list[_Kept] = field(default_factory=list, compare=False, repr=False)

    def at(self, home: Home) -> Spark:
        """The same cluster, for another home."""
        return self if home == self.home else replace(self, home=home, kept=[])

    @property
    def store(self) -> parts.Store:
        """Where the files lie."""
        assert self.home is not None
        return parts.Store(self.address or str(self.home.root / "tables"))

    def prepare(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Make the big tables views of files, in a home where nothing is yet."""
        from acv_pipeline.engines.family import JUDGED, RAW

        self.store.attach(connection)
        if FILES in own_tables(connection):
            found = fingerprints(connection).get(ADDRESS)
            if found != self.store.address:
                raise WarehouseError(
                    _(
                        "the tables of this home lie in {found}, and ACV_WAREHOUSE says {said}: "
                        "set it to where they are",
                        found=found,
                        said=self.store.address,
                    )
                )
            return
        if connection.execute("from raw.deliveries limit 1").fetchone():
            raise WarehouseError(
                _(
                    "this home was made without Spark and keeps its tables itself: set "
                    "ACV_ENGINE=duckdb, or give another ACV_HOME and receive the deliveries there"
                )
            )
        with transaction(connection):
            parts.create(connection)
            connection.execute(_STATE)
            for table in (*RAW, *JUDGED):
                connection.execute(f"drop table {table}")
                parts.show(connection, table)
            set_fingerprint(connection, ADDRESS, self.store.address)

    def receive(
        self,
        connection: duckdb.DuckDBPyConnection,
        landing: Zone,
        contract: Contract,
        *,
        sources: Iterable[str],
        settle_seconds: float,
        progress: Progress | None,
        log: Log,
    ) -> LoadReport:
        """Take in what is new, a delivery a task."""
        from acv_pipeline.ledger.load import load

        return load(
            connection,
            landing,
            contract,
            sources=sources,
            settle_seconds=settle_seconds,
            progress=progress,
            read_all=partial(self._read_all, connection, log),
            write_rows=_write_rows,
        )

    def months_to_judge(
        self, connection: duckdb.DuckDBPyConnection, contract: Contract, log: Log
    ) -> set[Month]:
        """The months that bringing everything into force would change."""
        return set().union(*(each.differing for each in self._judged(connection, contract, log)))

    def judge(
        self,
        connection: duckdb.DuckDBPyConnection,
        contract: Contract,
        months: Sequence[Month],
        log: Log,
    ) -> JudgeReport:
        """Judge the families that changed, each by itself."""
        from acv_pipeline.engines.family import JUDGED, judge
        from acv_pipeline.ledger.store import JudgeReport, write_delivery_status

        wanted = set(months)
        judged = self._judged(connection, contract, log)
        self.forget()
        tasks = {task.name: task for task in self._to_judge(connection, contract)}
        partly = [tasks[each.name] for each in judged if not each.differing <= wanted]
        if partly:
            again = self._run(
                connection, contract, partial(judge, months=sorted(wanted)), partly, log
            )
            judged = [each for each in judged if each.differing <= wanted] + again
        made_from = self._judged_from(connection, contract)
        changed = set().union(*(each.changed for each in judged))
        with transaction(connection):
            for table in JUDGED:
                parts.put(connection, table, {each.name: each.files[table] for each in judged})
            for each in judged:
                whole = made_from[each.name] if each.differing <= wanted else ""
                _set_done(connection, "judged", each.name, whole)
            gone = self._gone(connection, contract)
            for table in JUDGED if gone else ():
                parts.put(connection, table, dict.fromkeys(gone))
            if gone or any(each.moved for each in judged):
                figures_moved(connection)
            write_delivery_status(connection)
            months_on_record.add_due(connection, changed)
            return JudgeReport(
                changed,
                months_on_record.in_force(connection),
                months_on_record.open_holds(connection),
            )

    def build(
        self,
        connection: duckdb.DuckDBPyConnection,
        contract: Contract,
        project: Project,
        models: Sequence[str],
        log: Log,
    ) -> dict[str, frozenset[Month]]:
        """Build the marts of the families that changed, each by itself."""
        from acv_pipeline.engines.family import build

        chosen = [name for name in project.models if name in models]
        tables = {name: project.models[name].table for name in chosen}
        made_from = self._built_from(connection, contract, project, chosen)
        done = _done(connection)
        tasks = [
            task
            for task in self._tasks(connection, contract)
            if task.indicators and "validated.observations" in task.files
            if any(done.get((name, task.name)) != made_from[name][task.name] for name in chosen)
        ]
        built = self._run(connection, contract, partial(build, models=chosen), tasks, log)
        moved: dict[str, frozenset[Month]] = {}
        with transaction(connection):
            gone = self._gone(connection, contract)
            standing = parts.paths(connection, *tables.values())
            for name in chosen:
                table = tables[name]
                fresh = {
                    each.name: each.files[table]
                    for each in built
                    if each.moved[name] or table not in standing.get(each.name, {})
                }
                parts.put(connection, project.models[name], {**fresh, **dict.fromkeys(gone)})
                moved[name] = frozenset().union(*(each.moved[name] for each in built))
            made_from = self._built_from(connection, contract, project, chosen)
            for each in built:
                for name in chosen:
                    _set_done(connection, name, each.name, made_from[name][each.name])
            was_built(connection, project, chosen)
        return moved

    def evaluate(
        self,
        connection: duckdb.DuckDBPyConnection,
        contract: Contract,
        project: Project,
        checks: Sequence[Check],
        months: Sequence[Month],
        results: Path | None = None,
        log: Log = lambda _: None,
    ) -> list[CheckResult]:
        """Ask what concerns figures and marts family by family, and the rest of whole tables."""
        from acv_pipeline.quality.evaluation import Tally, told

        if not checks or not months:
            return []
        there = own_tables(connection)
        built = {model.name for model in project.models.values() if model.table in there}
        about = {IN_FAMILIES, *built}
        of_tables = [check for check in table_checks(contract) if check.asset in about]
        of_tests = [
            c for c in sql_checks(project) if built.issuperset(project.tests[c.name].models)
        ]
        wanted = {(check.asset, check.name) for check in checks}
        here = [check for check in checks if check not in of_tables and check not in of_tests]
        found = evaluate_all(connection, contract, project, here, months, results)
        asked = [c for c in (*of_tables, *of_tests) if (c.asset, c.name) in wanted]
        if not asked:
            return found
        tested = self._tested(connection, contract, project, of_tables, of_tests, log)
        own = [check for check in asked if check in of_tables]
        tallies = {
            (check.asset, check.name): Tally.together(
                [each.tallies[check.asset, check.name] for each in tested if each.tallies]
            )
            for check in own
        }
        said = {
            check.name: Outcome.together([each.outcomes[check.name] for each in tested])
            for check in asked
            if check in of_tests
        }
        return [
            *found,
            *told(connection, own, months, tallies),
            *told_of_tests([check for check in asked if check in of_tests], months, said),
        ]

    def forget(self) -> None:
        """Let go of what was judged."""
        self.kept.clear()

    def swept(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Remove files that neither the warehouse nor the published copy names."""
        assert self.home is not None
        named = {path for (path,) in connection.execute(f"select path from {FILES}").fetchall()}
        with read_published(self.home) as copy:
            if FILES in own_tables(copy):
                named |= {path for (path,) in copy.execute(f"select path from {FILES}").fetchall()}
        self.store.sweep(named)

    def _read_all(
        self,
        connection: duckdb.DuckDBPyConnection,
        log: Log,
        due: Iterable[tuple[str, LandedFile]],
        contract: Contract,
    ) -> Iterator[Read]:
        """Read files, as many at once as the cluster has room for, in their order."""
        from acv_pipeline.engines.family import FileTask, read
        from acv_pipeline.ledger.read_one import read_one

        for chunk in _chunks(due):
            tasks, refused = [], {}
            for delivery_id, file in chunk:
                try:
                    if file.path.is_symlink() and (done := read_one(file, contract)).refusal:
                        refused[delivery_id] = done
                        continue
                    beside = sidecar_path(file.path)
                    sidecar = beside.read_bytes() if beside.exists() else None
                    tasks.append(FileTask(delivery_id, file, file.path.read_bytes(), sidecar))
                except OSError:  # it says why
                    refused[delivery_id] = read_one(file, contract)
            results = self._run(connection, contract, read, tasks, log)
            read_there = dict(zip((task.delivery_id for task in tasks), results, strict=True))
            for delivery_id, _file in chunk:
                yield refused.get(delivery_id) or read_there[delivery_id]

    def _judged(
        self, connection: duckdb.DuckDBPyConnection, contract: Contract, log: Log
    ) -> list[Judged]:
        """What judging the families that changed gives, of all months; kept until a commit."""
        from acv_pipeline.engines.family import judge

        at = commits(connection)
        if not self.kept or self.kept[0].at != at:
            tasks = self._to_judge(connection, contract)
            self.kept[:] = [_Kept(at, self._run(connection, contract, judge, tasks, log))]
        return self.kept[0].judged

    def _to_judge(
        self, connection: duckdb.DuckDBPyConnection, contract: Contract
    ) -> list[FamilyTask]:
        made_from, done = self._judged_from(connection, contract), _done(connection)
        return [
            task
            for task in self._tasks(connection, contract)
            if (task.rows or task.files) and done.get(("judged", task.name)) != made_from[task.name]
        ]

    def _tested(
        self,
        connection: duckdb.DuckDBPyConnection,
        contract: Contract,
        project: Project,
        checks: Sequence[Check],
        tests: Sequence[Check],
        log: Log,
    ) -> list[Tested]:
        """What all checks of families found; those that did not change since are not asked."""
        from acv_pipeline.engines.family import test

        months = sorted(months_on_record.on_record(connection, contract))
        asked = [(check.asset, check.name) for check in (*checks, *tests)]
        about = _hashed([language(), str(asked), project.fingerprint])
        judged, done = self._judged_from(connection, contract), _done(connection)
        tasks = [t for t in self._tasks(connection, contract) if t.indicators and t.files]
        made_from = {
            task.name: _hashed([about, judged[task.name], *sorted(task.files.values())])
            for task in tasks
        }
        due = [task for task in tasks if done.get(("tested", task.name)) != made_from[task.name]]
        work = partial(test, checks=checks, tests=tests, months=months)
        found = self._run(connection, contract, work, due, log)
        if found:
            with transaction(connection):
                for each in found:
                    blob = pickle.dumps(each)
                    _set_done(connection, "tested", each.name, made_from[each.name], blob)
        kept = connection.execute(
            "select family, found from engine.done where what = 'tested' order by family"
        ).fetchall()
        return [pickle.loads(blob) for name, blob in kept if name in made_from]

    def _run(
        self,
        connection: duckdb.DuckDBPyConnection,
        contract: Contract,
        work: Callable[..., Any],
        items: Sequence[Any],
        log: Log,
    ) -> list[Any]:
        """What tasks give, with all that they must know."""
        from acv_pipeline.engines.cluster import run
        from acv_pipeline.engines.family import Job, code_of
        from acv_pipeline.quality.table_checks import sql_project

        if not items:
            return []
        project = sql_project()
        reference = [seed.table for seed in project.seeds.values()]
        there = own_tables(connection)
        shared = {
            table: self.store.write(connection, table, f"from {table}", "shared")
            for table in (*SHARED, *reference)
            if table in there
        }
        job = Job(
            contract, project, self.store, code_of(contract, project), shared,
            {"ACV_LANGUAGE": language()} | _memory(),
        )  # fmt: skip
        try:
            return run(self.master, job, work, items, log)
        finally:
            self.store.remove(shared.values())

    def _tasks(self, connection: duckdb.DuckDBPyConnection, contract: Contract) -> list[FamilyTask]:
        """Every family, with the files that it is made of."""
        from acv_pipeline.engines.family import RAW, FamilyTask
        from acv_pipeline.ledger.blocks import Covered
        from acv_pipeline.ledger.received import Outside

        rows: dict[str, dict[str, int]] = defaultdict(dict)
        for delivery_id, indicator, count in connection.execute("from engine.received").fetchall():
            rows[indicator][delivery_id] = count
        covered: dict[str, dict[tuple[str, Month], Covered]] = defaultdict(dict)
        for delivery_id, indicator, month, *counted in connection.execute(
            "from engine.covered"
        ).fetchall():
            covered[delivery_id][indicator, month] = Covered(*counted)
        undated = frozenset(
            delivery for (delivery,) in connection.execute("from engine.undated").fetchall()
        )
        files = parts.paths(connection, *_tables_of_families())
        received = parts.paths(connection, *RAW)
        tasks = []
        for name, indicators in _families(contract).items():
            own = rows.keys() & {*indicators} if indicators else {REST}
            deliveries = sorted({d for indicator in own for d in rows[indicator]})
            elsewhere = {
                delivery: {
                    key: value for key, value in covered[delivery].items() if key[0] not in own
                }
                for delivery in deliveries
                if delivery in covered
            }
            tasks.append(
                FamilyTask(
                    name,
                    indicators,
                    sum(sum(rows[indicator].values()) for indicator in own),
                    tuple(deliveries),
                    {table: [received[d][table] for d in deliveries] for table in RAW},
                    files.get(name, {}),
                    Outside(elsewhere, undated),
                )
            )
        return tasks

    def _judged_from(
        self, connection: duckdb.DuckDBPyConnection, contract: Contract
    ) -> dict[str, str]:
        """By family, a fingerprint of all that what is in force of it follows from."""
        from acv_pipeline.engines.family import code_of
        from acv_pipeline.quality.table_checks import sql_project

        facts = dict(
            connection.execute(
                """
                select delivery_id, concat_ws(
                    '|', source, delivered_on, file_name, received_at, read_with,
                    delivery_id in (select delivery_id from raw.sightings)
                )
                from raw.deliveries
                """
            ).fetchall()
        )
        words: dict[str, list[str]] = defaultdict(list)
        for table in ("validated.signoffs", "contract.corrections"):
            for indicator, said in connection.execute(
                f"select indicator_id, cast(t as varchar) from {table} as t order by all"
            ).fetchall():
                words[indicator].append(said)
        common = code_of(contract.of(()), sql_project())
        found = {}
        for task in self._tasks(connection, contract):
            deliveries = sorted({*task.deliveries, *task.outside.undated})
            found[task.name] = _hashed(
                [
                    common,
                    *(contract.indicators[i].model_dump_json() for i in task.indicators),
                    *(facts.get(delivery, "") for delivery in deliveries),
                    *task.received["raw.tidy_rows"],
                    str(sorted(task.outside.covered.items())),
                    *(said for i in task.indicators for said in words[i]),
                ]
            )
        return found

    def _built_from(
        self,
        connection: duckdb.DuckDBPyConnection,
        contract: Contract,
        project: Project,
        models: Sequence[str],
    ) -> dict[str, dict[str, str]]:
        """By model and family, a fingerprint of all that its rows follow from."""
        judged = self._judged_from(connection, contract)
        seeds = fingerprints(connection).get("seeds", "")
        files = parts.paths(connection, *_tables_of_families())
        found: dict[str, dict[str, str]] = {}
        for name in models:
            model = project.models[name]
            upstream = {project.models[n].table for n in model.depends_on if n in project.models}
            reads = {*upstream, *(t for t in model.sources if t.startswith("validated."))}
            reads |= {"validated.observations"}  # what is in force is a view of them
            said = [project.compile(name), str(model.columns), seeds]
            found[name] = {
                family: _hashed(
                    [
                        *said,
                        made_from,
                        *(files.get(family, {}).get(table, "") for table in sorted(reads)),
                    ]
                )
                for family, made_from in judged.items()
            }
        return found

    def _gone(self, connection: duckdb.DuckDBPyConnection, contract: Contract) -> set[str]:
        """Families that have files, and that the contract does not know any more."""
        files = parts.paths(connection, *_tables_of_families())
        return files.keys() - _families(contract).keys()


def _write_rows(
    connection: duckdb.DuckDBPyConnection,
    deliveries: Sequence[tuple[str, Any]],
    again: Iterable[str],
) -> None:
    """Put on record which files have the rows of deliveries."""
    from acv_pipeline.engines.family import RAW

    changed = [*again, *(delivery_id for delivery_id, _ in deliveries)]
    for table in ("engine.received", "engine.covered", "engine.undated"):
        connection.execute(f"delete from {table} where list_contains(?, delivery_id)", [changed])
    for table in RAW:
        fresh = {delivery_id: written.files[table] for delivery_id, written in deliveries}
        parts.put(connection, table, {**dict.fromkeys(again), **fresh})
    received = [
        (delivery_id, indicator, rows)
        for delivery_id, written in deliveries
        for indicator, rows in written.rows.items()
    ]
    covered = [
        (delivery_id, *key, had.total, had.rows, had.quarantined)
        for delivery_id, written in deliveries
        for key, had in written.covered.items()
    ]
    undated = [(delivery_id,) for delivery_id, written in deliveries if written.is_undated]
    for table, rows in (("received", received), ("covered", covered), ("undated", undated)):
        if rows:
            places = ", ".join("?" * len(rows[0]))
            connection.executemany(f"insert into engine.{table} values ({places})", rows)


def _chunks(
    due: Iterable[tuple[str, LandedFile]],
) -> Iterator[list[tuple[str, LandedFile]]]:
    """Files for one job: what the driver can hold of them at once."""
    chunk: list[tuple[str, LandedFile]] = []
    size = 0
    for delivery_id, file in due:
        if chunk and (size + file.byte_size > CHUNK_BYTES or len(chunk) == CHUNK_FILES):
            yield chunk
            chunk, size = [], 0
        chunk.append((delivery_id, file))
        size += file.byte_size
    if chunk:
        yield chunk


def _families(contract: Contract) -> dict[str, tuple[str, ...]]:
    """The families by name, and the one of rows of no indicator."""
    return {REST: ()} | {"+".join(family): family for family in contract.families()}


def _tables_of_families() -> list[str]:
    from acv_pipeline.engines.family import JUDGED
    from acv_pipeline.quality.table_checks import sql_project

    return [*JUDGED, *(model.table for model in sql_project().models.values())]


def _done(connection: duckdb.DuckDBPyConnection) -> Mapping[tuple[str, str], str]:
    """By what was done with which family, what it was made from."""
    found = connection.execute("select what, family, made_from from engine.done").fetchall()
    return {(what, family): made_from for what, family, made_from in found}


def _set_done(
    connection: duckdb.DuckDBPyConnection,
    what: str,
    family: str,
    made_from: str,
    found: bytes | None = None,
) -> None:
    connection.execute("delete from engine.done where what = ? and family = ?", [what, family])
    connection.execute(
        "insert into engine.done values (?, ?, ?, ?)", [what, family, made_from, found]
    )


def _memory() -> dict[str, str]:
    """What a task's DuckDB may take, as the driver's may."""
    limit = os.environ.get("ACV_MEMORY_LIMIT")
    return {"ACV_MEMORY_LIMIT": limit} if limit else {}


def _hashed(said: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(said).encode()).hexdigest()
