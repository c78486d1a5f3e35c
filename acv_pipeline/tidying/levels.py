"""Which territory each line of a table is about, and at which level.

Here: département, region or national, for a table and for each of its lines; every region code is
also a département code, so names, headers and the set of codes decide. Not here: how one text
names a territory (``territories``).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from acv_pipeline.contract import Contract
from acv_pipeline.tidying.column import Column, Mask, texts_of
from acv_pipeline.tidying.fold import clean, fold
from acv_pipeline.tidying.header import Table
from acv_pipeline.tidying.territories import PlaceReader

NATIONAL = "FR"
PADDED = re.compile(r"0[0-9][1-9]")  # no other code has this form: all are padded to three digits
REGIONS_AT_LEAST = 8  # so many codes, all of regions, and no name: a regional table


@dataclass(frozen=True)
class Territory:
    """What a line is about.

    Attributes:
        level: ``department``, ``region``, ``national``, ``part`` (a subtotal of no region);
            None where unknown.
        code: its code; where there is a problem, the code it most likely misses, if any.
        problem: a reason code of ``reasons``.
        detail: what the reason names.
    """

    level: str | None
    code: str | None
    problem: str | None = None
    detail: str = ""


@dataclass(frozen=True)
class TerritoryReader:
    """Reads the territory of every line of ``table``."""

    contract: Contract
    table: Table

    def read(self) -> Column[Territory]:
        """A ``Territory`` per line."""
        return self._pairs.map(lambda pair: self._one(*pair))

    @cached_property
    def level(self) -> str:
        """The level of the table: what its names say, else its header, else its codes."""
        if self._own_columns == "national":
            return "national"
        pairs = self._pairs.found
        named = {
            level: sum(self._speaks_for(level, code, name) for code, name in pairs)
            for level in self._readers
        }
        if named["region"] != named["department"]:
            return max(named, key=lambda level: named[level])
        if self._own_columns == "region":
            return "region"
        codes = {self._readers["department"].code_of(code) for code, _ in pairs} - {None}
        if len(codes) >= REGIONS_AT_LEAST and codes <= set(self.contract.territories.regions):
            return "region"
        return "department"

    @cached_property
    def _readers(self) -> dict[str, PlaceReader]:
        return {level: PlaceReader(self.contract, level) for level in ("department", "region")}

    @cached_property
    def _own_columns(self) -> str:
        """The level that the header names."""
        for level in ("department", "region"):
            if {f"{level}_code", f"{level}_name"} & set(self.table.columns):
                return level
        return "national"

    @cached_property
    def _pairs(self) -> Column[tuple[str, str]]:
        """The text of each line's code and of its name."""
        if self._own_columns == "national":
            return self.table.text("national").map(lambda text: (text, ""))
        code, name = (self.table.text(f"{self._own_columns}_{part}") for part in ("code", "name"))
        if any(PADDED.fullmatch(fold(text)) for text in code.found):
            code = code.map(lambda text: re.sub(r"^0(?=[0-9]{2}$)", "", clean(text)))
        pairs = code.beside(name)
        nowhere = pairs.where(lambda pair: not clean("".join(pair)))
        return self._sums_elsewhere(pairs, nowhere) if nowhere.any() else pairs

    def _sums_elsewhere(
        self, pairs: Column[tuple[str, str]], nowhere: Mask
    ) -> Column[tuple[str, str]]:
        """Lines without a territory may say "Total" or name a region in any other column."""
        values = [*self.table.columns.get("cumulative", ()), *self.table.month_columns]
        lines = self.table.body.drop(columns=values)[nowhere].to_numpy(dtype=object)
        region = self._readers["region"]
        said = [
            next((cell for cell in line if self._stated_sum(cell) or region.name_of(cell)), "")
            for line in lines
        ]
        names = np.full(len(nowhere), "", dtype=object)
        names[nowhere] = said
        return pairs.beside(texts_of(pd.Series(names))).map(
            lambda both: (both[0][0], both[0][1] or both[1])
        )

    @cached_property
    def _has_labels(self) -> bool:
        """Whether the name column holds names of territories at all."""
        reader = self._readers[self.level]
        return any(reader.name_of(name) for _, name in self._pairs.found if clean(name))

    def _speaks_for(self, level: str, code_text: str, name_text: str) -> bool:
        """Whether the pair can only be of ``level``: by its name, or by a code no region has."""
        reader = self._readers[level]
        place = reader.read(code_text)
        if level == "department" and place.code and not self._readers["region"].code_of(code_text):
            return True
        if place.named:
            return place.code in (None, place.named)
        named = reader.name_of(name_text)
        return named is not None and (place.code or named) == named

    def _one(self, code_text: str, name_text: str) -> Territory:
        if stated := self._stated_sum(code_text) or self._stated_sum(name_text):
            return stated
        if self.level == "national":
            return Territory(None, None, "unknown_department", clean(code_text))
        found = self._of_level(self.level, code_text, name_text)
        if found.problem and self.level == "department":
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
            return Territory(level, None, "no_department")
        place = reader.read(text)
        code = place.code or place.named
        if code is None:
            return Territory(level, reader.name_of(name_text), f"unknown_{level}", text)
        label = name_text if code_text else ""
        if (place.code and place.named not in (None, code)) or (
            label and not reader.agrees(code, label)
        ):
            said = " / ".join(filter(None, [text, label]))
            official = reader.official[code]
            return Territory(level, code, "label_contradicts_code", f"{said} ({code}: {official})")
        return Territory(level, code)

    def _stated_sum(self, text: str) -> Territory | None:
        """``Total``, ``Ensemble``, ``Total Bretagne``, ``Sous-total``: rows that are no figure."""
        folded = fold(text)
        if not folded:
            return None
        if any(folded == fold(word) for word in self.contract.subtotal_labels):
            return Territory("part", None, "stated_subtotal")
        for word in map(fold, self.contract.subtotal_labels):
            if "total" in word and folded.startswith(f"{word} "):
                return self._sum_of(folded.removeprefix(word), "part")
        words = [fold(word) for word in self.contract.control_labels]
        if folded in words:
            return Territory("national", NATIONAL)
        for word in sorted(words, key=len, reverse=True):
            if folded.startswith(f"{word} "):
                return self._sum_of(folded.removeprefix(word), "national")
        return None

    def _sum_of(self, rest: str, otherwise: str) -> Territory | None:
        if region := self._readers["region"].name_of(rest):
            return Territory("region", region)
        if self._readers["department"].read(rest).code:
            return None
        if any(fold(word) in rest for word in self.contract.subtotal_labels):
            return Territory("part", None, "stated_subtotal")
        return Territory(otherwise, NATIONAL if otherwise == "national" else None)
