"""A home that an earlier version of the program wrote, taken over by this one."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from acv_pipeline.contract import Contract
from acv_pipeline.language import _
from acv_pipeline.operations.upkeep.backup import Backup, BackupError, back_up
from acv_pipeline.warehouse import has_fingerprint, held_as_it_is, open_warehouse
from acv_pipeline.warehouse.home import Home
from acv_pipeline.warehouse.migrations import TABLES, is_up_to_date, program_version, written_by
from acv_pipeline.warehouse.schema import layout


@dataclass(frozen=True)
class Upgrade:
    """What upgrading did.

    Attributes:
        before: the version that wrote the home; None if it was one that did not say so.
        now: this program's.
        backup: what was kept of the home as it was, and in which file; None when this version had
            written the warehouse already, so nothing was done to it.
    """

    before: str | None
    now: str
    backup: tuple[Path, Backup] | None


def upgrade(
    home: Home,
    contract: Contract,
    file: Path | None = None,
    *,
    log: Callable[[str], None] = lambda _: None,
) -> Upgrade:
    """Keep the home as it is in a backup, then bring its warehouse up to date.

    Args:
        file: the backup; beside the home by default, named after both versions.

    Raises:
        BackupError: there is no home, or the backup cannot be written; nothing was changed.
        WarehouseError: a later version wrote the home, or it is held for too long, or damaged.
    """
    if not home.warehouse.exists():
        raise BackupError(_("{home} holds no warehouse: nothing to upgrade", home=home.root))
    now = program_version()
    with home.at_work("acv upgrade", log):
        with held_as_it_is(home, log=log) as connection:
            before = written_by(connection)
            if is_up_to_date(connection) and has_fingerprint(connection, TABLES, layout(contract)):
                return Upgrade(before, now, None)
        stamp = f"{dt.datetime.now(dt.UTC):%Y%m%dT%H%M%S}"
        name = f"{home.root.name}.before-{now}-{stamp}.tar.gz"
        file = file or home.root.with_name(name)
        made = back_up(home, file, log=log)
        with open_warehouse(home, contract):
            pass  # opening it is what brings it up to date
    return Upgrade(before, now, (file, made))
