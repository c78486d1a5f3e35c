"""The suites of Great Expectations: what holds of each table's columns.

The ``meta`` of an expectation names the ``check`` it decides, and the ``problem`` of a row that
fails it, with ``{}`` for the value of its column, or of the one it ``shows``. Importing this takes
seconds: only ``validation`` does, and only where there are rows to validate.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import great_expectations as gx
import great_expectations.expectations as gxe

from acv_pipeline.contract import Contract
from acv_pipeline.language import _, marked
from acv_pipeline.models import Model
from acv_pipeline.quality.extract_checks import REASONS
from acv_pipeline.quality.mart_checks import LOOKED_UP, ranges
from acv_pipeline.quality.table_checks import sql_project


def suite(name: str, contract: Contract) -> gx.ExpectationSuite:
    """The suite of a table; of a mart it follows from the mart's columns."""
    if name == "received_rows":
        expectations = _received_rows(contract)
    elif name == "validated_dwellings":
        expectations = _validated_dwellings(contract)
    elif name == "quarantined_rows":
        expectations = [
            gxe.ExpectColumnValuesToNotBeNull(
                column=column, **_of("every_row_says_why", marked("no {column}"), column=column)
            )
            for column in ("reason_code", "reason", "reason_fr")
        ]
    else:
        expectations = _mart(sql_project().models[name], contract)
    return gx.ExpectationSuite(name=name, expectations=expectations)


def _of(
    check: str,
    problem: str,
    shows: str | None = None,
    severity: str = "critical",
    **values: str,
) -> dict[str, Any]:
    """What an expectation has besides what is expected; ``{value}`` stands for that of a row."""
    problem = _(problem, **values, value="{}")
    meta = {"check": check, "problem": problem} | ({"shows": shows} if shows else {})
    return {"severity": severity, "meta": meta}


def _received_rows(contract: Contract) -> list[gxe.Expectation]:
    """What holds of a row of any delivery, or else why it was quarantined."""
    departments, figures = "departments_recognised", "figures_are_whole_numbers"
    by_reason = (departments, "months_recognised", "indicators_recognised", figures)
    return [
        *(
            gxe.ExpectColumnValuesToNotBeInSet(
                column="reason_code",
                value_set=list(REASONS[check]),
                **_of(check, "{value}", severity="warning"),
            )
            for check in by_reason
        ),
        gxe.ExpectColumnValuesToBeInSet(
            column="territory_code_is_known",
            value_set=[True],
            **_of(departments, marked("unknown territory {value}"), "territory_code", "warning"),
        ),
        gxe.ExpectColumnValuesToBeBetween(
            column="value",
            min_value=0,
            max_value=contract.max_plausible_value,
            **_of(figures, marked("value {value}"), severity="warning"),
        ),
    ]


def _validated_dwellings(contract: Contract) -> list[gxe.Expectation]:
    """What holds of every figure in force, whatever the gate decided.

    With the first month of its indicator and the day it was received.
    """
    column, whole = "cumulative_dwellings", "figures_not_negative_integers"
    return [
        *_known_codes(
            {"indicator_id": contract.indicators, "source": contract.sources}, ["department_code"]
        ),
        gxe.ExpectColumnValuesToNotBeNull(
            column=column, **_of(whole, marked("no {column}"), column=column)
        ),
        gxe.ExpectColumnValuesToBeOfType(
            column=column,
            type_="int64",
            **_of(whole, marked("{column} holds no whole numbers"), column=column),
        ),
        gxe.ExpectColumnValuesToBeBetween(
            column=column,
            min_value=0,
            max_value=contract.max_plausible_value,
            **_of(whole, "{column} {value}", column=column),
        ),
        gxe.ExpectColumnPairValuesAToBeGreaterThanB(
            column_A="month",
            column_B="first_month",
            or_equal=True,
            **_of(
                "month_in_range",
                marked("before its indicator's first month: {value}"),
                "month",
            ),
        ),
        gxe.ExpectColumnPairValuesAToBeGreaterThanB(
            column_A="delivered_on",
            column_B="month",
            or_equal=True,
            **_of(
                "month_in_range",
                marked("received before the month began, on {value}"),
                "delivered_on",
            ),
        ),
    ]


def _mart(model: Model, contract: Contract) -> list[gxe.Expectation]:
    """What holds of a column wherever it occurs; territories are looked up."""
    columns = [column.name for column in model.columns]
    looked_up = [column for column in LOOKED_UP if column in columns]
    codes: dict[str, Collection[str]] = {
        "indicator_id": contract.indicators,
        "series": ["total", *(source.series for source in contract.sources.values())],
        "source": contract.sources,
        "region_code": contract.territories.regions,
        "level": ["department", "region", "national"],
    }
    return [
        gxe.ExpectTableColumnsToMatchOrderedList(
            column_list=[*(f"{column}_is_known" for column in looked_up), *columns],
            **_of("columns_as_documented", marked("columns differ from the documented ones")),
        ),
        *_known_codes({name: codes[name] for name in codes if name in columns}, looked_up),
        *(
            gxe.ExpectColumnValuesToBeBetween(
                column=column,
                min_value=low,
                max_value=high,
                **_of(check, "{column} {value}", column=column),
            )
            for check, (_description, bounds) in ranges(contract).items()
            for column, (low, high) in bounds.items()
            if column in columns
        ),
    ]


def _known_codes(
    values: Mapping[str, Collection[str]], looked_up: Collection[str]
) -> list[gxe.Expectation]:
    """Every row has its codes, and they are known.

    Args:
        values: by column, the codes it may hold.
        looked_up: columns of which DuckDB says whether a code is known.
    """
    check = "known_codes"
    return [
        *(
            gxe.ExpectColumnValuesToNotBeNull(
                column=column, **_of(check, marked("unknown {column} (empty)"), column=column)
            )
            for column in (*values, *looked_up)
        ),
        *(
            gxe.ExpectColumnValuesToBeInSet(
                column=column,
                value_set=list(codes),
                **_of(check, marked("unknown {column} {value}"), column=column),
            )
            for column, codes in values.items()
        ),
        *(
            gxe.ExpectColumnValuesToBeInSet(
                column=f"{column}_is_known",
                value_set=[True],
                **_of(check, marked("unknown {column} {value}"), column, column=column),
            )
            for column in looked_up
        ),
    ]
