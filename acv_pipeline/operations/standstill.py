"""Why what arrives is not taken in, and since when: a server away, a file that cannot be opened."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from acv_pipeline.landing.whole_files import write_whole
from acv_pipeline.language import plural
from acv_pipeline.warehouse.home import Home

# until then it may well be over by itself: a server that restarts, a file being written
TELL_AFTER = dt.timedelta(minutes=30)
MOST_LINES = 5


@dataclass(frozen=True)
class Standstill:
    """What arrives has not been taken in since then, or not all of it, for this reason."""

    since: dt.datetime
    reason: str

    def is_long(self, now: dt.datetime) -> bool:
        """Whether people should know."""
        return now - self.since >= TELL_AFTER


def standing(home: Home) -> Standstill | None:
    """The standstill that stands."""
    try:
        known = json.loads(home.standstill.read_text(encoding="utf-8"))
        return Standstill(dt.datetime.fromisoformat(known["since"]), known["reason"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def begin(home: Home, reason: str, now: dt.datetime) -> None:
    """A look failed; the first one in a row says since when."""
    before = standing(home)
    since = min(before.since, now) if before else now  # the clock may have been wrong then
    text = json.dumps({"since": since.isoformat(), "reason": reason}, ensure_ascii=False)
    write_whole(home.standstill, text)


@contextmanager
def on_record(home: Home, *errors: type[Exception]) -> Iterator[None]:
    """A look by hand, or by a timer: what it fails by is a standstill, too."""
    try:
        yield
    except errors as error:
        with suppress(OSError):  # the error itself is told
            if home.root.exists():
                begin(home, str(error), dt.datetime.now(dt.UTC))
        raise


def seen(home: Home) -> None:
    """The landing zone could be looked at, just now."""
    with suppress(OSError):  # on a full disk, which is said elsewhere
        home.root.mkdir(parents=True, exist_ok=True)
        home.looked.touch()


def looked(home: Home, unread: Sequence[str], now: dt.datetime) -> None:
    """A look took in all there was but the files of these lines."""
    seen(home)
    if not unread:
        return end(home)
    rest = len(unread) - MOST_LINES
    more = [plural("and {count} more", "and {count} more", rest)] if rest > 0 else []
    return begin(home, "; ".join([*unread[:MOST_LINES], *more]), now)


def end(home: Home) -> None:
    """A look succeeded."""
    home.standstill.unlink(missing_ok=True)
