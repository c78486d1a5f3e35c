"""A warehouse made again: every delivery is read again, the rest is kept."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from acv_pipeline.contract import Contract
from acv_pipeline.landing import Zone
from acv_pipeline.language import _
from acv_pipeline.ledger.load import load
from acv_pipeline.warehouse import (
    FILES,
    WarehouseError,
    deliveries_lost,
    first_received,
    journal_of,
    open_warehouse,
    own_tables,
    problem_of,
    replace_warehouse,
    transaction,
)
from acv_pipeline.warehouse.home import Home

SCRATCH = ".rebuild"


@dataclass
class Rebuilt:
    """What a new warehouse was made from.

    Attributes:
        read: number of deliveries read again from the landing zone.
        kept: those that are not in the landing zone any more; their rows are those of ``base``.
        lost: those that are in neither, as the journal knows them; their figures are not there.
        base: the file that the new warehouse began with: the old one, or the published copy.
        damaged: the files that could not be that, and why.
        aside: where the replaced warehouse was put, if there was one.
    """

    read: int = 0
    kept: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    base: Path | None = None
    damaged: dict[Path, str] = field(default_factory=dict)
    aside: Path | None = None


def rebuild(
    home: Home,
    landing: Zone,
    contract: Contract,
    *,
    progress: Callable[[int, int, str], None] | None = None,
    log: Callable[[str], None] | None = None,
) -> Rebuilt:
    """Make the warehouse again and put it in the place of the one that is there.

    Args:
        log: told in a line if the home was of an earlier version, and where the backup is.

    Raises:
        LandingError: the landing zone cannot be read.
        WarehouseError: a run is going on, or the disk does not allow it.
    """
    if not home.nobody_at_work():
        raise WarehouseError(
            _("a run is at work in {path}: wait for it to end, then rebuild", path=home.root)
        )
    scratch = Home(home.root / SCRATCH)
    shutil.rmtree(scratch.root, ignore_errors=True)
    scratch.root.mkdir(parents=True)
    done = Rebuilt()
    try:
        _begin(home, contract, scratch, done, log)
        if (journal := journal_of(home)).exists():
            shutil.copy(journal, scratch.root)
        with open_warehouse(scratch, contract, is_kept=True) as connection:
            if FILES in own_tables(connection):
                raise WarehouseError(
                    _(
                        "the tables of {path} are Spark's, and made again by receiving the landing "
                        "zone in another home: set another ACV_HOME, then 'acv run'",
                        path=home.root,
                    )
                )
            before = _forget_how_it_was_read(connection)
            load(
                connection,
                landing,
                contract,
                progress=progress,
                received_before=first_received(home),
            )
            done.kept = _kept(connection, before)
            done.lost = deliveries_lost(connection, home)
            ((received,),) = connection.execute("select count(*) from raw.deliveries").fetchall()
            done.read = received - len(done.kept)
        done.aside = replace_warehouse(home, scratch.warehouse)
    finally:
        shutil.rmtree(scratch.root, ignore_errors=True)
    return done


def _begin(
    home: Home,
    contract: Contract,
    scratch: Home,
    done: Rebuilt,
    log: Callable[[str], None] | None,
) -> None:
    """Begin with a file all of which can be read: it has what the landing zone lost."""
    for path in (home.warehouse, home.published):
        if not path.exists():
            continue
        if (problem := problem_of(path)) is None:
            if path == home.warehouse:
                with open_warehouse(home, contract, log=log):
                    pass  # of an earlier version, it is kept as it was
            shutil.copy(path, scratch.warehouse)
            if (wal := _wal(path)).exists():
                shutil.copy(wal, _wal(scratch.warehouse))
            done.base = path
            return
        done.damaged[path] = problem


def _forget_how_it_was_read(connection: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """So that every file that is there is hashed and read again; what it was, by delivery."""
    before = dict(
        connection.execute("select delivery_id, read_with from raw.deliveries").fetchall()
    )
    with transaction(connection):
        connection.execute("update raw.deliveries set read_with = null")
        connection.execute("update raw.sightings set modified_ns = -modified_ns")
    return before


def _kept(connection: duckdb.DuckDBPyConnection, before: dict[str, str]) -> list[str]:
    """The deliveries that were not read again, as people know them."""
    kept = connection.execute(
        "select delivery_id, source, delivered_on, file_name from raw.deliveries"
        " where read_with is null order by delivered_on, source, file_name"
    ).fetchall()
    with transaction(connection):
        connection.execute("update raw.sightings set modified_ns = abs(modified_ns)")
        for delivery_id, *_ in kept:
            connection.execute(
                "update raw.deliveries set read_with = ? where delivery_id = ?",
                [before[delivery_id], delivery_id],
            )
    return [f"{source}/{day}/{name}" for _, source, day, name in kept]


def _wal(path: Path) -> Path:
    return path.with_name(path.name + ".wal")
