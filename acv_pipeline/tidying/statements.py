"""What a delivery says of itself outside its rows: month and indicator.

A date there is the month of the figures only where nothing says that it is another date: that of
sending or of an agreement, a target. What stands before it decides, in its own cell or in the one
beside it.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePath

from acv_pipeline.contract import Contract, Month, Source
from acv_pipeline.contract.months import month_end, shift
from acv_pipeline.reading import DeliveryRefused
from acv_pipeline.tidying.column import of_contract
from acv_pipeline.tidying.fold import fold, plain, words_pattern
from acv_pipeline.tidying.header import Table
from acv_pipeline.tidying.indicators import stated_indicators
from acv_pipeline.tidying.months import MonthRead, MonthReader
from acv_pipeline.tidying.names import STOCK, ColumnNames
from acv_pipeline.tidying.refusals import listed, months_listed

# the date of a document rather than of figures: "the note of 31 March"
OF_A_DOCUMENT = re.compile(r"(?<![a-z])(?:du|le|en date du|date du|of|on)$")
# words that say nothing by themselves of the date that follows
JOINING = {"a", "au", "aux", "le", "la", "les", "du", "de", "des", "en", "et", "date", "l", "d"}


@dataclass(frozen=True)
class Statement:
    """A month or a day that a text outside the rows names.

    Attributes:
        text: the text.
        place: ``title``, ``sheet name`` or ``file name``.
        months: the months it may be about: several for the first day of a month as the day of a
            stock, none for another date than that of the figures.
        kind: ``state`` (its words say that it is that of the figures), ``plain``, or what other
            date it is: a key of the contract's ``other_dates``, or ``unexplained``.
        read: what it names.
    """

    text: str
    place: str
    months: tuple[Month, ...]
    kind: str
    read: MonthRead


def indicator_of_table(
    contract: Contract, source: Source, file_name: str, table: Table
) -> str | None:
    """The indicator of rows that name none: title, sheet name, file name, else the default.

    Raises:
        DeliveryRefused: ``indicator_contradiction`` where they name different ones.
    """
    title = " · ".join(text for line in table.title for text in line if text.strip())
    places = {
        "title": stated_indicators(contract, title),
        "sheet name": stated_indicators(contract, table.sheet.name),
        "file name": stated_indicators(contract, PurePath(file_name).stem),
    }
    decisive = {place: named[0] for place, named in places.items() if len(named) == 1}
    if len(set(decisive.values())) > 1:
        said = ", ".join(f"{place}: {named}" for place, named in decisive.items())
        raise DeliveryRefused(
            "indicator_contradiction",
            f"{file_name} names different indicators ({said}): send one file for each",
            f"{file_name} nomme des indicateurs différents ({said}) : envoyer un fichier pour "
            "chacun",
        )
    if decisive:
        return next(iter(decisive.values()))
    return None if any(places.values()) else source.default_indicator


@dataclass(frozen=True)
class StatementReader:
    """Reads the months that the lines above a table, its sheet and its file name."""

    names: ColumnNames

    @property
    def _contract(self) -> Contract:
        return self.names.contract

    def title(self, table: Table) -> list[Statement]:
        """What the lines above the header say; else the sheet's name."""
        found: list[Statement] = []
        for number, line in enumerate(table.title):
            above = table.title[number - 1] if number else ()
            for place, text in enumerate(line):
                label = next((cell for cell in line[:place][::-1] if cell.strip()), "")
                if not label and place < len(above):
                    label = above[place]
                found += self._in(text, "title", label)
        if not any(statement.months for statement in found):
            found += self._in(table.sheet.name, "sheet name", "")
        return found

    def file_name(self, file_name: str, received_on: dt.date | None) -> list[Statement]:
        """What the file's name says.

        A month written as such (``2021-03``, ``mars 2021``, ``T1-2021``) is a statement. A full
        day may be that of sending: it is one only where no month is written as such, and where it
        is the last day of its month and not the day of reception, or its first.
        """
        stem = PurePath(file_name).stem
        found = list(self._in(stem, "file name", ""))
        first = self._contract.first_month  # earlier ones are numbers of something else
        meant = [s for s in found if s.months and max(s.months) >= first]
        others = [s for s in found if not s.months]
        written = [s for s in meant if not s.read.day]
        if written:
            return written + others
        days = [s for s in meant if s.read.day != received_on]
        if received_on:
            days = [s for s in days if len(s.months) == 1 or received_on > month_end(max(s.months))]
        if self._other_date(fold(stem)):
            # a day in a name that speaks of sending is that of sending, wherever the word stands
            days = [s for s in days if s.kind == "state"]
        return days + others

    def _in(self, text: str, place: str, label: str) -> Iterator[Statement]:
        """The dates that a text names, the dates beside them being none of their words."""
        if not text.strip():
            return
        folded, end, context, kind = plain(text), 0, plain(label), "plain"
        reads = of_contract(MonthReader, self._contract).within(text)
        for read in reads:
            before = folded[end : read.span[0]]
            after = folded[read.span[1] :] if read is reads[-1] and place == "title" else ""
            end = read.span[1]
            if set(fold(before).split()) <= JOINING:  # what stands before that goes on
                before = f"{context} {before}"
            context = before
            kind = self._kind(fold(before), fold(after), read)
            months: tuple[Month, ...] = ()
            if read.month and kind in ("state", "plain"):
                months = (read.month,)
                if self._is_first_of_stock(read, before):
                    months = (shift(read.month, -1), read.month)
            shown = text if fold(folded[: read.span[0]]) else f"{label} {text}"
            yield Statement(" ".join(shown.split()), place, months, kind, read)

    def _is_first_of_stock(self, read: MonthRead, before: str) -> bool:
        if not read.day or read.day.day != 1:
            return False
        labelled = self.names.meaning(before) == "month" and not STOCK.search(fold(before))
        return not labelled

    def _kind(self, before: str, after: str, read: MonthRead) -> str:
        other = self._other_date(before)
        state = _last(self._state, before)
        document = bool(read.day) and OF_A_DOCUMENT.search(before) is not None
        if other and (document or other[1] >= state):
            return other[0]
        if state >= 0 or STOCK.search(before):
            return "state"
        if later := self._other_date(after):
            return later[0]
        words = OF_A_DOCUMENT.sub("", before)
        of_figures = words_pattern(tuple(self._contract.figure_words)).search(words)
        return "unexplained" if document and words.split() and not of_figures else "plain"

    @property
    def _state(self) -> re.Pattern[str]:
        return words_pattern(tuple(self._contract.state_words))

    def _other_date(self, folded: str) -> tuple[str, int] | None:
        """Which other date the words speak of last, and where that word ends."""
        ends = {
            kind: _last(words_pattern(tuple(words)), folded)
            for kind, words in self._contract.other_dates.items()
        }
        kind = max(ends, key=lambda kind: ends[kind])
        return (kind, ends[kind]) if ends[kind] >= 0 else None


def _last(pattern: re.Pattern[str], text: str) -> int:
    """Where the last match ends; -1 for none."""
    return max((match.end() for match in pattern.finditer(text)), default=-1)


def about(statements: Iterable[Statement]) -> list[Statement]:
    """The statements that count: those whose words speak of figures, else all that may."""
    meant = [statement for statement in statements if statement.months]
    return [s for s in meant if s.kind == "state"] or meant


def possible_months(statements: Sequence[Statement]) -> list[Month]:
    """The months that the statements of one place leave possible."""
    months = dict.fromkeys(month for statement in statements for month in statement.months)
    if statements and all(len(statement.months) > 1 for statement in statements):
        return list(months)
    # a month said plainly settles which one a first day means
    sure = dict.fromkeys(s.months[0] for s in statements if len(s.months) == 1)
    return list(sure)


OTHER_DATES = {
    "sending": ("the day of sending", "la date d'envoi"),
    "extraction": ("the day of extraction", "la date d'extraction"),
    "production": ("the day of production", "la date de production"),
    "publication": ("the day of publication", "la date de publication"),
    "agreement": ("the date of a document", "la date d'un acte"),
    "target": ("the date of a target", "l'échéance d'un objectif"),
    "territory": ("the date of a list of territories", "la date d'une liste de territoires"),
    "beginning": ("the beginning of a period", "le début d'une période"),
    "unexplained": ("a date of something else", "la date d'autre chose"),
}


def not_the_month(statements: Sequence[Statement], language: int) -> str:
    """The dates that are not that of the figures, each with what it is; ``""`` where none."""
    said = []
    for statement in statements:
        if statement.months or statement.kind not in OTHER_DATES:
            continue
        date = statement.read.day or statement.read.month
        if date:
            shown = f"{date:%Y-%m-%d}" if statement.read.day else f"{date:%Y-%m}"
            said.append(
                f"{listed([statement.text])} ({shown}): {OTHER_DATES[statement.kind][language]}"
            )
    return "; ".join(dict.fromkeys(said))


def quoted(statements: Sequence[Statement]) -> str:
    """The statements' texts, each once, with the months they name."""
    texts = dict.fromkeys(statement.text for statement in statements)
    months = months_listed(month for statement in statements for month in statement.months)
    return f"{listed(texts)} ({months})"
