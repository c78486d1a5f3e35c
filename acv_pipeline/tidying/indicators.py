"""Which indicator a text or a line is about."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

from acv_pipeline.contract import Contract
from acv_pipeline.tidying.column import Column, constant
from acv_pipeline.tidying.table import Table
from acv_pipeline.tidying.texts import clean, compact, fold, plain, says, words_pattern


def stated_indicators(contract: Contract, text: str) -> list[str]:
    """The indicators that a text names somewhere, in the contract's order."""
    folded = fold(text)
    return [
        indicator.id
        for indicator in contract.indicators.values()
        if any(says(folded, name) for name in (indicator.short_name, *indicator.names))
    ]


@dataclass(frozen=True)
class IndicatorRead:
    """What a line says of its indicator.

    Attributes:
        indicator_id: one of the contract's; None where it is another or unknown.
        problem: ``other_indicator``, ``indicator_contradiction``, ``no_indicator`` or None.
        said: the words of the line.
    """

    indicator_id: str | None
    problem: str | None = None
    said: str = ""


@dataclass(frozen=True)
class IndicatorReader:
    """Reads the indicator of every line of a table.

    A code column decides alone, except that a name beside it that names another indicator of the
    contract contradicts it. Lines that say nothing follow ``stated`` only when all lines do.
    """

    contract: Contract
    stated: str | None

    def read(self, table: Table) -> Column[IndicatorRead]:
        """An ``IndicatorRead`` per line."""
        size = len(table.body)
        codes = self._joined(table, "indicator_id", size)
        names = self._joined(table, "indicator", size)
        said = codes.beside(names)
        foreign = {code for codes, _ in said.found for code in codes if self._is_foreign(code)}
        if len(foreign) == 1:  # of one indicator: it is that of the delivery
            said = said.map(
                lambda pair: (tuple(code for code in pair[0] if code not in foreign), pair[1])
            )
        silent = IndicatorRead(self.stated, None if self.stated else "no_indicator")
        if any(text for pair in said.found for texts in pair for text in texts):
            silent = IndicatorRead(None, "no_indicator")
        return said.map(lambda pair: self._line(*pair) or silent)

    def _is_foreign(self, code: str) -> bool:
        """Whether a code is a form's own number of an indicator, which says not which of ours."""
        return re.fullmatch(self.contract.foreign_identifiers, plain(code)) is not None

    def _joined(self, table: Table, meaning: str, size: int) -> Column[tuple[str, ...]]:
        """The non-blank texts of all columns of a meaning."""
        joined: Column[tuple[str, ...]] = constant((), size)
        for position in table.columns.get(meaning, ()):
            pairs = joined.beside(table.column(position).map(clean))
            joined = pairs.map(lambda pair: (*pair[0], pair[1]) if pair[1] else pair[0])
        return joined

    @cached_property
    def _figures(self) -> set[str]:
        """What figures are called, which says nothing of their indicator."""
        return set(map(fold, self.contract.headers["cumulative"]))

    def _line(self, codes: tuple[str, ...], names: tuple[str, ...]) -> IndicatorRead | None:
        names = tuple(name for name in names if fold(name) not in self._figures)
        if not codes and not names:
            return None
        by_code = {self._by_id.get(compact(code)) for code in codes}
        by_name = {found for name in names for found in self._named(name)}
        said = " / ".join((*codes, *names))
        if any(map(self._is_foreign, codes)):
            return IndicatorRead(None, "no_indicator", said)
        if codes and None in by_code:
            return IndicatorRead(None, "other_indicator", codes[0])
        known = {found for found in by_code | by_name if found}
        if len(known) > 1:
            return IndicatorRead(None, "indicator_contradiction", said)
        if known:
            return IndicatorRead(known.pop())
        return IndicatorRead(None, "other_indicator", said)

    @cached_property
    def _by_id(self) -> dict[str, str]:
        return {compact(indicator_id): indicator_id for indicator_id in self.contract.indicators}

    def _named(self, text: str) -> list[str]:
        """The indicator that is the whole text, else those it names."""
        folded = fold(text)
        for indicator in self.contract.indicators.values():
            official = self.contract.dataset.official_names.get(indicator.id)
            labels = [indicator.id, indicator.label, indicator.label_en]
            labels += [official.label] if official else []
            if folded in map(fold, labels):
                return [indicator.id]
        return stated_indicators(self.contract, text)


def names_other_programme(contract: Contract, text: str, *, alone: bool = False) -> bool:
    """Whether a text names a programme that is none of ours, and none of ours (or nothing else).

    Args:
        alone: whether it must say nothing else: elsewhere one of ours is named.
    """
    others = words_pattern(tuple(contract.other_programmes))
    if not others.search(fold(text)) or stated_indicators(contract, text):
        return False
    return not alone or not others.sub("", fold(text)).strip()
