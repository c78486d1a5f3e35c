"""Rows about the same thing: repeats, conflicts, parts of a figure with or without their sum."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from acv_pipeline.contract import Contract
from acv_pipeline.language import Both, both_plural
from acv_pipeline.tidying.groups import UNNAMED
from acv_pipeline.tidying.pairs import LEVELS
from acv_pipeline.tidying.reasons import NUMBERS
from acv_pipeline.tidying.record_table import RecordTable
from acv_pipeline.tidying.texts import fold

DOUBTFUL = ("not_a_number", "ambiguous_number", "non_integer", "negative", "implausible")


@dataclass(frozen=True)
class _Row:
    """A record about the same thing as others."""

    at: int
    said: str
    part: str
    others: str
    usable: bool
    count: int
    may_be_whole: bool = False


def settle_repeats(rows: RecordTable, contract: Contract) -> list[Both]:
    """Settle the records about the same indicator, territory and month.

    Of a figure given in parts, the sum that the file states counts; else parts are added up where
    all of them are there and each is named; else none is used. The same row again is set aside;
    different values, or the same value told apart by unknown words, are all quarantined.

    Returns:
        What a reader of the delivery should know of it.
    """
    stated = (rows.reason < 0) | np.isin(rows.reason, [NUMBERS[code] for code in DOUBTFUL])
    at = np.flatnonzero(stated)
    every = _keys(rows)
    keys = every[at]
    is_part = rows.part.where(bool)[at]
    looked_at = at[pd.Index(keys).duplicated(keep=False) | is_part]
    if not len(looked_at):
        return []
    groups: dict[int, list[_Row]] = {}
    for key, row in zip(every[looked_at].tolist(), _rows(rows, looked_at), strict=True):
        groups.setdefault(key, []).append(row)
    groups = {key: [_assured(row, group) for row in group] for key, group in groups.items()}
    settler = _Settler(rows, _all_parts(groups.values(), contract), contract)
    for group in groups.values():
        settler.settle(group)
    return settler.remarks


def _rows(rows: RecordTable, at: npt.NDArray[np.intp]) -> list[_Row]:
    counts = rows.stated[at].tolist()
    texts = zip(rows.value_text.at(at), rows.part.at(at), rows.others.at(at), strict=True)
    return [
        _Row(
            place,
            str(count) if count >= 0 else text,
            part.name,
            others,
            reason < 0,
            count,
            part.may_be_whole,
        )
        for place, count, reason, (text, part, others) in zip(
            at.tolist(), counts, rows.reason[at].tolist(), texts, strict=True
        )
    ]


def _assured(row: _Row, group: list[_Row]) -> _Row:
    """A row that may be the whole as the part that it is, where it is too small for the whole."""
    others = sum(other.count for other in group if other.part not in ("", row.part))
    return replace(row, may_be_whole=row.may_be_whole and row.count >= others)


def _all_parts(groups: Iterable[list[_Row]], contract: Contract) -> list[set[str]]:
    """The sets of parts that make a whole: those that the contract knows, as the file calls them.

    Others may overlap, or not be all.
    """
    known = [set(parts) for parts in contract.department_parts.values()]
    territorial = set().union(*known) if known else set()
    named = {row.part for group in groups for row in group if row.part} - territorial
    called = {fold(w): part for part, words in contract.part_names.items() for w in words}
    meant = [called.get(fold(part)) for part in named]
    is_whole = any(sorted(map(str, meant)) == sorted(parts) for parts in contract.part_sets)
    return [*known, named] if is_whole else known


class _Settler:
    def __init__(self, rows: RecordTable, complete: Sequence[set[str]], contract: Contract) -> None:
        self._rows = rows
        self._most = contract.max_plausible_value
        self._complete = complete
        self._sets = list(map(set, contract.part_sets))
        self._called = {fold(w): part for part, words in contract.part_names.items() for w in words}
        self.added: dict[str, list[int]] = {}

    @property
    def remarks(self) -> list[Both]:
        """What was added up."""
        return [
            both_plural(
                "{count} figures are sums of their parts ({names}), the first in row {row}",
                "{count} figures are sums of their parts ({names}), the first in row {row}",
                len(places),
                names=names,
                row=places[0],
            )
            for names, places in self.added.items()
        ]

    def settle(self, group: list[_Row]) -> None:
        """Settle the records of one key."""
        wholes = [row for row in group if not row.part]
        parts = [row for row in group if row.part]
        unnamed = [row for row in parts if row.part == UNNAMED]
        if not wholes and len(unnamed) == 1 and len(parts) > 2:
            others = sum(row.count for row in parts if row not in unnamed)
            if unnamed[0].count == others:  # what has no name is the sum of the others
                wholes, parts = unnamed, [row for row in parts if row not in unnamed]
        if parts and wholes:
            self._beside_their_sum(wholes, parts)
        elif parts:
            parts = self._without_repeats(parts)
            self._parts_alone(parts)
        if len(wholes) > 1:
            self._several(wholes)

    def _beside_their_sum(self, wholes: list[_Row], parts: list[_Row]) -> None:
        known = [row.count for row in parts if row.count >= 0]
        apart = not self._may_overlap({row.part for row in parts})
        if apart and all(0 <= row.count < sum(known) for row in wholes):
            said = ", ".join(dict.fromkeys(row.said for row in (*wholes, *parts)))
            self._reason([*wholes, *parts], "conflicting_values", said)
            return
        for row in parts:
            self._reason([row], "part_of_figure", row.part)

    def _may_overlap(self, parts: set[str]) -> bool:
        """Whether some parts are known to the contract, but not as parts of one whole."""
        meant = {self._called.get(fold(part)) for part in parts}
        return None not in meant and not any(meant <= whole for whole in self._sets)

    def _without_repeats(self, parts: list[_Row]) -> list[_Row]:
        """The parts but those that repeat another to the letter."""
        once: dict[tuple[str, str, str], _Row] = {}
        for row in parts:
            first = once.setdefault((row.part, row.said, row.others), row)
            if first is not row and row.part != UNNAMED:
                self._reason([row], "repeated_row", str(self._rows.sheet_row[first.at]))
        firsts = {row.at for row in once.values()}
        return [row for row in parts if row.part == UNNAMED or row.at in firsts]

    def _parts_alone(self, parts: list[_Row]) -> None:
        names = [row.part for row in parts]
        added = " + ".join(f"{r.part}{'?' if r.may_be_whole else ''} {r.said}" for r in parts)
        complete = len(names) > 1 and len(set(names)) == len(names) and set(names) in self._complete
        if not complete or not all(row.usable and not row.may_be_whole for row in parts):
            for row in parts:
                self._reason([row], "part_alone", added if row.may_be_whole else row.part)
            return
        first, *others = parts
        total = sum(row.count for row in parts)
        if total > self._most:
            self._reason(parts, "implausible", added)
            return
        self._rows.stated[first.at] = total
        self._rows.is_provisional[first.at] = self._rows.is_provisional[[r.at for r in parts]].any()
        for row in others:
            self._reason([row], "added_up", added)
        self.added.setdefault(" + ".join(names), []).append(int(self._rows.sheet_row[first.at]))

    def _several(self, wholes: list[_Row]) -> None:
        said = list(dict.fromkeys(row.said for row in wholes))
        usable = [row for row in wholes if row.usable]
        if len(said) > 1:
            self._reason(usable, "conflicting_values", ", ".join(said))
        elif len({row.others for row in usable}) > 1:
            self._reason(usable, "unexplained_repeat", str(self._rows.sheet_row[usable[0].at]))
        elif len(usable) > 1:
            self._reason(usable[1:], "repeated_row", str(self._rows.sheet_row[usable[0].at]))

    def _reason(self, rows: Sequence[_Row], code: str, detail: str) -> None:
        at = [row.at for row in rows if self._rows.reason[row.at] < 0]
        self._rows.reason[at] = NUMBERS[code]
        self._rows.detail[at] = detail


def _keys(rows: RecordTable) -> npt.NDArray[np.int64]:
    """Indicator, level, territory and month of each record as one number."""
    key = rows.month.astype(np.int64) * (len(LEVELS) + 1) + rows.level + 1
    key = key * (len(rows.codes) + 1) + rows.territory + 1
    return key * (len(rows.indicators) + 1) + rows.indicator + 1
