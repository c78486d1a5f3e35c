"""What a delivery says of itself outside its rows: month and indicator.

A date there is the month of the figures only where nothing says that it is another date: that of
sending or of an agreement, a target. What stands before it decides, in its own cell or in the one
beside it.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import PurePath

from acv_pipeline.contract import Contract, Month, Source
from acv_pipeline.contract.months import month_end, shift
from acv_pipeline.language import Both, both, listed, marked
from acv_pipeline.reading import DeliveryRefused
from acv_pipeline.tidying.column import of_contract
from acv_pipeline.tidying.dates import STOCK, DateRead, DateReader
from acv_pipeline.tidying.indicators import names_other_programme, stated_indicators
from acv_pipeline.tidying.month_reader import MonthRead, MonthReader
from acv_pipeline.tidying.names import ColumnNames
from acv_pipeline.tidying.refusals import months_listed, quoted, says
from acv_pipeline.tidying.table import Table
from acv_pipeline.tidying.texts import any_word, fold, plain, words_pattern


@dataclass(frozen=True)
class Statement:
    """A month or a day that a text outside the rows names.

    Attributes:
        text: the text.
        place: ``title``, ``sheet name``, ``file name`` or ``note``.
        months: the months it may be about: several for the first day of a month as the day of a
            stock, none for another date than that of the figures.
        kind: ``state`` (its words say that it is that of the figures), ``plain``, or what other
            date it is: a key of the contract's ``other_dates``, or ``unexplained``.
        read: what it names.
        before: the words before it.
        sheet: of a note on a sheet without a table, its name.
    """

    text: str
    place: str
    months: tuple[Month, ...]
    kind: str
    read: MonthRead
    before: str = ""
    sheet: str = ""


def indicator_of_table(
    contract: Contract, source: Source, file_name: str, table: Table
) -> str | None:
    """The indicator of rows that name none: title, sheet name, file name, else the default.

    Raises:
        DeliveryRefused: ``indicator_contradiction`` where they name different ones.
    """
    title = " · ".join(without_exceptions(contract, text) for text in table.title_texts)
    places = {
        marked("title"): stated_indicators(contract, title),
        marked("sheet name"): stated_indicators(contract, table.sheet.name),
        marked("file name"): stated_indicators(contract, PurePath(file_name).stem),
    }
    decisive = {place: named[0] for place, named in places.items() if len(named) == 1}
    if len(set(decisive.values())) > 1:
        said = listed(
            both("{place}: {indicator}", place=both(place), indicator=named)
            for place, named in decisive.items()
        )
        raise DeliveryRefused(
            "indicator_contradiction",
            both(
                "{file} names different indicators ({said}): send one file for each",
                file=file_name,
                said=said,
            ),
        )
    for text in (*table.title_texts, table.sheet.name, PurePath(file_name).stem):
        if names_other_programme(contract, text, alone=bool(decisive)):
            raise DeliveryRefused(
                "other_indicator",
                both(
                    "{file} is about another programme: {text}; send the figures of ours, or name "
                    "it",
                    file=file_name,
                    text=quoted([text]),
                ),
            )
    if decisive:
        return next(iter(decisive.values()))
    return None if any(places.values()) else source.default_indicator


def without_exceptions(contract: Contract, text: str) -> str:
    """A heading without the programmes that it names to leave them out, or to point elsewhere."""
    if words_pattern(contract.remark_words.elsewhere).search(fold(text)):
        return ""
    return without_left_out(text)


def without_left_out(text: str) -> str:
    """A text without what it names to leave it out."""
    return re.sub(r"(?i)\b(?:hors|sauf|hormis)\b[^,;–)-]*", "", text)


@dataclass(frozen=True)
class StatementReader:
    """Reads the months that the lines above a table, its sheet and its file name."""

    names: ColumnNames

    @property
    def _dates(self) -> DateReader:
        return of_contract(DateReader, self.names.contract)

    def title(
        self, table: Table, file_name: str, received_on: dt.date | None = None
    ) -> list[Statement]:
        """What the lines above the header say; the year may stand in the name of the file."""
        found: list[Statement] = []
        for number, line in enumerate(table.title):
            above = table.title[number - 1] if number else ()
            found += self._in_line(line, above)
        return found if about(found) else [*found, *self._in_halves(table, file_name, received_on)]

    def sheet_name(self, table: Table) -> list[Statement]:
        """What the sheet's name says."""
        return list(self._in(table.sheet.name, "sheet name"))

    def halves(self, table: Table, *names: str) -> dict[str, tuple[int | None, int | None]]:
        """The headings and names, that of the sheet among them, of a year or a month alone."""
        months, told = self.names.contract.month_words, self.names.contract.remark_words
        words = {plain(called[0]): number for number, called in months.items()}  # in full
        of_year, of_month = (
            any_word(map(fold, told.year_heading)),
            any_word(map(fold, told.month_heading)),
        )
        # "Bilan 2020": other years may be those of a programme or of a target
        bare_year = re.compile(rf"(?:(?:{of_year}) ?)*(?P<year>20[0-9]{{2}})")
        bare_month = re.compile(
            rf"(?:(?:{of_month}|a|de|fin) ?)*(?P<word>{any_word(words)})|"
            r"mois (?P<number>0?[1-9]|1[0-2])"
        )
        lines = (" ".join(filter(str.strip, line)) for line in table.title)
        found: dict[str, tuple[int | None, int | None]] = {}
        for text in (*table.title_texts, *lines, table.sheet.name, *names):
            folded = fold(text)
            if list(self._in(text, "title")):
                continue
            if year := bare_year.fullmatch(folded):
                found[text] = int(year["year"]), None
            elif month := bare_month.fullmatch(folded):
                found[text] = None, int(month["number"] or words[month["word"]])
        return found

    def _in_halves(
        self, table: Table, file_name: str, received_on: dt.date | None
    ) -> list[Statement]:
        """The month of a form that asks for year and month in two places.

        A year in the file's name alone may be an old one, once that month of a later one is over.
        """
        here, halves = self.halves(table), self.halves(table, PurePath(file_name).stem)
        years = {year for year, _ in halves.values() if year}
        months = {month for _, month in halves.values() if month}
        if len(years) != 1 or len(months) != 1:
            return []
        month = dt.date(years.pop(), months.pop(), 1)
        meant = [month]
        while received_on and not any(year for year, _ in here.values()):
            later = shift(meant[-1], 12)
            if month_end(later) >= received_on:
                break
            meant.append(later)
        text = ", ".join(halves)
        return [Statement(text, "title", tuple(meant), "plain", MonthRead(month))]

    def _in_line(self, line: Sequence[str], above: Sequence[str]) -> list[Statement]:
        """What one line says: what stands left of a date, else above it, says what it is.

        Several dates beside one another under the name of a period are its first and its last.
        """
        found: list[Statement] = []
        for place, text in enumerate(line):
            words = [cell for cell in line[:place] if cell.strip() and not self._is_date(cell)]
            label = words[-1] if words else ""
            if not label and self._is_label(above, place):
                label = above[place]
            behind = "" if label else next((c for c in line[place + 1 :] if c.strip()), "")
            found += self._in(text, "title", label, behind if self._is_date(text) else "")
        period = words_pattern(self.names.contract.remark_words.period)
        if (
            len(found) == 2
            and found[0].before == found[1].before
            and period.search(found[0].before)
        ):
            found[0] = replace(found[0], months=(), kind="beginning")
        return found

    def _is_label(self, line: Sequence[str], place: int) -> bool:
        """Whether a cell may be a label of what stands below it: it has no date beside it."""
        if place >= len(line) or any(c.isdigit() for c in line[place]):
            return False
        beside = next(filter(str.strip, line[place + 1 :]), "")
        return not of_contract(MonthReader, self.names.contract).within(beside)

    def _is_date(self, text: str) -> bool:
        """Whether a cell holds a date and nothing else."""
        reads = of_contract(MonthReader, self.names.contract).within(text)
        return len(reads) == 1 and not fold(
            plain(text)[: reads[0].span[0]] + plain(text)[reads[0].span[1] :]
        )

    def note(self, text: str, *, sheet: str = "", heading: bool = False) -> list[Statement]:
        """What a note beside the table says outright to be the state of the figures.

        Args:
            sheet: the note stands on another sheet than the table, of this name.
            heading: the note stands above rows: then a month by itself is theirs.
        """
        if self._is_of_earlier(text):
            return []
        return [
            replace(statement, sheet=sheet)
            for statement in self._in(text, "note")
            if statement.kind == "state" or (heading and statement.months)
        ]

    def below(self, texts: Iterable[str]) -> list[Statement]:
        """The days and months that notes name as those of the figures; no corrections."""
        notes = (text for text in texts if not self._is_of_earlier(text))
        said = (statement for text in notes for statement in self._in(text, "note"))
        return [statement for statement in said if self._dates.is_of_figures(statement.before)]

    def days_without_year(
        self, table: Table, file_name: str, notes: Iterable[str], months: Sequence[Month]
    ) -> list[Statement]:
        """What title, sheet, file name and notes say of days whose year the figures' months tell.

        Args:
            months: those of the figures.
        """
        dated = partial(self._dates.with_years, months=months)
        title = tuple(tuple(map(dated, line)) for line in table.title)
        found = self.title(replace(table, title=title), file_name) if title != table.title else []
        stem = PurePath(file_name).stem
        for place, name in (("sheet name", table.sheet.name), ("file name", stem)):
            found += self._in(dated(name), place) if dated(name) != name else ()
        return [*found, *self.below(dated(text) for text in notes if dated(text) != text)]

    def _is_of_earlier(self, text: str) -> bool:
        """Whether a note is about an earlier month, or what was corrected in it."""
        return (
            words_pattern(self.names.contract.remark_words.revised).search(fold(text)) is not None
        )

    def file_name(self, file_name: str, received_on: dt.date | None) -> list[Statement]:
        """What the file's name says.

        A month written as such (``2021-03``, ``mars 2021``, ``T1-2021``) is a statement. A full
        day may be that of sending: it is one only where no month is written as such, and where it
        is the last day of its month and not the day of reception, or its first.
        """
        stem = PurePath(file_name).stem
        found = list(self._in(stem, "file name"))
        first = self.names.contract.first_month  # earlier ones are numbers of something else
        meant = [s for s in found if s.months and max(s.months) >= first]
        others = [s for s in found if not s.months]
        written = [s for s in meant if not s.read.day]
        if len(written) == 1 and not others:  # "2021-04_extraction", with no other date
            sent = self._dates.speaks_of_another(stem, "sending", "extraction", "publication")
            written = [s for s in written if s.kind == "state" or not sent]
        if written:
            return written + others
        days = [s for s in meant if s.read.day != received_on]
        if received_on:
            days = [s for s in days if len(s.months) == 1 or received_on > month_end(max(s.months))]
        if self._dates.speaks_of_another(stem):
            # a day in a name that speaks of sending is that of sending, wherever the word stands
            days = [s for s in days if s.kind == "state"]
        return days + others

    def _in(self, text: str, place: str, label: str = "", behind: str = "") -> Iterator[Statement]:
        if not text.strip():
            return
        follow = place != "file name"
        for date in self._dates.within(text, label, behind, words_follow=follow):
            kind, read = date.kind, date.read
            if place == "file name" and kind == "unexplained":
                kind = "plain"  # names of files are made of any words
            months: tuple[Month, ...] = ()
            if read.month and kind in ("state", "plain"):
                months = (read.month,)
                if self._is_first_of_stock(date):
                    months = (shift(read.month, -1), read.month)
            shown = text if fold(plain(text)[: read.span[0]]) or not label else f"{label} {text}"
            yield Statement(" ".join(shown.split()), place, months, kind, read, date.before)

    def _is_first_of_stock(self, date: DateRead) -> bool:
        if not date.read.day or date.read.day.day != 1:
            return False
        labelled = self.names.meaning(date.before) == "month"
        return not (labelled and not STOCK.search(fold(date.before)))


def about(statements: Iterable[Statement]) -> list[Statement]:
    """The statements that count: all that may, but bare days beside outright statements."""
    meant = [statement for statement in statements if statement.months]
    outright = any(statement.kind == "state" for statement in meant)
    return [s for s in meant if s.kind == "state" or not (outright and s.read.day)]


def possible_months(statements: Sequence[Statement]) -> list[Month]:
    """The months that the statements of one place leave possible."""
    months = dict.fromkeys(month for statement in statements for month in statement.months)
    if statements and all(len(statement.months) > 1 for statement in statements):
        return list(months)
    # a month said plainly settles which one a first day means
    sure = dict.fromkeys(s.months[0] for s in statements if len(s.months) == 1)
    return list(sure)


OTHER_DATES = {
    "sending": marked("the day of sending"),
    "extraction": marked("the day of extraction"),
    "production": marked("the day of production"),
    "publication": marked("the day of publication"),
    "agreement": marked("the date of a document"),
    "target": marked("the date of a target"),
    "territory": marked("the date of a list of territories"),
    "comparison": marked("the date of an earlier state"),
    "beginning": marked("the beginning of a period"),
    "unexplained": marked("a date of something else"),
}


def not_the_month(statements: Sequence[Statement]) -> list[Both]:
    """The dates that are not that of the figures, each with what it is."""
    said: list[Both] = []
    for statement in statements:
        if statement.months or statement.kind not in OTHER_DATES:
            continue
        date = statement.read.day or statement.read.month
        if date:
            shown = f"{date:%Y-%m-%d}" if statement.read.day else f"{date:%Y-%m}"
            said.append(
                both(
                    "{text} ({date}): {kind}",
                    text=quoted([statement.text]),
                    date=shown,
                    kind=both(OTHER_DATES[statement.kind]),
                )
            )
    return list(dict.fromkeys(said))


def said_by(statements: Sequence[Statement]) -> Both:
    """What the statements of one place say: each text once, with the months they name."""
    texts = dict.fromkeys(statement.text for statement in statements)
    months = months_listed(month for statement in statements for month in statement.months)
    what = both("{texts} ({months})", texts=quoted(texts), months=months)
    first = statements[0]
    if first.sheet:
        return both("sheet {sheet} says {what}", sheet=first.sheet, what=what)
    return says(first.place, what)
