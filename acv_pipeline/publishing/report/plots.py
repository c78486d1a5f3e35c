"""Small plots for the Dagster UI, as SVG: from the same charts as the report, in English."""

from __future__ import annotations

from collections.abc import Callable

import duckdb

from acv_pipeline.contract import Contract, Month
from acv_pipeline.publishing.report import charts
from acv_pipeline.publishing.report.drawing import document
from acv_pipeline.publishing.report.figures import national_course, shown_series
from acv_pipeline.publishing.report.maps import classify, plain_map
from acv_pipeline.publishing.report.palette import light
from acv_pipeline.publishing.report.plot import Frame
from acv_pipeline.publishing.report.queries import DepartmentMonth, Total, fetch
from acv_pipeline.publishing.report.words import number, text

COURSE, INCREMENTS = Frame(480, 160), Frame(480, 80)
MOST_MOVERS = 10

Plot = Callable[[duckdb.DuckDBPyConnection, Contract, str, Month], bytes | None]


def national_plot(
    connection: duckdb.DuckDBPyConnection, contract: Contract, indicator_id: str, _month: Month
) -> bytes | None:
    """The national course, whatever the month: cumulative total above, monthly increments below;
    None when the indicator has no figures yet."""
    series = shown_series(connection, contract).get(indicator_id)
    if series is None:
        return None
    months = national_course(connection, contract, indicator_id, series)
    target = contract.indicators[indicator_id].target
    course = charts.course(months, COURSE, light, target.value if target else None)
    if not any(m.total and m.total.previous_month for m in months):
        return document(course, "en")  # a first month adds to nothing
    return document(charts.beneath(course, charts.increments(months, INCREMENTS, light)), "en")


def movers_plot(
    connection: duckdb.DuckDBPyConnection, contract: Contract, indicator_id: str, month: Month
) -> bytes | None:
    """The départements that added most dwellings by a month: in it, or since the one it says;
    None when none has an increment in that month."""
    rows = [row for row in _ranking(connection, contract, indicator_id, month) if row.increment]
    rows.sort(key=lambda row: (-(row.increment or 0), row.department_code))
    names = contract.territories.departments
    most = [(f"{names[r.department_code]} ({r.department_code})", r) for r in rows[:MOST_MOVERS]]
    title = text("movers_title", "en", month=month)
    return document(charts.movers(most, title, 280, light, "en"), "en") if most else None


def map_plot(
    connection: duckdb.DuckDBPyConnection, contract: Contract, indicator_id: str, month: Month
) -> bytes | None:
    """The départements by dwellings per 10,000 inhabitants, at the end of a month; None when none
    has a figure."""
    rows = _ranking(connection, contract, indicator_id, month)
    if not rows:
        return None
    classes, level_of = classify({row.department_code: round(row.rate, 1) for row in rows})
    codes = tuple(contract.territories.departments)
    drawn = plain_map(codes, classes, level_of, lambda r: number(r, "en", 1), light)
    return drawn.encode()


PLOTS: dict[str, Plot] = {"national": national_plot, "movers": movers_plot, "map": map_plot}
"""By name: figures of one indicator at the end of one month, as SVG."""


def last_shown(
    connection: duckdb.DuckDBPyConnection, contract: Contract, indicator_id: str, until: Month
) -> Month | None:
    """The last month, ``until`` at most, of which the shown series has figures; None without."""
    series = shown_series(connection, contract).get(indicator_id)
    totals = fetch(connection, "totals", Total, indicator=indicator_id, series=series)
    return max((total.month for total in totals if total.month <= until), default=None)


def _ranking(
    connection: duckdb.DuckDBPyConnection, contract: Contract, indicator_id: str, month: Month
) -> list[DepartmentMonth]:
    series = shown_series(connection, contract).get(indicator_id)
    given = {"indicator": indicator_id, "series": series, "month": month}
    return fetch(connection, "departments", DepartmentMonth, **given)
