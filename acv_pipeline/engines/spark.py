"""A Spark cluster: what belongs together is a task, and each task does what one machine does.

A family of indicators is the smallest group that can be judged, built and tested without looking
at any other (``Contract.families``). The driver hands out those that changed, and puts on record
what comes back; the figures themselves never pass through it.
"""

from __future__ import annotations

import datetime as dt
import os
import pickle
import uuid
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
from acv_pipeline.models import Project, SqlProjectError
from acv_pipeline.quality.check import Check, CheckResult
from acv_pipeline.quality.everything import evaluate_all
from acv_pipeline.quality.sql_tests import Outcome, sql_checks, told_of_tests
from acv_pipeline.quality.table_checks import checks as table_checks
from acv_pipeline.quality.table_checks import sql_project
from acv_pipeline.quality.tally import Tally
from acv_pipeline.warehouse import (
    FILES,
    MEMORY_LIMIT,
    WarehouseError,
    commits,
    figures_moved,
    fingerprints,
    own_tables,
    read_published,
    set_fingerprint,
    transaction,
)
from acv_pipeline.warehouse.file_tables import reach, show
from acv_pipeline.warehouse.home import Home

if TYPE_CHECKING:
    # made with libraries that take a while to import: loading the definitions goes without
    from acv_pipeline.engines.family import JudgedFamily, Tested
    from acv_pipeline.ledger.load import LoadReport
    from acv_pipeline.ledger.read_one import Read
    from acv_pipeline.ledger.store import JudgeReport

ADDRESS = "files"  # the fingerprint of a warehouse that says where its files lie
JOB_BYTES, JOB_FILES = 256_000_000, 2_000  # what the driver holds of deliveries at once
TASK_BYTES, TASK_FILES = 1_000_000, 25  # small ones go together: starting a task takes longer
IN_FORCE = "validated_dwellings"  # beside the marts: what is checked family by family
SHARED = (
    "raw.deliveries",
    "raw.sightings",
    "validated.signoffs",
    "validated.explanations",
    "contract.corrections",
)


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
    kept: dict[int, list[JudgedFamily]] = field(default_factory=dict, compare=False, repr=False)

    def at(self, home: Home) -> Spark:
        """The same cluster, for another home."""
        return self if home == self.home else replace(self, home=home, kept={})

    def prepare(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Make the big tables views of files, in a home where nothing is yet."""
        from acv_pipeline.engines.families import create
        from acv_pipeline.engines.family import JUDGED, RAW

        assert self.home is not None
        place = parts.Store(self.address or str(self.home.root / "tables")).place
        if FILES in own_tables(connection):
            found = fingerprints(connection)[ADDRESS]
            if found.rpartition("/")[0] != place:
                raise WarehouseError(
                    _(
                        "the tables of this home lie in {found}, and ACV_WAREHOUSE says {said}: "
                        "set it to where they are",
                        found=found.rpartition("/")[0],
                        said=self.address or _("nothing, which means {place}", place=place),
                    )
                )
            reach(connection, found)
            return
        if connection.execute("from raw.deliveries limit 1").fetchone():
            raise WarehouseError(
                _(
                    "this home was made without Spark and keeps its tables itself: set "
                    "ACV_ENGINE=duckdb, or give another ACV_HOME and receive the deliveries there"
                )
            )
        with transaction(connection):
            create(connection)
            for table in (*RAW, *JUDGED):
                connection.execute(f"drop table {table}")
                show(connection, table, parts.types_of(table))
            # a folder of this home's own: what another doesn't name it would sweep away
            set_fingerprint(connection, ADDRESS, f"{place}/{uuid.uuid4().hex[:12]}")
        reach(connection, place)

    def receive(
        self,
        connection: duckdb.DuckDBPyConnection,
        landing: Zone,
        contract: Contract,
        *,
        sources: Iterable[str],
        settle_seconds: float,
        progress: Progress | None,
        received_before: Mapping[str, dt.datetime],
        log: Log,
    ) -> LoadReport:
        """Take in what is new, as many deliveries at once as the cluster has room for."""
        from acv_pipeline.engines.families import write_rows
        from acv_pipeline.ledger.load import load

        return load(
            connection,
            landing,
            contract,
            sources=sources,
            settle_seconds=settle_seconds,
            progress=progress,
            received_before=received_before,
            read_all=partial(self._read_all, connection, log),
            write_rows=write_rows,
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
        from acv_pipeline.engines.families import Families, forget, set_done
        from acv_pipeline.engines.family import JUDGED, judge
        from acv_pipeline.ledger.store import JudgeReport, write_delivery_status

        wanted, families = set(months), Families(connection, contract, sql_project())
        judged = self._judged(connection, contract, log)
        self.forget()
        # what stood of a family with other members goes, for all months: so all of it comes
        remade = {name for name, task in families.tasks.items() if families.gone and not task.files}
        whole = [each for each in judged if each.differing <= wanted or each.name in remade]
        partly = [families.tasks[each.name] for each in judged if each not in whole]
        work = partial(judge, months=sorted(wanted))
        judged = whole + self._run(connection, contract, work, partly, log)
        changed = set().union(*(each.changed for each in judged))
        changed |= families.months_of_gone(JUDGED)
        with transaction(connection):
            for table in JUDGED:
                files = {each.name: each.files[table] for each in judged}
                parts.put(connection, table, {**files, **dict.fromkeys(families.gone)})
            for each in judged:
                made_from = families.judged_from[each.name] if each in whole else ""
                set_done(connection, "judged", each.name, made_from)
            forget(connection, families.gone)
            if families.gone or any(each.moved for each in judged):
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
        from acv_pipeline.engines.families import Families, set_done
        from acv_pipeline.engines.family import build

        if across := [n for n in models if "indicator_id" not in parts.types_of(project.models[n])]:
            raise SqlProjectError(
                _(
                    "{models}: no column indicator_id. On Spark each family of indicators is built "
                    "by itself, so a mart across indicators would come out wrong: add the column, "
                    "or use ACV_ENGINE=duckdb",
                    models=", ".join(across),
                )
            )
        families = Families(connection, contract, project)
        due, work = families.to_build(models), partial(build, models=models)
        built = self._run(connection, contract, work, due, log)
        with transaction(connection):
            for name in models:
                model = project.models[name]
                files = {e.name: e.files[model.table] for e in built if model.table in e.files}
                parts.put(connection, model, {**files, **dict.fromkeys(families.gone)})
            made_from = Families(connection, contract, project).built_from(models)
            for each in built:
                for name in models:
                    set_done(connection, name, each.name, made_from[name][each.name])
            was_built(connection, project, models)
        return {
            name: frozenset(families.months_of_gone([project.models[name].table])).union(
                *(each.moved[name] for each in built)
            )
            for name in models
        }

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
        from acv_pipeline.quality.evaluation import told

        there = own_tables(connection)
        built = {model.name for model in project.models.values() if model.table in there}
        of_tables = [c for c in table_checks(contract) if c.asset in {IN_FORCE, *built}]
        of_tests = [c for c in sql_checks(project) if built >= {*project.tests[c.name].models}]
        rest = [check for check in checks if check not in (*of_tables, *of_tests)]
        found = evaluate_all(connection, contract, project, rest, months, results)
        if not months or len(rest) == len(checks):
            return found
        tested = self._tested(connection, contract, of_tables, of_tests, log)
        of_tables = [check for check in of_tables if check in checks]
        tallies = {
            key: Tally.together([each.tallies[key] for each in tested])
            for key in [(check.asset, check.name) for check in of_tables]
        }
        found += told(connection, of_tables, months, tallies)
        of_tests = [check for check in of_tests if check in checks]
        outcomes = {
            check.name: Outcome.together([each.outcomes[check.name] for each in tested])
            for check in of_tests
        }
        return found + told_of_tests(of_tests, months, outcomes)

    def forget(self) -> None:
        """Let go of what was judged."""
        self.kept.clear()

    def swept(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Remove files that neither the warehouse nor the published copy names."""
        assert self.home is not None
        with read_published(self.home) as copy:
            named = parts.named(connection) | parts.let_go(connection) | parts.named(copy)
        _store(connection).sweep(named)

    def _read_all(
        self,
        connection: duckdb.DuckDBPyConnection,
        log: Log,
        due: Iterable[tuple[str, LandedFile]],
        contract: Contract,
    ) -> Iterator[Read]:
        """Read files, in their order."""
        from acv_pipeline.engines.cluster import packed
        from acv_pipeline.engines.family import FileTask, read
        from acv_pipeline.ledger.read_one import read_one

        for job in packed(due, lambda item: item[1].byte_size, JOB_BYTES, JOB_FILES):
            tasks, done = [], {}
            for delivery_id, file in job:
                try:
                    if file.path.is_symlink() and (here := read_one(file, contract)).refusal:
                        done[delivery_id] = here
                        continue
                    beside = sidecar_path(file.path)
                    sidecar = beside.read_bytes() if beside.exists() else None
                    tasks.append(FileTask(delivery_id, file, file.path.read_bytes(), sidecar))
                except OSError:
                    done[delivery_id] = read_one(file, contract)  # says why
            together = list(packed(tasks, lambda task: len(task.content), TASK_BYTES, TASK_FILES))
            found = self._run(connection, contract, read, together, log)
            for of, each in zip(together, found, strict=True):
                done |= dict(zip((task.delivery_id for task in of), each, strict=True))
            yield from (done[delivery_id] for delivery_id, _ in job)

    def _judged(
        self, connection: duckdb.DuckDBPyConnection, contract: Contract, log: Log
    ) -> list[JudgedFamily]:
        """What judging the families that changed gives, of all months; kept until a commit."""
        from acv_pipeline.engines.families import Families
        from acv_pipeline.engines.family import judge

        at = commits(connection)
        if at not in self.kept:
            self.forget()
            due = Families(connection, contract, sql_project()).to_judge()
            self.kept[at] = self._run(connection, contract, judge, due, log)
        return self.kept[at]

    def _tested(
        self,
        connection: duckdb.DuckDBPyConnection,
        contract: Contract,
        checks: Sequence[Check],
        tests: Sequence[Check],
        log: Log,
    ) -> list[Tested]:
        """What all checks of families found; those that did not change since are not asked."""
        from acv_pipeline.engines.families import Families, hashed, set_done
        from acv_pipeline.engines.family import test

        families = Families(connection, contract, sql_project())
        about = [language(), fingerprints(connection).get("seeds", "")]
        about += [f"{check.asset}.{check.name}" for check in (*checks, *tests)]
        made_from = {
            name: hashed([*about, families.judged_from[name], *sorted(task.files.values())])
            for name, task in families.tasks.items()
            if task.indicators
        }
        due = [
            families.tasks[name]
            for name, fingerprint in made_from.items()
            if not families.was("tested", name, fingerprint)
        ]
        months = sorted(months_on_record.on_record(connection, contract)) if due else []
        work = partial(test, checks=checks, tests=tests, months=months)
        if fresh := self._run(connection, contract, work, due, log):
            with transaction(connection):
                for each in fresh:
                    told = pickle.dumps(each)
                    set_done(connection, "tested", each.name, made_from[each.name], told)
        kept = connection.execute(
            "select family, found from engine.done where what = 'tested' order by family"
        ).fetchall()
        return [pickle.loads(told) for name, told in kept if name in made_from]

    def _run(
        self,
        connection: duckdb.DuckDBPyConnection,
        contract: Contract,
        work: Callable[..., Any],
        items: Sequence[Any],
        log: Log,
    ) -> list[Any]:
        """What tasks give; with them goes all that they must know."""
        if not items:
            return []
        from acv_pipeline.engines.cluster import run
        from acv_pipeline.engines.family import Job, code_of, read

        known = tuple(contract.indicators)
        if work is not read:  # a thousand indicators take a second to be told
            contract = contract.of(name for family in items for name in family.indicators)
        project, there = sql_project(), own_tables(connection)
        store = _store(connection)
        heeded = {"ACV_LANGUAGE": language()}
        heeded |= {name: os.environ[name] for name in [MEMORY_LIMIT] if name in os.environ}
        shared: dict[str, str] = {}
        job = Job(contract, known, project, store, code_of(contract, project), shared, heeded)
        try:
            for table in (*SHARED, *(seed.table for seed in project.seeds.values())):
                if table in there:
                    shared[table] = store.write(connection, table, f"from {table}", "shared")
            return run(self.master, job, work, items, log)
        finally:
            store.remove(shared.values())


def _store(connection: duckdb.DuckDBPyConnection) -> parts.Store:
    """Where the files of a warehouse lie."""
    return parts.Store(fingerprints(connection)[ADDRESS])
