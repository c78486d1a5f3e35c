"""What each column of a table is to us, the ones that are not read included.

A table is understood when each of its columns has a role. One without that holds about as many
numbers as the figures, and could be them, stops the delivery.
"""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from acv_pipeline.language import Both, both
from acv_pipeline.reading import DeliveryRefused
from acv_pipeline.tidying.column import Column, Mask
from acv_pipeline.tidying.header import HeaderFinder
from acv_pipeline.tidying.names import TERRITORY, ColumnNames
from acv_pipeline.tidying.numbers import number_test, parse_values
from acv_pipeline.tidying.refusals import quoted
from acv_pipeline.tidying.table import Table
from acv_pipeline.tidying.texts import clean, fold, words_pattern

SOME = 0.5  # a column with half as many numbers as the figures has about as many
FEW, SPARSE = 3, 0.1  # as many without a name may be corrections
ALIKE = 2.0  # figures of one thing, at two dates or counted twice, are within this factor
LARGE_ENOUGH = 10  # smaller ones are within that factor by chance
KINDS_AT_MOST = 12  # a column with more different words tells no kinds of figures
ROW_NUMBER = re.compile(r"(?:n|no|num|numero|id|index|ligne|rang)?")
# how names begin of numbers that count nothing, or a part
NO_COUNT = re.compile(
    r"(?:n|no|num|numero|id|identifiant|code|ref|reference|tel|annee|an|date|dont)(?![a-z])"
)


@dataclass(frozen=True)
class Role:
    """What one column is to us.

    Attributes:
        column: its letter.
        header: its name as received.
        role: its meaning, or what else it holds.
        used: whether it says anything of the figures.
        numbers: how many of its cells are numbers.
        why: why it is not used; None where it is.
    """

    column: str
    header: str
    role: str
    used: bool
    numbers: int
    why: Both | None = None

    def as_dict(self) -> dict[str, Any]:
        """The role as the delivery's account keeps it."""
        return {
            "column": self.column,
            "header": self.header,
            "role": self.role,
            "used": self.used,
            "numbers": self.numbers,
            "why": self.why and self.why.en,
            "why_fr": self.why and self.why.fr,
        }


WORDS = ("text", "label", "ignored")
WHY = {
    "ignored": both("a comment"),
    "other_quantity": both("its name says that it holds something else"),
    "part_figures": both("figures of a part; the whole stands beside"),
    "row_number": both("numbers of rows"),
    "same_figures": both("the same figures again"),
    "code": both("codes of territories"),
    "text": both("words"),
    "numbers": both("numbers unlike the figures, of an unknown name"),
    "few_numbers": both("a few numbers of an unknown name; figures beside them do not count"),
    "outside": both("no name and next to no content"),
}


@dataclass(frozen=True)
class RoleReader:
    """Finds the role of each column of ``table``."""

    finder: HeaderFinder
    table: Table

    def roles(self, where: Both | str) -> list[Role]:
        """The role of each column that holds anything.

        Raises:
            DeliveryRefused: ``column_not_understood``.
        """
        found = []
        for place in range(self._width):
            texts = self._texts(place)
            if not any(map(clean, texts.found)):
                continue
            role, numbers = self._role(place), int(self.is_number(place).sum())
            header = self.table.name_of(place)
            if role == "unknown":
                raise self._not_understood(where, place, header, numbers)
            found.append(
                Role(column_letter(place), header, role, role not in WHY, numbers, WHY.get(role))
            )
        return found

    def of_kind(self, *roles: str, at: int | None = None) -> list[int]:
        """The positions of the columns (of that ``at`` one alone) with one of these roles."""
        places = range(self._width) if at is None else (at,)
        return [place for place in places if self._role(place) in roles]

    @property
    def _width(self) -> int:
        """How many columns there are; a line of text with more cells is misaligned."""
        widths = self.table.sheet.widths
        last = self.table.head.last
        return self.table.body.shape[1] if widths is None else int(widths[last])

    @property
    def _names(self) -> ColumnNames:
        return self.finder.names

    def _texts(self, place: int) -> Column[str]:
        return self.table.column(place)

    def _role(self, place: int) -> str:
        if place not in self._roles:
            self._roles[place] = self._find_role(place)
        return self._roles[place]

    @cached_property
    def _roles(self) -> dict[int, str]:
        return {}

    def _find_role(self, place: int) -> str:
        if place in self.table.month_columns:
            return "month_figures"
        for meaning, places in self.table.columns.items():
            if place in places:
                return self._role_of_meaning(meaning, place, place == places[0])
        if place in self.table.head.months:
            return "same_figures"
        if content := self._by_content(place):
            return content
        header = self.table.name_of(place)
        numbers, figures = self.is_number(place), self.is_figure
        if self._names.corrects(header) and self._texts(place).where(self._may_count).any():
            return "unknown"
        if numbers.sum() < max(1, SOME * figures.sum()):
            filled = int(self._texts(place).where(clean).sum())
            return self._role_of_few(header, int(numbers.sum()), filled, int(figures.sum()))
        if self._names.names_part(header) or fold(header).startswith("dont "):
            return "part_figures"
        if self._names.is_other_quantity(header):
            return "other_quantity"
        if self._is_row_number(place, header):
            return "row_number"
        if self._holds_codes(place):
            return "code"
        if any(self._repeats(place, figures) for figures in self._figure_places):
            return "same_figures"
        if self._names.may_be_figures(header) or self._is_like_figures(place):
            return "unknown"
        return "numbers"

    def _may_count(self, text: str) -> bool:
        """Whether a cell is a number, with a sign before it or a remark behind (``44 (DDT)``)."""
        bare = re.sub(r"^[+-] ?|\s*\([^()]*\)$", "", clean(text))
        return number_test(self.finder.contract)(bare)

    def _role_of_few(self, header: str, numbers: int, filled: int, figures: int) -> str:
        """The role of a column with fewer numbers than the figures."""
        if numbers and self._names.names_part(header):
            return "part_figures"
        if 2 * numbers > filled and not self._names.is_other_quantity(header):
            corrects = bool(header.strip()) and self._names.may_be_figures(header)
            if corrects or numbers >= max(FEW, SPARSE * figures):
                return "unknown"
        if numbers:
            other = self._names.is_other_quantity(header) or NO_COUNT.match(fold(header))
            return "numbers" if other else "few_numbers"
        return "text" if header.strip() or filled >= SOME * figures else "outside"

    def _role_of_meaning(self, meaning: str, place: int, is_first: bool) -> str:
        if meaning == "cumulative" and not is_first:
            return "same_figures"
        if meaning == "part_of_territory":  # of one place per row, or a remark
            several = len(self._said(place)) > SOME * self._texts(place).where(clean).sum()
            return "part" if several else "text"
        is_unit = fold(self.table.header[place]).startswith("unit")
        # a reference lists other indicators too, in units of their own
        if is_unit and self.finder.source.role == "partner":
            return meaning if all(map(self._names.is_unit, self._said(place))) else "unknown"
        return meaning

    def _said(self, place: int) -> list[str]:
        """The distinct texts of a column, without blank ones."""
        return [text for text in self._texts(place).found if clean(text)]

    def _by_content(self, place: int) -> str | None:
        """``value_type`` or ``part``, where the cells say nothing but that.

        A few words for kinds of values are remarks on their rows: the others would be of none.
        """
        texts = [text for text in self._texts(place).found if fold(text)]
        if not texts or len(texts) > KINDS_AT_MOST:
            return None
        content = self._kind_of_content(texts)
        if content != "value_type" or self._tells_kinds(place, texts):
            return content
        return None if self.is_number(place).any() else "text"

    def _tells_kinds(self, place: int, texts: list[str]) -> bool:
        """Whether kinds of values stand beside most figures, or once for those below."""
        if self._names.is_for_remarks(self.table.name_of(place)):
            return False
        filled = self._texts(place).where(fold)[self.is_figure]
        if filled.sum() >= SOME * len(filled):
            return True
        return bool(filled[:1].any()) and all(map(self._names.is_value_type, texts))

    def _kind_of_content(self, texts: list[str]) -> str | None:
        if any(self._names.value_type(text) for text in texts) and all(
            self._names.value_type(text) or self._names.is_other_quantity(text) for text in texts
        ):
            return "value_type"
        others = words_pattern(tuple(self.finder.contract.other_states))
        if all(
            self._names.is_other_quantity(text) or others.search(fold(text)) for text in texts
        ) and not any(map(self._is_code, texts)):
            return "value_type"
        if self.finder.source.role == "partner" and all(map(self._names.is_partner, texts)):
            return "part"  # of the indicator: rows of another partner are not this one's
        parts = list(map(self._names.names_part, texts))
        wholes = map(self._names.is_whole, texts)
        only = all(part or whole for part, whole in zip(parts, wholes, strict=True))
        return "part" if any(parts) and only else None

    def _is_code(self, text: str) -> bool:
        return number_test(self.finder.contract)(text)

    @cached_property
    def _figure_places(self) -> list[int]:
        return self.table.value_columns

    @cached_property
    def is_figure(self) -> Mask:
        """The rows with a number in a column of figures."""
        return np.asarray(np.any([self.is_number(p) for p in self._figure_places], axis=0))

    def is_number(self, place: int) -> Mask:
        """The rows with a number in the column at ``place``."""
        if place not in self._numbers:
            test = number_test(self.finder.contract)
            self._numbers[place] = self._texts(place).where(test)
        return self._numbers[place]

    @cached_property
    def _numbers(self) -> dict[int, Mask]:
        return {}

    def _is_row_number(self, place: int, header: str) -> bool:
        """Whether the numbers count the rows: 0, 1, 2… or 1, 2, 3…, blank ones left out."""
        if not ROW_NUMBER.fullmatch(fold(header).replace("unnamed 0", "").strip()):
            return False
        texts = [clean(text).removesuffix(".0") for text in self.table.body[place]]
        counted = [int(text) for text in texts if text.isdecimal() and len(text) < 10]
        return len(counted) > 1 and all(
            later == earlier + 1 for earlier, later in itertools.pairwise(counted)
        )

    def _holds_codes(self, place: int) -> bool:
        """Whether each row repeats the code of its territory, as text of another length."""
        for meaning in TERRITORY:
            for other in self.table.columns.get(meaning, ()):
                pairs = self._texts(other).beside(self._texts(place)).found
                if all(_same_code(*pair) for pair in pairs if clean(pair[1])):
                    return True
        return False

    def _counts(self, place: int) -> npt.NDArray[np.float64]:
        """The count of each row; 0 where there is none."""
        return parse_values(self.table.cells(place), self.finder.contract).array(_count, float)

    def _repeats(self, place: int, figures: int) -> bool:
        """Whether a column holds the same figures as another."""
        numbers = self._counts(place)
        return bool(numbers.any()) and bool((numbers == self._counts(figures)).all())

    def _is_like_figures(self, place: int) -> bool:
        """Whether most numbers are within a factor of the figures of their rows."""
        numbers = self._counts(place)
        close = compared = np.zeros(len(numbers), dtype=bool)
        for other in self._figure_places:
            figures = self._counts(other)
            both = (numbers >= LARGE_ENOUGH) & (figures >= LARGE_ENOUGH)
            equal = (numbers == figures) & (numbers > 0)
            compared = compared | both | equal
            close = close | equal | are_alike(numbers, figures)
        return bool(compared.any()) and close.sum() > SOME * compared.sum()

    def _not_understood(
        self, where: Both | str, place: int, header: str, numbers: int
    ) -> DeliveryRefused:
        letter = column_letter(place)
        read = quoted(self.table.header[other] for other in self._figure_places[:3])
        column = (
            both("column {letter} ({name})", letter=letter, name=quoted([header]))
            if header.strip()
            else both("column {letter}, which has no name,", letter=letter)
        )
        return DeliveryRefused(
            "column_not_understood",
            both(
                "{where}: {column} holds {numbers} numbers and could be the figures, as {read} "
                "could: name the columns so that one alone is the cumulative figure, or leave the "
                "other out",
                where=where,
                column=column,
                numbers=numbers,
                read=read,
            ),
        )


def are_alike(numbers: npt.NDArray[Any], figures: npt.NDArray[Any]) -> Mask:
    """Which numbers are large enough, and within a factor of the figures of their rows."""
    both = (numbers >= LARGE_ENOUGH) & (figures >= LARGE_ENOUGH)
    return np.asarray(both & (numbers <= ALIKE * figures) & (figures <= ALIKE * numbers))


def _same_code(code: str, other: str) -> bool:
    mine, its = (clean(text).removesuffix(".0").lstrip("0").upper() for text in (code, other))
    return mine == its or fold(code) == fold(other)


def _count(value: Any) -> float:
    return float(value.count) if value.count is not None else 0.0


def column_letter(position: int) -> str:
    """The letter a spreadsheet gives the column at ``position`` (0 is ``A``)."""
    letters = ""
    while position >= 0:
        position, remainder = divmod(position, 26)
        letters = chr(ord("A") + remainder) + letters
        position -= 1
    return letters
