"""The outbox: who was told what, and the messages on their way, in a small file of its own."""

from __future__ import annotations

import datetime as dt
import sqlite3
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from pydantic import TypeAdapter

from acv_pipeline.operations.alerts.fact import Fact
from acv_pipeline.operations.alerts.messages import Item, Message, compose, short_hash

FILE = "alerts.sqlite"
LOCK_FILE = "alerts.lock"
LOCK_SECONDS = 20.0
KEEP_DAYS = 400  # how long messages that went out stay on record
_FACT, _MESSAGE = TypeAdapter(Fact), TypeAdapter(Message)

# queued: not sent yet, or known not to have arrived. sending: being sent. unsure: its sender was
# killed, so it may have arrived; it is sent again, with the same key, until it surely has. sent.
_TABLES = """
create table if not exists standing (
    key text primary key, since text not null
) without rowid;
create table if not exists told (
    channel text, key text, since text not null, told_at text not null, fact text not null,
    thread text not null default '', -- key of the message that told it first
    primary key (channel, key)
) without rowid;
create table if not exists messages (
    channel text, key text, state text not null,
    is_digest integer not null, message text, attempts integer not null default 0,
    queued_at text not null, sent_at text,
    primary key (channel, key)
);
create table if not exists failing (
    channel text primary key, since text not null, reason text not null
) without rowid;
"""


class Outbox:
    """The outbox of one home; a single process uses it at a time (``open_outbox``)."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    def sync(
        self,
        facts: Sequence[Fact],
        channels: Mapping[str, Callable[[Fact], bool]],
        now: dt.datetime,
        *,
        known: Callable[[str], bool] = lambda _: True,
        links_base: str | None = None,
        notice: str | None = None,
    ) -> None:
        """Queue, for every channel, what it was not told yet and what is over.

        What is queued and was never tried, or is known not to have arrived, is made anew: facts
        that ended before they could be told are not told, and what piled up goes out as one.

        Args:
            facts: all that stands.
            channels: by label, whether a fact is to be told there.
            known: whether the facts of a key were looked for; of the others nothing is over.
            notice: what messages say before anything else.
        """
        stamp = _stamp(now)
        standing = {fact.key for fact in facts}
        with self._db:
            self._db.execute("begin immediate")
            self._db.execute("update messages set state = 'unsure' where state = 'sending'")
            since = dict(self._db.execute("select key, since from standing").fetchall())
            for key in since.keys() - standing:
                if known(key):
                    self._db.execute("delete from standing where key = ?", [key])
            for key in standing - since.keys():
                self._db.execute("insert into standing values (?, ?)", [key, stamp])
                since[key] = stamp
            for channel, wants in channels.items():
                unsure = self._unsure(channel)
                news = [
                    item
                    for item in _difference(facts, since, self._told(channel), wants, known, now)
                    if item.fact.key not in unsure  # first things first
                ]
                self._requeue(channel, compose(news, links_base, notice), stamp)
            oldest = _stamp(now - dt.timedelta(days=KEEP_DAYS))
            self._db.execute(
                "delete from messages where state = 'sent' and not is_digest and sent_at < ?",
                [oldest],
            )

    def lacking(self, key: str, channels: Iterable[str]) -> list[str]:
        """The channels that no message of this key was ever queued for."""
        rows = self._db.execute("select channel from messages where key = ?", [key]).fetchall()
        have = {channel for (channel,) in rows}
        return [channel for channel in channels if channel not in have]

    def enqueue_digest(self, message: Message, channels: Iterable[str], now: dt.datetime) -> None:
        """Queue a digest for channels that lack it."""
        with self._db:
            for channel in channels:
                self._db.execute(
                    "insert into messages values (?, ?, 'queued', 1, ?, 0, ?, null)",
                    [channel, message.key, _MESSAGE.dump_json(message).decode(), _stamp(now)],
                )

    def waiting(self, channels: Collection[str]) -> list[tuple[str, Message]]:
        """Channel and message of all that is to be sent: first what may have gone out already."""
        rows = self._db.execute(
            "select channel, message from messages where state <> 'sent'"
            " order by state = 'unsure' desc, attempts, queued_at, rowid"
        ).fetchall()
        return [
            (channel, _MESSAGE.validate_json(text)) for channel, text in rows if channel in channels
        ]

    def sending(self, channel: str, message: Message) -> None:
        """From here on nobody knows whether it arrived, until ``sent`` or ``failed`` says so."""
        with self._db:
            self._db.execute(
                "update messages set attempts = attempts + 1,"
                " state = iif(state = 'unsure', state, 'sending') where channel = ? and key = ?",
                [channel, message.key],
            )

    def sent(self, channel: str, message: Message, now: dt.datetime) -> dt.datetime | None:
        """It arrived; since when the channel had been failing, if it had."""
        with self._db:
            self._db.execute(
                "update messages set state = 'sent', sent_at = ?, message = null"
                " where channel = ? and key = ?",
                [_stamp(now), channel, message.key],
            )
            for item in message.items:
                told = [channel, item.fact.key]
                if item.verb == "solve":
                    self._db.execute("delete from told where channel = ? and key = ?", told)
                else:
                    told += [item.since, _stamp(now), _FACT.dump_json(item.fact).decode()]
                    told.append(item.thread or message.key)
                    self._db.execute("insert or replace into told values (?, ?, ?, ?, ?, ?)", told)
            failing = self._db.execute(
                "delete from failing where channel = ? returning since", [channel]
            ).fetchall()
        return dt.datetime.fromisoformat(failing[0][0]) if failing else None

    def failed(self, channel: str, message: Message, reason: str, now: dt.datetime) -> bool:
        """It did not arrive; whether this is the channel's first failure since one did."""
        with self._db:
            self._db.execute(
                "update messages set state = 'queued'"
                " where channel = ? and key = ? and state = 'sending'",
                [channel, message.key],
            )
            first = self._db.execute(
                "insert or ignore into failing values (?, ?, ?)", [channel, _stamp(now), reason]
            ).rowcount
        return first == 1

    def _told(self, channel: str) -> dict[str, Item]:
        return {
            key: Item("tell", _FACT.validate_json(fact), since, told_at, thread)
            for key, since, told_at, fact, thread in self._db.execute(
                "select key, since, told_at, fact, thread from told where channel = ?", [channel]
            ).fetchall()
        }

    def _unsure(self, channel: str) -> set[str]:
        """The facts of messages that may or may not have arrived."""
        rows = self._db.execute(
            "select message from messages where channel = ? and state = 'unsure'", [channel]
        ).fetchall()
        return {item.fact.key for (text,) in rows for item in _MESSAGE.validate_json(text).items}

    def _requeue(self, channel: str, messages: Sequence[Message], stamp: str) -> None:
        keys = {message.key for message in messages}
        for (key,) in self._db.execute(
            "select key from messages where channel = ? and state = 'queued' and not is_digest",
            [channel],
        ).fetchall():
            if key not in keys:
                self._db.execute(
                    "delete from messages where channel = ? and key = ?", [channel, key]
                )
        for message in messages:
            self._db.execute(
                "insert into messages values (?, ?, 'queued', 0, ?, 0, ?, null)"
                " on conflict do update set message = excluded.message where state = 'queued'",
                [channel, message.key, _MESSAGE.dump_json(message).decode(), stamp],
            )


@contextmanager
def open_outbox(home: Path, *, wait_seconds: float = LOCK_SECONDS) -> Iterator[Outbox | None]:
    """The outbox, for this process alone; None when another one keeps it too long.

    The lock is the operating system's, so it ends with the process that holds it.
    """
    home.mkdir(parents=True, exist_ok=True)
    lock = sqlite3.connect(home / LOCK_FILE, timeout=wait_seconds, isolation_level=None)
    try:
        try:
            lock.execute("begin exclusive")
        except sqlite3.OperationalError as error:
            if "locked" not in str(error):
                raise
            yield None
            return
        connection = sqlite3.connect(home / FILE)
        try:
            connection.executescript(_TABLES)
            _take_over(connection)
            yield Outbox(connection)
        finally:
            connection.close()
    finally:
        lock.close()


def _take_over(connection: sqlite3.Connection) -> None:
    """An outbox of an earlier version, whose mails named their group's thread."""
    if "thread" in {name for _, name, *_ in connection.execute("pragma table_info(told)")}:
        return
    with connection:
        connection.execute("begin immediate")
        connection.execute("alter table told add column thread text not null default ''")
        for channel, key, fact in connection.execute(
            "select channel, key, fact from told"
        ).fetchall():
            connection.execute(
                "update told set thread = ? where channel = ? and key = ?",
                [short_hash(_FACT.validate_json(fact).group), channel, key],
            )


def count_waiting(home: Path) -> int:
    """How many messages have not gone out yet; for reading, whoever holds the outbox."""
    if not (home / FILE).exists():
        return 0
    connection = sqlite3.connect(f"{(home / FILE).as_uri()}?mode=ro", uri=True)
    try:
        (count,) = connection.execute(
            "select count(*) from messages where state <> 'sent'"
        ).fetchone()
        return int(count)
    except sqlite3.OperationalError:  # being made right now
        return 0
    finally:
        connection.close()


def _difference(
    facts: Sequence[Fact],
    since: Mapping[str, str],
    told: Mapping[str, Item],
    wants: Callable[[Fact], bool],
    known: Callable[[str], bool],
    now: dt.datetime,
) -> list[Item]:
    items: list[Item] = []
    standing = {fact.key for fact in facts}
    overdue = {
        fact.group for fact in facts if wants(fact) and _is_overdue(fact, told.get(fact.key), now)
    }
    for fact in filter(wants, facts):
        before = told.get(fact.key)
        if before is None:
            items.append(Item("tell", fact, since[fact.key]))
        elif before.fact.version != fact.version:
            items.append(replace(before, fact=fact))
        elif fact.group in overdue:  # all of a group at once, not each on a day of its own
            items.append(replace(before, verb="remind", fact=fact))
    items += [
        replace(item, verb="solve")
        for key, item in told.items()
        if key not in standing and known(key)
    ]
    return items


def _is_overdue(fact: Fact, told: Item | None, now: dt.datetime) -> bool:
    if told is None or fact.remind_after_days is None:
        return False
    last = dt.datetime.fromisoformat(told.last_told)
    return now - last >= dt.timedelta(days=fact.remind_after_days)


def _stamp(now: dt.datetime) -> str:
    return now.astimezone(dt.UTC).isoformat(timespec="microseconds")
