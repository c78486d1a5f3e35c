"""A home that an earlier version of the program wrote, taken over by this one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from acv_pipeline.contract import Contract
from acv_pipeline.language import _
from acv_pipeline.warehouse import (
    DamagedError,
    WarehouseError,
    has_fingerprint,
    held_as_it_is,
    in_plain_words,
    open_warehouse,
)
from acv_pipeline.warehouse.home import Home
from acv_pipeline.warehouse.migrations import TABLES, is_up_to_date, program_version, written_by
from acv_pipeline.warehouse.packing import BackupError, Kept, keep_as_it_was, kept_of
from acv_pipeline.warehouse.schema import layout


@dataclass(frozen=True)
class Upgrade:
    """What upgrading did.

    Attributes:
        before: the version that wrote the home; None if it was one that did not say so.
        now: this program's.
        is_done: whether there was something to do.
        kept: the home as it was, by this upgrade or whatever took it over last, if it is there.
    """

    before: str | None
    now: str
    is_done: bool
    kept: Kept | None


def upgrade(
    home: Home,
    contract: Contract,
    file: Path | None = None,
    *,
    log: Callable[[str], None] = lambda _: None,
    then: Callable[[], None] = lambda: None,
) -> Upgrade:
    """Keep the home as it is in a backup, then bring its warehouse up to date.

    Args:
        file: the backup; beside the home by default, named after this version and the moment.
        then: what else is to be done, also if the warehouse was up to date.

    Raises:
        BackupError: there is no home, or the backup cannot be written; nothing was changed.
        WarehouseError: a later version wrote the home, or it is held for too long, or damaged.
    """
    if not home.warehouse.exists():
        raise BackupError(_("{home} holds no warehouse: nothing to upgrade", home=home.root))
    now, kept = program_version(), None
    with home.at_work("acv upgrade", log):
        with held_as_it_is(home, log=log) as connection:
            before = written_by(connection)
            is_due = not is_up_to_date(connection) or not has_fingerprint(
                connection, TABLES, layout(contract)
            )
            if is_due:
                kept = keep_as_it_was(connection, home, file)
        try:
            if is_due:
                with open_warehouse(home, contract, log=log, is_kept=True):
                    pass  # opening it is what brings it up to date
            with in_plain_words(home.root):
                then()
        except DamagedError:
            raise
        except WarehouseError as error:
            if kept is None:
                raise
            raise WarehouseError(
                _(
                    "{error}. The home as it was is kept in {file}; 'acv upgrade' goes "
                    "on from here",
                    error=error,
                    file=kept.file,
                )
            ) from error
    return Upgrade(before, now, is_due, kept or kept_of(home))
