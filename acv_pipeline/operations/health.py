"""Whether the pipeline of a home works, for whoever watches machines.

Not whether the figures are good, which ``status`` says and alerts tell: a held month is the
pipeline at work. Nothing here opens the warehouse, so no run waits for an observer.
"""

from __future__ import annotations

import datetime as dt
import json
import shutil
from dataclasses import dataclass, field
from typing import Any

import duckdb

from acv_pipeline.environment import SecretError
from acv_pipeline.language import _, plural
from acv_pipeline.operations.alerts.channels import LOG, SETTING, configured
from acv_pipeline.operations.failure import Failure
from acv_pipeline.operations.standstill import TELL_AFTER, standing
from acv_pipeline.warehouse import WarehouseError, read_published
from acv_pipeline.warehouse.home import Home

# its threads say that they live every half minute, unless the machine is very busy
HEARTBEAT_PATIENCE = dt.timedelta(minutes=5)
# deliveries come every month: whoever calls 'acv run' without a daemon does so as often
LONGEST_WITHOUT_A_LOOK = dt.timedelta(days=35)
# a night may be missed, as by a machine that is off
LONGEST_WITHOUT_A_BACKUP = dt.timedelta(days=2)
# a month takes seconds, a history of years minutes
LONGEST_RUN = dt.timedelta(days=1)
# by how much the clocks of two machines may differ
SKEW = dt.timedelta(minutes=5)
# a run writes a copy of the warehouse beside it, and makes room in it for what is new
COPIES = 2
SPARE_BYTES = 500_000_000

_HELD = """
select count(*), min(month), min(delivered_on)
from validated.held_months join raw.deliveries using (delivery_id, source)
where held_months.status = 'held'
"""


@dataclass(frozen=True)
class EndedRun:
    """A run, and how many seconds each of its steps took.

    Attributes:
        failure: None if it did its work, be it that it held a month.
        is_of_figures: it was to bring figures to readers, rather than to take down a sign-off.
    """

    job: str
    status: str
    ended_at: dt.datetime
    seconds: float
    steps: dict[str, float]
    failure: Failure | None = None
    is_of_figures: bool = True


@dataclass(frozen=True)
class Record:
    """What Dagster's record says of the daemon and of runs.

    Attributes:
        heartbeats: when each part of the daemon last said that it lives; None if it never did.
        last_runs: the last run of each job that has ended.
        unmade: the run of figures that failed and that none has made up for.
        problem: why the record cannot be read; the rest is empty then.
        alerts_are_stopped: somebody switched off what tells people.
    """

    heartbeats: dict[str, dt.datetime | None] = field(default_factory=dict)
    last_runs: list[EndedRun] = field(default_factory=list)
    unmade: EndedRun | None = None
    problem: str | None = None
    alerts_are_stopped: bool = False


@dataclass(frozen=True)
class Aspect:
    """One thing that has to work, in a sentence and in numbers."""

    is_fine: bool
    says: str
    values: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Health:
    """What was looked at, by name."""

    aspects: dict[str, Aspect]

    @property
    def is_fine(self) -> bool:
        """Whether all of it works."""
        return all(aspect.is_fine for aspect in self.aspects.values())

    def to_json(self) -> str:
        """For programs."""
        aspects = {
            name: {"is_fine": aspect.is_fine, "says": aspect.says, **aspect.values}
            for name, aspect in self.aspects.items()
        }
        content = {"is_fine": self.is_fine, "aspects": aspects}
        return json.dumps(content, ensure_ascii=False, indent=2, default=str)


def health(home: Home, record: Record, now: dt.datetime, *, with_daemon: bool = True) -> Health:
    """How the pipeline of a home is.

    Args:
        now: with a time zone.
        with_daemon: a daemon looks at the landing zone; without, somebody calls ``acv run``.
    """
    aspects = {
        "landing_zone": _landing_zone(home, now, with_daemon),
        "runs": _runs(home, record, now, with_daemon),
        "held_months": _held_months(home),
        "space": _space(home),
        "record": Aspect(
            record.problem is None,
            record.problem or _("Dagster's record answers"),
        ),
        "backup": _backup(home, now),
        "alerts": _alerts(is_stopped=with_daemon and record.alerts_are_stopped),
    }
    if with_daemon:
        aspects["daemon"] = _daemon(record, now)
    return Health(aspects)


def free_bytes(home: Home) -> int:
    """What is left on the disk of the home, or of what will hold it."""
    there = next(path for path in (home.root, *home.root.parents) if path.exists())
    return shutil.disk_usage(there).free


def warehouse_bytes(home: Home) -> int:
    """The size of the warehouse's file; 0 where there is none."""
    return home.warehouse.stat().st_size if home.warehouse.exists() else 0


def last_look(home: Home) -> dt.datetime | None:
    """When the landing zone could last be looked at; None if it never was."""
    if not home.looked.exists():
        return None
    return dt.datetime.fromtimestamp(home.looked.stat().st_mtime, dt.UTC)


def _landing_zone(home: Home, now: dt.datetime, with_daemon: bool) -> Aspect:
    looked, standstill = last_look(home), standing(home)
    values = {"looked_at": looked.isoformat(timespec="seconds") if looked else None}
    if standstill and standstill.is_long(now):
        values["standstill_since"] = standstill.since.isoformat(timespec="seconds")
        said = _(
            "what arrives is not taken in since {since:%Y-%m-%d %H:%M} UTC: {reason}",
            since=standstill.since.astimezone(dt.UTC),
            reason=standstill.reason,
        )
        return Aspect(False, said, values)
    if looked is None:
        return Aspect(False, _("nobody has looked at the landing zone yet"), values)
    if looked > now + SKEW:
        said = _("looked at {moment}: is the clock right?", moment=_to_come(looked))
        return Aspect(False, said, values)
    said = _("looked at {ago} ago", ago=_ago(now - looked))
    if with_daemon:
        # while a run is at work, nobody looks
        is_fine = now - looked < TELL_AFTER or home.at_work_since() is not None
        return Aspect(is_fine, said, values)
    if now - looked < LONGEST_WITHOUT_A_LOOK:
        return Aspect(True, said, values)
    return Aspect(False, _("{said}: does nobody call 'acv run' any more?", said=said), values)


def _runs(home: Home, record: Record, now: dt.datetime, with_daemon: bool) -> Aspect:
    """Whether runs come to an end, and not to one by an error."""
    since = home.at_work_since()
    if since and now - since > LONGEST_RUN:
        said = _(
            "one has been at work for {ago}: end it in the UI, or its process, which "
            "{file} names; the next makes up for it",
            ago=_ago(now - since),
            file=home.root / "turn.lock",
        )
        return Aspect(False, said, {"at_work_since": since.isoformat(timespec="seconds")})
    if record.problem is not None:
        return Aspect(False, _("not known: Dagster's record cannot be read"))
    ended = [run for run in record.last_runs if run.is_of_figures]
    if not ended:
        return Aspect(True, _("none has ended yet"))
    last = record.unmade or max(ended, key=lambda run: run.ended_at)
    values = {
        "job": last.job,
        "status": last.status,
        "ended_at": last.ended_at.isoformat(timespec="seconds"),
    }
    moment = last.ended_at.astimezone(dt.UTC)
    if last.failure is None:
        return Aspect(True, _("the last ended {moment:%Y-%m-%d %H:%M} UTC", moment=moment), values)
    said = _(
        "the last failed {moment:%Y-%m-%d %H:%M} UTC: {why}; {what_to_do}",
        moment=moment,
        why=" ".join(last.failure.why.split()).rstrip("."),
        what_to_do=last.failure.what_to_do(with_daemon=with_daemon),
    )
    return Aspect(False, said, values | {"failure": last.failure.why})


def _held_months(home: Home) -> Aspect:
    if not home.published.exists():
        return Aspect(True, _("no figures are published yet"), {"count": 0})
    try:
        with read_published(home) as connection:
            ((count, month, since),) = connection.execute(_HELD).fetchall()
    except (WarehouseError, duckdb.Error) as error:
        said = _("the published copy cannot be read: {why}", why=str(error).splitlines()[0])
        return Aspect(False, said)
    values: dict[str, Any] = {"count": count}
    if not count:
        return Aspect(True, _("no month is held"), values)
    values |= {"oldest": f"{month:%Y-%m}", "since": since.isoformat()}
    said = plural(
        "{count} month is held: {month}, since {since}",
        "{count} months are held: the earliest is {month}, the longest are so since {since}",
        count,
        month=f"{month:%Y-%m}",
        since=since,
    )
    return Aspect(True, said, values)


def _space(home: Home) -> Aspect:
    free, needed = free_bytes(home), COPIES * warehouse_bytes(home) + SPARE_BYTES
    said = _(
        "{free:,.1f} GB free, a run may need {needed:,.1f} GB", free=free / 1e9, needed=needed / 1e9
    )
    return Aspect(free >= needed, said, {"bytes_free": free, "bytes_needed": needed})


def _backup(home: Home, now: dt.datetime) -> Aspect:
    """Whether that of every night was made, where there was one: by hand is as people like."""
    if not home.nightly_backup.exists():
        return Aspect(True, _("none is made every night"))
    made = dt.datetime.fromtimestamp(home.nightly_backup.stat().st_mtime, dt.UTC)
    values = {"made_at": made.isoformat(timespec="seconds")}
    said = _("that of every night was last made {ago} ago", ago=_ago(now - made))
    if now - made < LONGEST_WITHOUT_A_BACKUP:
        return Aspect(True, said, values)
    more = _(
        "see why (journalctl -u acv-backup), then make one; where none is to be made any more, "
        "delete {file}",
        file=home.nightly_backup,
    )
    return Aspect(False, f"{said}: {more}", values)


def _alerts(*, is_stopped: bool) -> Aspect:
    """Whether this process could tell anybody; who answers there, only telling shows."""
    if is_stopped:
        said = _("nobody is told of anything: the sensor 'alerts' is stopped, start it in the UI")
        return Aspect(False, said)
    try:
        channels = [channel for channel in configured() if channel.label != LOG]
    except SecretError as error:
        return Aspect(False, _("nobody is told of anything: {why}", why=error))
    values = {"addresses": len(channels)}
    if wrong := sum(not channel.is_address for channel in channels):
        said = plural(
            "{count} entry of {setting} is no address, and nobody is told there: write it like "
            "mailto://… or json://…",
            "{count} entries of {setting} are no addresses, and nobody is told there: write them "
            "like mailto://… or json://…",
            wrong,
            setting=SETTING,
        )
        return Aspect(False, said, values)
    if not channels:
        said = _("told in the log alone: {setting} is not set", setting=SETTING)
        return Aspect(True, said, values)
    said = plural("{count} address is told", "{count} addresses are told", len(channels))
    return Aspect(True, said, values)


def _daemon(record: Record, now: dt.datetime) -> Aspect:
    if record.problem is not None:
        return Aspect(False, _("not known: Dagster's record cannot be read"))
    beats = record.heartbeats
    values = {
        "heartbeats": {
            name: beat.isoformat(timespec="seconds") if beat else None
            for name, beat in sorted(beats.items())
        }
    }
    if not any(beats.values()):
        return Aspect(False, _("it has never run here"), values)
    if missing := sorted(name for name, beat in beats.items() if beat is None):
        said = _("parts of it have never run: {names}", names=", ".join(missing))
        return Aspect(False, said, values)
    told = [beat for beat in beats.values() if beat]
    if max(told) > now + SKEW:
        moment = _to_come(max(told))
        said = _("its last sign of life is of {moment}: is the clock right?", moment=moment)
        return Aspect(False, said, values)
    oldest = now - min(told)
    said = _("its last sign of life is {ago} old", ago=_ago(oldest))
    return Aspect(oldest < HEARTBEAT_PATIENCE, said, values)


def _to_come(moment: dt.datetime) -> str:
    moment = moment.astimezone(dt.UTC)
    return _("{moment:%Y-%m-%d %H:%M} UTC, which is still to come", moment=moment)


def _ago(since: dt.timedelta) -> str:
    seconds = max(since.total_seconds(), 0)
    if seconds < 120:
        return _("{count:.0f} s", count=seconds)
    if seconds < 7200:
        return _("{count:.0f} min", count=seconds / 60)
    if seconds < 3 * 24 * 3600:
        return _("{count:.0f} h", count=seconds / 3600)
    return _("{count:.0f} days", count=seconds / 24 / 3600)
