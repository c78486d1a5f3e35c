"""What the name of a column says it holds, in one line or in two."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache

from acv_pipeline.contract import Contract, Source
from acv_pipeline.tidying.column import of_contract
from acv_pipeline.tidying.dates import STOCK, DateReader
from acv_pipeline.tidying.month_reader import MonthRead, MonthReader
from acv_pipeline.tidying.numbers import no_figure_tokens, number_test
from acv_pipeline.tidying.texts import Marks, any_word, compact, fold, plain, says, words_pattern

TERRITORY = ("department_code", "department_name", "region_code", "region_name", "national")
FILLER = {"a", "au", "fin", "le", "de", "du", "mois", "arrete", "arretes", "situation"}
SMALL_WORDS = {"de", "des", "du", "d", "la", "le", "les", "l"}
SUM_OF = re.compile(r"^(?:somme|total) (?:des|de|d') ?", re.IGNORECASE)  # as pivot tables say
LONGEST_NAME = 200
# "dwellings in March" are those of the month alone
DURING = re.compile(r"(?<![a-z])(?:en|au cours|du mois|pendant|sur le mois|dans le mois)(?![a-z])")
NEUTRAL = {"au", "a", "et", "territoire", "localisation", "unite"}
HAS_LETTER = re.compile(r"[^\W\d_]")
YEAR = re.compile(r"20[0-9]{2}")


@dataclass(frozen=True)
class ColumnName:
    """What a column's name says.

    Attributes:
        text: the name; of a name in two lines, both.
        meaning: one of the contract's ``headers``; ``month_figures`` for the figures of one month;
            None where the name is blank or unknown.
        month: the month, for the figures of one.
        is_provisional: the name says that its figures may still change.
    """

    text: str
    meaning: str | None = None
    month: MonthRead | None = None
    is_provisional: bool = False


@dataclass(frozen=True)
class ColumnNames:
    """Knows how a source calls its columns; the source's own names win."""

    contract: Contract
    source: Source

    @cached_property
    def _exact(self) -> dict[str, str]:
        return self._by(compact)

    @cached_property
    def _loose(self) -> dict[str, str]:
        return self._by(self._words)

    def _by(self, key: Callable[[str], str]) -> dict[str, str]:
        known: dict[str, str] = {}
        for headers in (self.source.headers, self.contract.headers):
            for meaning, synonyms in headers.items():
                for synonym in synonyms:
                    known.setdefault(key(synonym), meaning)
        return known

    @cached_property
    def _abbreviations(self) -> dict[str, str]:
        return {
            fold(short): fold(word)
            for word, shorts in self.contract.header_abbreviations.items()
            for short in shorts
        }

    def _words(self, text: str) -> str:
        """The words of a name in one order, abbreviations in full, small words left out."""
        words = (self._abbreviations.get(word, word) for word in fold(text).split())
        return " ".join(sorted(word for word in words if word not in SMALL_WORDS))

    @cached_property
    def _marks(self) -> Marks:
        return Marks(self.contract.provisional_marks)

    @property
    def _months(self) -> MonthReader:
        return of_contract(MonthReader, self.contract)

    def is_stock_date(self, name: str) -> bool:
        """Whether a column of this name holds the day of a stock."""
        words = self._stock_words
        return self._words(name) in words or compact(name) in map(compact, words)

    @cached_property
    def _stock_words(self) -> set[str]:
        return {self._words(known) for known in self.contract.stock_dates}

    @cached_property
    def meaning(self) -> Callable[[str], str | None]:
        """The meaning of a name in one line; None for unknown ones."""
        return lru_cache(maxsize=1 << 14)(self._meaning)

    def _meaning(self, text: str) -> str | None:
        if len(text) > LONGEST_NAME or not HAS_LETTER.search(text):
            return None
        if any(sign in text for sign in self._foreign_signs):
            return None
        bare = SUM_OF.sub("", self._marks.split(text.strip())[0])
        return (
            self._exact.get(compact(text))
            or self._exact.get(compact(bare))
            or self._loose.get(self._words(bare))
            or ("cumulative" if self._is_cumulative(bare) else None)
        )

    @cached_property
    def _foreign_signs(self) -> list[str]:
        return [word for word in self.contract.other_quantities if not fold(word)]

    def _is_cumulative(self, name: str) -> bool:
        """Whether a name says in other words that it is that of the figures.

        It has no words but those of the contract's names, of the source and of its indicator.
        """
        if self._names_another_source(name):
            return False
        words = set(self._words(name).split())
        parts = [(part, kind) for part, kind in self._part_words if part <= words]
        kinds = {kind for _, kind in parts}
        if kinds in map(set, self.contract.part_sets):  # of all together: "total (PO + PB)"
            words = words.difference(*(part for part, _ in parts))
        words.discard(f"{self.contract.first_month.year}")  # "since 2018"
        named = words & {"logements", "cumul"} or {"total"} < words
        return bool(named or ("total" in words and len(kinds) > 1)) and words <= (
            self._value_words | self.own_words | {"general", "sum", "somme", "ensemble"}
        )

    @cached_property
    def _part_words(self) -> list[tuple[frozenset[str], str]]:
        """The words of each name for a part, with the kind of part."""
        return [
            (frozenset(self._words(name).split()), kind)
            for kind, names in self.contract.part_names.items()
            for name in names
        ]

    @cached_property
    def _value_words(self) -> set[str]:
        names = self.contract.headers["cumulative"]
        return {word for name in names for word in self._words(name).split()}

    @cached_property
    def own_words(self) -> set[str]:
        """The words by which the source and its usual indicator are called."""
        source, indicator = (
            self.source,
            self.contract.indicators.get(self.source.default_indicator or ""),
        )
        called = [source.id, source.label, "programme", "par", "l", "en"]
        if indicator:
            called += [indicator.short_name, *indicator.names]
        return {word for name in called for word in self._words(name).split()}

    def is_own(self, text: str) -> bool:
        """Whether a cell names the source, its usual indicator or dwellings, and nothing else."""
        if self._names_another_source(text):
            return False
        known = self.own_words | self._value_words
        return all(word in known or f"{word}s" in known for word in self._words(text).split())

    def is_partner(self, text: str) -> bool:
        """Whether a cell names a partner, and nothing else."""
        return fold(text) in self._partners

    @cached_property
    def _partners(self) -> frozenset[str]:
        partners = [s for s in self.contract.sources.values() if s.role == "partner"]
        return frozenset(fold(name) for s in partners for name in (s.id, s.label))

    def is_understood(self, text: str) -> bool:
        """Whether a line above or below the name of figures says nothing that we don't know."""
        words = set(self._words(text).split())
        if self._names_another_source(text):
            return False
        known = self._value_words | self.own_words | self._state_words | FILLER | NEUTRAL
        return all(word in known or word.isdigit() for word in words)

    def _names_another_source(self, text: str) -> bool:
        others = [s for s in self.contract.sources.values() if s.id != self.source.id]
        return any(says(fold(text), other.label) for other in others)

    @cached_property
    def _state_words(self) -> set[str]:
        contract = self.contract
        words = [*contract.state_words, *contract.figure_words, *contract.provisional_marks]
        return set(fold(" ".join(words)).split())

    def name(self, text: str, order: str = "day") -> ColumnName:
        """What a name in one line says; ``order`` as in ``month_reader.day_order``."""
        return self._remembered(text, order)

    @cached_property
    def _remembered(self) -> Callable[[str, str], ColumnName]:
        return lru_cache(maxsize=1 << 16)(self._name)

    def _name(self, text: str, order: str) -> ColumnName:
        if meaning := self.meaning(text):
            return ColumnName(text, meaning, is_provisional=self._marks.split(text.strip())[1])
        return self._month_name(text, order)

    def _month_name(self, text: str, order: str) -> ColumnName:
        """``mars 2021``, ``2021-03-31``, ``mars-21 (p)`` or ``Cumul à fin mars 2021``."""
        if len(text) > LONGEST_NAME or not any(map(str.isdigit, text)):
            return ColumnName(text)  # no month without a digit
        if any(sign in text for sign in self._foreign_signs):
            return ColumnName(text)  # "mars 2021 %"
        bare, provisional = self._marks.split(text.strip())
        if (read := self._months.cell(plain(bare), order)).month:
            if says_stock(bare) and read.day and read.day.day == 1:
                read = MonthRead(None, "first_day_of_stock", read.day)
            return ColumnName(text, "month_figures", read, provisional)
        if number_test(self.contract)(text):
            return ColumnName(text)
        if plainer := of_contract(DateReader, self.contract).without_other_dates(bare):
            return replace(self.name(plainer, order), text=text)  # "cumul (extraction du …)"
        reads = [read for read in self._months.within(bare) if read.month]
        if len(reads) != 1:
            return ColumnName(text)
        (read,) = reads
        start, end = read.span
        rest = fold(plain(bare)[:start] + " " + plain(bare)[end:])
        if DURING.search(fold(plain(bare)[:start])) and "cumul" not in rest:
            return ColumnName(text)
        words = " ".join(word for word in rest.split() if word not in FILLER)
        meanings = (self.meaning(rest), self.meaning(words), "month" if not words else None)
        if not {"cumulative", "month"} & set(meanings):
            return ColumnName(text)
        if read.day and read.day.day == 1 and says_stock(plain(bare)[:start]):
            read = MonthRead(None, "first_day_of_stock", read.day)
        return ColumnName(text, "month_figures", read, provisional)

    def name_of_two(self, top: str, bottom: str, order: str, alone: bool) -> ColumnName:
        """What a name in two lines says.

        Args:
            top, bottom: the lines; the first may span several columns.
            order: as in ``month_reader.day_order``.
            alone: whether the first line spans this column only.
        """
        if not bottom.strip() or compact(top) == compact(bottom):
            return self.name(top, order)
        if not top.strip():
            return self.name(bottom, order)
        text = f"{top} {bottom}".strip()
        upper, lower, both = self.name(top, order), self.name(bottom, order), self.name(text, order)
        if both.meaning:
            return both
        if self.names_part(text) or self.is_other_quantity(text):
            return ColumnName(text)
        if upper.meaning in ("cumulative", "month_figures") and self.is_whole(bottom):
            return ColumnName(text, upper.meaning, upper.month)
        if alone and lower.meaning in ("label", "ignored"):
            return ColumnName(text, upper.meaning, upper.month)
        figures = lower.meaning in ("cumulative", "month_figures")
        if figures and not upper.meaning and not self.is_understood(top):
            return ColumnName(text)  # figures of something that we don't know
        if lower.meaning:
            known = upper.meaning in (None, "cumulative", lower.meaning)
            territory = upper.meaning in TERRITORY and lower.meaning in TERRITORY
            return ColumnName(text, lower.meaning if known or territory else None, lower.month)
        # a unit or a remark below a name that needs none
        if not alone or not (self.is_understood(bottom) or self.is_unit(bottom)):
            return ColumnName(text)
        return ColumnName(text, upper.meaning, upper.month)

    def is_part(self, text: str) -> bool:
        """Whether a name, or a cell, names some of those whom a figure is about (``PO``)."""
        return fold(text) in self._parts

    @cached_property
    def _parts(self) -> frozenset[str]:
        return frozenset(map(fold, self.contract.words_for_parts))

    def is_whole(self, text: str) -> bool:
        """Whether a name, or a cell, says that all are meant (``Ensemble``)."""
        return fold(text) in self._wholes

    @cached_property
    def _wholes(self) -> frozenset[str]:
        return frozenset(map(fold, self.contract.whole_names))

    def names_part(self, text: str) -> bool:
        """Whether a name has a part among its words (``Logements PO``)."""
        return words_pattern(self.contract.words_for_parts).search(fold(text)) is not None

    def is_other_quantity(self, text: str) -> bool:
        """Whether a name says that the column holds something else than figures."""
        words = tuple(word for word in self.contract.other_quantities if fold(word))
        if words_pattern(words).search(fold(text)):
            return True
        return any(sign in text for sign in self._foreign_signs)

    def value_type(self, text: str) -> str | None:
        """Which kind of value a cell names: ``actual``, ``initial`` or ``target``."""
        folded = fold(text)
        if folded in self._value_types:
            return self._value_types[folded]
        if folded.startswith(("non ", "hors ", "pas ")):
            return None
        for kind in ("target", "initial", "actual"):
            if words_pattern(tuple(self.contract.value_types[kind])).search(folded):
                return kind
        return None

    def is_value_type(self, text: str) -> bool:
        """Whether a cell names a kind of value, and nothing else."""
        return fold(text) in self._value_types

    @cached_property
    def _value_types(self) -> dict[str, str]:
        kinds = self.contract.value_types.items()
        return {fold(word): kind for kind, words in kinds for word in words}

    def is_for_remarks(self, text: str) -> bool:
        """Whether a name begins as that of remarks does (``Commentaire DDT``)."""
        ignored = words_pattern(tuple(self.contract.headers["ignored"]))
        return ignored.match(fold(text)) is not None or self.is_of_programmes(text)

    def is_of_programmes(self, text: str) -> bool:
        """Whether a column of this name tells what other programmes a territory has."""
        words = self.contract.remark_words.of_programmes
        return words_pattern(tuple(words)).fullmatch(fold(text)) is not None

    def opens_note(self, text: str) -> bool:
        """Whether a text begins as the notes below a table do (``Source : …``)."""
        openings = tuple(f"{fold(word)} " for word in self.contract.note_openings)
        return fold(text).startswith(openings)

    def explains_sign(self, text: str) -> bool:
        """Whether a note explains a sign that stands in the place of figures (``nd : …``)."""
        sign, colon, _ = text.replace("=", ":").partition(":")
        known = of_contract(no_figure_tokens, self.contract)
        letters = plain(sign)
        short = letters.isalpha() and len(letters) < 3 and not self.is_part(sign)
        marks = map(plain, self.contract.provisional_marks)
        return bool(colon) and (letters in known or (short and letters not in marks))

    def is_unit(self, text: str) -> bool:
        """Whether a cell of a column of units says that figures are counts of dwellings."""
        words = [self._abbreviations.get(word, word) for word in fold(text).split()]
        return (
            bool(words)
            and "k" not in words  # in a remark, of euros
            and not words_pattern(self.contract.remark_words.large_unit).search(" ".join(words))
            and ("logements" in words or set(words) <= {"nombre", "unite", "unites"})
        )

    def holds_date(self, text: str) -> bool:
        """Whether a text names a day or a month."""
        return bool(self._months.within(text))

    def corrects(self, text: str) -> bool:
        """Whether a name says that the column corrects the figures beside it."""
        return words_pattern(tuple(self.contract.correction_words)).search(fold(text)) is not None

    def asks_for_state(self, text: str) -> bool:
        """Whether a column asks for each row whether its figure is this month's (``Reçu``)."""
        states = map(fold, self.contract.other_states)
        asked = tuple(s.removeprefix("non ") for s in states if s.startswith("non "))
        rest = words_pattern((*asked, *self.contract.figure_words)).sub(" ", fold(text)).split()
        return bool(words_pattern(asked).search(fold(text))) and not set(rest) - {"oui", "non"}

    def is_a_version(self, text: str) -> bool:
        """Whether a name says that the column holds the figures as they stand since (``VF``)."""
        words = self.contract.standing_words
        version = rf"(?:{any_word(map(fold, words.version))}) ?[0-9]+"
        known = words_pattern((*words.definitive, *words.correction))
        return (
            known.search(fold(text)) or re.search(rf"(?<![a-z]){version}", fold(text))
        ) is not None

    def may_be_figures(self, text: str) -> bool:
        """Whether a name that means nothing to us may be that of the figures."""
        folded = " ".join(self._abbreviations.get(word, word) for word in fold(text).split())
        return (
            not folded
            or words_pattern(tuple(self.contract.figure_words)).search(folded) is not None
            or bool(self._months.within(text))
            or YEAR.search(folded) is not None
        )


def names_of(source: Source) -> list[str]:
    """What a source is called: its label, and its initials where that has several words."""
    initials = "".join(word[0] for word in source.label.split())
    return [source.label, *([initials] if len(initials) > 1 else [])]


def says_stock(text: str) -> bool:
    """Whether the text before a day says that it is the day of a stock."""
    words = set(fold(text).split())
    return STOCK.search(fold(text)) is not None or bool(words & {"situation", "arrete", "arretes"})
