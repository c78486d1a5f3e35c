"""Rows that are only a part of a figure: of some beneficiaries, of a part of the territory.

A part is never taken for the whole. It shows by a column of its own, by a territory that is a part
of a département, by labels left blank below the first row of a group (as in a pivot table), or by
a column that alone tells rows about the same thing apart. What becomes of parts is settled with
the whole delivery at hand (``settling``).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from operator import attrgetter

import numpy as np
import pandas as pd

from acv_pipeline.tidying.column import Column, Mask, Places, constant
from acv_pipeline.tidying.names import TERRITORY, ColumnNames
from acv_pipeline.tidying.pairs import Territory
from acv_pipeline.tidying.roles import WHY, RoleReader
from acv_pipeline.tidying.table import Table
from acv_pipeline.tidying.texts import clean, fold, words_pattern

SEVERAL = 3  # as many blank labels below every other row were not lost
MANY = 10  # of several months one blank label in so many rows is no lost one
UNNAMED = "?"
"""The name of a part that has none."""
TOGETHER = re.compile(r"[+/,;&]| et ")
ABOUT = ("month", "quarter", "year", "indicator", "indicator_id", "value_type")


@dataclass(frozen=True)
class Part:
    """A part of a figure, by its name; of none, a whole.

    Attributes:
        may_be_whole: its territory is called as the whole; how large it is tells.
    """

    name: str = ""
    may_be_whole: bool = False

    def __bool__(self) -> bool:
        """Whether it is a part."""
        return bool(self.name)


@dataclass(frozen=True)
class Groups:
    """What the rows of a table are parts of.

    Attributes:
        territories: the territory of each row, those of blank labels filled in.
        part: the part that each row is.
        others: the texts of all columns that say nothing of the figure, in one.
    """

    territories: Column[Territory]
    part: Column[Part]
    others: Column[str]


@dataclass(frozen=True)
class GroupReader:
    """Reads the groups of ``table``, whose territories are those of its labels."""

    table: Table
    roles: RoleReader
    territories: Column[Territory]

    def groups(self) -> Groups:
        """The groups of the table."""
        territories, grouped = self._filled()
        again = self._again(territories, grouped)
        parts = [column.map(Part) for column in self._named_parts(again)]
        parts += self._territory_parts(territories)
        if grouped is not None:
            parts.append(self._parts_of_groups(grouped, again).map(Part))
        parts += [column.map(Part) for column in self._beside_their_sum(territories)]
        parts += [column.map(Part) for column in self._told_apart(territories, again)]
        part = constant(Part(), self._size)
        for found in parts:  # the first that says something of a row
            rows = ~part.where(bool) & found.where(bool)
            part = part.replaced(rows, found) if rows.any() else part
        # only rows about the same are ever compared
        nothing = constant("", self._size)
        others = self._joined(*WHY).replaced(~again, nothing) if again.any() else nothing
        return Groups(territories, part, others)

    @property
    def _size(self) -> int:
        return len(self.table.body)

    @property
    def _names(self) -> ColumnNames:
        return self.roles.finder.names

    def _joined(self, *roles: str) -> Column[str]:
        """The texts of all columns of some roles, in one."""
        joined = constant("", self._size)
        for place in self.roles.of_kind(*(role for role in roles if role != "row_number")):
            texts = self.table.column(place).map(clean)
            joined = joined.beside(texts).map(lambda pair: " | ".join(filter(None, pair)))
        return joined

    @cached_property
    def _qualifiers(self) -> Column[str]:
        """What columns of words say of each row beside its territory."""
        return self._joined("part", "text")

    def _named_parts(self, again: Mask) -> list[Column[str]]:
        """By columns whose name or content says that they hold parts.

        A blank cell means all, unless another row is about the same.
        """
        found = []
        for place in self.roles.of_kind("part"):
            texts = self._labels(place)
            pattern = words_pattern(self._names.contract.words_for_parts)
            rest = {word for text in texts.found for word in pattern.findall(fold(text))}
            wholes = {text for text in texts.found if self._is_whole(text, rest)}
            blank = again & texts.where(lambda text: not fold(text))
            found.append(_but(texts, wholes).replaced(blank, constant(UNNAMED, self._size)))
        return found

    def _labels(self, place: int) -> Column[str]:
        """The cells of a column of parts; labels written once stand for the blank ones below.

        In a column that is called otherwise they are names of parts, and nothing else: longer
        texts are remarks on their rows.
        """
        texts = self.table.column(place).map(clean)
        blank = texts.where(lambda text: not text)
        heads = np.flatnonzero(~blank)
        sizes = np.diff(np.append(heads, self._size))
        once = len(set(texts.codes[heads].tolist())) == len(heads)
        if not once or not len(heads) or heads[0] != 0 or sizes.min() < 2:
            return texts
        names, called = self._names, place in self.table.columns.get("part", ())
        if not called and not all(
            names.is_part(text) or names.is_whole(text) or names.is_partner(text)
            for text in texts.found
            if text
        ):
            return texts
        last = np.maximum.accumulate(np.where(blank, 0, np.arange(self._size)))
        return Column(texts.codes[last], texts.found)

    def _is_whole(self, text: str, named: set[str]) -> bool:
        """Whether a cell of a column of parts means all: ``Ensemble``, ``PO et PB``, ``ACV``.

        Args:
            named: the words for parts in the whole column.
        """
        names = self._names
        if not fold(text) or names.is_whole(text) or fold(text).startswith(("tous ", "toutes ")):
            return True
        if names.value_type(text) == "actual" or names.meaning(text) == "cumulative":
            return True
        if names.is_own(text):
            return True
        said = set(words_pattern(names.contract.words_for_parts).findall(fold(text)))
        return len(said) > 1 and said == named and TOGETHER.search(text) is not None

    def _territory_parts(self, territories: Column[Territory]) -> list[Column[Part]]:
        """By territories that are parts; what is called as the whole is then the other part."""
        given = {territory.part for territory in territories.found if territory.part}
        if not given:
            return []
        # what is called as the whole may be the first part beside the others; it is the whole
        # beside the first
        other: dict[str, Part] = {}
        for code, known in self._names.contract.department_parts.items():
            first = next(iter(known))
            if given & set(known) and first not in given:
                is_first = set(known) - given == {first}
                other[code] = Part(first, may_be_whole=True) if is_first else Part(UNNAMED)
        whole = {
            code: {fold(name) for name in self._names.contract.department_variants.get(code, [])}
            for code in other
        }
        labels = self.table.text("department_name").beside(self.table.text("department_code"))

        def part(pair: tuple[Territory, tuple[str, str]]) -> Part:
            territory, texts = pair
            if territory.part or territory.says_whole or territory.code not in other:
                return Part(territory.part)
            if any(fold(text) in whole[territory.code] for text in texts):
                return Part()
            named = any(any(c.isalpha() for c in text) for text in texts)
            return other[territory.code] if named else Part(UNNAMED)

        return [territories.beside(labels).map(part)]

    def _filled(self) -> tuple[Column[Territory], Places | None]:
        """Territories with those of blank labels filled in, and the first row of each group."""
        blank = self.territories.where(attrgetter("is_blank")) | self._merged
        if not blank.any():
            return self.territories, None
        rows = np.arange(self._size)
        numbers = np.any([self.roles.is_number(p) for p in self.table.value_columns], axis=0)
        labelled = ~blank & self.territories.where(
            lambda territory: territory.level == "department" and not territory.problem
        )
        first = np.maximum.accumulate(np.where(~blank, rows, -1))
        belongs = blank & numbers & (first >= 0) & labelled[np.maximum(first, 0)]
        belongs &= self._is_grouped(belongs, labelled) | self._merged
        if not belongs.any():
            return self.territories, None
        codes = np.where(
            belongs, self.territories.codes[np.maximum(first, 0)], self.territories.codes
        )
        head = np.where(belongs, first, -1)
        head[np.unique(first[belongs])] = np.unique(first[belongs])
        return Column(codes, self.territories.found), head

    @cached_property
    def _merged(self) -> Mask:
        """The rows whose label stands in a cell merged from the row above."""
        filled = self.table.sheet.filled
        places = [place for meaning in TERRITORY for place in self.table.columns.get(meaning, ())]
        if not filled or not places:
            return np.zeros(self._size, dtype=bool)
        rows = self.table.body.index
        return np.array([all((row, place) in filled for place in places) for row in rows])

    def _is_grouped(self, belongs: Mask, labelled: Mask) -> Mask:
        """Whether blank labels are those of groups, rather than labels that were lost.

        A column of words that repeat tells; without one, a blank label below every other row, or
        more blank labels than départements that are missing.
        """
        said = self._qualifiers.where(bool)
        distinct = len({text for text in self._qualifiers.found if text})
        by_words = said & bool(self.roles.of_kind("part") or 0 < 2 * distinct <= self._size)
        contributes = self._names.source.contributes
        panel = {code for c in contributes[:1] for code in self._names.contract.panel(c.indicator)}
        there = {
            self.territories.found[code].code
            for code in np.unique(self.territories.codes[labelled])
        }
        unlabelled = int((belongs & ~by_words).sum())
        one_month = len(self.table.text("month").found) < 2
        enough = one_month or unlabelled * MANY >= labelled.sum()
        alternate = unlabelled >= SEVERAL and 2 * unlabelled >= labelled.sum()
        return by_words | alternate | (unlabelled > len(panel - there) and enough)

    def _parts_of_groups(self, head: Places, again: Mask) -> Column[str]:
        """The part that each row of a group with blank labels is, unless it has its own month."""
        head = np.where(again, head, -1)
        inside = head >= 0
        follows = inside & (head != np.arange(self._size))
        named = set(head[follows & self._qualifiers.where(bool)].tolist())

        names = np.full(self._size, "", dtype=object)
        grouped = np.flatnonzero(inside)
        for row, text in zip(grouped.tolist(), self._qualifiers.at(grouped), strict=True):
            is_sum = head[row] == row and not text and row in named  # its parts stand below it
            if not is_sum and not (text and self._names.is_whole(text)):
                names[row] = text or UNNAMED
        codes, found = pd.factorize(names)
        return Column(codes, found.tolist())

    def _beside_their_sum(self, territories: Column[Territory]) -> list[Column[str]]:
        """By a row that says that it is the sum of those of its territory (``Total Ain``)."""
        summed = {territory.code for territory in territories.found if territory.says_whole}
        if not summed:
            return []
        return [
            territories.beside(self._qualifiers).map(
                lambda pair: (
                    (pair[1] or UNNAMED)
                    if pair[0].code in summed and not pair[0].says_whole
                    else ""
                )
            )
        ]

    def _told_apart(self, territories: Column[Territory], again: Mask) -> list[Column[str]]:
        """By a column of words that alone tells rows about the same thing apart."""
        places = self.roles.of_kind("text")
        if not places or not again.any():
            return []
        about = self._about(territories, None)
        found = []
        for place in places:
            texts = self.table.column(place).map(clean)
            frame = pd.DataFrame({"about": about[again], "text": texts.array(str, object)[again]})
            several = frame.groupby("about")["text"].transform("nunique") > 1
            parts = {text for text in frame["text"][several] if not self._names.is_whole(text)}
            if not parts - {""}:
                continue
            named = _but(texts, set(texts.found) - parts)
            unnamed = np.isin(about, frame["about"][several]) & texts.where(lambda text: not text)
            named = named.replaced(unnamed, constant(UNNAMED, self._size))
            split = frame["about"][several].unique()
            if len(split) < SEVERAL:  # a row too many, no kinds of rows
                named = named.replaced(~np.isin(about, split), constant("", self._size))
            found.append(named)
        return found

    def _again(self, territories: Column[Territory], head: Places | None) -> Mask:
        """The rows about the same territory and month as another."""
        known = territories.array(attrgetter("place"), np.int64) >= 0
        again = pd.Series(self._about(territories, head)).duplicated(keep=False).to_numpy()
        return np.asarray(again & known)

    def _about(self, territories: Column[Territory], head: Places | None) -> Places:
        """A number for what each row says that it is about; of a group, its first row says it."""
        about = territories.array(attrgetter("place"), np.int64)
        for meaning in ABOUT:
            for place in self.table.columns.get(meaning, ()):
                texts = self.table.column(place)
                codes = texts.codes
                if head is not None:
                    says = np.where(head >= 0, head, np.arange(self._size))
                    blank = texts.where(lambda text: not text.strip())
                    codes = np.where(blank, codes[says], codes)
                about = pd.factorize(about * (len(texts.found) + 1) + codes)[0]
        return np.asarray(about)


def _but(texts: Column[str], none: set[str]) -> Column[str]:
    """The texts, blank where they are some of ``none``."""
    return texts.map(lambda text: "" if text in none else text)
