"""The figures in force, with the first month of their indicator and the day they were received."""

from __future__ import annotations

import great_expectations as gx
import great_expectations.expectations as gxe

from acv_pipeline.contract import Contract
from acv_pipeline.quality.suites.codes import known_codes


def suite(contract: Contract) -> gx.ExpectationSuite:
    """What holds of every figure, whatever the gate decided."""
    return gx.ExpectationSuite(
        name="validated_dwellings",
        expectations=[
            *known_codes(
                {"indicator_id": list(contract.indicators), "source": list(contract.sources)},
                looked_up=["department_code"],
            ),
            gxe.ExpectColumnValuesToNotBeNull(
                column="cumulative_dwellings",
                severity="critical",
                meta={
                    "check": "figures_not_negative_integers",
                    "problem": "no cumulative_dwellings",
                },
            ),
            gxe.ExpectColumnValuesToBeOfType(
                column="cumulative_dwellings",
                type_="int64",
                severity="critical",
                meta={
                    "check": "figures_not_negative_integers",
                    "problem": "cumulative_dwellings holds no whole numbers",
                },
            ),
            gxe.ExpectColumnValuesToBeBetween(
                column="cumulative_dwellings",
                min_value=0,
                max_value=contract.max_plausible_value,
                severity="critical",
                meta={
                    "check": "figures_not_negative_integers",
                    "problem": "cumulative_dwellings {}",
                },
            ),
            gxe.ExpectColumnPairValuesAToBeGreaterThanB(
                column_A="month",
                column_B="first_month",
                or_equal=True,
                severity="critical",
                meta={
                    "check": "month_in_range",
                    "problem": "before its indicator's first month: {}",
                    "shows": "month",
                },
            ),
            gxe.ExpectColumnPairValuesAToBeGreaterThanB(
                column_A="delivered_on",
                column_B="month",
                or_equal=True,
                severity="critical",
                meta={
                    "check": "month_in_range",
                    "problem": "received before the month began, on {}",
                    "shows": "delivered_on",
                },
            ),
        ],
    )
