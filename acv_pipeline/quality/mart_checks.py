"""Checks of the marts, column by column: the same for every model of the SQL project.

What holds between rows or between marts is the SQL project's own (``dbt_like_sql/tests``).
"""

from __future__ import annotations

from acv_pipeline.contract import Contract
from acv_pipeline.language import Both, both
from acv_pipeline.models import Model, Project
from acv_pipeline.quality.attribution import CHECKED_MONTHS, DEPARTMENTS, TERRITORIES
from acv_pipeline.quality.check import Check, SuiteRule

FAULT = both(
    "A fault of the SQL models or of their seeds, not of a delivery: don't publish; correct the "
    "model and build the marts again."
)
LOOKED_UP = {"department_code": DEPARTMENTS, "territory_code": TERRITORIES}

Bounds = tuple[float | None, float | None]


def mart_rules(contract: Contract, project: Project) -> list[SuiteRule]:
    """The checks of every model."""
    return [_rule_of(model, contract) for model in project.models.values()]


def ranges(contract: Contract) -> dict[str, tuple[Both, dict[str, Bounds]]]:
    """What bounds a column has in whichever mart: description and columns, by check."""
    last_rank = len(contract.territories.departments)
    return {
        "figures_not_negative": (
            both("No cumulative figure is below zero."),
            {"cumulative_dwellings": (0, None), "dwellings_per_10k_inhabitants": (0, None)},
        ),
        "months_elapsed_at_least_1": (
            both("An increment is counted from an earlier month."),
            {"months_elapsed": (1, None)},
        ),
        "ranks_in_range": (
            both("Ranks start at 1 and never exceed the number of départements."),
            {"rank_cumulative": (1, last_rank), "rank_increment": (1, last_rank)},
        ),
        "shares_between_0_and_1": (
            both("A département's share of the national total lies between 0 and 1."),
            {"share_of_national": (0, 1)},
        ),
    }


def _rule_of(model: Model, contract: Contract) -> SuiteRule:
    names = {column.name for column in model.columns}
    described = {
        "columns_as_documented": both("The table has the documented columns, in their order."),
        "known_codes": both(
            "Every row has its codes, and the contract or the Code officiel géographique knows "
            "them."
        ),
    } | {
        check: description
        for check, (description, bounds) in ranges(contract).items()
        if names & bounds.keys()
    }
    return SuiteRule(
        model.name,
        tuple(Check(model.name, name, "error", text, FAULT) for name, text in described.items()),
        f"select * from {model.table} where month in (from {CHECKED_MONTHS})",
        {column: codes for column, codes in LOOKED_UP.items() if column in names},
    )
