"""Which territory each line of a table is about, and at which level.

Every region code is also a département code: names, headers and the set of codes decide which a
table holds.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from acv_pipeline.contract import Contract
from acv_pipeline.tidying.column import (
    Column,
    Mask,
    constant,
    of_contract,
    texts_of,
)
from acv_pipeline.tidying.pairs import Pair, PairReader, SignReader, Signs, Territory
from acv_pipeline.tidying.table import Table
from acv_pipeline.tidying.texts import clean, fold

PADDED = re.compile(r"0[0-9][1-9]")  # no other code has this form: all are padded to three digits
REGIONS_AT_LEAST = 8  # so many codes, all of regions, and no name: a regional table


@dataclass(frozen=True)
class TerritoryReader:
    """Reads the territory of every line of ``table``."""

    contract: Contract
    table: Table

    def read(self) -> Column[Territory]:
        """A ``Territory`` per line."""
        reader = of_contract(PairReader, self.contract, self.level, self._has_labels)
        return self._pairs.map(reader.read)

    @cached_property
    def level(self) -> str:
        """The level of the table: what its names say, else its header, else its codes."""
        if self._own_columns == "national":
            return "national"
        named = {
            "department": sum(signs.department for signs in self._signs),
            "region": sum(signs.region for signs in self._signs),
        }
        if named["region"] != named["department"]:
            return max(named, key=lambda level: named[level])
        if self._own_columns == "region":
            return "region"
        codes = {signs.code for signs in self._signs} - {None}
        if len(codes) >= REGIONS_AT_LEAST and codes <= set(self.contract.territories.regions):
            return "region"
        return "department"

    @cached_property
    def _signs(self) -> list[Signs]:
        read = of_contract(SignReader, self.contract).read
        return list(map(read, self._pairs.found))

    @property
    def _has_labels(self) -> bool:
        """Whether the name column holds names of territories at all."""
        if self.level == "department":
            return any(signs.names_department for signs in self._signs)
        return self.level == "region" and any(signs.names_region for signs in self._signs)

    @cached_property
    def _own_columns(self) -> str:
        """The level that the header names."""
        for level in ("department", "region"):
            if {f"{level}_code", f"{level}_name"} & set(self.table.columns):
                return level
        return "national"

    @cached_property
    def _pairs(self) -> Column[Pair]:
        """The text of each line's code and of its name."""
        if self._own_columns == "national":
            return self.table.text("national").beside(constant("", len(self.table.body)))
        code, name = (self.table.text(f"{self._own_columns}_{part}") for part in ("code", "name"))
        if any(map(_is_padded, code.found)):
            code = code.map(lambda text: re.sub(r"^0(?=[0-9]{2}$)", "", clean(text)))
        pairs = code.beside(name)
        nowhere = pairs.where(_is_nowhere)
        return self._sums_elsewhere(pairs, nowhere) if nowhere.any() else pairs

    def _sums_elsewhere(self, pairs: Column[Pair], nowhere: Mask) -> Column[Pair]:
        """Lines without a territory may say "Total" or name a region in any other column."""
        values = [*self.table.value_columns, *self.table.columns.get("part", ())]
        lines = self.table.body.drop(columns=values)[nowhere].to_numpy(dtype=object)
        reader = of_contract(PairReader, self.contract, "department", True)
        said = [next((cell for cell in line if reader.is_a_sum(cell)), "") for line in lines]
        names = np.full(len(nowhere), "", dtype=object)
        names[nowhere] = said
        return pairs.beside(texts_of(pd.Series(names))).map(
            lambda both: (both[0][0], both[0][1] or both[1])
        )


def _is_nowhere(pair: Pair) -> bool:
    return not clean("".join(pair))


def _is_padded(text: str) -> bool:
    return PADDED.fullmatch(fold(text)) is not None
