"""What stands beside the figures and speaks against them: parts, their sums, numbers, remarks."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt

from acv_pipeline.contract import Contract
from acv_pipeline.tidying.column import Column, Mask, constant, of_contract
from acv_pipeline.tidying.names import ColumnNames
from acv_pipeline.tidying.numbers import Value, parse_values
from acv_pipeline.tidying.pairs import Territory
from acv_pipeline.tidying.places import PlaceReader
from acv_pipeline.tidying.roles import WORDS, RoleReader, are_alike
from acv_pipeline.tidying.row_reasons import Verdicts
from acv_pipeline.tidying.subjects import SMALL
from acv_pipeline.tidying.table import Table
from acv_pipeline.tidying.texts import any_word, clean, fold, plain, words_pattern

NEARLY_ALL = 0.9  # of the rows
ANSWERS = 1  # a column of ones and zeros answers yes or no
NUMBER = r"[0-9]{1,3}(?: [0-9]{3})+|[0-9]+"
INSTEAD = r"(?:et (?:non|pas)|au lieu d|plutot que|a la place d)"
FEW_WORDS = r"[^0-9a-z]*(?:(?:a|en|est|par|chiffre|valeur|cumul|nombre|total|soit)[^0-9a-z]+)*"
# anything but numbers may stand before a colon, days aside
UP_TO_COLON = r"(?:[^0-9]|[0-9]{1,2}/[0-9]{1,2}(?:/[0-9]{2,4})?){0,40}?[:=>→] ?"
NOTHING = re.compile(r"\b(?:rien|ne|pas|aucune?|sans|neant)\b")
A_NAME = re.compile(r".\b[A-ZÀ-Ý][a-zà-ÿ]")  # not at the beginning
TOGETHER = re.compile(r"(?i)\b(?:y compris|comprend|inclut|avec celui|avec ceux)\b(?= )")


@dataclass(frozen=True)
class Beside:
    """The columns beside one of figures.

    Attributes:
        position: that of the column of figures.
        counts: what it says; -1 for nothing.
        territories: what each line is about.
    """

    table: Table
    roles: RoleReader
    position: int
    counts: npt.NDArray[np.int64]
    territories: Column[Territory]

    def settle(self, verdicts: Verdicts) -> None:
        """Quarantine the rows whose figure the columns beside it contradict."""
        # of several months nobody knows which a column of parts belongs to
        parts = [] if self.table.month_columns else self.roles.of_kind("part_figures")
        for part in parts:
            more = (self._counts(part) > self.counts) & (self.counts >= 0)
            verdicts.settle(more, "conflicting_values", self.table.column(part).map(clean).at)
        if not self.table.month_columns:
            self._settle_sums(verdicts, parts)
            self._settle_sums(verdicts, self.roles.of_kind("part_figures", "numbers"))
        for place in self.roles.of_kind("few_numbers"):
            self._settle_corrections(verdicts, place)
        for place in self.roles.of_kind(*WORDS):
            self._settle_remarks(verdicts, self.table.column(place))
        self._settle_remarks(verdicts, self.table.comments_beside(self.position))

    def _counts(self, place: int) -> npt.NDArray[np.int64]:
        values = parse_values(self.table.cells(place), self.roles.finder.contract)
        return values.array(_count, np.int64)

    def _settle_sums(self, verdicts: Verdicts, parts: list[int]) -> None:
        """Where the parts of nearly all rows add up to their whole, those of each have to."""
        if len(parts) < 2:
            return
        every = [self._counts(part) for part in parts]
        known = np.all([part >= 0 for part in every], axis=0) & (self.counts > 0)
        wrong = known & (np.sum(every, axis=0) != self.counts)
        if wrong.sum() <= (1 - NEARLY_ALL) * known.sum():
            said = self._named([self.position, *parts])
            verdicts.settle(wrong, "conflicting_values", said.at)

    def _settle_corrections(self, verdicts: Verdicts, place: int) -> None:
        """A number beside a few of the figures may be what counts, whatever its column says.

        Unless it is far from the figure: a rank, a wave, an extension. Where the column is called
        a version of the figures it counts all the same.
        """
        numbers = self._counts(place)
        meant = are_alike(numbers, self.counts)
        if self._names.is_a_version(self.table.name_of(place)) and numbers.max() > ANSWERS:
            meant = (numbers >= 0) & (self.counts >= 0)
        other = meant & ~self._is_a_figure(numbers)
        verdicts.settle(other, "conflicting_values", self._named([self.position, place]).at)

    def _settle_remarks(self, verdicts: Verdicts, texts: Column[str]) -> None:
        """A remark may name the number that counts, or a change: ``lire 44``, ``ajouter 12``."""
        remarks = of_contract(Remarks, self._names.contract)
        sure = texts.array(remarks.right, np.int64)
        likely = texts.array(remarks.likely, np.int64)
        changes = texts.where(remarks.asks_for_change)
        codes = self.territories.map(lambda territory: territory.code)
        changes |= texts.beside(codes).where(lambda pair: remarks.names_another(*pair))
        changes &= self.counts >= 0
        verdicts.settle(changes, "something_else", texts.map(clean).at)
        other = np.zeros(len(self.counts), dtype=bool)
        if (np.maximum(sure, likely) >= 0).any():
            other = other | ((sure >= 0) & ~self._is_a_figure(sure))
            other |= are_alike(likely, self.counts) & ~self._is_a_figure(likely)
        figures = self.table.column(self.position)
        verdicts.settle(
            other & (self.counts >= 0),
            "conflicting_values",
            lambda rows: [
                f"{clean(figure)}, {clean(text)}"
                for figure, text in zip(figures.at(rows), texts.at(rows), strict=True)
            ],
        )

    def _is_a_figure(self, numbers: npt.NDArray[np.int64]) -> Mask:
        """Which numbers are a figure of their row."""
        same = [numbers == self._counts(place) for place in self.table.value_columns]
        return np.asarray(np.any(same, axis=0))

    @property
    def _names(self) -> ColumnNames:
        return self.roles.finder.names

    def _named(self, places: list[int]) -> Column[str]:
        """The cells of some columns in one text, each behind the name of its column."""
        said = constant("", len(self.table.body))
        for place in places:
            name = self.table.name_of(place)
            texts = self.table.column(place).map(partial(_behind, name))
            said = said.beside(texts).map(lambda pair: ", ".join(filter(None, pair)))
        return said


class Remarks:
    """What remarks say of the figures beside them, by a contract's words."""

    def __init__(self, contract: Contract) -> None:
        corrects = words_pattern(tuple(contract.correction_words)).pattern
        unit = rf"(?: ?(?:{any_word(map(plain, contract.figure_units))}))?"
        was = rf"(?:de )?(?:{NUMBER}){unit} ?(?:a|en|par|->|=>|→) ?"  # "corrigé de 37 à 44"
        right = rf"(?:{was})?(?<![+-])(?<![+-] )(?P<is>{NUMBER}){unit} ?(?:$|[(),;.!]|{INSTEAD})"
        told = contract.remark_words
        read = words_pattern(told.read_instead).pattern
        self._to_change, self._not_come = map(words_pattern, (told.to_change, told.not_come))
        self._figures = any_word(map(fold, (*told.figure, *told.collected)))
        self._right = re.compile(
            rf"(?:{read}{FEW_WORDS}|(?:{corrects}){UP_TO_COLON}){right}|"
            rf"(?P<not>{NUMBER}){unit} {INSTEAD}"
        )
        self._likely = re.compile(rf"(?:{corrects}){FEW_WORDS}{right}")
        self._alone = re.compile(rf"(?P<is>{NUMBER}){unit}(?: ?\((?P<who>[^()0-9]+)\))?")
        months = [word for words in contract.month_words.values() for word in words]
        values = [word for words in contract.value_types.values() for word in words]
        self._others = words_pattern(
            (*contract.other_quantities, *contract.words_for_parts, *months, *values)
        )
        what = [
            *told.figure,
            *told.sum,
            *told.collected,
            *told.sent,
            *told.quantity,
            *told.requests,
        ]
        what += [*told.never_ours, *told.to_add, *contract.figure_units, *months]
        what += [*contract.words_for_parts, *contract.headers["part_of_territory"]]
        self._counted = words_pattern(tuple(what))
        self._agreed = words_pattern((*told.begun, *contract.other_dates["agreement"]))
        self._places = of_contract(PlaceReader, contract, "department")
        places = any_word(map(plain, contract.headers["part_of_territory"]))
        self._some_of = re.compile(
            rf"\b(?P<some>[0-9]{{1,2}}) (?:{places}) (?:[a-z]+ )?sur (?P<all>[0-9]{{1,2}})\b"
        )

    def right(self, text: str) -> int:
        """The number that a remark says outright to be the right one; -1 for none."""
        if not any(map(str.isdigit, text)):
            return -1
        found = self._right.search(plain(clean(text)))
        return _whole(found["is"] or found["not"]) if found else -1

    def likely(self, text: str) -> int:
        """The number behind a word of correction, or that is all of a remark but who says it.

        It may be another, as that of dossiers; -1 for none.
        """
        said = plain(clean(text))
        if not any(map(str.isdigit, said)) or self._right.search(said):
            return -1
        if found := self._likely.search(said):
            return _whole(found["is"])
        found = self._alone.fullmatch(said)
        if not found or self._others.search(fold(found["who"] or "")):
            return -1
        return -1 if self._places.read(clean(text)).named else _whole(found["is"])

    def asks_for_change(self, text: str) -> bool:
        """Whether a remark says that something is still to be added or taken away.

        Or that nothing has come (``pas de réponse``), or of how many places only a figure is (``2
        villes sur 3``), not how many have signed. What is to be added is what figures count, or
        has a name: a task may be anything else.
        """
        said = plain(clean(text))
        some = self._some_of.search(said)
        if some and int(some["some"]) < int(some["all"]):
            return self._agreed.search(fold(said[some.end() :])) is None
        begins = re.sub(rf"^(?:{self._figures})s? ", "", fold(said))
        if self._not_come.match(begins):
            return True
        rest, asked = self._to_change.subn(" ", fold(said))
        if not asked or NOTHING.search(said):
            return False
        what = self._counted.search(rest) or re.search("[0-9]", rest) or A_NAME.search(clean(text))
        return bool(what) or not set(rest.split()) - SMALL

    def names_another(self, text: str, code: str | None) -> bool:
        """Whether a remark says that the figure of the territory ``code`` holds another's, too."""
        together = TOGETHER.search(text)
        others = self._places.named_alone_in(text[together.end() :]) if together else []
        return any(other != code for other in others)


def _whole(number: str) -> int:
    return int(number.replace(" ", "")) if len(number) < len("100 000 000") else -1


def _behind(name: str, text: str) -> str:
    return f"{clean(name)} {clean(text)}".strip()


def _count(value: Value) -> int:
    return -1 if value.count is None else value.count
