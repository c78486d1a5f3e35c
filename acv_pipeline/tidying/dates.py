"""Dates outside the rows: which is that of the figures, and what the others are.

A month (``mars 2021``) is that of the figures unless words beside it say that it is another date.
A day may be anything, so it is that of the figures only where the words beside it say so, or where
there are none but names of sources, indicators and figures.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

from acv_pipeline.contract import Contract, Month
from acv_pipeline.tidying.column import of_contract
from acv_pipeline.tidying.month_reader import MonthRead, MonthReader
from acv_pipeline.tidying.texts import any_word, fold, plain, words_pattern

# the date of a document or of an event rather than of figures: "the note of 31 March"
OF_A_DOCUMENT = re.compile(r"(?<![a-z])(?:du|date du|of)$")
OF_AN_EVENT = re.compile(r"(?<![a-z])(?:le|on)$")
TIME_OF_DAY = re.compile(r"[0-9][t ]+(?!0?0[:h]00|23[:h]59)[0-9]{1,2} ?[:h] ?[0-9]{2}")
STOCK = re.compile(r"(?<![a-z])(?:au|fin|jusqu a)(?![a-z])")
END_OF_A_PERIOD = re.compile(r"(?:jusqu )?(?:a|au|to)(?: fin| la fin de)?")
APART = re.compile(r"\s[-–—|·]\s*$")
# words that say nothing by themselves of the date that follows
JOINING = {"a", "au", "aux", "le", "la", "les", "du", "de", "des", "en", "et", "l", "d", "er"}
OF_DATES = {"date", "fin", "dernier", "derniere", "disponible", "tableau", "fichier"}


@dataclass(frozen=True)
class DateRead:
    """A day or a month in a text, and what it is the date of.

    Attributes:
        read: the day or month.
        kind: ``state`` (its words say that it is that of the figures), ``plain`` (nothing says
            anything else), or what other date it is: a key of the contract's ``other_dates``, or
            ``unexplained``.
        before: the words before it.
    """

    read: MonthRead
    kind: str
    before: str

    @property
    def is_of_figures(self) -> bool:
        """Whether it is, or may be, the date of the figures."""
        return self.kind in ("state", "plain")


@dataclass(frozen=True)
class DateReader:
    """Reads dates with the words beside them."""

    contract: Contract

    def within(
        self, text: str, label: str = "", behind: str = "", *, words_follow: bool = True
    ) -> Iterator[DateRead]:
        """The dates of a text, in order.

        Args:
            text: the text.
            label: what stands before it (the cell to its left, or above it).
            behind: what stands behind it, where nothing stands before.
            words_follow: whether what follows the last date may say what it is.
        """
        folded, end, context, kind = plain(text), 0, plain(label), ""
        reads = of_contract(MonthReader, self.contract).within(text)
        found: list[DateRead] = []
        for read in reads:
            before = folded[end : read.span[0]]
            after = (
                f"{folded[read.span[1] :]} {plain(behind)}"
                if words_follow and read is reads[-1]
                else ""
            )
            end, joined = read.span[1], fold(before)
            if found and END_OF_A_PERIOD.fullmatch(joined):
                # "from … to …": the figures are those of the end
                if found[-1].kind in ("state", "plain"):
                    found[-1] = DateRead(found[-1].read, "beginning", found[-1].before)
                kind = "state" if found[-1].kind == "beginning" else kind
            else:
                if set(joined.split()) <= JOINING:  # what stands before that goes on
                    before = f"{context} {before}"
                kind = self.kind(fold(before), fold(after), read, apart=APART.search(before))
                if (
                    not read.day
                    and kind in ("sending", "extraction")
                    and any(other.day for other in reads)
                ):  # the word has a day of its own
                    kind = "plain" if not _next_to(self._others[kind], fold(before)) else kind
                if TIME_OF_DAY.search(folded[read.span[0] : read.span[1] + 12]):
                    kind = "production"  # no stock is taken at a minute
            context = before
            found.append(DateRead(read, kind, before.strip()))
        yield from found

    def kind(self, before: str, after: str, read: MonthRead, *, apart: object = None) -> str:
        """What a date is the date of, by the folded words before and after it.

        Args:
            apart: whether a dash stands between the words and the date.
        """
        other, state = self._other(before), _last(self._state, before)
        document = bool(read.day) and OF_A_DOCUMENT.search(before) is not None
        event = bool(read.day) and OF_AN_EVENT.search(before) is not None
        if other and other[0] == "comparison":
            return other[0]
        near = " ".join(before.split()[-2:])
        stock = STOCK.search(near) is not None and not event
        aims = other is not None and other[0] == "target" and read.day is not None
        if other and not aims and stock and not _next_to_it(*other, before):
            other = None
        if other and not read.day and not self._claims(*other, before, apart):
            other = None
        if other and other[0] == "beginning" and not _next_to_it(*other, before):
            other = None
        if other and (document or event or other[1] >= state):
            return other[0]
        if state >= 0 or stock:
            return "state"
        if not read.day:
            early = read.month is not None and read.month < self.contract.first_month
            return "unexplained" if early else "plain"
        if (later := self._other(after)) and later[0] in ("sending", "extraction", "production"):
            return later[0]
        words = set(re.sub("[0-9]", " ", before).split()) - JOINING
        if event or not words <= self._known:
            of_figures = words & self._figures
            return "plain" if document and of_figures else "unexplained"
        return "plain"

    def _claims(self, kind: str, end: int, before: str, apart: object) -> bool:
        """Whether a word before a month is about it, and no word between says what else is.

        A document or a target may also be what the figures are about (``Convention ACV, mars``).
        """
        between = set(before[end:].split()) - JOINING - {"fin", "1er"}
        if kind in ("sending", "extraction", "publication") or self._events.search(before):
            return True
        if "par" in between:  # "mis à jour par l'Anah en avril"
            return True
        if kind == "agreement":
            figures = set(before.split()) & self._figures
            word, rest = before[:end].split()[-1], before[end:].split()
            of_figures = word in ("marche", "accord", "convention") and rest in ([], ["a", "fin"])
            return not (figures if apart else between & self._known or of_figures)
        return not apart and not between & self._known

    def with_years(self, text: str, months: Iterable[Month]) -> str:
        """A text with its days of some months that have no year in full (``au 26 mars``)."""
        years = {month.month: month.year for month in sorted(months)}

        def in_full(found: re.Match[str]) -> str:
            word, number = found["word"], found["number"] or found["two_digits"]
            month = self._month_numbers[plain(word)] if word else int(number)
            day = found["day"] or found["of_number"] or found["of_two"]
            return f"{day}/{month:02}/{years[month]}" if month in years else found[0]

        return self._without_year.sub(in_full, text)

    @cached_property
    def _month_numbers(self) -> dict[str, int]:
        return {plain(w): n for n, called in self.contract.month_words.items() for w in called}

    @cached_property
    def _without_year(self) -> re.Pattern[str]:
        called = (word for words in self.contract.month_words.values() for word in words)
        return re.compile(
            r"(?i)(?<![0-9])(?P<day>[0-3]?[0-9])[-._ ]?"
            rf"(?P<word>{any_word((*called, *self._month_numbers))})"
            r"(?![^\W_])(?![-/._ ']*[0-9]{2})|"
            r"(?<![0-9/._-])(?P<of_number>[0-3]?[0-9])/(?P<number>0?[1-9]|1[0-2])(?![0-9/])|"
            r"(?<![0-9/.-])(?P<of_two>[0-3][0-9])[.-](?P<two_digits>0[1-9]|1[0-2])"
            r"(?![0-9]|[-/.][0-9])"
        )

    def without_other_dates(self, text: str) -> str:
        """A text up to the words that speak of another date than that of the figures.

        Empty where it speaks of no such date.
        """
        for date in self.within(text):
            if date.is_of_figures:
                continue
            since = date.read.month if date.kind == "beginning" else None
            if since and since > self.contract.first_month:
                return ""  # figures since then are no cumulative of the programme
            for word in re.finditer(r"[a-z']+", plain(text)):
                if word.end() <= date.read.span[0] and self._other(fold(word[0])):
                    return text[: word.start()].strip(" (-:,;[")
        return ""

    def speaks_of_another(self, text: str, *kinds: str) -> bool:
        """Whether any word of a text speaks of a date of other kinds, or of some of them."""
        return any(self._others[kind].search(fold(text)) for kind in kinds or self._others)

    def is_of_figures(self, before: str) -> bool:
        """Whether words before a date speak of the figures, or of nothing but the date.

        What else is taken, updated or sent at a date is no figure: a list, a form.
        """
        folded = fold(before)
        if words_pattern(self.contract.remark_words.taken).search(folded):
            return True
        for kind in ("sending", "extraction", "production"):
            folded = self._others[kind].sub(" ", folded)
        folded = self._state.sub(" ", folded)
        return set(folded.split()) - JOINING - OF_DATES <= self._known

    @cached_property
    def _state(self) -> re.Pattern[str]:
        return words_pattern(tuple(self.contract.state_words))

    @cached_property
    def _events(self) -> re.Pattern[str]:
        return words_pattern(self.contract.remark_words.event)

    @cached_property
    def _figures(self) -> set[str]:
        contract = self.contract
        short = [word for words in contract.header_abbreviations.values() for word in words]
        return _words(
            *contract.figure_words,
            *contract.header_abbreviations,
            *short,
            *contract.headers["cumulative"],
            "données",
        )

    @cached_property
    def _known(self) -> set[str]:
        """The words beside which a day is that of the figures: names of what is delivered."""
        contract = self.contract
        names = [
            name
            for entry in contract.indicators.values()
            for name in (entry.short_name, entry.label, *entry.names)
        ]
        sources = [
            name for source in contract.sources.values() for name in (source.id, source.label)
        ]
        columns = [*contract.headers["month"], *contract.headers["department_code"]]
        known = self._figures | _words(*names, *sources, *columns, "programme", "par")
        return known - {"date"}

    @cached_property
    def _others(self) -> dict[str, re.Pattern[str]]:
        return {
            kind: words_pattern(tuple(words)) for kind, words in self.contract.other_dates.items()
        }

    def _other(self, folded: str) -> tuple[str, int] | None:
        """Which other date the words speak of last, and where that word ends."""
        ends = {kind: _last(pattern, folded) for kind, pattern in self._others.items()}
        kind = max(ends, key=lambda kind: ends[kind])
        return (kind, ends[kind]) if ends[kind] >= 0 else None


def _next_to(pattern: re.Pattern[str], before: str) -> bool:
    return set(before[_last(pattern, before) :].split()) <= JOINING


def _next_to_it(kind: str, end: int, before: str) -> bool:
    """Whether a word is about the day or beginning after it: next to nothing stands between.

    Words of sending, extraction and publication always are.
    """
    between = set(before[end:].split())
    return kind in ("sending", "extraction", "publication") or between <= JOINING | {"fin", "1er"}


def _last(pattern: re.Pattern[str], text: str) -> int:
    """Where the last match ends; -1 for none."""
    return max((match.end() for match in pattern.finditer(text)), default=-1)


def _words(*texts: str) -> set[str]:
    return {word for text in texts for word in fold(text).split()}
