"""Telling people: what stands is compared with what was told, and the difference goes out."""

from __future__ import annotations

import datetime as dt
import logging
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from zoneinfo import ZoneInfo

import duckdb

from acv_pipeline.contract import Contract, Month
from acv_pipeline.language import _
from acv_pipeline.operations import quarantine
from acv_pipeline.operations.alerts.channels import Channel, SendError, configured
from acv_pipeline.operations.alerts.damage import MENDED, mended_facts
from acv_pipeline.operations.alerts.digest import digest, digest_key
from acv_pipeline.operations.alerts.fact import Fact, FailedRun
from acv_pipeline.operations.alerts.facts import (
    RUN_PREFIX,
    STANDSTILL,
    run_facts,
    standing_facts,
    standstill_facts,
)
from acv_pipeline.operations.alerts.messages import Message
from acv_pipeline.operations.alerts.notice import synthetic_notice
from acv_pipeline.operations.alerts.outbox import Outbox, count_waiting, open_outbox
from acv_pipeline.operations.standstill import standing
from acv_pipeline.warehouse import WarehouseError, mended_of, read_published
from acv_pipeline.warehouse.home import Home

REPORT_SETTING = "ACV_REPORT_URL"  # where people open the report page
FAILURES_IN_A_ROW = 2  # then a channel is left alone until the next round

log = logging.getLogger("acv_pipeline.alerts")


@dataclass(frozen=True)
class Delivered:
    """What a round did.

    Attributes:
        told: facts told (or reminded of), counted once per channel.
        recovered: facts said to be over, counted once per channel.
        waiting: messages that could not be sent and will be tried again in the next round.
    """

    told: int = 0
    recovered: int = 0
    waiting: int = 0


def deliver(
    home: Home,
    contract: Contract,
    now: dt.datetime,
    failed_runs: Sequence[FailedRun] | None = None,
    links_base: str | None = None,
) -> Delivered:
    """Tell every channel what it was not told yet, and what is over.

    Each fact is told at least once; a repeat (after a process was killed between sending and
    writing that down) carries the same key. When another process is telling right now and goes
    on for long, nothing is done: the next round makes up for it, as nothing is consumed.

    Args:
        now: with a time zone.
        failed_runs: the failed runs that stand; None when nobody looked, so none is over.
        links_base: address of the Dagster UI, for links.

    Raises:
        OSError, sqlite3.Error: the home cannot be written.
    """
    channels = _channels()
    with open_outbox(home.root) as outbox:
        if outbox is None:
            return Delivered(waiting=count_waiting(home.root))
        facts, warehouse_read, notice = _facts(home, contract, now, failed_runs)
        facts = [
            *standstill_facts(contract, standing(home), now),
            *mended_facts(contract, home, mended_of(home)),
            *facts,
        ]
        outbox.sync(
            facts,
            {label: channel.wants for label, channel in channels.items()},
            now,
            known=lambda key: (
                key.startswith((STANDSTILL, MENDED))
                or (failed_runs is not None if key.startswith(RUN_PREFIX) else warehouse_read)
            ),
            links_base=links_base,
            notice=notice,
        )
        return _send_all(home, contract, outbox, channels, outbox.waiting(channels), now)


def send_digest(
    home: Home,
    contract: Contract,
    month: Month,
    now: dt.datetime,
    links_base: str | None = None,
) -> Delivered:
    """Send the digest of ``month``, once per channel and month, whenever it is asked for.

    What cannot be sent waits for the next round of ``deliver``.

    Raises:
        WarehouseError: nothing was published yet.
        OSError, sqlite3.Error: the home cannot be written.
    """
    channels = _channels()
    with open_outbox(home.root) as outbox:
        if outbox is None:
            return Delivered(waiting=count_waiting(home.root))
        wanted = [label for label, channel in channels.items() if channel.wants_digest]
        lacking = outbox.lacking(digest_key(month), wanted)
        if not lacking:
            return Delivered()
        report = home.report if home.report.exists() else None
        address = os.environ.get(REPORT_SETTING) or None
        with read_published(home) as connection:
            message = digest(connection, contract, month, links_base, report, address)
        outbox.enqueue_digest(message, lacking, now)
        # alerts are sent by a round that has looked at what stands
        queued = [(label, m) for label, m in outbox.waiting(lacking) if m.key == message.key]
        return _send_all(home, contract, outbox, channels, queued, now)


def _channels() -> dict[str, Channel]:
    return {channel.label: channel for channel in configured()}


def _facts(
    home: Home,
    contract: Contract,
    now: dt.datetime,
    failed_runs: Sequence[FailedRun] | None,
) -> tuple[list[Fact], bool, str | None]:
    """What stands, whether the published copy could be asked, and what it says of all figures."""
    runs = failed_runs or ()
    if not home.published.exists():
        return run_facts(contract, runs), False, None
    today = now.astimezone(ZoneInfo(contract.timezone)).date()
    try:
        with read_published(home) as connection:
            facts = standing_facts(connection, contract, today, home, runs)
            return facts, True, synthetic_notice(connection)
    except (WarehouseError, duckdb.Error) as error:  # or published by an older program
        log.warning(_("alerts go on without the figures this time: {error}", error=error))
        return run_facts(contract, runs), False, None


def _send_all(
    home: Home,
    contract: Contract,
    outbox: Outbox,
    channels: dict[str, Channel],
    messages: Sequence[tuple[str, Message]],
    now: dt.datetime,
) -> Delivered:
    told = recovered = waiting = 0
    failures = dict.fromkeys(channels, 0)
    for label, message in messages:
        if failures[label] >= FAILURES_IN_A_ROW:
            waiting += 1
            continue
        outbox.sending(label, message)
        try:
            with _files(home, contract, channels[label], message) as files:
                channels[label].send(message, files)
        except SendError as error:
            failures[label] += 1
            waiting += 1
            if outbox.failed(label, message, str(error), now):
                log.warning(
                    _(
                        "alert channel {channel} does not work, its messages wait: {error}",
                        channel=label,
                        error=error,
                    )
                )
            continue
        failures[label] = 0
        if since := outbox.sent(label, message, now):
            log.warning(
                _(
                    "alert channel {channel} works again; it had failed since {since}",
                    channel=label,
                    since=since,
                )
            )
        over = sum(item.verb == "solve" for item in message.items)
        recovered += over
        told += len(message.items) - over
    return Delivered(told, recovered, waiting)


@contextmanager
def _files(
    home: Home, contract: Contract, channel: Channel, message: Message
) -> Iterator[dict[str, Path]]:
    """What goes with a mail. A file that cannot be made stays away: the mail matters more."""
    files = {}
    if channel.with_report and message.report and Path(message.report).is_file():
        files["report"] = Path(message.report)
    sheets = [sheet for letter in message.letters for sheet in letter.sheets]
    with TemporaryDirectory() as folder:
        for delivery, name in sheets if channel.is_mail else ():
            path = Path(folder) / delivery[:12] / name
            path.parent.mkdir(exist_ok=True)
            try:
                with read_published(home) as connection:
                    table = quarantine.waiting(connection, contract, delivery=delivery)
                quarantine.export(table, path)
            except (WarehouseError, quarantine.ExportError, duckdb.Error) as error:
                log.warning(_("a mail goes without {file}: {error}", file=name, error=error))
                continue
            files[delivery] = path
        yield files
