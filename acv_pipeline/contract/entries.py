"""The entries of ``contract.yml``: a source, an indicator, a threshold, what the data set says."""

from __future__ import annotations

from functools import cached_property
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator

from acv_pipeline.contract.months import Month, month_of
from acv_pipeline.language import Both, _

MonthField = Annotated[Month, BeforeValidator(lambda value: month_of(str(value)))]


class Entry(BaseModel):
    """What all entries have in common: they never change, and know no other keys."""

    model_config = ConfigDict(extra="forbid", frozen=True, ignored_types=(cached_property,))


def _in_both(value: Any) -> Any:
    """One text for both languages, or one for each."""
    if isinstance(value, str):
        return Both(value, value)
    if not isinstance(value, Both) and (not isinstance(value, dict) or {*value} != {"fr", "en"}):
        raise ValueError(_("expected one text, or two: fr and en"))
    return value


Words = Annotated[Both, BeforeValidator(_in_both)]
"""A text in both languages; one alone is for both."""


class Contribution(Entry):
    """A source's figures are part of an indicator, from ``since`` on (else its first month)."""

    indicator: str
    since: MonthField | None = None


class Source(Entry):
    """Who sends: a ``partner`` whose figures are added up, or a ``reference`` compared with.

    ``contact`` is whom to ask; in French it must go well after « à » (« l'équipe …»).
    """

    id: str
    asset: str
    label: str
    role: Literal["partner", "reference"]
    contact: Words
    publication_lag_days: int | None = Field(default=None, ge=1)
    default_indicator: str | None = None
    full_history: bool = False
    contributes: list[Contribution]
    headers: dict[str, list[str]] = {}

    @property
    def series(self) -> str:
        """The name of the series its figures form: the source, or ``published``."""
        return "published" if self.role == "reference" else self.id


class Threshold(Entry):
    """A figure a gate rule compares with, and the reason for it.

    ``up_to``: how far an indicator's own history may raise it; None: not at all.
    """

    value: float
    up_to: float | None = None
    why: str = Field(min_length=20)


Thresholds = dict[str, dict[str, Threshold]]
"""By gate rule, then by name."""


class Target(Entry):
    """A publicly announced goal for an indicator's national total."""

    value: float = Field(gt=0)
    why: str = Field(min_length=20)


class Break(Entry):
    """The month from which something else is counted, and what changed, in both languages."""

    month: MonthField
    fr: str
    en: str

    @property
    def words(self) -> Both:
        """What changed."""
        return Both(fr=self.fr, en=self.en)


class Indicator(Entry):
    """One cumulative count per département and month.

    ``thresholds`` holds every gate threshold: the contract's common ones, with those the
    indicator states itself in their place.

    The départements outside ``panel_excludes`` are expected every month, but for those of
    ``panel_sometimes``, which may have no figure, and those of ``panel_joins`` before their first.
    There is a figure every ``months_between`` months (3: quarterly).
    From each month of ``breaks`` on something else is counted: nothing compares across it. In
    ``unusual_months`` the figures moved as they never do, and that was no error.
    """

    id: str
    short_name: str
    label: str
    label_en: str
    names: list[str]
    unit: Words
    unit_of_one: Words | None = None
    first_month: MonthField
    months_between: int = Field(default=1, ge=1)
    panel_excludes: list[str]
    panel_sometimes: list[str] = []
    panel_joins: list[str] = []
    breaks: list[Break] = []
    unusual_months: list[MonthField] = []
    sister: str | None = None
    target: Target | None = None
    thresholds: Thresholds

    @property
    def programme(self) -> str:
        """The programme's name in full, as people say it (``Petites villes de demain``)."""
        return max(self.names[:2], key=len, default=self.short_name)

    @field_validator("breaks")
    @classmethod
    def _a_month_breaks_once(cls, breaks: list[Break]) -> list[Break]:
        months = [entry.month for entry in breaks]
        if twice := {f"{month:%Y-%m}" for month in months if months.count(month) > 1}:
            raise ValueError(_("{months} twice: say all that changed in one", months=min(twice)))
        return breaks

    @property
    def months_of_breaks(self) -> frozenset[Month]:
        """From each of these on something else is counted."""
        return frozenset(entry.month for entry in self.breaks)

    def units(self, number: float) -> Both:
        """The unit as it is written after a number: one has another word than many."""
        one = self.unit_of_one or self.unit
        whole = round(abs(number))  # as it is shown
        return Both(
            fr=one.fr if whole < 2 else self.unit.fr, en=one.en if whole == 1 else self.unit.en
        )

    def limits(self, rule: str) -> dict[str, float]:
        """The thresholds of one gate rule, by name; empty when the rule needs none."""
        return {name: entry.value for name, entry in self.thresholds.get(rule, {}).items()}


class Licence(Entry):
    """Under which terms the open data may be used; ``id`` as data portals know it."""

    id: str
    title: str
    url: str


class OfficialNames(Entry):
    """How the Baromètre names an indicator: its columns mesure, indicateur and unite."""

    measure: str
    label: str
    unit: str


class Dataset(Entry):
    """What the open data set says of itself; ``name`` is its short name in addresses.

    ``contact`` is whom readers may ask: an address of a role, for mail or on the web. ``page`` is
    where the data are published.
    """

    name: str
    title: Words
    description: Words
    production: Words
    frequency: Words
    spatial_coverage: Words
    granularity: Words
    nature: Words
    keywords: list[str]
    licence: Licence
    official_names: dict[str, OfficialNames]
    contact: str | None = Field(default=None, pattern=r"^(https://\S+|[^@\s:]+@[^@\s:]+\.\w+)$")
    page: str | None = Field(default=None, pattern=r"^https://\S+$")

    @property
    def contact_link(self) -> str | None:
        """What a link to the contact leads to."""
        is_mail = self.contact and not self.contact.startswith("https://")
        return f"mailto:{self.contact}" if is_mail else self.contact


class StandingWords(Entry):
    """Words in a file's name, sheet or title that tell which of two files counts.

    ``version`` stands before a number; the longest word that begins at a place is the one meant.
    """

    provisional: list[str]
    definitive: list[str]
    correction: list[str]
    version: list[str]


Listed = tuple[str, ...]


class RemarkWords(Entry):
    """Words of headings, notes, names of files and remarks; ``contract.yml`` explains each list."""

    flow: Listed
    monthly: Listed
    no_flow: Listed
    change: Listed
    quantity: Listed
    requests: Listed
    deniable: Listed
    large_unit: Listed
    included: Listed
    whom_to_ask: Listed
    numbered: Listed
    sent: Listed
    of_files: Listed
    replaced: Listed
    mended: Listed
    to_come: Listed
    wrong: Listed
    untrue: Listed
    figure: Listed
    sum: Listed
    collected: Listed
    repeated: Listed
    month_before: Listed
    compared: Listed
    incomplete: Listed
    condemned: Listed
    counted: Listed
    uncounted: Listed
    doubtful: Listed
    confirmed: Listed
    alone: Listed
    read_instead: Listed
    to_change: Listed
    to_add: Listed
    not_come: Listed
    lacking: Listed
    never_ours: Listed
    notices: Listed
    rounded: Listed
    looks: Listed
    begun: Listed
    of_programmes: Listed
    reserve: Listed
    nota: Listed
    elsewhere: Listed
    revised: Listed
    event: Listed
    taken: Listed
    period: Listed
    year_heading: Listed
    month_heading: Listed
