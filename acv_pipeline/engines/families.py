"""Every family as the warehouse has it on record: its files, and what each was last made from."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any

import duckdb

from acv_pipeline.contract import Contract, Month
from acv_pipeline.engines import parts
from acv_pipeline.engines.family import JUDGED, RAW, FamilyTask, code_of
from acv_pipeline.ledger.blocks import Covered
from acv_pipeline.ledger.received import Outside
from acv_pipeline.models import Project
from acv_pipeline.warehouse import create_views, fingerprints
from acv_pipeline.warehouse.file_tables import stored

REST = ""  # the family of the rows that are of no indicator
_RECORD = """
create table if not exists engine.row_counts as from raw.row_counts limit 0;
create table if not exists engine.covered (
    delivery_id varchar, indicator_id varchar, month date, total double, rows bigint,
    quarantined bigint
);
create table if not exists engine.done (
    what varchar, family varchar, made_from varchar, found blob
);
"""
# what a delivery counts for, beside its rows
_DELIVERIES = """
select delivery_id, concat_ws(
    '|', source, delivered_on, file_name, received_at, read_with,
    delivery_id in (select delivery_id from raw.sightings)
)
from raw.deliveries
"""


def create(connection: duckdb.DuckDBPyConnection) -> None:
    """The record, empty: call in a transaction."""
    parts.create(connection)
    connection.execute(_RECORD)
    create_views(connection)


class Families:
    """The families of a contract, as they are on record now.

    Attributes:
        tasks: by name, what a task is told of each.
        gone: those that have files, and that the contract does not know any more.
        files_of_gone: these files, by table.
    """

    def __init__(
        self, connection: duckdb.DuckDBPyConnection, contract: Contract, project: Project
    ) -> None:
        self._connection, self._contract, self._project = connection, contract, project
        named = {REST: ()} | {"+".join(family): family for family in contract.families()}
        models = (model.table for model in project.models.values())
        files = parts.paths(connection, *JUDGED, *models)
        received = parts.paths(connection, *RAW)
        rows: dict[str, dict[str, int]] = defaultdict(dict)
        for delivery_id, indicator, count in connection.execute(
            "select delivery_id, coalesce(indicator_id, ''), cast(sum(rows) as bigint)"
            " from engine.row_counts group by all"
        ).fetchall():
            rows[indicator][delivery_id] = count
        covered: dict[str, dict[tuple[str, Month], Covered]] = defaultdict(dict)
        for delivery_id, indicator, month, *had in connection.execute(
            "from engine.covered"
        ).fetchall():
            covered[delivery_id][indicator, month] = Covered(*had)
        source_of = dict(
            connection.execute("select delivery_id, source from raw.deliveries").fetchall()
        )
        undated = connection.execute(
            "select distinct delivery_id, source from engine.row_counts"
            " join raw.deliveries using (delivery_id)"
            " where fate = 'quarantined' and month is null"
        ).fetchall()
        self.gone = files.keys() - named.keys()
        self.files_of_gone = {name: files[name] for name in self.gone}
        # an indicator that the contract knew once is of none now
        unknown = rows.keys() - contract.indicators.keys()
        self.tasks: dict[str, FamilyTask] = {}
        for name, indicators in named.items():
            own = rows.keys() & {*indicators} if indicators else unknown
            deliveries = tuple(sorted({d for indicator in own for d in rows[indicator]}))
            elsewhere = {
                delivery: {
                    key: had
                    for key, had in covered[delivery].items()
                    if key[0] in contract.indicators and key[0] not in own
                }
                for delivery in deliveries
                if delivery in covered
            }
            sources = {source_of[delivery] for delivery in deliveries}
            self.tasks[name] = FamilyTask(
                name,
                indicators,
                sum(sum(rows[indicator].values()) for indicator in own),
                deliveries,
                {table: [received[d][table] for d in deliveries] for table in RAW},
                files.get(name, {}),
                Outside(
                    elsewhere,
                    # a source's whole history is not known from a day with such rows
                    frozenset(d for d, source in undated if source in sources),
                ),
            )

    def to_judge(self) -> list[FamilyTask]:
        """Those that have rows, or had some, and were last judged from something else."""
        return [
            task
            for name, task in self.tasks.items()
            if (task.rows or task.files) and not self.is_judged(name)
        ]

    def to_build(self, models: Sequence[str]) -> list[FamilyTask]:
        """Those that were judged, of which some model was last built from something else."""
        made_from = self.built_from(models)
        return [
            task
            for name, task in self.tasks.items()
            if task.indicators and JUDGED[0] in task.files
            if not all(
                self.was(model, name, made_from[model][name])
                and self._project.models[model].table in task.files
                for model in models
            )
        ]

    def is_judged(self, name: str) -> bool:
        """Whether what is in force of a family follows from what is on record now."""
        is_there = JUDGED[0] in self.tasks[name].files
        return is_there and self.was("judged", name, self.judged_from[name])

    def months_of_gone(self, tables: Iterable[str]) -> set[Month]:
        """The months that the files of families that are gone have rows of, in some tables."""
        asked = [
            f"select month from {stored(file)}"
            for files in self.files_of_gone.values()
            for table, file in files.items()
            if table in tables
        ]
        if not asked:
            return set()
        found = self._connection.execute(" union ".join(asked)).fetchall()
        return {month for (month,) in found if month}

    @cached_property
    def judged_from(self) -> dict[str, str]:
        """By name, a fingerprint of all that what is in force follows from."""
        facts = dict(self._connection.execute(_DELIVERIES).fetchall())
        words = self._words("validated.signoffs", "contract.corrections")
        common = code_of(self._contract.of(()), self._project)
        return {
            name: hashed(
                [
                    common,
                    *(self._contract.indicators[i].model_dump_json() for i in task.indicators),
                    *(facts[d] for d in sorted({*task.deliveries, *task.outside.undated})),
                    *task.received["raw.tidy_rows"],
                    str(sorted(task.outside.covered.items())),
                    *(said for indicator in task.indicators for said in words[indicator]),
                ]
            )
            for name, task in self.tasks.items()
        }

    def built_from(self, models: Sequence[str]) -> dict[str, dict[str, str]]:
        """By model and family, a fingerprint of all that its rows follow from."""
        seeds = fingerprints(self._connection).get("seeds", "")
        words = self._words("validated.explanations")
        found = {}
        for name in models:
            model = self._project.models[name]
            reads = [self._project.models[upstream].table for upstream in model.depends_on]
            common = [self._project.compile(name), str(model.columns), seeds]
            found[name] = {
                family: hashed(
                    [
                        *common,
                        self.judged_from[family],
                        *(said for indicator in task.indicators for said in words[indicator]),
                        *(task.files.get(table, "") for table in (*JUDGED, *reads)),
                    ]
                )
                for family, task in self.tasks.items()
            }
        return found

    def _words(self, *tables: str) -> dict[str, list[str]]:
        """What people said, by indicator."""
        words: dict[str, list[str]] = defaultdict(list)
        for table in tables:
            for indicator, said in self._connection.execute(
                f"select indicator_id, cast(t as varchar) from {table} as t order by all"
            ).fetchall():
                words[indicator].append(said)
        return words

    @cached_property
    def _done(self) -> Mapping[tuple[str, str], str]:
        found = self._connection.execute("select what, family, made_from from engine.done")
        return {(what, family): made_from for what, family, made_from in found.fetchall()}

    def was(self, what: str, family: str, made_from: str) -> bool:
        """Whether something was last done with a family as it is now."""
        return self._done.get((what, family)) == made_from


def forget(connection: duckdb.DuckDBPyConnection, families: Collection[str]) -> None:
    """Nothing was done with these."""
    connection.execute("delete from engine.done where list_contains(?, family)", [list(families)])


def set_done(
    connection: duckdb.DuckDBPyConnection,
    what: str,
    family: str,
    made_from: str,
    found: bytes | None = None,
) -> None:
    """Put on record what something was made from, and what was found."""
    connection.execute("delete from engine.done where what = ? and family = ?", [what, family])
    values = [what, family, made_from, found]
    connection.execute("insert into engine.done values (?, ?, ?, ?)", values)


def write_rows(
    connection: duckdb.DuckDBPyConnection,
    deliveries: Sequence[tuple[str, Any]],
    again: Iterable[str],
) -> None:
    """Put on record which files have the rows of deliveries (``family.Written``)."""
    again = list(again)
    changed = [*again, *(delivery_id for delivery_id, _ in deliveries)]
    for table in ("engine.row_counts", "engine.covered"):
        connection.execute(f"delete from {table} where list_contains(?, delivery_id)", [changed])
    for table in RAW:
        fresh = {delivery_id: written.files[table] for delivery_id, written in deliveries}
        parts.put(connection, table, {**dict.fromkeys(again), **fresh})
    for table, rows in {
        "row_counts": [(d, *counted) for d, written in deliveries for counted in written.rows],
        "covered": [
            (delivery_id, *key, had.total, had.rows, had.quarantined)
            for delivery_id, written in deliveries
            for key, had in written.covered.items()
        ],
    }.items():
        if rows:
            places = ", ".join("?" * len(rows[0]))
            connection.executemany(f"insert into engine.{table} values ({places})", rows)


def hashed(said: Iterable[str]) -> str:
    """A fingerprint of what is said."""
    return hashlib.sha256("\n".join(said).encode()).hexdigest()
