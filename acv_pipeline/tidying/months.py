"""Months, as people write them.

Here: every way to write a day, a month or a quarter, in a cell or inside a text, and what a
column proves about day and month order. Not here: which statement wins (``statements``).
"""

from __future__ import annotations

import calendar
import datetime as dt
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from zoneinfo import ZoneInfo

from acv_pipeline.contract import Contract, Month
from acv_pipeline.contract.months import first_day, month_end
from acv_pipeline.tidying.column import Column
from acv_pipeline.tidying.fold import any_word, clean, plain

YEAR = r"(?P<y>20[0-9]{2})"
SHORT_YEAR = r"(?P<y>(?:20)?[0-9]{2})"
SEP = r"(?P<s>[-/._ ])"
TIME = (
    r"(?:[t ]+(?P<time>[0-9]{1,2}:[0-9]{2}(?::[0-9]{2}(?:[.,][0-9]+)?)?)"
    r" ?(?P<zone>z|utc|[+-][0-9]{2}:?[0-9]{2})?)?"
)
SERIAL = re.compile(r"([34567][0-9]{4})(?:[.,][0-9]+)?")  # Excel days since 1899-12-30: 1982 on
EXCEL_EPOCH = dt.date(1899, 12, 30)


@dataclass(frozen=True)
class MonthRead:
    """What a text says of a month.

    Attributes:
        month: the month; None where there is a problem.
        problem: a reason code of ``reasons``; None where there is a month.
        day: the day, where the text names one.
        span: where in the text it stands.
    """

    month: Month | None
    problem: str | None = None
    day: dt.date | None = None
    span: tuple[int, int] = (0, 0)


@dataclass(frozen=True)
class MonthReader:
    """Recognises months with the contract's words."""

    contract: Contract

    def column(self, column: Column[str]) -> Column[MonthRead]:
        """What the cells of one month column say.

        Day comes before month unless a date of the column can only be month first
        (``3/31/2021``) and none only day first.
        """
        folded = column.map(lambda text: plain(clean(text)))
        order = day_order(folded.found)
        return folded.map(lambda text: self.cell(text, order))

    def cell(self, folded: str, order: str = "day") -> MonthRead:
        """The month that a whole cell says; the text is plain (see ``fold.plain``)."""
        if not folded:
            return MonthRead(None, "no_month_in_row")
        if serial := SERIAL.fullmatch(folded):
            return of_day(EXCEL_EPOCH + dt.timedelta(days=int(serial[1])))
        bare = self._leading.sub("", folded)
        reads = [
            self._read(match, order)
            for pattern in self._patterns
            if (match := pattern.fullmatch(bare))
        ]
        for read in reads:
            if read.month:
                return read
        return reads[0] if reads else MonthRead(None, "month_not_understood")

    def within(self, text: str) -> list[MonthRead]:
        """Every month or day named inside a text (a title, a header, a file name), in order."""
        rest = plain(text)
        found = []
        for pattern in self._patterns:
            for match in list(pattern.finditer(rest)):
                read = self._read(match, "day")
                if read.problem not in (None, "mid_month_date"):
                    continue
                found.append(MonthRead(read.month, read.problem, read.day, match.span()))
                start, end = match.span()
                rest = rest[:start] + "#" * (end - start) + rest[end:]
        return sorted(found, key=lambda read: read.span)

    @cached_property
    def _words(self) -> dict[str, int]:
        return {
            plain(word): number
            for number, words in self.contract.month_words.items()
            for word in words
        }

    @cached_property
    def _leading(self) -> re.Pattern[str]:
        days = "lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche"
        return re.compile(rf"^(?:(?:a |au |le |fin |{days}|mois de |situation |arrete )\s*)+")

    @cached_property
    def _patterns(self) -> list[re.Pattern[str]]:
        word = rf"(?<![a-z])(?P<word>{any_word(self._words)})(?![a-z])\.?"
        gap = r"[-/._' ]*"
        quarter = r"(?:t|q|trim\.?|trimestre)"
        sources = [
            rf"(?<![0-9]){YEAR}{SEP}(?P<m>[0-9]{{1,2}})(?P=s)(?P<d>[0-9]{{1,2}})(?![0-9]){TIME}",
            rf"(?<![0-9])(?P<a>[0-9]{{1,2}}){SEP}(?P<b>[0-9]{{1,2}})(?P=s){SHORT_YEAR}(?![0-9]){TIME}",
            rf"(?<![0-9]){YEAR}(?P<m>0[1-9]|1[0-2])(?P<d>[0-3][0-9])(?![0-9])",
            rf"(?<![0-9])(?P<d>[0-3][0-9])(?P<m>0[1-9]|1[0-2]){YEAR}(?![0-9])",
            rf"(?<![0-9])(?P<d>[0-9]{{1,2}})(?:er)?{gap}{word}{gap}{SHORT_YEAR}(?![0-9])",
            rf"{word} (?P<d>[0-9]{{1,2}}),? {YEAR}(?![0-9])",
            rf"{word}{gap}{SHORT_YEAR}(?![0-9])",
            rf"(?<![0-9]){YEAR}{gap}{word}",
            rf"(?<![0-9]){YEAR}{gap}{quarter}{gap}(?P<q>[1-4])(?![0-9])",
            rf"(?<![a-z0-9]){quarter}{gap}(?P<q>[1-4]){gap}(?:de )?{SHORT_YEAR}(?![0-9])",
            rf"(?<![0-9])(?P<q>[1-4])(?:er|e|eme|nd)?{gap}{quarter}{gap}(?:de )?{SHORT_YEAR}"
            r"(?![0-9])",
            rf"(?<![0-9]){YEAR}{gap}s(?:em\.?|emestre)?{gap}(?P<h>[12])(?![0-9])",
            rf"(?<![a-z0-9])s(?:em\.?|emestre)?{gap}(?P<h>[12]){gap}(?:de )?{YEAR}(?![0-9])",
            rf"(?<![0-9]){YEAR}[-/._ ]?m?(?P<m>0[1-9]|1[0-2])(?![0-9])",
            rf"(?<![0-9]){YEAR}[-/](?P<m>[1-9])(?![0-9])",
            rf"(?<![0-9])(?P<m>0[1-9]|1[0-2])[-/._ ]?{YEAR}(?![0-9])",
            rf"(?<![0-9])(?P<m>[1-9])[-/]{YEAR}(?![0-9])",
        ]
        return [re.compile(source) for source in sources]

    def _read(self, match: re.Match[str], order: str) -> MonthRead:
        parts = match.groupdict()
        year = int(parts["y"]) % 100 + 2000
        if parts.get("q"):
            return MonthRead(dt.date(year, int(parts["q"]) * 3, 1))
        if parts.get("h"):
            return MonthRead(dt.date(year, int(parts["h"]) * 6, 1))
        if parts.get("a"):
            return _either_order(int(parts["a"]), int(parts["b"]), year, order)
        month = self._words[parts["word"]] if parts.get("word") else int(parts["m"])
        if not 1 <= month <= 12:
            return MonthRead(None, "impossible_date")
        if not parts.get("d"):
            return MonthRead(dt.date(year, month, 1))
        if int(parts["d"]) not in range(1, calendar.monthrange(year, month)[1] + 1):
            return MonthRead(None, "impossible_date")
        day = dt.date(year, month, int(parts["d"]))
        if parts.get("zone"):
            day = self._local(day, parts["time"], parts["zone"])
        return of_day(day)

    def _local(self, day: dt.date, time: str, zone: str) -> dt.date:
        """A moment with a time zone as a day where the figures are made."""
        offset = "+00:00" if zone in ("z", "utc") else zone
        hours, minutes = (int(part) for part in time.split(":")[:2])
        try:
            moment = dt.datetime.fromisoformat(f"{day}T{hours:02}:{minutes:02}{offset}")
        except ValueError:
            return day
        return moment.astimezone(ZoneInfo(self.contract.timezone)).date()


def of_day(day: dt.date) -> MonthRead:
    """The month a day stands for: its first and last day only, as figures are monthly."""
    month = first_day(day)
    if day in (month, month_end(month)):
        return MonthRead(month, day=day)
    return MonthRead(None, "mid_month_date", day=day)


DAY_OR_MONTH_FIRST = re.compile(r"([0-9]{1,2})([-/._ ])([0-9]{1,2})\2(?:20)?[0-9]{2}(?![0-9]).*")


def day_order(texts: Iterable[str]) -> str:
    """``day``, ``month`` or ``mixed``: which part comes first in the column's ``a/b/year``."""
    parts = [
        (int(match[1]), int(match[3]))
        for match in map(DAY_OR_MONTH_FIRST.fullmatch, texts)
        if match
    ]
    day_first = any(a > 12 >= b for a, b in parts)
    month_first = any(b > 12 >= a for a, b in parts)
    if day_first and month_first:
        return "mixed"
    return "month" if month_first else "day"


def _either_order(a: int, b: int, year: int, order: str) -> MonthRead:
    readings = {"day": _of_parts(year, b, a), "month": _of_parts(year, a, b)}
    if a == b:
        order = "day"
    if order == "mixed":
        possible = [read for read in readings.values() if read.problem != "impossible_date"]
        if len(possible) > 1:
            return MonthRead(None, "ambiguous_date")
        return possible[0] if possible else readings["day"]
    read, other = readings[order], readings["month" if order == "day" else "day"]
    if read.problem and other.month:  # only the unproven order gives a first or last day
        return MonthRead(None, "ambiguous_date", day=read.day)
    return read


def _of_parts(year: int, month: int, day: int) -> MonthRead:
    if 1 <= month <= 12 and 1 <= day <= calendar.monthrange(year, month)[1]:
        return of_day(dt.date(year, month, day))
    return MonthRead(None, "impossible_date")


def distinct_months(reads: Iterable[MonthRead]) -> Iterator[Month]:
    """The months of ``reads`` that have one, each once, in order of appearance."""
    yield from dict.fromkeys(read.month for read in reads if read.month)
