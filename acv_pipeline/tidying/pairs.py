"""What the texts of a code and of a name say together: a territory, or why it is none."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

from acv_pipeline.contract import Contract
from acv_pipeline.tidying.column import of_contract
from acv_pipeline.tidying.places import PlaceReader
from acv_pipeline.tidying.reasons import NUMBERS
from acv_pipeline.tidying.texts import clean, fold

NATIONAL = "FR"
LEVELS = ("department", "region", "national")

Pair = tuple[str, str]
"""The text of a line's code, and of its name."""


@dataclass(frozen=True)
class Territory:
    """What a line is about.

    Attributes:
        level: ``department``, ``region``, ``national``, ``part`` (a subtotal of no region);
            None where unknown.
        code: its code; where there is a problem, the code it most likely misses, if any.
        problem: a reason code of ``reasons``.
        detail: what the reason names.
        place: the number of its code among ``territory_codes``; -1 for none.
        part: the code of the part of the territory that is meant (``69M``); ``""`` for the whole.
        says_whole: the line says that it is the sum of others (``Total Ain``).
        is_blank: nothing names a territory.
    """

    level: str | None
    code: str | None
    problem: str | None = None
    detail: str = ""
    place: int = -1
    part: str = ""
    says_whole: bool = False
    is_blank: bool = False

    @property
    def level_number(self) -> int:
        """Its level's place in ``LEVELS``; -1 for none of them."""
        return LEVELS.index(self.level) if self.level in LEVELS else -1

    @property
    def problem_number(self) -> int:
        """The number of its problem's reason; -1 for none."""
        return NUMBERS[self.problem]


def territory_codes(contract: Contract) -> tuple[str, ...]:
    """Every code that a territory can have, each once."""
    known = contract.territories
    return tuple(dict.fromkeys([*known.departments, *known.regions, NATIONAL]))


@dataclass(frozen=True)
class Signs:
    """What a pair of texts says of the level of the table it stands in.

    Attributes:
        department, region: it can only be of this level: by its name, or by a code that no
            territory of the other level has.
        code: the département code it writes.
        names_department, names_region: it holds a name of this level.
    """

    department: bool
    region: bool
    code: str | None
    names_department: bool
    names_region: bool


class SignReader:
    """Reads the signs of a pair."""

    def __init__(self, contract: Contract) -> None:
        self._departments = of_contract(PlaceReader, contract, "department")
        self._regions = of_contract(PlaceReader, contract, "region")
        self.read = lru_cache(maxsize=1 << 16)(self.signs)

    def signs(self, pair: Pair) -> Signs:
        """What ``pair`` says of the level."""
        code, name = pair
        if code in self._departments.official and not name:
            # nothing else can be read from an official code alone
            return Signs(not self._regions.code_of(code), False, code, False, False)
        return Signs(
            self._speaks_for(self._departments, code, name),
            self._speaks_for(self._regions, code, name),
            self._departments.code_of(code),
            bool(clean(name)) and self._departments.name_of(name) is not None,
            bool(clean(name)) and self._regions.name_of(name) is not None,
        )

    def _speaks_for(self, reader: PlaceReader, code_text: str, name_text: str) -> bool:
        place = reader.read(code_text)
        if reader is self._departments and place.code and not self._regions.code_of(code_text):
            return True
        if place.named:
            return place.code in (None, place.named)
        named = reader.name_of(name_text)
        return named is not None and (place.code or named) == named


class PairReader:
    """Reads the territory of a pair in a table of one level, with or without names."""

    def __init__(self, contract: Contract, level: str, has_labels: bool) -> None:
        self._contract = contract
        self._level = level
        self._has_labels = has_labels
        self._readers = {
            level: of_contract(PlaceReader, contract, level) for level in ("department", "region")
        }
        self._places = {code: at for at, code in enumerate(of_contract(territory_codes, contract))}
        self._parts = [fold(word) for word in contract.subtotal_labels]
        words = [fold(word) for word in contract.control_labels]
        self._totals = sorted(words, key=len, reverse=True)
        self.read = lru_cache(maxsize=1 << 16)(self.territory)

    def territory(self, pair: Pair) -> Territory:
        """The territory that ``pair`` names."""
        code, name = pair
        if not name and self._is_official(code):
            return Territory("department", code, place=self._places[code])
        found = self._territory(code, name)
        place = -1 if found.code is None else self._places[found.code]
        return replace(found, place=place)

    def _is_official(self, code: str) -> bool:
        return self._level == "department" and code in self._readers["department"].official

    def is_a_sum(self, text: str) -> bool:
        """Whether a cell says "Total" or the like, or names a region."""
        return self._stated_sum(text) is not None or bool(self._readers["region"].name_of(text))

    def _territory(self, code_text: str, name_text: str) -> Territory:
        if stated := self._stated_sum(code_text) or self._stated_sum(name_text):
            return stated
        if self._level == "national":
            return Territory(None, None, "unknown_department", clean(code_text))
        found = self._of_level(self._level, code_text, name_text)
        if found.problem and self._level == "department":
            region = self._region_between_departments(code_text, name_text)
            if region:
                return Territory("region", region)
        return found

    def _region_between_departments(self, code_text: str, name_text: str) -> str | None:
        reader = self._readers["region"]
        place = reader.read(code_text)
        if place.named and place.code in (None, place.named):
            return place.named
        named = reader.name_of(name_text)
        if named and (not clean(code_text) or place.code == named):
            return named
        marked = fold(code_text).startswith("r")
        return place.code if marked and not clean(name_text) else None

    def _of_level(self, level: str, code_text: str, name_text: str) -> Territory:
        reader = self._readers[level]
        code_text, name_text = clean(code_text), clean(name_text)
        if not self._has_labels and code_text:
            name_text = ""
        text = code_text or name_text
        if not text:
            return Territory(level, None, "no_department", is_blank=True)
        place = reader.read(text)
        code = place.code or place.named
        if code is None:
            named = reader.name_of(name_text)
            problem, part = f"unknown_{level}", self._part(name_text)
            return Territory(level, named, problem, text, part=part)
        label = name_text if code_text else ""
        if (place.code and place.named not in (None, code)) or (
            label and not reader.agrees(code, label)
        ):
            said = " / ".join(filter(None, [text, label]))
            official = reader.official[code]
            said = f"{said} ({code}: {official})"
            return Territory(level, code, "label_contradicts_code", said, part=self._part(label))
        return Territory(level, code, part=place.part or self._part(label))

    def _part(self, text: str) -> str:
        place = self._readers["department"].part_of(text)
        return (place.part or "") if place else ""

    def _stated_sum(self, text: str) -> Territory | None:
        """``Total``, ``Ensemble``, ``Total Bretagne``, ``Sous-total``: rows that are no figure."""
        folded = fold(text)
        if not folded:
            return None
        if folded == "somme" and ":" in text:  # a sum; the département has no colon
            return Territory("national", NATIONAL)
        if folded in self._parts:
            return Territory("part", None, "stated_subtotal")
        for word in self._parts:
            if "total" in word and folded.startswith(f"{word} "):
                return self._sum_of(folded.removeprefix(word), "part")
        if folded in self._totals:
            return Territory("national", NATIONAL)
        for word in ("total", "resultat"):  # as pivot tables write it below a group
            if folded.endswith(f" {word}") and (code := self._department_in(folded[: -len(word)])):
                return Territory("department", code, says_whole=True)
        for word in self._totals:
            if folded.startswith(f"{word} "):
                return self._sum_of(folded.removeprefix(word), "national")
        return None

    def _department_in(self, text: str) -> str | None:
        place = self._readers["department"].read(text)
        return None if place.part else place.code or place.named

    def _sum_of(self, rest: str, otherwise: str) -> Territory | None:
        # some départements are called as their region, of which they are all
        if self._level == "department" and (code := self._department_in(rest)):
            return Territory("department", code, says_whole=True)
        if region := self._readers["region"].name_of(rest):
            return Territory("region", region)
        if any(word in rest for word in self._parts):
            return Territory("part", None, "stated_subtotal")
        return Territory(otherwise, NATIONAL if otherwise == "national" else None)
