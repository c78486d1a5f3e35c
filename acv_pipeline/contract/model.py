"""The contract's shape: what ``contract.yml`` may say, and the questions code may ask of it."""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from collections.abc import Iterable
from functools import cached_property
from typing import Any, Literal
from zoneinfo import ZoneInfo

from pydantic import (
    Field,
    field_validator,
    model_validator,
)

from acv_pipeline.contract.entries import (
    Dataset,
    Entry,
    Indicator,
    MonthField,
    RemarkWords,
    Source,
    StandingWords,
    Thresholds,
    Words,
)
from acv_pipeline.contract.months import Month
from acv_pipeline.contract.spelling import unknown
from acv_pipeline.contract.territories import Territories
from acv_pipeline.language import Both, _, both, together


class ContractError(ValueError):
    """The contract cannot be used; the message says which entry and why."""


class Contract(Entry):
    """All of ``contract.yml``, plus the territories of the seeds."""

    first_month: MonthField
    timezone: str
    data_contact: Words
    sources: dict[str, Source]
    indicators: dict[str, Indicator]
    thresholds: Thresholds
    headers: dict[str, list[str]]
    no_figure: dict[str, list[str]]
    figure_units: list[str]
    max_plausible_value: int = Field(gt=0)
    control_labels: list[str]
    full_history_min_share: float = Field(gt=0, le=1)
    subtotal_labels: list[str]
    template_markers: list[str]
    name_remarks: list[str] = Field(default_factory=list)
    note_openings: list[str]
    month_words: dict[int, list[str]]
    other_dates: dict[str, list[str]]
    state_words: list[str]
    header_abbreviations: dict[str, list[str]]
    stock_dates: list[str]
    value_types: dict[Literal["actual", "initial", "target"], list[str]]
    part_names: dict[str, list[str]]
    part_sets: list[list[str]]
    level_words: dict[Literal["region", "national", "below"], list[str]]
    whole_names: list[str]
    department_parts: dict[str, dict[str, list[str]]]
    other_quantities: list[str]
    figure_words: list[str]
    correction_words: list[str]
    discarded_sheets: list[str]
    other_programmes: list[str]
    other_states: list[str]
    foreign_identifiers: str
    provisional_marks: list[str]
    standing_words: StandingWords
    remark_words: RemarkWords
    department_variants: dict[str, list[str]] = Field(default_factory=dict)
    region_variants: dict[str, list[str]] = Field(default_factory=dict)
    dataset: Dataset
    territories: Territories

    @model_validator(mode="before")
    @classmethod
    def _name_entries(cls, data: Any) -> Any:
        for group in ("sources", "indicators"):
            entries = data.get(group) or {}
            data[group] = {key: {"id": key, **(entry or {})} for key, entry in entries.items()}
        common = data.get("thresholds") or {}
        for key, entry in data["indicators"].items():
            own = entry.get("thresholds") or {}
            for rule, names in own.items():
                if strange := sorted(set(names) - set(common.get(rule) or {})):
                    raise ValueError(
                        _(
                            "indicator {indicator}: {rule} knows no threshold {names}",
                            indicator=key,
                            rule=rule,
                            names=strange,
                        )
                    )
            entry["thresholds"] = {rule: {**common[rule], **own.get(rule, {})} for rule in common}
        return data

    @model_validator(mode="after")
    def _references_exist(self) -> Contract:
        for source in self.sources.values():
            named = [c.indicator for c in source.contributes]
            for indicator in [*named, *filter(None, [source.default_indicator])]:
                if indicator not in self.indicators:
                    raise ValueError(
                        _(
                            "source {source} names the unknown indicator {indicator}",
                            source=source.id,
                            indicator=indicator,
                        )
                    )
        for entry in self.indicators.values():
            codes = {*entry.panel_excludes, *entry.panel_sometimes, *entry.panel_joins}
            if nowhere := sorted(codes - set(self.territories.departments)):
                raise ValueError(
                    _(
                        "indicator {indicator} names unknown départements {codes}",
                        indicator=entry.id,
                        codes=nowhere,
                    )
                )
            if entry.sister and entry.sister not in self.indicators:
                raise ValueError(
                    _(
                        "indicator {indicator} names the unknown sister {sister}",
                        indicator=entry.id,
                        sister=entry.sister,
                    )
                )
        if unlike := sorted(set(self.dataset.official_names) ^ set(self.indicators)):
            raise ValueError(
                _("dataset.official_names must name the indicators; not so: {names}", names=unlike)
            )
        return self

    @field_validator("foreign_identifiers")
    @classmethod
    def _is_a_pattern(cls, pattern: str) -> str:
        try:
            re.compile(pattern)
        except re.error as error:
            raise ValueError(
                _("'{text}' is no pattern: {error}", text=pattern, error=error)
            ) from error
        return pattern

    @cached_property
    def words_for_parts(self) -> tuple[str, ...]:
        """Every word for some of those whom a figure is about."""
        return tuple(word for words in self.part_names.values() for word in words)

    @cached_property
    def reading_version(self) -> str:
        """Changes with all that reading a delivery depends on: not with thresholds and dataset."""
        judging = {"thresholds", "target", "panel_sometimes", "panel_joins"}
        judging |= {"breaks", "unusual_months", "months_between"}
        text = self.model_dump_json(
            exclude={"thresholds": True, "dataset": True, "indicators": {"__all__": judging}}
        )
        return hashlib.sha256(text.encode()).hexdigest()

    def today(self) -> dt.date:
        """The day it is where the data are looked after, whatever the machine's own time zone."""
        return dt.datetime.now(ZoneInfo(self.timezone)).date()

    def source(self, source_id: str) -> Source:
        """The source; one that delivered and was dropped since is called by its id."""
        return self.sources.get(source_id) or Source(
            id=source_id,
            asset=f"{source_id}_extract",
            label=source_id,
            role="partner",
            contact=self.data_contact,
            contributes=[],
        )

    def indicator(self, indicator_id: str) -> Indicator:
        """The indicator; one that was delivered and dropped since is called by its id."""
        return self.indicators.get(indicator_id) or Indicator(
            id=indicator_id,
            short_name=indicator_id,
            label=indicator_id,
            label_en=indicator_id,
            names=[],
            unit=Both("", ""),
            first_month=self.first_month,
            panel_excludes=[],
            thresholds=self.thresholds,
        )

    def panel(self, indicator_id: str) -> list[str]:
        """The département codes ``indicator_id`` expects, in code order."""
        excluded = set(self.indicators[indicator_id].panel_excludes)
        return [code for code in self.territories.departments if code not in excluded]

    def indicator_named(self, text: str) -> Indicator:
        """The indicator with this id or short name, whatever the case.

        Raises:
            UnknownNameError: there is none.
        """
        named = {entry.short_name: entry for entry in self.indicators.values()} | self.indicators
        for name, entry in named.items():
            if name.casefold() == text.casefold():
                return entry
        raise unknown(_("indicator"), text, named)

    def components(self, indicator_id: str) -> dict[str, Month]:
        """The partners whose sum is the indicator, each with its first month."""
        first = self.indicators[indicator_id].first_month
        return {
            source.id: part.since or first
            for source in self.sources.values()
            if source.role == "partner"
            for part in source.contributes
            if part.indicator == indicator_id
        }

    def families(self) -> list[tuple[str, ...]]:
        """The indicators, with those that are judged together as one: sisters, and theirs."""
        found: list[set[str]] = []
        for entry in self.indicators.values():
            linked = {entry.id, *filter(None, [entry.sister])}
            apart = [family for family in found if not family & linked]
            found = [*apart, linked.union(*(family for family in found if family & linked))]
        order = list(self.indicators)
        return sorted(
            (tuple(sorted(family, key=order.index)) for family in found),
            key=lambda family: order.index(family[0]),
        )

    def of(self, indicators: Iterable[str]) -> Contract:
        """What is true of some of the indicators alone; to be judged so, they are a family."""
        chosen = set(indicators)
        kept = {name: entry for name, entry in self.indicators.items() if name in chosen}
        return self.model_copy(update={"indicators": kept})

    def last_change(self, indicator_id: str, series: str, month: Month) -> Both | None:
        """What is counted otherwise since the last break of a series up to a month, in words."""
        found: dict[Month, list[Both]] = {}
        if series == "total":
            for source, since in self.components(indicator_id).items():
                joins = both("{source} joins the sum", source=self.source(source).label)
                found.setdefault(since, []).append(joins)
        for entry in self.indicator(indicator_id).breaks:
            found.setdefault(entry.month, []).append(entry.words)
        until = max((since for since in found if since <= month), default=None)
        return None if until is None else together(found[until])

    def headers_of(self, source_id: str) -> dict[str, list[str]]:
        """Column names by meaning: the contract's, and the source's own in front."""
        own = self.sources[source_id].headers
        return {meaning: [*own.get(meaning, []), *names] for meaning, names in self.headers.items()}
