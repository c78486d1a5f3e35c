"""Checks of the marts, column by column: the same for every model of the SQL project.

Here: what holds of a column wherever it occurs. Not here: what holds between rows or between
tables (``dbt_like_sql/tests``).
"""

from __future__ import annotations

from collections.abc import Collection

from acv_pipeline.contract import Contract
from acv_pipeline.models import Model, Project
from acv_pipeline.quality.attribution import CHECKED_MONTHS
from acv_pipeline.quality.rule import (
    ColumnRule,
    Expectation,
    Rule,
    between,
    known,
    on_each,
)

FAULT = (
    "A fault of the SQL models or of their seeds, not of a delivery: don't publish; correct the "
    "model and build the marts again."
)


def mart_rules(contract: Contract, project: Project) -> list[Rule]:
    """The checks of every model."""
    return [rule for model in project.models.values() for rule in _rules_of(model, contract)]


def _rules_of(model: Model, contract: Contract) -> list[Rule]:
    names = [column.name for column in model.columns]
    domains = {name: codes for name, codes in _domains(contract).items() if name in names}
    batch = f"select * from {model.table} where month in (from {CHECKED_MONTHS})"

    def rule(name: str, description: str, *expectations: Expectation) -> ColumnRule:
        return ColumnRule(
            on_each([model.name], name, "error", description, FAULT), batch, expectations
        )

    rules: list[Rule] = [
        rule(
            "columns_as_documented",
            "The table has the documented columns, in their order.",
            Expectation(
                "TableColumnsToMatchOrderedList",
                {"column_list": names},
                "columns differ from the documented ones",
            ),
        ),
        rule(
            "known_codes",
            "Every row has its codes, and the contract or the Code officiel géographique "
            "knows them.",
            *(known(name, codes) for name, codes in domains.items()),
        ),
    ]
    for check, (description, bounds) in _ranges(contract).items():
        if found := [between(name, *bounds[name]) for name in names if name in bounds]:
            rules.append(rule(check, description, *found))
    return rules


def _domains(contract: Contract) -> dict[str, Collection[str]]:
    """The values a column may have, by its name."""
    territories = contract.territories
    return {
        "indicator_id": contract.indicators,
        "series": ["total", *(source.series for source in contract.sources.values())],
        "source": contract.sources,
        "department_code": territories.departments,
        "region_code": territories.regions,
        "level": ["department", "region", "national"],
        "territory_code": [*territories.departments, *territories.regions, "FR"],
    }


def _ranges(
    contract: Contract,
) -> dict[str, tuple[str, dict[str, tuple[float | None, float | None]]]]:
    """The bounds of columns, by check and column name."""
    last_rank = len(contract.territories.departments)
    return {
        "figures_not_negative": (
            "No cumulative figure is below zero.",
            {"cumulative_dwellings": (0, None), "dwellings_per_10k_inhabitants": (0, None)},
        ),
        "months_elapsed_at_least_1": (
            "An increment is counted from an earlier month.",
            {"months_elapsed": (1, None)},
        ),
        "ranks_in_range": (
            "Ranks start at 1 and never exceed the number of départements.",
            {"rank_cumulative": (1, last_rank), "rank_increment": (1, last_rank)},
        ),
        "shares_between_0_and_1": (
            "A département's share of the national total lies between 0 and 1.",
            {"share_of_national": (0, 1)},
        ),
    }
