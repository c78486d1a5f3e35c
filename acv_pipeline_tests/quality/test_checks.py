"""Every check: it passes where all is well, and it fails on what it is about.

A new check without a case here fails the suite.
"""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass

import pytest

from acv_pipeline.contract import load_contract
from acv_pipeline.contract.months import month_of
from acv_pipeline.models import Project
from acv_pipeline.quality import Check, CheckResult, checks
from acv_pipeline.quality.evaluation import evaluate
from acv_pipeline.quality.extract_checks import REASONS
from acv_pipeline.quality.gate_checks import gate_checks
from acv_pipeline.quality.sql_tests import sql_checks
from acv_pipeline.tidying.reasons import REASONS as ALL_REASONS
from acv_pipeline_tests.quality.worlds import EMPTY_MONTH, FLAWS, World

CONTRACT = load_contract()
CHECKS = checks(CONTRACT)
EXTRACTS = [source.asset for source in CONTRACT.sources.values()]
NOVEMBER = month_of("2020-11")
SOME_ROW = "rowid = (select min(rowid) from {table})"

every_check = pytest.mark.parametrize(
    "check", CHECKS, ids=lambda check: f"{check.asset}-{check.name}"
)


@dataclass(frozen=True)
class Broken:
    """A change to the good world that one check must see.

    Attributes:
        sql: the change; ``{table}`` is the check's mart, ``{source}`` the extract's source.
        month: where it shows; None: the month of the mart's first row.
        failed: how many rows fail; None: all that are checked.
        says: what the summary mentions.
    """

    sql: str
    says: str
    month: dt.date | None = NOVEMBER
    failed: int | None = 1


def one(table: str, column: str, value: str) -> str:
    """Set a column of one November row."""
    return (
        f"update {table} set {column} = {value} where rowid = (select min(rowid) from {table} "
        f"where month = date '{NOVEMBER}')"
    )


def first(column: str, value: str) -> str:
    """Set a column of the mart's first row."""
    return f"update {{table}} set {column} = {value} where {SOME_ROW}"


BROKEN: dict[str, Broken] = {
    # any extract
    "rows_conserved": Broken(
        "delete from raw.extract_rows where row_number = 2 and delivery_id = "
        "(select max(delivery_id) from raw.deliveries where source = '{source}')",
        "rows received but",
        month=None,
    ),
    "delivered_by_one_source": Broken(
        "insert into raw.sightings select delivery_id, '{source}', date '2030-01-01', 'copy.csv', "
        "byte_size, modified_ns from raw.sightings where source = "
        "(select min(source) from raw.deliveries where source <> '{source}') "
        "order by delivered_on limit 1",
        "counts for",
        month=None,
    ),
    # figures in force
    "validated_dwellings-known_codes": Broken(
        one("validated.observations", "department_code", "'20'"), "unknown department_code 20"
    ),
    "figures_not_negative_integers": Broken(
        one("validated.observations", "cumulative_dwellings", "-1"), "cumulative_dwellings -1"
    ),
    "unique_key": Broken(
        "insert into validated.observations select * from validated.observations where month = "
        f"date '{NOVEMBER}' and source = 'anah' and department_code = '59'",
        "anah: 59 more than once",
        failed=2,
    ),
    "month_in_range": Broken(
        "update validated.observations set indicator_id = 'nb-logements-renoves-petites-villes' "
        "where month = date '2020-09-01' and source = 'anah' and department_code = '59'",
        "before its indicator's first month: 2020-09-01",
        month=month_of("2020-09"),
    ),
    "panel_complete": Broken(
        f"delete from validated.observations where month = date '{NOVEMBER}' "
        "and source = 'anah' and department_code in ('59', '2A')",
        "ACV anah (2)",
        failed=2,
    ),
    "every_partner_present": Broken(
        f"delete from validated.observations where month = date '{NOVEMBER}' and source = 'anah'",
        "ACV anah",
    ),
    "every_figure_has_provenance": Broken(
        one("validated.observations", "row_number", "12345"), "row not on record"
    ),
    "corrections_still_match": Broken(
        "update contract.corrections set delivered = delivered + 1",
        "entry 1 (action_logement 62): the latest delivery says",
    ),
    # quarantine
    "every_row_says_why": Broken(
        "update validated.quarantined_rows set reason_fr = null",
        "no reason_fr",
        month=month_of("2020-10"),
    ),
    "no_open_quarantine": Broken(
        "update validated.quarantined_rows set released_by = null; "
        "delete from raw.tidy_rows where territory_code = '59' and fate = 'figure'",
        "no_figure_not_available",
        month=month_of("2020-10"),
    ),
    # any mart
    "columns_as_documented": Broken(
        "alter table {table} add column surplus integer",
        "found surplus",
        month=None,
        failed=None,
    ),
    "known_codes": Broken(
        first("indicator_id", "null"), "unknown indicator_id (empty)", month=None
    ),
    "figures_not_negative": Broken(
        first("cumulative_dwellings", "-1"), "cumulative_dwellings -1", month=None
    ),
    "months_elapsed_at_least_1": Broken(
        first("months_elapsed", "0"), "months_elapsed 0", month=None
    ),
    "ranks_in_range": Broken(first("rank_increment", "0"), "rank_increment 0", month=None),
    "shares_between_0_and_1": Broken(
        first("share_of_national", "1.5"), "share_of_national 1.5", month=None
    ),
}


def case_of(check: Check) -> Broken | None:
    return BROKEN.get(f"{check.asset}-{check.name}") or BROKEN.get(check.name)


def results(world: World, chosen: list[Check]) -> dict[tuple[Check, dt.date], CheckResult]:
    months = [*world.months, EMPTY_MONTH]
    found = evaluate(world.connection, world.contract, chosen, months)
    assert [(r.check, r.month) for r in found] == [(c, m) for c in chosen for m in months]
    return {(result.check, result.month): result for result in found}


@pytest.fixture(scope="module")
def of_good(good: World) -> dict[tuple[Check, dt.date], CheckResult]:
    return results(good, CHECKS)


@pytest.fixture(scope="module")
def of_flawed(flawed: World) -> dict[tuple[Check, dt.date], CheckResult]:
    return results(flawed, CHECKS)


@every_check
def test_passes_where_all_is_well(
    check: Check, good: World, of_good: dict[tuple[Check, dt.date], CheckResult]
) -> None:
    of_months = [of_good[check, month] for month in good.months]
    assert all(result.passed for result in of_months), of_months
    assert not any(result.failed or result.sample for result in of_months)
    assert any(result.checked for result in of_months), "nothing was looked at"


@every_check
def test_passes_with_nothing_checked_where_there_is_nothing(
    check: Check, of_good: dict[tuple[Check, dt.date], CheckResult]
) -> None:
    result = of_good[check, EMPTY_MONTH]
    assert (result.passed, result.checked, result.summary) == (True, 0, "nothing to check")


@every_check
def test_fails_on_what_it_is_about(
    check: Check, good: World, of_flawed: dict[tuple[Check, dt.date], CheckResult]
) -> None:
    case = case_of(check)
    if case is None:
        assert check.asset in EXTRACTS and check.name in FLAWS, "this check has no case"
        failing = {month for (c, month), r in of_flawed.items() if c == check and not r.passed}
        assert failing == {month_of(FLAWS[check.name])}
        return
    connection = good.connection
    table = f"marts.{check.asset}"
    source = next((s.id for s in CONTRACT.sources.values() if s.asset == check.asset), "")
    connection.execute("begin")
    try:
        connection.execute(case.sql.format(table=table, source=source))
        found = {r.month: r for r in evaluate(connection, CONTRACT, [check], good.months)}
        month = case.month
        if month is None and not source:
            (month,) = connection.execute(
                f"select month from {table} where {SOME_ROW.format(table=table)}"
            ).fetchall()[0]
    finally:
        connection.execute("rollback")
    failing = {month for month, result in found.items() if not result.passed}
    if case.failed is None:
        assert failing == {m for m, r in found.items() if r.checked}
    elif month is not None:
        assert failing == {month}
    assert len(failing) >= 1
    for failure in (found[month] for month in failing):
        assert failure.failed == (failure.checked if case.failed is None else case.failed)
        assert case.says in failure.summary
        assert 1 <= len(failure.sample) <= 20
        json.dumps(failure.sample)


def test_a_flaw_fails_no_other_check_of_the_extract(
    of_flawed: dict[tuple[Check, dt.date], CheckResult],
) -> None:
    for asset in EXTRACTS:
        failing = {
            (check.name, month)
            for (check, month), result in of_flawed.items()
            if check.asset == asset and not result.passed
        }
        assert failing == {(name, month_of(month)) for name, month in FLAWS.items()}


def test_a_sample_names_file_row_and_what_was_received(
    of_flawed: dict[tuple[Check, dt.date], CheckResult],
) -> None:
    (result,) = (
        result
        for (check, month), result in of_flawed.items()
        if (check.asset, check.name) == ("anah_extract", "figures_are_whole_numbers")
        and not result.passed
    )
    (row,) = result.sample
    assert row["file"] == "ACV.csv" and row["delivered_on"] == "2021-05-10"
    assert row["row"] == 60 and row["received"].endswith("| 59 | 2021-04-30 | nd")
    assert row["territory_code"] == "59" and row["problem"] == "no_figure_not_available"
    assert (result.checked, result.failed) == (96, 1)
    assert result.summary == "1 of 96 do not hold: no_figure_not_available (1)"


def test_a_hole_in_the_panel_says_why(
    of_flawed: dict[tuple[Check, dt.date], CheckResult],
) -> None:
    (check,) = (check for check in CHECKS if check.name == "panel_complete")
    result = of_flawed[check, month_of("2021-04")]
    assert {row["source"] for row in result.sample} == {"anah", "action_logement"}
    assert {row["department_code"] for row in result.sample} == {"59"}
    assert {row["why"] for row in result.sample} == {"row quarantined: no_figure_not_available"}


COLUMN_DAMAGE = {
    "source": ("known_codes", "validated.observations", "'insee'"),
    "department_code": ("known_codes", "validated.observations", "null"),
    "cumulative_dwellings": ("figures_not_negative_integers", "validated.observations", "null"),
    "series": ("known_codes", "marts.series", "'sum'"),
    "region_code": ("known_codes", "marts.department_rankings", "null"),
    "rank_cumulative": ("ranks_in_range", "marts.department_rankings", "102"),
    "dwellings_per_10k_inhabitants": ("figures_not_negative", "marts.department_rankings", "-0.1"),
    "level": ("known_codes", "marts.territory_totals", "'city'"),
    "territory_code": ("known_codes", "marts.territory_totals", "'20'"),
}


@pytest.mark.parametrize("column", COLUMN_DAMAGE)
def test_each_column_is_looked_at(good: World, column: str) -> None:
    name, table, value = COLUMN_DAMAGE[column]
    asset = "validated_dwellings" if table == "validated.observations" else table.split(".")[1]
    (check,) = (c for c in CHECKS if (c.asset, c.name) == (asset, name))
    good.connection.execute("begin")
    try:
        good.connection.execute(one(table, column, value))
        (result,) = evaluate(good.connection, CONTRACT, [check], [NOVEMBER])
    finally:
        good.connection.execute("rollback")
    assert (result.passed, result.failed) == (False, 1)
    assert column in result.summary


ROW_DAMAGE: dict[str, str] = {
    "rows with two fates": "insert into raw.tidy_rows select * from raw.tidy_rows where {row}",
    "rows without a fate": "delete from raw.tidy_rows where {row}",
    "row numbers given twice": (
        "insert into raw.extract_rows select * from raw.extract_rows where {row}; "
        "delete from raw.extract_rows where row_number = 6 and delivery_id = {delivery}"
    ),
    "accounted for": "update raw.tidy_rows set fate = 'lost' where {row}",
}


@pytest.mark.parametrize("says", ROW_DAMAGE)
def test_no_row_is_lost_or_counted_twice(good: World, says: str) -> None:
    (check,) = (c for c in CHECKS if (c.asset, c.name) == ("anah_extract", "rows_conserved"))
    delivery = (
        "(select delivery_id from raw.deliveries where source = 'anah' "
        "and delivered_on = date '2020-12-10')"
    )
    row = f"row_number = 5 and delivery_id = {delivery}"
    good.connection.execute("begin")
    try:
        good.connection.execute(ROW_DAMAGE[says].format(row=row, delivery=delivery))
        found = evaluate(good.connection, CONTRACT, [check], good.months)
    finally:
        good.connection.execute("rollback")
    assert [result.month for result in found if not result.passed] == [NOVEMBER]
    (failure,) = (result for result in found if not result.passed)
    assert says in failure.summary and failure.sample[0]["file"] == "ACV.csv"


def test_a_figure_that_its_row_does_not_say_has_no_provenance(good: World) -> None:
    (check,) = (c for c in CHECKS if c.name == "every_figure_has_provenance")
    good.connection.execute("begin")
    try:
        good.connection.execute(
            one("validated.observations", "cumulative_dwellings", "cumulative_dwellings + 1")
        )
        (result,) = evaluate(good.connection, CONTRACT, [check], [NOVEMBER])
    finally:
        good.connection.execute("rollback")
    assert "row says something else (1)" in result.summary


def test_names_are_unique_on_every_asset() -> None:
    declared = [*CHECKS, *gate_checks(), *sql_checks(Project.load())]
    names = [(check.asset, check.name) for check in declared]
    assert len(names) == len(set(names))


def test_every_check_says_what_holds_and_what_to_do() -> None:
    for check in CHECKS:
        for text in (check.description, check.what_to_do):
            assert text.fr != text.en
            for said in (text.fr, text.en):
                assert said.endswith(".") and "{" not in said


def test_extract_checks_name_whom_to_ask() -> None:
    for source in CONTRACT.sources.values():
        advice = {check.what_to_do for check in CHECKS if check.asset == source.asset}
        assert all(source.contact.en in text.en for text in advice)
        assert all(source.contact.fr in text.fr for text in advice)


def test_every_reason_for_quarantine_is_shown_by_one_check() -> None:
    shown = [reason for reasons in REASONS.values() for reason in reasons]
    quarantined = [code for code, reason in ALL_REASONS.items() if reason.fate == "quarantined"]
    assert sorted(shown) == sorted(quarantined)


def test_every_mart_has_the_checks_that_its_columns_call_for() -> None:
    names: dict[str, set[str]] = {}
    for check in CHECKS:
        names.setdefault(check.asset, set()).add(check.name)
    for model in Project.load().models.values():
        assert {"columns_as_documented", "known_codes"} <= names[model.name]
    assert {"ranks_in_range", "shares_between_0_and_1"} <= names["department_rankings"]
