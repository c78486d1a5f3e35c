"""Months, as people write them."""

from __future__ import annotations

import calendar
import datetime as dt
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from zoneinfo import ZoneInfo

from acv_pipeline.contract import Contract, Month
from acv_pipeline.contract.months import first_day, month_end
from acv_pipeline.reading.sheet import EPOCH_1900
from acv_pipeline.tidying.column import Column
from acv_pipeline.tidying.texts import Marks, any_word, clean, plain

YEAR = r"(?P<y>20[0-9]{2})"
SHORT_YEAR = r"(?P<y>(?:20)?[0-9]{2})"
SEP = r"(?P<s>[-/._ ])"
TIME = (
    r"(?:[t ]+(?P<time>[0-9]{1,2}:[0-9]{2}(?::[0-9]{2}(?:[.,][0-9]+)?)?)"
    r" ?(?P<zone>z|utc|[+-][0-9]{2}:?[0-9]{2})?)?"
)
SERIAL = re.compile(r"([34567][0-9]{4})([.,][0-9]+)?")  # Excel days since 1899-12-30: 1982 on
# what stands before a number that is none of a day
NUMBERED = re.compile(
    r"(?:n ?°|n|no|numero|annexe|axe|tableau|semaine|lot|vague|page|acv|v|s|phase|volet|figure|"
    r"graphique|indicateur|version|livrable|partie) ?$"
)
# what stands before a year and a number that are no month
OF_A_DOCUMENT = re.compile(
    r"(?:n ?°|(?<![a-z])(?:n|no|numero|ref|(?<!de )reference|dossier|semaine|sem))[ :._-]*"
    r"(?:[a-z]+[/-])*$"
)
# "en mars 20 départements", "mars 2020-2021"
COUNTED = re.compile(
    r" (?:departement|logement|dossier|ville|commune|ligne)s?(?![a-z])|-20[0-9]{2}(?!-)"
)
# A time of day an hour or two before midnight is midnight, moved by a summer time or a time zone
# that a program forgot. The last minute of a day is a way to write its end.
LATE, LAST_MINUTE = dt.time(22), dt.time(23, 59)
ORDINALS = {"premier": 1, "deuxieme": 2, "second": 2, "troisieme": 3, "quatrieme": 4}
ENDS_OF_DAY = (dt.time(23, 59), dt.time(23, 59, 59))


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

    def column(self, column: Column[str], epoch: dt.date = EPOCH_1900) -> Column[MonthRead]:
        """What the cells of one month column say.

        Day comes before month unless a date of the column can only be month first
        (``3/31/2021``) and none only day first.
        """
        folded = column.map(lambda text: plain(self.marks.split(clean(text))[0]))
        order = day_order(folded.found)
        return folded.map(lambda text: self._cells(text, order, epoch))

    @cached_property
    def _cells(self) -> Callable[[str, str, dt.date], MonthRead]:
        return lru_cache(maxsize=1 << 16)(self.cell)

    @cached_property
    def marks(self) -> Marks:
        """The marks that may follow a month."""
        return Marks(self.contract.provisional_marks)

    def cell(self, folded: str, order: str = "day", epoch: dt.date = EPOCH_1900) -> MonthRead:
        """The month that a whole cell says; the text is plain (see ``texts.plain``)."""
        if not folded:
            return MonthRead(None, "no_month_in_row")
        if serial := SERIAL.fullmatch(folded):
            fraction = float((serial[2] or ".0").replace(",", "."))
            moment = dt.datetime.combine(epoch, dt.time()) + dt.timedelta(
                days=int(serial[1]), seconds=round(fraction * 86_400)
            )
            return of_moment(moment)
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

    def within(self, text: str) -> Sequence[MonthRead]:
        """Every month or day named inside a text (a title, a header, a file name), in order."""
        return self._remembered(text)

    @cached_property
    def _remembered(self) -> Callable[[str], Sequence[MonthRead]]:
        return lru_cache(maxsize=1 << 16)(self._within)

    def _within(self, text: str) -> Sequence[MonthRead]:
        rest = plain(text)
        found = []
        for pattern in self._patterns:
            for match in list(pattern.finditer(rest)):
                read = self._read(match, "day")
                parts = match.groupdict()
                numbered = NUMBERED.search(rest[: match.start()])
                if self._is_of_a_document(rest, match):
                    continue
                if parts.get("word") and parts.get("d") and numbered:
                    continue  # "n° 31 - mars 2021": the month alone is found by a later pattern
                if read.problem not in (None, "mid_month_date"):
                    continue
                found.append(MonthRead(read.month, read.problem, read.day, match.span()))
                start, end = match.span()
                rest = rest[:start] + "#" * (end - start) + rest[end:]
        return sorted(found, key=lambda read: read.span)

    def _is_of_a_document(self, text: str, match: re.Match[str]) -> bool:
        """Whether what looks like a month is the number of a document or week, or counts."""
        parts = match.groupdict()
        if parts.get("word") or parts.get("d") or parts.get("a"):
            return parts.get("d") is None and COUNTED.match(text[match.end() :]) is not None
        spaced = " " in match.group() and re.match(r" [a-z]", text[match.end() :])
        return bool(OF_A_DOCUMENT.search(text[: match.start()]) or spaced)

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
        prefix = r"[mx](?=[01]?[0-9]?-?20[0-9]{2})"  # as statistics programs name columns
        words = rf"a |au |le |fin |{days}|mois de |situation |arrete |{prefix}"
        return re.compile(rf"^(?:(?:{words})\s*)+")

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
            rf"(?<![0-9])(?P<d>[0-9]{{1,2}})(?:er)?[-/._' ]?{word}{gap}{SHORT_YEAR}(?![0-9])",
            rf"{word} (?P<d>[0-9]{{1,2}}),? {YEAR}(?![0-9])",
            rf"{word}{gap}{SHORT_YEAR}(?![0-9])",
            rf"(?<![0-9]){YEAR}{gap}{word}",
            rf"(?<![0-9]){YEAR}{gap}{quarter}{gap}(?P<q>[1-4])(?![0-9])",
            rf"(?<![a-z0-9]){quarter}{gap}(?P<q>[1-4]){gap}(?:de )?{SHORT_YEAR}(?![0-9])",
            rf"(?<![0-9])(?P<q>[1-4])(?:er|e|eme|nd)?{gap}{quarter}{gap}(?:de )?{SHORT_YEAR}"
            r"(?![0-9])",
            rf"(?<![a-z])(?P<nth>{any_word(ORDINALS)}) trimestre (?:de )?{YEAR}(?![0-9])",
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
        if quarter := parts.get("q") or ORDINALS.get(parts.get("nth") or ""):
            return MonthRead(dt.date(year, int(quarter) * 3, 1))
        if parts.get("h"):
            return MonthRead(dt.date(year, int(parts["h"]) * 6, 1))
        if parts.get("a"):
            read = _either_order(int(parts["a"]), int(parts["b"]), year, order)
            known = read.day and read.problem in (None, "mid_month_date")
            return self._at(read.day, parts) if known and read.day else read
        month = self._words[parts["word"]] if parts.get("word") else int(parts["m"])
        if not 1 <= month <= 12:
            return MonthRead(None, "impossible_date")
        if not parts.get("d"):
            return MonthRead(dt.date(year, month, 1))
        if int(parts["d"]) not in range(1, calendar.monthrange(year, month)[1] + 1):
            return MonthRead(None, "impossible_date")
        return self._at(dt.date(year, month, int(parts["d"])), parts)

    def _at(self, day: dt.date, parts: dict[str, str | None]) -> MonthRead:
        """The month of a day with a time of day, of the zone where the figures are made."""
        if not parts.get("time"):
            return of_day(day)
        hours, minutes, *seconds = re.split("[:.,]", parts["time"] or "")
        try:
            time = dt.time(int(hours), int(minutes), int(seconds[0]) if seconds else 0)
        except ValueError:
            return MonthRead(None, "impossible_date")
        moment = dt.datetime.combine(day, time)
        if (zone := parts.get("zone")) and time not in ENDS_OF_DAY:
            offset = "+00:00" if zone in ("z", "utc") else zone
            aware = dt.datetime.fromisoformat(f"{moment.isoformat()}{offset}")
            moment = aware.astimezone(ZoneInfo(self.contract.timezone)).replace(tzinfo=None)
        return of_moment(moment)


def of_moment(moment: dt.datetime) -> MonthRead:
    """The month of a day with a time of day; shortly before midnight it is the next day's."""
    day, time = moment.date(), moment.time()
    if LATE <= time < LAST_MINUTE:
        return of_day(day + dt.timedelta(days=1))
    if time > LAST_MINUTE and time not in ENDS_OF_DAY:
        return MonthRead(None, "ambiguous_date", day=day)  # its own end, or a clock that is slow
    return of_day(day)


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
