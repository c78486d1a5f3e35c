"""Every sentence that the page makes from figures: data in which it would be false, where it isn't
said, and data in which it is true, where it is."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from acv_pipeline.contract import Contract
from acv_pipeline.publishing.report import page as page_module
from acv_pipeline.publishing.report import words
from acv_pipeline.publishing.report.figures import figures
from acv_pipeline.publishing.report.queries import Row, fetch
from acv_pipeline.publishing.report.report import ACCOUNTS
from acv_pipeline.warehouse import open_warehouse, transaction
from acv_pipeline.warehouse.home import Home
from acv_pipeline_tests.report.few_figures import (
    WORLDS,
    Data,
    contract_of,
    fill,
)
from acv_pipeline_tests.warehouses import PROJECT

Said = dict[str, list[dict[str, Any]]]
"""By name of a text, the values of each time it is said."""


def any_time(_: list[dict[str, Any]]) -> bool:
    return True


def names_third(values: list[dict[str, Any]]) -> bool:
    return "Third" in str(values)


def where(**wanted: Any) -> Callable[[list[dict[str, Any]]], bool]:
    """Said with such a value at least once; months are written ``2021-03``."""

    def is_said(values: list[dict[str, Any]]) -> bool:
        return any(
            all(
                (f"{v[k]:%Y-%m}" if isinstance(v[k], dt.date) else v[k]) == w
                for k, w in wanted.items()
            )
            for v in values
        )

    return is_said


def more_than_once(values: list[dict[str, Any]]) -> bool:
    return len(values) > 1


def about_04_of_both(values: list[dict[str, Any]]) -> bool:
    return sum("(04)" in str(value) for value in values) > 1


@dataclass(frozen=True)
class Sentence:
    """A text; ``would_be_false`` in that world if it were said so there (by default: at all)."""

    name: str
    would_be_false: str
    said_so: Callable[[list[dict[str, Any]]], bool]
    true_in: str


def s(
    name: str,
    would_be_false: str,
    true_in: str,
    said_so: Callable[[list[dict[str, Any]]], bool] = any_time,
) -> Sentence:
    return Sentence(name, would_be_false, said_so, true_in)


SENTENCES = [
    # whose figures, of when
    s("page_title", "two indicators", "plain"),  # each is of another month
    s("nothing", "plain", "nothing"),
    s("date_of", "two indicators", "plain", where(indicator="PVD", month="2020-01")),
    s("synthetic_all", "part synthetic", "all synthetic"),
    s("synthetic_some", "all synthetic", "part synthetic"),
    s("synthetic_some", "plain", "part synthetic"),
    s("licence_synthetic", "plain", "part synthetic"),
    s("series_total", "single", "plain"),
    s("series_total", "joins later", "plain", names_third),
    s("series_single", "plain", "single"),
    s("series_partner", "plain", "alone"),
    s("series_published", "plain", "published"),
    s("partner_alone", "plain", "alone"),
    s("partner_alone", "single", "alone"),
    # the headline
    s("dwellings_since_start", "never complete", "plain"),
    s("dwellings_since_start", "lately incomplete", "plain", where(month="2021-03")),
    s("no_complete_month", "plain", "never complete"),
    s("added", "one month", "plain"),
    s("added", "joins now", "plain"),
    s("added", "hole", "plain"),
    s("added", "gap at the end", "plain"),
    s("added_mean", "plain", "gap at the end"),
    s("added_year", "one month", "plain"),
    s("added_year", "no year before", "plain"),
    s("added_year", "joins", "plain"),
    s("added_year", "joins now", "plain"),
    s("departments_known", "lately incomplete", "plain", where(n=1)),
    s("leader", "ties", "plain"),
    s("leader", "zeros", "plain"),
    s("leader", "lately incomplete", "plain"),  # whoever is missing may have more
    s("target_reached", "almost there", "there", lambda values: values[0]["share"] > 0.9995),
    s("target_reached", "single", "there"),  # no target was announced
    s("break", "plain", "joins"),
    s("break", "joins later", "joins now"),
    s("break", "alone", "joins"),
    s("break", "moves", "joins"),
    s("break_perimeter", "joins", "moves"),
    s("break_perimeter", "plain", "moves"),
    s("break", "published moves", "joins"),
    s("break_perimeter", "published", "published moves"),
    s("break_means", "plain", "joins"),
    s("break_here", "plain", "moves"),
    s("break_here", "plain", "joins"),
    s("break_here", "joins later", "joins now"),
    # what is pointed at
    s("says_figure", "lately incomplete", "plain", where(month="2021-01")),
    s("says_absent", "plain", "lately incomplete"),
    s("says_outside", "everywhere", "plain"),
    s("says_total", "never complete", "plain"),
    s("growth_more", "falling", "plain"),
    s("growth_more", "one month", "plain"),
    s("growth_more", "joins", "joins", where(since="2020-08")),
    s("growth_more", "moves", "moves", where(since="2020-08")),
    s("growth_fewer", "plain", "falling"),
    s("growth_same", "plain", "still"),
    s("growth_mean", "plain", "gap"),
    s("growth_break", "plain", "joins"),
    s("growth_break", "joins later", "moves"),
    s("says_incomplete", "plain", "hole"),
    s("says_held", "newer held", "held"),
    s("says_held", "joins later", "both held"),
    s("says_partial", "disjoint", "waits"),
    s("says_partial", "waits", "waits", names_third),
    s("says_disjoint", "waits", "disjoint"),
    s("says_none", "plain", "gap"),
    s("when_at_end", "plain", "held"),
    s("when_between", "gap at the end", "gap"),
    s("says_part", "single", "plain"),
    s("says_parts", "single", "plain"),
    # what lacks
    s("newer_held", "plain", "newer held"),
    s("newer_held", "held", "newer held"),
    s("later_held", "newer held", "held"),
    s("later_held", "joins later", "both held"),  # its figures don't count yet
    s("why_held", "plain", "held"),
    s("later_incomplete", "hole", "lately incomplete"),
    s("later_ranked", "lately incomplete", "lately incomplete", more_than_once),
    s("later_partial", "plain", "waits"),
    s("later_partial", "waits", "waits", names_third),
    s("later_partial", "joins later", "waits"),
    s("later_partial", "disjoint", "waits"),
    s("later_disjoint", "waits", "disjoint"),
    # the course
    s("course_from_to", "one month", "plain"),
    s("course_from_to", "joins", "joins", where(first="2020-01")),
    s("course_from_to", "joins now", "plain"),
    s("course_from_to", "lately incomplete", "plain", where(first="2020-01")),
    s("fastest_month", "joins", "joins", where(month="2020-09")),
    s("fastest_month", "joins now", "plain"),
    s("fastest_month", "ties", "plain"),
    s("fastest_month", "falling", "plain"),
    s("fastest_month", "zeros", "plain"),
    s("fastest_month", "one month", "plain"),
    s("fastest_month", "gap", "plain"),  # a month in the gap may have been busier
    s("fastest_month", "hole", "plain"),
    s("fastest_mean", "plain", "gap"),
    s("fastest_mean", "ties", "gap"),
    s("gaps", "plain", "gap"),
    s("gaps", "one month", "hole"),
    s("gaps", "gap", "gap", where(n=1)),
    s("first_figures", "from the start", "plain"),
    s("legend_line", "one month", "plain"),
    s("legend_gap", "plain", "hole"),
    s("legend_gap", "joins", "gap"),
    s("legend_bar", "one month", "plain"),
    s("legend_mean", "plain", "gap"),
    s("legend_break", "joins later", "joins"),
    s("legend_held", "newer held", "both held"),
    s("legend_incomplete", "plain", "hole"),
    s("legend_target", "single", "plain"),
    s("state_complete", "one month", "plain"),
    s("state_complete", "never complete", "plain"),
    s("state_alone", "plain", "plain", more_than_once),
    s("state_alone", "never complete", "joins now"),
    s("state_incomplete", "plain", "hole"),
    s("state_held", "newer held", "held"),
    s("state_held", "joins later", "held"),
    s("state_held_correction", "held", "newer held"),
    s("state_partial", "disjoint", "waits"),
    s("state_partial", "waits", "waits", names_third),
    s("state_disjoint", "waits", "disjoint"),
    s("state_none", "plain", "gap"),
    # map and ranking
    s("map", "lately incomplete", "plain", where(month="2021-01")),
    s("map_absent", "plain", "lately incomplete"),
    s("map_outside", "everywhere", "plain"),
    s("ranking", "lately incomplete", "plain", where(month="2021-01")),
    s("ranking_since", "one month", "plain"),
    s("ranking_since", "joins now", "plain"),
    s("ranking_break", "plain", "joins now"),
    s("ranking_break", "joins", "joins now"),
    s("ranking_break", "one month", "joins now"),
    s("tied", "plain", "ties"),
    s("since_other", "gap", "hole"),
    s("absences", "plain", "lately incomplete"),
    s("nobody_absent", "lately incomplete", "plain"),
    s("absent_is_not_zero", "plain", "lately incomplete"),
    s("outside", "everywhere", "plain"),
    s("outside", "outside", "outside", about_04_of_both),
    # regions
    s("by_region", "lately incomplete", "plain", where(month="2021-01")),
    s("regions_since", "one month", "plain"),
    s("regions_since", "joins now", "plain"),
    s("counted", "lately incomplete", "plain", where(n=2)),
    s("compare_now", "lately incomplete", "plain", where(month="2021-01")),
    # to be quoted
    s("cite", "all synthetic", "plain"),
    s("cite", "lately incomplete", "plain", where(month="2021-01")),
    s("cite_synthetic", "plain", "part synthetic"),
    # partners
    s("partners_at", "single", "plain"),
    s("partners_at", "lately incomplete", "plain", where(month="2021-03")),
    s("partners_single", "never complete", "single"),
    s("partners_single", "plain", "single"),
    s("partners_alone", "single", "alone"),
    s("partners_unknown", "plain", "published"),
    # holds and revisions
    s("no_holds", "newer held", "plain"),
    s("no_revisions", "revised", "plain"),
    # départements
    s("department_figure", "plain", "one dwelling", where(n=0)),
    s("department_no_figure", "plain", "lately incomplete"),
    s("department_outside", "outside", "outside", more_than_once),  # of the other indicator alone
    s("fact_rank", "zeros", "plain"),
    s("fact_rank_tied", "plain", "ties"),
    s("fact_added", "one month", "plain"),
    s("fact_added", "joins now", "plain"),
    s("fact_rate", "nothing", "plain"),
    s("fact_share", "zeros", "plain"),
    s("spark_caption", "joins later", "plain", where(last="2021-05")),
    s("over_months", "plain", "gap"),
    s("over_months", "joins now", "gap"),
    # checks
    s("no_checks", "passing", "plain"),
    s("no_failures", "failing", "passing"),
    s("no_failures", "plain", "passing"),
    s("reconciliation", "plain", "published"),
    s("reconciliation", "one published", "one published", lambda values: values[0]["n"] != 1),
    s("perimeter", "outside", "plain", where(n=4)),
]

# What says nothing of figures: names of things, headings, how figures are made, what a row's own
# code is called; and what plots say (``test_plots``). Everything else must be above.
LABELS = re.compile(
    r"col_|check\.|table_|chart_|measure|absence\.|fall\.|kind\.|level\.|severity\.|held_|about|"
    r"method_|withdrawn$|skip$|contents$|kicker$|to_dark$|to_light$|target_here$|course$|as_table$|"
    r"to$|map_(classes|class_count|note|hint|credit|close_up)$|ranking_ties$|search$|shown$|corrected$|"
    r"partners$|movers?_|mover$|trust$|holds$|received_on$|finding$|revisions$|revision_(more|line)$|"
    r"published_revisions$|corrections$|by_whom$|departments(_intro)?$|open_all$|close_all$|"
    r"department_revisions$|quality(_intro)?$|rows_note$|all_sources$|finding_held$|written_on$|"
    r"nobody$|release_sha256$|access$|see$|csv$|picture$|remarks$|copy$|copied$|selected$|consulted$|"
    r"compare(_first|_second|_shown|_what|_chart|_months)?$|regions_note$|cite_(version|link)$|"
    r"open_data_page$"
)


@pytest.fixture(scope="module")
def said_in(
    contract: Contract, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[str], Said]]:
    """What the page of a world says."""
    known: dict[str, Said] = {}
    heard: Said = {}
    plain_text = words.text

    def listening(key: str, language: str, **values: Any) -> str:
        if language == "fr":
            heard.setdefault(key, []).append(values)
        return plain_text(key, language, **values)

    def said(name: str) -> Said:
        if name not in known:
            known[name] = page_of(WORLDS[name])
        return known[name]

    def page_of(data: Data) -> Said:
        of_world = contract_of(contract, data)
        home = Home(tmp_path_factory.mktemp("world") / "home")
        with open_warehouse(home, of_world) as connection:
            PROJECT.load_seeds(connection)
            fill(connection, data)
            with transaction(connection):
                PROJECT.build(connection)
            heard.clear()
            page_module.page(
                figures(connection, of_world),
                {query: fetch(connection, query, Row) for query in ACCOUNTS},
                of_world,
                release_sha256=None,
            )
        return heard.copy()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(words, "text", listening)
        patch.setattr(page_module, "_text", page_module._text.__wrapped__)
        page_module._environment.cache_clear()  # its templates are compiled once, and listen
        yield said
        page_module._environment.cache_clear()


@pytest.mark.parametrize("sentence", SENTENCES, ids=lambda s: f"{s.name}, {s.would_be_false}")
def test_it_is_said_where_it_is_true_alone(
    sentence: Sentence, said_in: Callable[[str], Said]
) -> None:
    false = said_in(sentence.would_be_false).get(sentence.name, [])
    assert not (false and sentence.said_so(false)), false
    assert sentence.name in said_in(sentence.true_in)


def test_every_sentence_of_the_page_is_here() -> None:
    assert {name for name in words.names() if not LABELS.match(name)} == {s.name for s in SENTENCES}
